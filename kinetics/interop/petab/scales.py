"""The scales on which parameters are searched for and noise is added."""

from __future__ import annotations

import math

SCALES = ("lin", "log", "log10")


def scaled(value: float, scale: str) -> float:
    """A number on a scale; the logarithm of zero is minus infinity, that of less NaN.

    >>> scaled(100.0, "log10"), scaled(0.0, "log"), scaled(3.0, "lin")
    (2.0, -inf, 3.0)
    """
    if scale == "lin":
        return value
    if value <= 0:
        return -math.inf if value == 0 or value == -math.inf else math.nan
    return math.log(value) if scale == "log" else math.log10(value)


def unscaled(value: float, scale: str) -> float:
    """The number of which `scaled` makes this.

    >>> unscaled(2.0, "log10")
    100.0
    """
    if scale == "lin":
        return value
    try:
        return math.exp(value) if scale == "log" else 10.0**value
    except OverflowError:
        return math.inf


def slope_of_scale(value: float, scale: str) -> float:
    """The derivative of `scaled` by the number.

    >>> slope_of_scale(4.0, "log")
    0.25
    """
    return 1.0 if scale == "lin" else 1.0 / (value * (math.log(10) if scale == "log10" else 1.0))
