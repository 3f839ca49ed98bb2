"""Numbers as text: one rule for tables and quantities."""

from __future__ import annotations

import math
import re

__all__ = ["NUMBER", "read_number"]

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
"""Digits of ASCII with a decimal point and an exponent: without underscores, commas, hexadecimals, nan or inf."""


def read_number(text: str) -> float | None:
    """Read a number; None if the text is none, or the number is not finite.

    Examples
    --------
    >>> read_number(" -1.5e3 "), read_number("1_000"), read_number("1e999"), read_number("nan")
    (-1500.0, None, None, None)
    """
    plain = text.strip()
    value = float(plain) if re.fullmatch(NUMBER, plain) else math.nan
    return value if math.isfinite(value) else None
