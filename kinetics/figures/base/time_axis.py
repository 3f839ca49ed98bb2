"""The axis of time of a figure whose file does not state one: its unit and the step of its ticks."""

from __future__ import annotations

import numpy as np
import xarray as xr

from kinetics.figures.base.rows import TimeRow
from kinetics.units import conversion, parse_unit, to_unit

_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
_LONGEST = {"hour": 3.0, "day": 60.0}
"""Days, at most, of an axis in each unit; a longer one is in months."""


def time_unit(days: float) -> str:
    """The unit in which a length of time is read most easily.

    Examples
    --------
    >>> time_unit(1), time_unit(30), time_unit(1000)
    ('hour', 'day', 'month')
    """
    return next((unit for unit, longest in _LONGEST.items() if days <= longest), "month")


def readable_time(times: xr.DataArray) -> tuple[str, float]:
    """The unit of `time_unit` for times with ``units``, and the factor that brings them to it.

    Examples
    --------
    >>> readable_time(xr.DataArray([0.0, 2.0], attrs={"units": "year"}))
    ('month', 12.0)
    """
    own = parse_unit(times.attrs["units"])
    length = np.nanmax(times.values, initial=-np.inf) - np.nanmin(times.values, initial=np.inf)
    unit = time_unit(float(length) * float(conversion(own, parse_unit("day"))))
    return unit, float(conversion(own, parse_unit(unit)))


def tick_step(length: float, most: float) -> float:
    """A round step with at most about so many ticks along an axis.

    Examples
    --------
    >>> tick_step(120, 6), tick_step(60, 8)
    (24, 12)
    """
    return next((step for step in _STEPS if length / step <= most), length / most)


def time_axis(days: float, ticks: float, *, unit: str | None = None, label: str | None = None) -> TimeRow:
    """An axis of so many days, with at most about so many ticks; the unit is that of `time_unit` if none is stated.

    Examples
    --------
    >>> time_axis(2 * 365.25, 8).ticks
    '3 month'
    """
    unit = unit or time_unit(days)
    length = days / to_unit(f"1 {unit}", "day")
    row = TimeRow(unit=unit, ticks=f"{tick_step(length, ticks):.6g} {unit}")
    return row if label is None else row.model_copy(update={"label": label})


def time_axis_of(end: float, unit: str, ticks: float) -> TimeRow:
    """The axis of a result that ends at a time in its own unit, which is 1 if its model's time has no unit.

    Examples
    --------
    >>> time_axis_of(48, "hour", 8).unit, time_axis_of(100, "1", 8).ticks, time_axis_of(0.3, "1", 8).ticks
    ('hour', '20 1', '0.05 1')
    """
    if parse_unit(unit) != parse_unit("1"):
        return time_axis(to_unit(f"{end!r} {unit}", "day"), ticks)
    least = max(end, 1e-300) / ticks
    power = 10.0 ** np.floor(np.log10(least))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least)
    return TimeRow(unit=unit, ticks=f"{step:.6g} {unit}")
