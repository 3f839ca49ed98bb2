"""One patient as text and for a program: parameters, counts over the years, recovery, chances at visits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.prediction import recovery_summary
from kinetics.reports.course import exploratory, heading, series, time_factor
from kinetics.reports.recovery import interval_cell, not_reached, recovery_json
from kinetics.results import MEDIAN_AND_95, marked
from kinetics.text.numbers import count_text, interval_text, number_text, percent_text
from kinetics.text.tables import WIDTH, in_blocks, table
from kinetics.units import display_unit, parse_unit

YEAR = 12.0
STEPS = (1.0, 3.0, 6.0, YEAR)
"""Months between the printed times: years, or less in a short prediction."""
ROWS = 6
"""Printed times that a prediction has at least, if it can."""
NEAR = 0.25
"""Months: a course so near to a printed time is printed in its place."""
INFORMED = (
    "Informed: how much of the variance between patients the counts take away; what they leave is the population's."
)


def fit_of_patient_text(fit: PatientFit, width: int = WIDTH) -> str:
    """The parameters of a patient, each with how much the counts inform it."""
    counts, doses = len(fit.patient.observations), len(fit.patient.given)
    cohort = fit.patients.cohort.name or "the values of the model"
    head = f"Patient {fit.id}: {count_text(counts, 'count')}, {count_text(doses, 'dose')}; {fit.model.name}, {cohort}"
    return f"{head}\n\n{_parameters_text(fit.parameters, counts)}"


def patient_text(tree: xr.DataTree, width: int = WIDTH) -> str:
    """A prediction of a patient: its parameters, counts over the years, recovery, and chances at visits."""
    facts = tree.attrs
    planned = f", {count_text(int(facts['planned']), 'further course')} planned" if facts["planned"] else ""
    cohort = facts.get("cohort") or "the values of the model"
    head = (
        f"Patient {facts['patient']}: {count_text(int(facts['counts']), 'count')}; {facts['model']}, {cohort}{planned}"
    )
    parts = (
        head,
        _parameters_text(tree["parameters"].to_dataset(), int(facts["counts"])),
        _counts_text(tree, width),
        _difference_text(tree, width) if "difference" in tree.children else "",
        _recovery_text(tree),
        _below_text(tree, width),
    )
    return "\n\n".join(filter(None, parts))


def patient_json(tree: xr.DataTree) -> dict[str, Any]:
    """The same for a program, with all visits."""
    root, facts = tree.to_dataset(), tree.attrs
    own = {key: facts.get(key) for key in ("patient", "model", "cohort", "regimen", "draws", "seed")}
    counts = [
        {"output": name, "unit": _unit(root[name]), **row} for name in _printed(tree) for row in _count_rows(tree, name)
    ]
    recovery = [{**row, "share_never": 1 - row["share_recovered"]} for row in recovery_json(recovery_summary(tree))]
    return {**own, "parameters": _parameter_rows(tree["parameters"].to_dataset()), "counts": counts,
            "recovery": recovery, "below": list(_below_rows(tree))}  # fmt: skip


def _parameters_text(parameters: xr.Dataset, counts: int) -> str:
    rows = [
        [
            row["parameter"],
            row["unit"],
            number_text(row["estimate"]),
            interval_text(row["lower"], row["upper"]),
            number_text(row["typical"]),
            row["verdict"] + (f", {percent_text(row['informed'])}" if row["informed"] >= 0.005 else ""),
        ]
        for row in _parameter_rows(parameters)
    ]
    head = ["parameter", "unit", "estimate", "95 % interval", "typical", "informed"]
    prior = "" if counts else "\nThere are no counts: all of this is what the population says."
    return f"{table(head, rows, text=(0, 1, 5))}\n{INFORMED}{prior}"


def _parameter_rows(parameters: xr.Dataset) -> list[dict[str, Any]]:
    columns = ("parameter", "estimate", "lower", "upper", "typical", "informed", "verdict")
    values = zip(*(parameters[name].values.tolist() for name in columns), strict=True)
    units = [display_unit(parse_unit(str(unit))) or "1" for unit in parameters["unit"].values]
    return [{**dict(zip(columns, row, strict=True)), "unit": unit} for row, unit in zip(values, units, strict=True)]


def _printed(tree: xr.DataTree) -> list[str]:
    """Outputs with a lower limit or with counts, or all if there is none."""
    root, counted = tree.to_dataset(), tree["observations"].data_vars
    names = series(root)
    return [name for name in names if "lower_limit" in root[name].attrs or name in counted] or names


def _chosen(tree: xr.DataTree) -> np.ndarray:
    """The indices of the printed times, (row,): every year, or so often that there are a few rows; and the last.

    Where a course begins within days of one, it is the start of the course: the value is that before the dose.
    """
    months = _months(tree)
    starts = _course_starts(tree)
    step = next((step for step in reversed(STEPS) if months[-1] / step >= ROWS), STEPS[0])
    regular = np.arange(0.0, months[-1] * (1 + 1e-9), step)
    near = np.abs(regular[:, None] - starts) < NEAR
    printed = np.where(near.any(axis=1), (near * starts).max(axis=1, initial=-np.inf), regular)
    return np.unique(np.abs(months[:, None] - np.append(printed, months[-1])).argmin(axis=0))


def _months(tree: xr.DataTree) -> np.ndarray:
    """The times of the output, (time,), in months."""
    return tree.to_dataset()["time"].values * time_factor(tree, "month")


def _course_starts(tree: xr.DataTree) -> np.ndarray:
    """Months at which courses begin, (course,)."""
    root = tree.to_dataset()
    return root["course_start"].values * time_factor(tree, "month") if "course_start" in root else np.empty(0)


def _count_rows(tree: xr.DataTree, name: str) -> list[dict[str, float]]:
    index, months = _chosen(tree), _months(tree)
    lower, _, upper = (tree["interval"][name].sel(quantile=q).values for q in MEDIAN_AND_95)
    columns = {"months": months, "value": tree.to_dataset()[name].values, "lower": lower, "upper": upper}
    if name in tree["measured"]:
        low, _, high = (tree["measured"][name].sel(quantile=q).values for q in MEDIAN_AND_95)
        columns |= {"measured_lower": low, "measured_upper": high}
    return [{key: float(column[at]) for key, column in columns.items()} for at in index]


def _counts_text(tree: xr.DataTree, width: int) -> str:
    names, columns, rows = _printed(tree), [], [dict[str, float]()]
    for name in names:
        rows = _count_rows(tree, name)
        columns.append([f"{number_text(row['value'])} [{_ends(row)}]" for row in rows])
    times = [f"{row['months']:.4g}" for row in rows]
    title = "Counts after so many months [95 % interval of the true count]"
    return f"{title}\n{in_blocks(['month', *_heads(tree, names)], list(zip(times, *columns, strict=True)), width)}"


def _difference_text(tree: xr.DataTree, width: int) -> str:
    names, changes = _printed(tree), tree["difference"].to_dataset()
    months = _months(tree)
    begin = _course_starts(tree)[-int(tree.attrs["planned"])]
    rows = []
    for at in _chosen(tree)[months[_chosen(tree)] > begin]:
        cells = (changes[name].isel(time=at).values.tolist() for name in names)
        ends = [f"{number_text(middle)} [{number_text(low)}, {number_text(high)}]" for low, middle, high in cells]
        rows.append([f"{months[at]:.4g}", *ends])
    title = "What the planned treatment changes [95 % interval]"
    return f"{title}\n{in_blocks(['month', *_heads(tree, names)], rows, width)}" if rows else ""


def _recovery_text(tree: xr.DataTree) -> str:
    marks, rows = exploratory(tree.to_dataset()), []
    for row in recovery_summary(tree):
        never_below = math.isnan(row["months"])
        months = "never below" if never_below else not_reached(row) if math.isinf(row["months"]) else ""
        rows.append(
            [
                marked(row["output"], row["output"] in marks),
                str(row["course"]),
                months or number_text(row["months"]),
                interval_cell(row),
                percent_text(1 - row["share_recovered"]),
            ]
        )
    head = ["output", "course", "months", "95 % interval", "never"]
    title = (
        "Months from the first dose of each course to the lower limit of normal\n"
        "[never: the chance that it is not reached before the next course or the end]"
    )
    return f"{title}\n{table(head, rows)}" if rows else ""


def _below_rows(tree: xr.DataTree) -> list[dict[str, Any]]:
    """The chances of each output at each visit, visit by visit."""
    below, factor = tree["below"].to_dataset(), time_factor(tree, "month")
    rows = []
    for output in below["output"].values:
        own = below.sel(output=output)
        facts = {"output": str(output), "limit": float(own["limit"]), "unit": _shown(str(own["unit"].item()))}
        numbers = zip(own["visit_time"].values * factor, own["true"].values, own["measured"].values, strict=True)
        rows += [
            {**facts, "months": float(at), "true": float(true), "measured": float(measured)}
            for at, true, measured in numbers
            if not math.isnan(at)
        ]
    return rows


def _below_text(tree: xr.DataTree, width: int) -> str:
    """The chances at visits that are still to come; at the printed times where no schedule names visits."""
    rows = _below_rows(tree)
    outputs = list(dict.fromkeys(f"{row['output']} < {row['limit']:g} {row['unit']}" for row in rows))
    by_time: dict[float, dict[str, str]] = {}
    shown = _months(tree)[_chosen(tree)]
    is_scheduled = bool(tree.attrs.get("visits"))
    last = _last_count(tree)
    for row in rows:
        is_shown = row["months"] > last if is_scheduled else np.isclose(shown, row["months"]).any()
        if is_shown:
            measured = "" if math.isnan(row["measured"]) else f", {percent_text(row['measured'])}"
            cells = by_time.setdefault(row["months"], {})
            cells[f"{row['output']} < {row['limit']:g} {row['unit']}"] = f"{percent_text(row['true'])}{measured}"
    cells = [[f"{at:.4g}", *(by_time[at].get(output, "") for output in outputs)] for at in sorted(by_time)]
    where = "at visits to come" if is_scheduled else "after so many months"
    title = f"Probability that the true, and the measured, count is below its lower limit of normal, {where}"
    return f"{title}\n{in_blocks(['month', *outputs], cells, width)}" if cells else ""


def _last_count(tree: xr.DataTree) -> float:
    """Months to the last count; zero without one."""
    observed = tree["observations"].to_dataset()
    times = observed["count_time"].values if "count_time" in observed else np.empty(0)
    return float(np.max(times, initial=0.0, where=np.isfinite(times))) * time_factor(tree, "month")


def _heads(tree: xr.DataTree, names: Sequence[str]) -> list[str]:
    attrs = {name: tree[name].attrs for name in names}
    return [heading(marked(name, own.get("exploratory")), own["units"]) for name, own in attrs.items()]


def _ends(row: Mapping[str, float]) -> str:
    return f"{number_text(row['lower'])}, {number_text(row['upper'])}"


def _unit(array: xr.DataArray) -> str:
    return _shown(str(array.attrs["units"]))


def _shown(unit: str) -> str:
    return display_unit(parse_unit(unit))
