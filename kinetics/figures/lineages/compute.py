"""The simulated parts of counts, and the check that they add up to their total."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from kinetics.errors import Faults
from kinetics.figures.lineages.spec import LineagesSpec
from kinetics.files.arguments import Progress
from kinetics.simulation.simulating import simulate
from kinetics.units import conversion, parse_unit

_ROUNDING = 1e-6
"""Of the largest total: parts may differ from it by so much."""


def simulated_parts(spec: LineagesSpec, progress: Progress) -> xr.Dataset:
    """The typical patient under the regimen, each output on (time)."""
    header = spec.header
    options: dict[str, Any] = {"until": header.until, "every": header.every, "cohort": header.cohort}
    return simulate(spec.model, spec.regimen, progress=progress, **options)


def with_time_before(data: xr.Dataset, length: float) -> xr.Dataset:
    """The same results with the values at their first time for some time before it, in its unit."""
    first = data.isel(time=[0])
    before = first.assign_coords(time=first["time"] - length)
    return xr.concat([before, data], "time", data_vars="minimal", combine_attrs="override")


def in_unit(data: xr.Dataset, output: str, unit: str) -> np.ndarray:
    """An output, (time,), in the unit of a panel."""
    return data[output].values * float(conversion(parse_unit(data[output].attrs["units"]), parse_unit(unit)))


def stacked(spec: LineagesSpec, data: xr.Dataset, panel: str) -> np.ndarray:
    """The lower end of each area of a panel and the upper end of the last, (area + 1, time), in its unit."""
    unit = spec.panels[panel].unit
    parts = [in_unit(data, area.output, unit) for area in spec.of_panel(panel)]
    return np.concatenate([np.zeros((1, data.sizes["time"])), np.cumsum(parts, axis=0)])


def check_sums(spec: LineagesSpec, data: xr.Dataset) -> None:
    """Refuse areas that do not add up to the total of their panel, or that are below zero."""
    faults = Faults()
    for name, row in spec.panels.items():
        total, ends = in_unit(data, row.total, row.unit), stacked(spec, data, name)
        allowed = _ROUNDING * np.abs(total).max()
        at = int(np.abs(ends[-1] - total).argmax())
        if abs(ends[-1, at] - total[at]) > allowed:
            when = f"{float(data['time'].values[at]):.4g} {data['time'].attrs['units']}"
            message = (
                f"the areas add up to {ends[-1, at]:.4g} {row.unit} at {when}, and '{row.total}' is {total[at]:.4g}"
            )
            faults.add(message, str(spec.path), f"panels.{name}")
        if np.diff(ends, axis=0).min() < -allowed:
            faults.add("an area is below zero, and cannot be stacked", str(spec.path), f"panels.{name}")
    faults.raise_if_any()
