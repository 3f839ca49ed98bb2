"""What a prediction may be wrong by because the model is, as text and for a program."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from kinetics.prediction.summary import discrepancy_recovery_summary
from kinetics.reports.course import exploratory
from kinetics.reports.prediction.rows import rows_of_times, unit_of
from kinetics.reports.recovery import not_reached
from kinetics.results import MEDIAN_AND_95, marked
from kinetics.text.numbers import number_text
from kinetics.text.tables import Table
from kinetics.units import conversion, parse_unit


def with_discrepancy(tree: xr.DataTree, variables: Mapping[str, str]) -> list[xr.Dataset]:
    """The interval with the discrepancy of each output by the name of its variable, or nothing if one is not there."""
    if "discrepancy" not in tree.children:
        return []
    error = tree["discrepancy"].to_dataset()
    if any(variable not in error for variable in variables.values()):
        return []
    return [error[list(variables.values())].rename({variable: name for name, variable in variables.items()})]


def discrepancy_parts(tree: xr.DataTree) -> list[str | Table]:
    """Recovery with the discrepancy of the model, where that is from, and how far from the data it is used."""
    if "discrepancy" not in tree.children:
        return []
    error = tree["discrepancy"].to_dataset()
    rows = discrepancy_recovery_summary(tree)
    cells = [
        [marked(row["output"], row["output"] in exploratory(tree.to_dataset())), str(row["course"]), _ends_text(row)]
        for row in rows
    ]
    facts = error.attrs
    fit = f"that of fit '{facts['fit']}', by numbers left out (kinetics crossvalidate)"
    note = f"The discrepancy of the model is {fit}."
    if not facts["is_within_the_data"]:
        steps = "This prediction goes beyond the data of that fit, each step of which widens the interval."
        note = f"{note} {steps}"
    if facts["courses_beyond_the_data"]:
        note = f"{note} Nothing after so many courses was fitted."
    title = "Time to the lower limit of normal, typical patient, with the discrepancy of the model"
    recovery = [Table(title, ["output", "course", "months: 95 % interval"], cells)] if cells else []
    return [*recovery, *_of_population(tree, rows), note]


def _of_population(tree: xr.DataTree, rows: Sequence[Mapping[str, Any]]) -> list[Table]:
    """Recovery over patients, and in a future trial if there is one, with the discrepancy."""
    error = tree["discrepancy"].to_dataset()
    columns = {
        "recovery_median_of_patients": "median of patients, months",
        "share_never": "never",
        "recovery_mean": "mean of a trial, months",
        "recovery_median": "median of a trial, months",
    }
    names = [name for name in columns if rows and f"{rows[0]['output']}_{name}" in error]
    if not names:
        return []
    cells = [
        [row["output"], str(row["course"]), *(_cell(error[f"{row['output']}_{name}"], row, tree) for name in names)]
        for row in rows
    ]
    title = "Recovery over patients with the discrepancy of the model: 95 % intervals"
    return [Table(title, ["output", "course", *(columns[name] for name in names)], cells)]


def _cell(quantiles: xr.DataArray, row: Mapping[str, Any], tree: xr.DataTree) -> str:
    """The interval of a share in percent, or of a time in months."""
    lower, upper = (
        float(quantiles.sel(course=row["course"], quantile=end)) for end in (MEDIAN_AND_95[0], MEDIAN_AND_95[-1])
    )
    if quantiles.attrs["units"] == "1":
        return "-" if math.isnan(lower) else f"{100 * lower:.0f} to {100 * upper:.0f} %"
    month = float(conversion(parse_unit(tree["time"].attrs["units"]), parse_unit("month")))
    return _ends_text({**row, "lower": lower * month, "upper": upper * month})


def _ends_text(row: Mapping[str, Any]) -> str:
    ends = [row["lower"], row["upper"]]
    if any(map(math.isnan, ends)):
        return "-"
    return " to ".join(not_reached(row, "") if math.isinf(end) else number_text(end) for end in ends)


def discrepancy_json(tree: xr.DataTree, names: Sequence[str]) -> dict[str, Any]:
    """The same for a program; counts at the times that the text has."""
    error, counts = tree["discrepancy"].to_dataset(), []
    for name in names:
        if name in error:
            lower, _, upper = (error[name].sel(quantile=q).values for q in MEDIAN_AND_95)
            columns = {"lower": lower, "upper": upper, "log_sd": error[f"{name}_log_sd"].values}
            counts += rows_of_times(tree, {"output": name, "unit": unit_of(error[name])}, columns)
    facts = {key: value if isinstance(value, str) else int(value) for key, value in error.attrs.items()}
    return {**facts, "counts": counts, "recovery": discrepancy_recovery_summary(tree)}
