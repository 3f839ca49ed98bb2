"""The numbers of a comparison as a dataset with units and provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from kinetics.comparison.spec import ComparedRow, Comparison
from kinetics.expressions.reserved import joined
from kinetics.measures import course_windows
from kinetics.regimen import Regimen
from kinetics.results import provenance, variable
from kinetics.units import conversion, parse_unit
from kinetics.units.levels import read_level

__all__ = ["QUANTILES", "course_lengths", "labelled"]

QUANTILES = (0.05, 0.5, 0.95)
"""Of patients."""


def labelled(
    comparison: Comparison,
    regimens: Sequence[Regimen],
    times: np.ndarray,
    columns: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> xr.Dataset:
    """Join what was found of each regimen.

    Parameters
    ----------
    comparison : Comparison
        What was compared.
    regimens : sequence of Regimen
        In order.
    times : ndarray, (time,)
        Of the curves, in the model's time.
    columns : sequence of mapping
        By variable, of each regimen; with patients curves are on (quantile, time) and numbers on (quantile).
    facts : mapping
        More attributes: ``patients`` and ``seed``, None of a typical patient.
    """
    model, count = comparison.model, max(column["course_start"].size for column in columns)
    lead = ("regimen",) if facts["patients"] is None else ("regimen", "quantile")
    data: dict[str, Any] = {}
    for row in comparison.rows:
        data = joined(data, _of_row(comparison, row, columns, lead))
    starts = np.full((len(columns), count), np.nan)
    for line, column in zip(starts, columns, strict=True):
        line[: column["course_start"].size] = column["course_start"]
    data["course_start"] = variable(("regimen", "course"), starts, model.time, "first dose of the course")
    coords: dict[str, Any] = {
        "regimen": np.array([regimen.name for regimen in regimens], dtype=object),
        "time": variable(("time",), times, model.time, "time since the first dose"),
        "course": np.arange(1, count + 1),
    }
    if "quantile" in lead:
        told = {"long_name": "patients that could not be integrated and are left out"}
        data["failed"] = xr.Variable(("regimen",), _stacked(columns, "failed"), told)
        coords["quantile"] = np.array(QUANTILES)
    about = {
        "model": model.name,
        "model_hash": model.content_hash,
        "cohort": comparison.header.cohort,
        "comparison": comparison.name,
        "regimen_hashes": ", ".join(regimen.content_hash for regimen in regimens),
    }
    return xr.Dataset(data, coords, provenance(**about, **facts))


def course_lengths(result: xr.Dataset, regimen: int, unit: Any) -> np.ndarray:
    """How long the window of each course of a regimen is.

    Parameters
    ----------
    result : xarray.Dataset
        Of `kinetics.comparison.comparing`.
    regimen : int
        Which, from 0.
    unit : pint.Unit
        Of the lengths.

    Returns
    -------
    ndarray, (course,)
    """
    starts = result["course_start"].values[regimen]
    factor = float(conversion(parse_unit(result["time"].attrs["units"]), unit))
    return course_windows(starts[~np.isnan(starts)], float(result["time"][-1])) * factor


def _of_row(
    comparison: Comparison, row: ComparedRow, columns: Sequence[Mapping[str, Any]], lead: tuple[str, ...]
) -> dict[str, xr.Variable]:
    """The curves of an output, its limit, and what is read off it."""
    model, output = comparison.model, comparison.model.outputs[row.output]
    label, percent = row.label, f"{row.output}_percent"
    curve, of_row = (*lead, "time"), partial(variable, exploratory=row.exploratory)
    found = {
        row.output: of_row(curve, _stacked(columns, row.output), output.unit, label),
        percent: of_row(curve, _stacked(columns, percent), parse_unit("percent"), f"{label}, of baseline"),
    }
    if row.limit is not None:
        limit = read_level(row.limit).value(output.unit, np.nan)
        found[f"{row.output}_limit"] = variable((), limit, output.unit, f"{label}, lower limit of normal")
    for reading in row.readings:
        name, told = f"{row.output}_{reading.name}", f"{label}, {reading.label}"
        unit, factor = reading.units(output.unit, model.time, comparison.time)
        found[name] = of_row(lead, _stacked(columns, name) * factor, unit, told)
        if f"{name}_share" in columns[0]:
            share = _stacked(columns, f"{name}_share")
            about = f"{told}: share of patients, of those who fell below"
            found[f"{name}_share"] = of_row(("regimen",), share, parse_unit("1"), about)
    return found


def _stacked(columns: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    return np.stack([np.asarray(column[name]) for column in columns])
