"""The scale of times of patients: the unit that they are printed in, and the step and reach of a prediction."""

from __future__ import annotations

from kinetics.units import Unit, parse_unit, to_unit, unit_text

REACH = 60
"""Steps after the last record or course that a prediction goes, if nothing else is said."""


def printed_unit(time: Unit) -> str:
    """Months; or the unit of time of a model, if it is shorter than a day, as of a drug that is gone within hours.

    Examples
    --------
    >>> printed_unit(parse_unit("day")), printed_unit(parse_unit("hour"))
    ('month', 'hour')
    """
    return "month" if to_unit("1 day", time) <= 1 else unit_text(time)


def usual_step(time: Unit) -> float:
    """One of that unit, in the unit of time of a model."""
    return to_unit(f"1 {printed_unit(time)}", time)


def early_times(time: Unit) -> list[float]:
    """Times after the first dose of a course that a curve has besides regular ones, in the unit of time of a model.

    They are 1 to 21 days where times are printed in months, and as many thirtieths of another unit.
    """
    day = to_unit("1 day", time) if printed_unit(time) == "month" else usual_step(time) / 30
    return [day * number for number in (1, 3, 7, 14, 21)]


def printed_time(time: float, unit: Unit) -> str:
    """A time in the unit in which times are printed."""
    printed = printed_unit(unit)
    return f"{to_unit(f'{time!r} {unit_text(unit)}', parse_unit(printed)):.4g} {printed}"
