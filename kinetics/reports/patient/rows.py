"""The numbers of a prediction of a patient that a report has, as rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

from kinetics.patients.individual.time_scale import printed_unit
from kinetics.prediction.summary import recovery_summary
from kinetics.reports.course import series, time_factor
from kinetics.reports.recovery import recovery_json
from kinetics.results import MEDIAN_AND_95
from kinetics.units import conversion, parse_unit, written_unit

YEAR = 12.0
STEPS = {"month": (1.0, 3.0, 6.0, YEAR)}
SHORT_STEPS = (1.0, 2.0, 6.0, 12.0, 24.0)
"""Between the printed times, in their unit: years, or less in a short prediction; of other units, such as hours."""
ROWS = 6
"""Printed times that a prediction has at least, if it can."""
NEAR = 0.25
"""Of the unit: a course so near to a printed time is printed in its place."""


def patient_json(tree: xr.DataTree) -> dict[str, Any]:
    """The numbers of a prediction of a patient for a program, with all visits."""
    root, facts = tree.to_dataset(), tree.attrs
    own = {key: facts.get(key) for key in ("patient", "model", "cohort", "regimen", "planned", "draws", "seed")}
    units = {name: written_unit(parse_unit(root[name].attrs["units"])) for name in printed_outputs(tree)}
    outputs = [{"output": name, "unit": unit} for name, unit in units.items()]
    counts = [one | row for one in outputs for row in count_rows(tree, one["output"])]
    changes = [one | row for one in outputs for row in difference_rows(tree, one["output"])]
    recovery = [{**row, "share_never": 1 - row["share_recovered"]} for row in recovery_json(recovery_summary(tree))]
    return {**own, "parameters": parameter_rows(tree["parameters"].to_dataset()), "counts": counts,
            "difference": changes, "recovery": recovery, "below": list(below_rows(tree))}  # fmt: skip


def parameter_rows(parameters: xr.Dataset) -> list[dict[str, Any]]:
    """A row a parameter: the columns of `PatientFit.parameters`, with the unit as a reader has it."""
    columns = ("parameter", "estimate", "lower", "upper", "typical", "informed", "verdict")
    values = zip(*(parameters[name].values.tolist() for name in columns), strict=True)
    units = [written_unit(parse_unit(str(unit))) for unit in parameters["unit"].values]
    return [{**dict(zip(columns, row, strict=True)), "unit": unit} for row, unit in zip(values, units, strict=True)]


def printed_outputs(tree: xr.DataTree) -> list[str]:
    """Outputs with a lower limit or with counts, or all if there is none."""
    root, counted = tree.to_dataset(), tree["observations"].data_vars
    names = series(root)
    return [name for name in names if "lower_limit" in root[name].attrs or name in counted] or names


def printed_times(tree: xr.DataTree) -> np.ndarray:
    """The indices of the printed times, (row,): every year or day, or so often that there are a few rows; and the last.

    Where a course begins within days of one, it is the start of the course: the value is that before the dose.
    """
    unit, factor = unit_of_times(tree)
    times, starts = output_months(tree) * factor, course_starts(tree) * factor
    steps = STEPS.get(unit, SHORT_STEPS)
    step = next((step for step in reversed(steps) if times[-1] / step >= ROWS), steps[0])
    regular = np.arange(0.0, times[-1] * (1 + 1e-9), step)
    near = np.abs(regular[:, None] - starts) < NEAR
    printed = np.where(near.any(axis=1), (near * starts).max(axis=1, initial=-np.inf), regular)
    return np.unique(np.abs(times[:, None] - np.append(printed, times[-1])).argmin(axis=0))


def unit_of_times(tree: xr.DataTree) -> tuple[str, float]:
    """The unit in which times are printed, and how many of it a month has."""
    unit = printed_unit(parse_unit(tree["time"].attrs["units"]))
    return unit, float(conversion(parse_unit("month"), parse_unit(unit)))


def output_months(tree: xr.DataTree) -> np.ndarray:
    """The times of the output, (time,), in months."""
    return tree.to_dataset()["time"].values * time_factor(tree, "month")


def course_starts(tree: xr.DataTree) -> np.ndarray:
    """Months at which courses begin, (course,)."""
    root = tree.to_dataset()
    return root["course_start"].values * time_factor(tree, "month") if "course_start" in root else np.empty(0)


def count_rows(tree: xr.DataTree, name: str) -> list[dict[str, float]]:
    """A row a printed time of an output: months, the most probable count, and both intervals."""
    index, in_months = printed_times(tree), output_months(tree)
    lower, _, upper = (tree["interval"][name].sel(quantile=q).values for q in MEDIAN_AND_95)
    columns = {"months": in_months, "value": tree.to_dataset()[name].values, "lower": lower, "upper": upper}
    if name in tree["measured"]:
        low, _, high = (tree["measured"][name].sel(quantile=q).values for q in MEDIAN_AND_95)
        columns |= {"measured_lower": low, "measured_upper": high}
    return [{key: float(column[at]) for key, column in columns.items()} for at in index]


def difference_rows(tree: xr.DataTree, name: str) -> list[dict[str, float]]:
    """A row a printed time after the first planned course: months, the median change of an output and its interval."""
    if "difference" not in tree.children:
        return []
    in_months, planned = output_months(tree), course_starts(tree)[-int(tree.attrs["planned"])]
    lower, median, upper = (tree["difference"][name].sel(quantile=q).values for q in MEDIAN_AND_95)
    columns = {"months": in_months, "value": median, "lower": lower, "upper": upper}
    after = [at for at in printed_times(tree) if in_months[at] > planned]
    return [{key: float(column[at]) for key, column in columns.items()} for at in after]


def below_rows(tree: xr.DataTree) -> list[dict[str, Any]]:
    """The chances of each output at each visit, visit by visit."""
    below, factor = tree["below"].to_dataset(), time_factor(tree, "month")
    rows = []
    for output in below["output"].values:
        own = below.sel(output=output)
        unit = written_unit(parse_unit(str(own["unit"].item())))
        facts = {"output": str(output), "limit": float(own["limit"]), "unit": unit}
        numbers = zip(own["visit_time"].values * factor, own["true"].values, own["measured"].values, strict=True)
        rows += [
            {**facts, "months": float(at), "true": float(true), "measured": float(measured)}
            for at, true, measured in numbers
            if not math.isnan(at)
        ]
    return rows


def last_count(tree: xr.DataTree) -> float:
    """Months to the last count; zero without one."""
    observed = tree["observations"].to_dataset()
    times = observed["count_time"].values if "count_time" in observed else np.empty(0)
    return float(np.max(times, initial=0.0, where=np.isfinite(times))) * time_factor(tree, "month")
