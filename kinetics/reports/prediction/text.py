"""A prediction as text and for a program: the typical patient, the population, and a future trial."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from kinetics.prediction.summary import population_recovery_summary, recovery_summary, trial_recovery_summary
from kinetics.reports.course import exploratory, series, time_course_table
from kinetics.reports.prediction.discrepancy import discrepancy_json, discrepancy_parts, with_discrepancy
from kinetics.reports.prediction.rows import rows_of_times, unit_of
from kinetics.reports.recovery import interval_cell, not_reached, recovery_json, recovery_table
from kinetics.results import MEDIAN_AND_95, marked
from kinetics.text.numbers import number_text, percent_text
from kinetics.text.tables import WIDTH, Table, page_text

STATISTICS = {
    "mean": "mean",
    "sd": "standard deviation",
    "median": "median",
    "share_below": "share below the lower limit",
    "share_recovered": "share seen back at the lower limit since the course began",
}
TIMES = {
    "recovery_mean": "mean",
    "recovery_geometric_mean": "geometric mean",
    "recovery_median": "median",
}
"""Statistics of a future trial: at each time, and of the times of recovery."""


def prediction_text(tree: xr.DataTree, width: int = WIDTH, *, counts: bool = True) -> str:
    """What a prediction is of, and `prediction_parts`, in lines of at most ``width`` characters."""
    facts = tree.attrs
    patients = f"cohort {facts['cohort']}" if facts.get("cohort") else "the model's own cohort"
    head = f"{facts['regimen']}, {patients}, from {facts['fits']}; {facts['draws']} draws of the parameters"
    return page_text([head, *prediction_parts(tree, counts=counts)], width)


def prediction_parts(tree: xr.DataTree, *, counts: bool = True) -> list[str | Table]:
    """Counts over time, if asked, and recovery of a prediction, with those of its population and its study."""
    root, interval = tree.to_dataset(), tree["interval"].to_dataset()
    names, facts = _printed(root), tree.attrs
    intervals, label = (interval,), "[95 % interval over parameter uncertainty]"
    if further := with_discrepancy(tree, {name: name for name in names}):
        intervals, label = (interval, *further), f"{label} [95 % with the discrepancy of the model too]"
    times = "Time from the first dose of each course to the lower limit of normal, typical patient"
    recovery = recovery_table(recovery_summary(tree), times, "draws", exploratory(root))
    return [
        *([f"Drawn from priors, since no fit estimates them: {facts['priors']}."] if facts.get("priors") else []),
        *([time_course_table(root, names, intervals, f"Typical patient {label}")] if counts else []),
        *([recovery] if recovery.rows else []),
        *discrepancy_parts(tree),
        *(population_parts(tree, names, counts=counts) if "over_patients" in tree.children else []),
        *(trial_parts(tree, names) if counts and "study" in tree.children else []),
    ]


def prediction_json(tree: xr.DataTree) -> dict[str, Any]:
    """The same for a program: ``recovery``, and ``population`` and ``study`` if the prediction has them."""
    names = _printed(tree.to_dataset())
    facts = {key: tree.attrs.get(key) for key in ("regimen", "cohort", "model", "fits", "priors", "draws", "seed")}
    content = {**facts, "recovery": recovery_json(recovery_summary(tree))}
    if "discrepancy" in tree.children:
        content["discrepancy"] = discrepancy_json(tree, names)
    if "over_patients" in tree.children:
        content["population"] = population_json(tree, names)
    if "study" in tree.children:
        content["study"] = trial_json(tree, names)
    return content


def _printed(root: xr.Dataset) -> list[str]:
    """Outputs with a lower limit, or all if none has one."""
    return [name for name in series(root) if "lower_limit" in root[name].attrs] or series(root)


def population_parts(tree: xr.DataTree, names: Sequence[str], *, counts: bool = True) -> list[str | Table]:
    """Counts of outputs of a predicted population with both intervals, if asked, and its recovery."""
    people, drawn = tree["over_patients"].to_dataset(), tree["over_parameters"].to_dataset()
    facts = people.attrs
    intervals_of = "[95 % of patients] [95 % interval of the median over parameter uncertainty]"
    head = f"Population of {facts['patients']} patients: median {intervals_of}"
    median = tree.to_dataset().assign({name: people[name].sel(quantile=0.5, drop=True) for name in names})
    further = with_discrepancy(tree, {name: f"{name}_population_median" for name in names})
    if further:
        head = f"{head} [95 % with the discrepancy too]"
    intervals = (people, drawn.sel(patient_quantile=0.5), *further)
    course = [time_course_table(median, names, intervals, head)] if counts else []
    rows, marks = population_recovery_summary(tree), exploratory(median)
    cells = [
        [
            marked(row["output"], row["output"] in marks),
            str(row["course"]),
            not_reached(row, "") if math.isinf(row["months"]) else number_text(row["months"]),
            interval_cell(row, ""),
            percent_text(row["share_never"]),
            _percent_interval(row["share_never_lower"], row["share_never_upper"]),
            percent_text(row["share_not_at_risk"]),
        ]
        for row in rows
    ]
    names_of = ["output", "course", "median months", "95 % interval", "never", "95 % interval", "not below"]
    title = (
        "Time from the first dose of each course to the lower limit of normal, over patients who fall below it\n"
        "[95 % intervals over parameter uncertainty; never: not before the next course or the end]"
    )
    notes = [f"{facts['failed']} of the patients could not be integrated and are left out."] if facts["failed"] else []
    recovery = [Table(title, names_of, cells)] if rows else []
    return [*course, *recovery, *notes, *_error_note(drawn, tree["population_recovery"].to_dataset())]


def trial_parts(tree: xr.DataTree, names: Sequence[str]) -> list[str | Table]:
    """What a future trial will find of outputs, with 95 %."""
    study = tree["study"].to_dataset()
    parts: list[str | Table] = []
    for statistic, words in STATISTICS.items():
        variables = {name: f"{name}_{statistic}" for name in names if f"{name}_{statistic}" in study}
        if not variables:
            continue
        interval = study[list(variables.values())].rename({value: name for name, value in variables.items()})
        middle = tree.to_dataset().assign({name: interval[name].sel(quantile=0.5, drop=True) for name in variables})
        further = with_discrepancy(tree, variables)
        label = "[95 % prediction interval]" + (" [with the discrepancy of the model too]" if further else "")
        head = f"A future trial of {study.attrs['patients']} patients, its {words}: median {label}"
        parts.append(time_course_table(middle, list(variables), (interval, *further), head))
    if rows := trial_recovery_summary(tree):
        cells = [
            [marked(row["output"], row["output"] in exploratory(tree.to_dataset())), str(row["course"])]
            + [_months_cell(row, statistic) for statistic in TIMES]
            for row in rows
            if row["output"] in names
        ]
        title = (
            f"A future trial of {study.attrs['patients']} patients who are seen below the lower limit:\n"
            "months from the first dose of each course until they are seen back [95 % prediction interval]"
        )
        parts.append(Table(title, ["output", "course", *TIMES.values()], cells))
    return [*parts, *_error_note(study)]


def _months_cell(row: Mapping[str, Any], statistic: str) -> str:
    """A median of trials with its interval; what is not reached in the window is said so."""
    ends = [row[f"{statistic}{end}"] for end in ("", "_lower", "_upper")]
    if math.isnan(ends[0]):
        return "-"
    middle, lower, upper = (not_reached(row, "") if math.isinf(end) else number_text(end) for end in ends)
    return f"{middle} [{lower}, {upper}]"


def _error_note(*datasets: xr.Dataset) -> list[str]:
    """What the Monte-Carlo error of the ends of intervals is, if it is known."""
    attrs = [values.attrs for dataset in datasets for values in dataset.data_vars.values()]
    errors = [own["monte_carlo_error"] for own in attrs if not math.isnan(own.get("monte_carlo_error", math.nan))]
    if not errors:
        return []
    draws = datasets[0].attrs["draws"]
    share = percent_text(max(errors))
    return [f"Monte-Carlo error of the ends of these intervals, of {draws} draws: {share} of their width at most."]


def population_json(tree: xr.DataTree, names: Sequence[str]) -> dict[str, Any]:
    """The same for a program; counts at the times that the text has."""
    people, drawn = tree["over_patients"].to_dataset(), tree["over_parameters"].to_dataset()
    counts = []
    for name in names:
        own = [people[name].sel(quantile=q).values for q in (0.5, MEDIAN_AND_95[0], MEDIAN_AND_95[-1])]
        ends = [drawn[name].sel(patient_quantile=0.5, quantile=q).values for q in (MEDIAN_AND_95[0], MEDIAN_AND_95[-1])]
        keys = ("median", "patients_lower", "patients_upper", "median_lower", "median_upper")
        counts += rows_of_times(
            tree, {"output": name, "unit": unit_of(people[name])}, dict(zip(keys, own + ends, strict=True))
        )
    facts = {**people.attrs, "patients_per_draw": drawn.attrs["patients_per_draw"]}
    recovery = [{**row, "censored": math.isinf(row["months"])} for row in population_recovery_summary(tree)]
    return {**{key: int(value) for key, value in facts.items()}, "counts": counts, "recovery": recovery}


def trial_json(tree: xr.DataTree, names: Sequence[str]) -> dict[str, Any]:
    """The same for a program; counts at the times that the text has."""
    study, rows = tree["study"].to_dataset(), []
    for name in names:
        for statistic in STATISTICS:
            if (variable := f"{name}_{statistic}") in study:
                lower, middle, upper = (study[variable].sel(quantile=q).values for q in MEDIAN_AND_95)
                facts = {"output": name, "statistic": statistic, "unit": unit_of(study[variable])}
                rows += rows_of_times(tree, facts, {"median": middle, "lower": lower, "upper": upper})
    recovery = [row for row in trial_recovery_summary(tree) if row["output"] in names]
    return {"patients": int(study.attrs["patients"]), "rows": rows, "recovery": recovery}


def _percent_interval(lower: float, upper: float) -> str:
    return "-" if math.isnan(lower) else f"{100 * lower:.0f} to {100 * upper:.0f} %"
