"""Times of a regimen: quantities to days, rounded once, and back to text a reader knows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeAlias, cast

from pint.facets.plain import PlainQuantity

from kinetics.errors import Faults, UnitError
from kinetics.files.arguments import whole_number
from kinetics.units import Quantity, Unit, adopt, conversion, parse_quantity, parse_unit, registry

Amount: TypeAlias = str | Quantity
"""What a user may write for a quantity: text such as ``"4 hour"``, or a pint quantity."""

Amounts: TypeAlias = Amount | Iterable[Amount]
"""One quantity or several."""

Time: TypeAlias = Amount | float
"""A time as a user may write it: a quantity, or a bare number for a model whose time has no unit."""

Times: TypeAlias = Amounts | Iterable[float]
"""One time or several."""

MAX_COUNT = 10_000
"""The most repeats of one thing."""

SAME = 1e-9
"""Days, about 0.1 ms: two times closer than this are one."""

DAY: Any = parse_unit("day")
_SHOWN = ("month", "day", "hour", "minute")


def rescale(value: float, factor: Fraction | float) -> float:
    """Multiply by a factor with a single rounding where it is exact; `UnitError` if the result is not finite.

    >>> rescale(4.0, Fraction(1, 24)) == 4 / 24
    True
    """
    try:
        result = float(Fraction(value) * factor) if isinstance(factor, Fraction) else value * factor
    except (OverflowError, ValueError):
        result = math.inf
    if not math.isfinite(result):
        raise UnitError(f"the number {value:g} is not finite in the unit needed")
    return result


def units_per_day(time: Unit) -> Fraction:
    """Units of a model's time in a day; of a time without unit 1. `UnitError` if it is no unit of time.

    >>> units_per_day(parse_unit("hour")), units_per_day(parse_unit("1"))
    (Fraction(24, 1), Fraction(1, 1))
    """
    return Fraction(1) if time == parse_unit("1") else conversion(DAY, time)


def in_days(value: Amount) -> float:
    """A time, which may be negative, as a number of days; `UnitError` if it is no quantity, no time, or not finite.

    >>> in_days("12 month"), in_days("-6 hour")
    (365.25, -0.25)
    """
    number, unit = parse_quantity(value) if isinstance(value, str) else adopt(value)
    return rescale(number, conversion(unit, DAY))


def days(number: float) -> Quantity:
    """A pint quantity of so many days."""
    return cast(Quantity, registry.Quantity(float(number) + 0.0, DAY))  # never -0.0


def as_tuple(amounts: Times) -> tuple[Any, ...]:
    """One quantity, or several, as a tuple."""
    is_one: bool = isinstance(amounts, str | PlainQuantity)
    return (amounts,) if is_one else tuple(cast("Iterable[Any]", amounts))


def offsets(count: int, every: Amount | None) -> list[float]:
    """The times, in days, of ``count`` repeats, 1 to 10000, the first at zero; ``every`` is needed for more than one.

    `InputError` that names ``count`` and ``every``, whichever is wrong.

    >>> offsets(3, "12 hour")
    [0.0, 0.5, 1.0]
    """
    faults, repeats, step = Faults(), 1, 0.0
    with faults.gather():
        repeats = whole_number("count", count, 1, MAX_COUNT)
    if repeats > 1 and every is None:
        faults.add(f"missing: {repeats} repeats need the time from one to the next", name="every")
    with faults.gather(name="every"):
        if every is not None and (step := in_days(every)) <= 0:
            faults.add(f"must be positive, found '{every}'", name="every")
    faults.raise_if_any()
    return [repeat * step for repeat in range(repeats)]


def apart(moments: Iterable[float], same: float) -> list[float]:
    """The moments in order, without those that follow another by no more than ``same``.

    >>> apart([3.0, 1.0, 1.0], SAME)
    [1.0, 3.0]
    """
    distinct: list[float] = []
    for moment in sorted(moments):
        if not distinct or moment - distinct[-1] > same:
            distinct.append(moment)
    return distinct


def time_text(number: float) -> str:
    """Write a number of days in the largest unit that makes it whole.

    >>> time_text(365.25), time_text(7.0), time_text(1 / 6), time_text(0.0)
    ('12 month', '7 day', '4 hour', '0 day')
    """
    if number:
        for unit in _SHOWN:
            value = rescale(number, conversion(DAY, parse_unit(unit)))
            if abs(value) > 0.5 and abs(value - round(value)) <= 1e-9 * abs(value):
                return f"{round(value)} {unit}"
    return f"{number:.10g} day"


def span_text(begin: float, end: float) -> str:
    """Write the ends of a span of days in one unit: months or days as the begin has them, hours on the first two days.

    >>> span_text(0.0, 2.0), span_text(365.25, 8818 / 24), span_text(0.0, 1 / 6)
    ('0 day to 2 day', '12 month to 12.0712 month', '0 hour to 4 hour')
    """
    unit = time_text(begin or end).split()[1]
    if unit not in ("month", "day"):
        unit = "hour" if end < 2 else "day"
    shown = (rescale(number, conversion(DAY, parse_unit(unit))) for number in (begin, end))
    return " to ".join(f"{number:.6g} {unit}" for number in shown)
