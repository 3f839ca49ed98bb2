"""One patient as text: parameters, counts over the years, what a course changes, recovery, chances at visits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import xarray as xr

from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.prediction.summary import recovery_summary
from kinetics.reports.course import exploratory, heading
from kinetics.reports.patient.rows import (
    below_rows,
    count_rows,
    difference_rows,
    last_count,
    output_months,
    parameter_rows,
    printed_outputs,
    printed_times,
    unit_of_times,
)
from kinetics.reports.recovery import interval_cell, not_reached
from kinetics.results import marked
from kinetics.text.numbers import count_text, interval_text, number_text, percent_text
from kinetics.text.tables import WIDTH, Table, page_text

RowsOf: TypeAlias = Callable[[xr.DataTree, str], list[dict[str, float]]]
INFORMED = (
    "Informed: how much of the variance between patients the counts take away; what they leave is the population's."
)

NEW_OCCASION = "it is a new occasion, whose effects are drawn from the population"
NEW_OCCASIONS = "each is a new occasion, whose effects are drawn from the population"


def fit_of_patient_text(fit: PatientFit) -> str:
    """The parameters of a patient, each with how much the counts inform it."""
    counts, doses = len(fit.patient.observations), len(fit.patient.given)
    cohort = fit.patients.cohort.name or "the values of the model"
    head = f"Patient {fit.id}: {count_text(counts, 'count')}, {count_text(doses, 'dose')}; {fit.model.name}, {cohort}"
    return page_text([head, patient_parameters(fit.parameters, counts, fit.known_text)])


def patient_text(tree: xr.DataTree, width: int = WIDTH) -> str:
    """A prediction of a patient: what it is of, its parameters, and `patient_parts`."""
    return page_text([patient_title(tree), parameters_of_tree(tree), *patient_parts(tree)], width)


def patient_title(tree: xr.DataTree, population: str = "") -> str:
    """Whose counts were fitted, under which population, by default its model and cohort, and what is planned."""
    facts = tree.attrs
    planned = f", {count_text(int(facts['planned']), 'further course')} planned" if facts["planned"] else ""
    if new := int(facts.get("new_occasions", 0)):
        planned += f"; {NEW_OCCASION if new == 1 else NEW_OCCASIONS}"
    population = population or f"{facts['model']}, {facts.get('cohort') or 'the values of the model'}"
    return f"Patient {facts['patient']}: {count_text(int(facts['counts']), 'count')}; {population}{planned}"


def parameters_of_tree(tree: xr.DataTree) -> Table:
    """`patient_parameters` of a prediction."""
    return patient_parameters(tree["parameters"].to_dataset(), int(tree.attrs["counts"]), str(tree.attrs["known"]))


def patient_parts(tree: xr.DataTree) -> list[Table]:
    """Counts over the years, what the planned treatment changes, recovery, and chances at visits."""
    tables = (_counts(tree), _difference(tree), _recovery(tree), _below(tree))
    return [table for table in tables if table.rows]


def patient_parameters(parameters: xr.Dataset, counts: int, known: str) -> Table:
    """The parameters of a patient, each with how much the counts inform it; ``known`` is what they rest on."""
    rows = [
        [
            row["parameter"],
            row["unit"],
            number_text(row["estimate"]),
            interval_text(row["lower"], row["upper"]),
            number_text(row["typical"]),
            row["verdict"] + (f", {percent_text(row['informed'])}" if row["informed"] >= 0.005 else ""),
        ]
        for row in parameter_rows(parameters)
    ]
    head = ["parameter", "unit", "estimate", "95 % interval", "typical", "informed"]
    prior = "" if counts else "There are no counts: all of this is what the population says."
    return Table("", head, rows, (0, 1, 5), "\n".join(filter(None, (known, INFORMED, prior))))


def _counts(tree: xr.DataTree) -> Table:
    after = f"Counts after so many {unit_of_times(tree)[0]}s"
    title = f"{after} [95 % interval of the true count]; where a course begins, before it"
    return _over_time(tree, count_rows, title)


def _difference(tree: xr.DataTree) -> Table:
    return _over_time(tree, difference_rows, "What the planned treatment changes [95 % interval]")


def _over_time(tree: xr.DataTree, rows_of: RowsOf, title: str) -> Table:
    """A row a printed time and a column an output, each number with its interval."""
    names, (unit, factor) = printed_outputs(tree), unit_of_times(tree)
    by_output = [rows_of(tree, name) for name in names]
    columns = [[f"{number_text(row['value'])} [{_ends(row)}]" for row in rows] for rows in by_output]
    times = [_time(row["months"] * factor) for row in by_output[-1]] if by_output else []
    cells = list(zip(times, *columns, strict=True))
    return Table(title, [unit, *_heads(tree, names)], cells, text=(), wide=True)


def _recovery(tree: xr.DataTree) -> Table:
    marks, rows, (unit, factor) = exploratory(tree.to_dataset()), [], unit_of_times(tree)
    for row in recovery_summary(tree):
        row |= {key: row[key] * factor for key in ("months", "lower", "upper", "window")}
        never_below = math.isnan(row["months"])
        waited = "never below" if never_below else not_reached(row, f" {unit}s") if math.isinf(row["months"]) else ""
        rows.append(
            [
                marked(row["output"], row["output"] in marks),
                str(row["course"]),
                waited or number_text(row["months"]),
                interval_cell(row, f" {unit}s"),
                percent_text(1 - row["share_recovered"]),
            ]
        )
    head = ["output", "course", f"{unit}s", "95 % interval", "never"]
    title = (
        f"{unit.capitalize()}s from the first dose of each course to the lower limit of normal\n"
        "[never: the chance that it is not reached before the next course or the end]"
    )
    return Table(title, head, rows)


def _below(tree: xr.DataTree) -> Table:
    """The chances at visits that are still to come; at the printed times where no schedule names visits."""
    rows = below_rows(tree)
    outputs = list(dict.fromkeys(f"{row['output']} < {row['limit']:g} {row['unit']}" for row in rows))
    by_time: dict[float, dict[str, str]] = {}
    shown = output_months(tree)[printed_times(tree)]
    is_scheduled = bool(tree.attrs.get("visits"))
    last, (unit, factor) = last_count(tree), unit_of_times(tree)
    for row in rows:
        is_shown = row["months"] > last if is_scheduled else np.isclose(shown, row["months"]).any()
        if is_shown:
            measured = "" if math.isnan(row["measured"]) else f", {percent_text(row['measured'])}"
            cells = by_time.setdefault(row["months"], {})
            cells[f"{row['output']} < {row['limit']:g} {row['unit']}"] = f"{percent_text(row['true'])}{measured}"
    cells = [[_time(at * factor), *(by_time[at].get(output, "") for output in outputs)] for at in sorted(by_time)]
    where = "at visits to come" if is_scheduled else f"after so many {unit}s"
    title = f"Probability that the true, and the measured, count is below its lower limit of normal, {where}"
    return Table(title, [unit, *outputs], cells, text=(), wide=True)


def _time(time: float) -> str:
    """A time to a tenth of its unit: a course on day 365 is at month 12."""
    return f"{round(time, 1):g}"


def _heads(tree: xr.DataTree, names: Sequence[str]) -> list[str]:
    attrs = {name: tree[name].attrs for name in names}
    return [heading(marked(name, own.get("exploratory")), own["units"]) for name, own in attrs.items()]


def _ends(row: Mapping[str, float]) -> str:
    return f"{number_text(row['lower'])}, {number_text(row['upper'])}"
