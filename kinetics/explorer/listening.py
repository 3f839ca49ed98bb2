"""Which addresses a page may be served at."""

from __future__ import annotations

import ipaddress

from kinetics.errors import Fault, InputError

LOOPBACK = "127.0.0.1"


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0"), is_loopback("example.org")
    (True, False, False)
    """
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def check_address(address: str, *, unsafe_listen: bool) -> None:
    """Refuse, with an `InputError`, an address that other machines reach, unless that is wanted."""
    if not unsafe_listen and not is_loopback(address):
        message = (
            f"'{address:.80}' can be reached from other machines: whoever has the link can use this one; leave it out, "
            "or add --unsafe-listen (in Python unsafe_listen=True) if you want that"
        )
        raise InputError(Fault(message, name="address"))
