"""The numbers of a page as tables: recovery, counts at some months, and every curve as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kinetics.explorer.curves import ScenarioCurves
from kinetics.explorer.regimens import rules_of
from kinetics.explorer.state import State
from kinetics.figures.base.labels import output_label, unit_label
from kinetics.figures.treatments import rule_text
from kinetics.model import Model
from kinetics.reports.recovery import interval_cell, not_reached
from kinetics.reports.triggered import doses_text
from kinetics.text.escaping import spreadsheet_text
from kinetics.text.numbers import number_text, percent_text
from kinetics.units import unit_text, written_unit

Table = dict[str, Any]
"""``head``, a list of str, and ``rows``, lists of str; the first column names the row."""
_MONTHS = (0, 1, 3, 6, 9, 12, 18, 24, 36, 48, 60, 84, 120, 180, 240, 360, 480, 600)


def recovery_cells(state: State, curves: Sequence[ScenarioCurves], model: Model) -> Table:
    """Months from the start of each course to the lower limit of normal, a column a scenario."""
    cells: dict[tuple[str, int], dict[int, str]] = {}
    for number, one in enumerate(curves):
        for row in one.recovery:
            if row["output"] in state.outputs:
                cells.setdefault((row["output"], row["course"]), {})[number] = _recovery_cell(row)
    order = sorted(cells, key=lambda key: (state.outputs.index(key[0]), key[1]))
    several = any(course > 1 for _, course in order)
    rows = [
        [
            output_label(model, output) + (f", course {course}" if several else ""),
            *(cells[output, course].get(number, "") for number in range(len(curves))),
        ]
        for output, course in order
    ]
    return {"head": ["", *(scenario.name for scenario in state.scenarios)], "rows": rows}


def rule_cells(state: State, curves: Sequence[ScenarioCurves], model: Model) -> Table:
    """The doses that rules gave, a row a rule of a scenario."""
    rows = [
        [scenario.name, rule_text(rule, model), doses_text(one.result, number, rule, "month")]
        for scenario, one in zip(state.scenarios, curves, strict=True)
        for number, rule in enumerate(rules_of(scenario), 1)
    ]
    return {"head": ["", "rule", "given"], "rows": rows}


def _recovery_cell(row: Mapping[str, Any]) -> str:
    """The months, and over patients the middle 95 % of them and the share of patients who recover."""
    if math.isnan(row["months"]):
        return "never below"
    months = not_reached(row) if math.isinf(row["months"]) else number_text(row["months"])
    if "lower" not in row:
        return months
    return f"{months} ({interval_cell(row)}); {percent_text(row['share_recovered'])} recover"


def count_cells(state: State, curves: Sequence[ScenarioCurves], model: Model) -> Table:
    """The outputs at some months, a column an output and scenario."""
    months = [month for month in _MONTHS if month <= state.until] or [0]
    head, columns = ["month"], list[list[str]]()
    for output in state.outputs:
        label, unit = output_label(model, output), unit_label(unit_text(model.outputs[output].unit))
        for scenario, one in zip(state.scenarios, curves, strict=True):
            name = f"{label}, {scenario.name}" if len(curves) > 1 else label
            head.append(f"{name} ({unit})" if unit else name)
            columns.append([number_text(value) for value in np.interp(months, one.months, one.middle(output))])
    return {
        "head": head,
        "rows": [[str(month), *row] for month, row in zip(months, zip(*columns, strict=True), strict=True)],
    }


def curves_csv(state: State, curves: Sequence[ScenarioCurves], model: Model) -> str:
    """Every curve as CSV, a row a time; ``lower`` and ``upper`` are 5 and 95 % of patients, empty without patients."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["scenario", "output", "unit", "statistic", "month", "value", "lower", "upper"])
    for scenario, one in zip(state.scenarios, curves, strict=True):
        for output in state.outputs:
            lower, upper = one.band(output) or (None, None)
            start = [spreadsheet_text(scenario.name), output, written_unit(model.outputs[output].unit), one.statistic]
            for number, (month, value) in enumerate(zip(one.months, one.middle(output), strict=True)):
                band = ["", ""] if lower is None or upper is None else [repr(float(x[number])) for x in (lower, upper)]
                writer.writerow([*start, f"{month:.10g}", repr(float(value)), *band])
    return text.getvalue()
