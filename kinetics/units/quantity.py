"""Numbers, and numbers with a unit: from text, from pint, to a float in a unit."""

from __future__ import annotations

import math
import re
from numbers import Real
from typing import Any

import pint

from kinetics.errors import InputError, UnitError
from kinetics.units.conversion import conversion
from kinetics.units.reader import MAX_LENGTH, Unit, parse_unit, registry
from kinetics.units.text import unit_text, written_unit

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
"""Digits of ASCII with a decimal point and an exponent: without underscores, commas, hexadecimals, nan or inf."""
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}")
_QUANTITY = re.compile(rf"\s*({NUMBER})(?:(?:\s+|(?=×))(\S.*?))?\s*")


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


def parse_quantity(text: str, unit: str | Unit | None = None, *, example: str = "day") -> tuple[float, Unit]:
    """Read a number with its unit, such as ``"12 mg"`` or ``"0.4 1e9/L"``, and convert it to ``unit`` if there is one.

    A number that stands alone is read only where ``unit`` is ``1``.

    Parameters
    ----------
    example : str
        Without ``unit``, one that would be right in its place, for messages.

    Raises
    ------
    UnitError
        If the text is no quantity, is not finite, or has another dimension.

    Examples
    --------
    >>> parse_quantity("2 month", "day")[0]
    60.875
    >>> parse_quantity("0.4", "1")[0]
    0.4
    """
    match = _QUANTITY.fullmatch(text) if isinstance(text, str) and len(text) <= MAX_LENGTH else None
    target = parse_unit(unit) if isinstance(unit, str) else unit
    target_text = example if target is None else written_unit(target)
    if match is None:
        such = f"write a number, a space and a unit, such as '12 {target_text}'"
        if isinstance(text, str) and _DATE.match(text.strip()):
            such = f"it looks like a date, and times count from the first dose: {such}"
        raise UnitError(f"cannot read quantity {str(text)[:60]!r}; {such}")
    if match[2] is None and target != registry.Unit(""):
        raise UnitError(f"quantity '{text}' has no unit; write for example '{match[1]} {target_text}'")
    own = parse_unit(match[2] or "1")
    target = own if target is None else target
    if own.dimensionality != target.dimensionality:  # reported in the words of the text, before units are made short
        raise UnitError(f"'{match[2]}' is not a kind of '{unit_text(target)}'")
    value = float(match[1]) * float(conversion(own, target))
    if not math.isfinite(value):
        raise UnitError(f"quantity '{text}' is not finite")
    return value, target


def adopt(quantity: Any, *, example: str = "day") -> tuple[float, Unit]:
    """The number and the unit of a pint quantity of any registry.

    Raises
    ------
    UnitError
        If it is no single finite number, or its unit is unknown here.

    Examples
    --------
    >>> adopt(pint.get_application_registry().Quantity(12, "mg"))
    (12.0, <Unit('milligram')>)
    """
    if not isinstance(quantity, pint.Quantity):
        raise UnitError(f"{quantity!r:.60} has no unit; write a quantity such as '12 {example}'")
    try:
        number = float(quantity.magnitude)
        unit = registry.Unit(quantity.units._units)
    except (TypeError, ValueError, AttributeError, pint.UndefinedUnitError) as error:
        raise UnitError(f"quantity {quantity!s:.60}: must be one finite number in a known unit") from error
    if not math.isfinite(number):
        raise UnitError(f"quantity {quantity!s:.60}: must be one finite number")
    return number, unit


def to_unit(value: Any, unit: str | Unit) -> float:
    """Turn a quantity text or a pint quantity into a float in ``unit``; a bare number is refused, but in unit ``1``.

    Examples
    --------
    >>> to_unit("1 week", "day"), to_unit(3, "1")
    (7.0, 3.0)
    """
    if isinstance(value, str):
        return parse_quantity(value, unit)[0]
    target = parse_unit(unit) if isinstance(unit, str) else unit
    if target == registry.Unit("") and isinstance(value, Real) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise UnitError(f"{value!r:.60} is not finite")
        return float(value)
    number, own = adopt(value, example=written_unit(target))
    return number * float(conversion(own, target))


def check_duration(text: Any, unit: str | Unit = "day") -> None:
    """Refuse a text that is no positive time, of the kind of ``unit``; a `UnitError` if it is no time at all.

    Examples
    --------
    >>> check_duration("0 day")
    Traceback (most recent call last):
    kinetics.errors.InputError: must be positive, found '0 day'
    """
    if not to_unit(text, unit) > 0:
        raise InputError(f"must be positive, found '{text}'")
