"""Outputs over time as text: a few sensible times, every output in its unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from kinetics.results import marked
from kinetics.text.numbers import number_text
from kinetics.text.tables import Table
from kinetics.units import conversion, display_unit, parse_unit

ROWS = 16
STEPS = {
    "hour": (1, 2, 3, 6, 12, 24),
    "day": (1, 2, 7, 14),
    "month": (1, 2, 3, 6, 12, 24, 60, 120),
}
"""Steps of the printed times by the unit they are printed in."""
AFTER_COURSE = np.array([1.0, 3.0, 6.0])
"""Months after the start of each course that are printed too: nadir and first recovery lie between the steps."""
NOTHING = 1e-12
"""Shares of the largest value below which a value is rounding, printed as 0."""


def heading(name: str, unit: str) -> str:
    """A column's name with its unit, which is as results have it; nothing for a dimensionless one.

    Examples
    --------
    >>> heading("A", "1/nL"), heading("share", "1")
    ('A (1e9/L)', 'share')
    """
    shown = display_unit(parse_unit(unit))
    return f"{name} ({shown})" if shown else name


def time_factor(result: xr.Dataset | xr.DataTree, unit: str) -> float:
    """From the unit of the times of a result to another."""
    return float(conversion(parse_unit(result["time"].attrs["units"]), parse_unit(unit)))


def series(result: xr.Dataset, dim: str | None = None) -> list[str]:
    """The names of the outputs: variables on (time), or on (dim, time)."""
    dims = ("time",) if dim is None else (dim, "time")
    return [str(name) for name, array in result.data_vars.items() if array.dims == dims]


def exploratory(result: xr.Dataset) -> list[str]:
    """The names of the variables that are of exploratory outputs."""
    return [str(name) for name, array in result.data_vars.items() if array.attrs.get("exploratory")]


def chosen_times(result: xr.Dataset) -> tuple[str, np.ndarray]:
    """The unit in which times are printed, and the indices, (row,), of about sixteen of them.

    They have even steps, both ends, and the first months after each course; of times without unit, even places.
    """
    times = result["time"].values
    if result["time"].attrs["units"] == "1":
        return "1", np.unique(np.linspace(0, times.size - 1, min(ROWS, times.size)).round().astype(int))
    days = times * time_factor(result, "day")
    short = ("day",) if np.allclose(days, np.round(days), rtol=0, atol=1e-9) else ("hour", "day")
    unit = next((u for u in short if times[-1] * time_factor(result, u) <= STEPS[u][-1] * ROWS / 2), "month")
    shown = times * time_factor(result, unit)
    if times.size <= ROWS:
        return unit, np.arange(times.size)
    step = next((s for s in STEPS[unit] if shown[-1] / s < ROWS), shown[-1] / ROWS)
    chosen = [*np.arange(0.0, shown[-1] * (1 + 1e-9), step), shown[-1]]
    if "course_start" in result and unit == "month":
        starts = result["course_start"].values * time_factor(result, unit)
        chosen += [time for start in starts for time in start + AFTER_COURSE if time < shown[-1]]
    return unit, np.unique(np.abs(shown[:, None] - np.array(chosen)).argmin(axis=0))


def time_course_table(
    result: xr.Dataset, names: Sequence[str], intervals: Sequence[xr.Dataset] = (), title: str = ""
) -> Table:
    """Outputs on (time) as a table, a column each.

    ``intervals`` have the same on (quantile, time); the lowest and the highest quantile are printed in brackets.
    """
    unit, index = chosen_times(result)
    times = result["time"].values[index] * time_factor(result, unit)
    columns = [[f"{float(time):.4g}" for time in times]]
    for name in names:
        values = result[name].values
        values = np.where(np.abs(values) < NOTHING * np.abs(values).max(), 0.0, values)
        cells = [number_text(float(value)) for value in values[index]]
        for interval in intervals:
            ends = interval[name].transpose("quantile", "time").values[:, index]
            cells = [
                f"{cell} [{number_text(low)}, {number_text(high)}]"
                for cell, low, high in zip(cells, ends[0].tolist(), ends[-1].tolist(), strict=True)
            ]
        columns.append(cells)
    attrs = {name: result[name].attrs for name in names}
    head = [
        "time" if unit == "1" else unit,
        *(heading(marked(name, own.get("exploratory")), own["units"]) for name, own in attrs.items()),
    ]
    return Table(title, head, list(zip(*columns, strict=True)), text=(), wide=True)
