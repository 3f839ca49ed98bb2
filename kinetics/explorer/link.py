"""A state as the text of a link, and back."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs, urlsplit

from kinetics.errors import Fault, InputError
from kinetics.explorer.state import MAX_TEXT, State, read_state, state_text

KEY = "state"
"""The argument of an address that has the state."""


def link_text(state: State) -> str:
    """The state in letters that an address may hold.

    >>> from kinetics.explorer.state import Scenario
    >>> state = State(model="m", outputs=("A",), scenarios=(Scenario(name="a"),))
    >>> state_from_link(link_text(state)) == state
    True
    """
    return base64.urlsafe_b64encode(state_text(state).encode()).decode().rstrip("=")


def state_from_link(link: str) -> State:
    """The state of a link: a whole address, or the text of `link_text` alone. It is checked in shape.

    Raises
    ------
    InputError
        If the text is none, with every fault of the state.
    """
    text = link.strip()
    if "://" in text or "?" in text:
        try:
            values = parse_qs(urlsplit(text).query).get(KEY, [])
        except ValueError:
            values = []
        if len(values) != 1:
            raise InputError(Fault(f"the address has no '{KEY}='; copy the whole link of the page", name="link"))
        text = values[0]
    if len(text) > 2 * MAX_TEXT:
        raise InputError(Fault(f"has {len(text)} characters; a link has at most {2 * MAX_TEXT}", name="link"))
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InputError(Fault("is damaged; copy the whole link of the page", name="link")) from error
    return read_state(decoded)
