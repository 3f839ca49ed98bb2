"""The numbers of a comparison as a dataset with units and provenance.

Everything is on ``regimen``, with patients on ``quantile`` too. Each output is over ``time``, and in percent of
baseline as ``OUTPUT_percent``; ``OUTPUT_limit`` is the lower limit of normal. A number that is read off is
``OUTPUT_READING``. A time to a level is infinite if the level is not reached again, NaN if the output was never below
it; with patients ``OUTPUT_READING_share`` is the share back in time among those who fell below. ``course_start`` on
(regimen, course) is NaN behind the last course, ``failed`` counts patients who could not be integrated and are left
out.

Measures are taken course by course, a course reaching to the next one's first dose. Of a treatment of several, the
nadir is the lowest and the overshoot the highest of all courses, times below or above a level and areas are sums, and a
time to a level is given after the first course and after the last, each from its own first dose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from kinetics.comparison.spec import ComparedRow, Comparison
from kinetics.expressions.reserved import joined
from kinetics.measures import course_windows
from kinetics.regimen import Regimen
from kinetics.results import MEDIAN_AND_90, provenance, variable
from kinetics.units import Unit, conversion, parse_unit
from kinetics.units.levels import read_level

"""Of patients."""


@dataclass(frozen=True, eq=False)
class ComparedRegimen:
    """What one regimen does, in the units of the model."""

    regimen: Regimen
    times: np.ndarray
    """(time,): of the curves."""
    course_starts: np.ndarray
    """(course,)."""
    numbers: Mapping[str, Any]
    """By variable: curves on (time), or (quantile, time) of patients, and numbers, or (quantile) of patients."""
    failed: int | None
    """Patients that could not be integrated; None of the typical patient."""


def comparison_dataset(
    comparison: Comparison, columns: Sequence[ComparedRegimen], patients: int | None, seed: int
) -> xr.Dataset:
    """Join regimens, in order, of so many patients of a study, or of the typical patient."""
    model, count = comparison.model, max(column.course_starts.size for column in columns)
    lead = ("regimen",) if patients is None else ("regimen", "quantile")
    data: dict[str, Any] = {}
    for row in comparison.rows:
        data = joined(data, _of_row(comparison, row, columns, lead))
    starts = np.full((len(columns), count), np.nan)
    for line, column in zip(starts, columns, strict=True):
        line[: column.course_starts.size] = column.course_starts
    data["course_start"] = variable(("regimen", "course"), starts, model.time, "first dose of the course")
    coords: dict[str, Any] = {
        "regimen": np.array([column.regimen.name for column in columns], dtype=object),
        "time": variable(("time",), columns[-1].times, model.time, "time since the first dose"),
        "course": np.arange(1, count + 1),
    }
    if patients is not None:
        label = {"long_name": "patients that could not be integrated and are left out"}
        data["failed"] = xr.Variable(("regimen",), np.array([column.failed for column in columns]), label)
        coords["quantile"] = np.array(MEDIAN_AND_90)
    facts = provenance(
        model=model.name,
        model_hash=model.content_hash,
        cohort=comparison.header.cohort,
        comparison=comparison.name,
        until=comparison.header.until,
        regimen_hashes=", ".join(column.regimen.content_hash for column in columns),
        patients=patients,
        seed=None if patients is None else seed,
    )
    return xr.Dataset(data, coords, facts)


def course_lengths(result: xr.Dataset, regimen: int, unit: Unit) -> np.ndarray:
    """How long the window of each course of the regimen of an index is, (course,), in a unit.

    ``result`` is of `kinetics.compare`.
    """
    starts = result["course_start"].values[regimen]
    factor = float(conversion(parse_unit(result["time"].attrs["units"]), unit))
    return course_windows(starts[~np.isnan(starts)], float(result["time"][-1])) * factor


def _of_row(
    comparison: Comparison, row: ComparedRow, columns: Sequence[ComparedRegimen], lead: tuple[str, ...]
) -> dict[str, xr.Variable]:
    """The curves of an output, its limit, and what is read off it."""
    model, output = comparison.model, comparison.model.outputs[row.output]
    label, percent = row.label, f"{row.output}_percent"
    curve, of_row = (*lead, "time"), partial(variable, exploratory=row.exploratory)
    data = {
        row.output: of_row(curve, _stacked(columns, row.output), output.unit, label),
        percent: of_row(curve, _stacked(columns, percent), parse_unit("percent"), f"{label}, of baseline"),
    }
    if row.limit is not None:
        limit = read_level(row.limit).value(output.unit, np.nan)
        data[f"{row.output}_limit"] = variable((), limit, output.unit, f"{label}, lower limit of normal")
    for reading in row.readings:
        name, long_name = f"{row.output}_{reading.name}", f"{label}, {reading.label}"
        unit, factor = reading.units(output.unit, model.time, comparison.time)
        data[name] = of_row(lead, _stacked(columns, name) * factor, unit, long_name)
        if f"{name}_share" in columns[0].numbers:
            share = _stacked(columns, f"{name}_share")
            about = f"{long_name}: share of patients, of those who fell below"
            data[f"{name}_share"] = of_row(("regimen",), share, parse_unit("1"), about)
    return data


def _stacked(columns: Sequence[ComparedRegimen], name: str) -> np.ndarray:
    return np.stack([np.asarray(column.numbers[name]) for column in columns])
