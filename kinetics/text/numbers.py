"""Numbers as they are printed: three significant digits, a count with its noun, and no infinity in JSON."""

from __future__ import annotations

import math
from typing import Any, cast

DIGITS = 3


def number_text(value: float) -> str:
    """A number with three significant digits; whole digits are never rounded away.

    Examples
    --------
    >>> [number_text(x) for x in (7.0999, 0.04231, 1234.4, 0.0, 2.5e-7)]
    ['7.10', '0.0423', '1234', '0', '2.50e-07']
    """
    if not math.isfinite(value):
        return "-" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e7:
        return f"{value:.{DIGITS - 1}e}"
    # the exponent after rounding: 9.999 is 10.0
    exponent = int(f"{value:.{DIGITS - 1}e}".partition("e")[2])
    return f"{value:.{max(0, DIGITS - 1 - exponent)}f}"


def interval_text(lower: float, upper: float) -> str:
    """An interval, with an open end where the upper end is infinite.

    Examples
    --------
    >>> interval_text(5.3, 9.5), interval_text(5.3, float("inf"))
    ('5.30 to 9.50', '5.30 or later')
    """
    if math.isnan(lower) or math.isnan(upper):
        return "-"
    return f"{number_text(lower)} or later" if math.isinf(upper) else f"{number_text(lower)} to {number_text(upper)}"


def count_text(number: int, noun: str) -> str:
    """A number with its noun.

    Examples
    --------
    >>> count_text(1, "dose"), count_text(0, "dose")
    ('1 dose', '0 doses')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def percent_text(share: float) -> str:
    """A share as a whole percentage.

    Examples
    --------
    >>> percent_text(0.876), percent_text(-0.002), percent_text(float("nan"))
    ('88 %', '0 %', '-')
    """
    return "-" if math.isnan(share) else f"{100 * share:z.0f} %"


def finite(value: Any) -> Any:
    """The same content for strict JSON: a number that is not finite becomes None, at any depth.

    Examples
    --------
    >>> finite({"a": [1.0, float("inf")], "b": "text"})
    {'a': [1.0, None], 'b': 'text'}
    """
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in cast("dict[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in cast("list[object]", value)]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
