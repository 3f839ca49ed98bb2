"""Regimens side by side as text: one table an output, one column a regimen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

from kinetics.comparison import ComparedRow, Comparison, Reading, course_lengths
from kinetics.reports.course import heading
from kinetics.text.numbers import number_text, percent_text
from kinetics.text.tables import WIDTH, Table, paragraph
from kinetics.units import display_unit, parse_unit, written_unit


def reading_text(value: float, reading: Reading, windows: np.ndarray, unit: str) -> str:
    """A number as it is printed; a time that has not come says how long was waited.

    ``windows``, (course,), are the lengths of the windows of the courses, in the unit of times.

    Examples
    --------
    >>> from kinetics.comparison import readings
    >>> first, last = readings("time_to 1 mg/L", "A")
    >>> reading_text(math.inf, first, np.array([12.0, 108.0]), "month")
    'not before course 2'
    >>> reading_text(math.inf, last, np.array([12.0, 108.0]), "month"), reading_text(math.nan, last, np.ones(1), "day")
    ('not in 108 month', 'never below')
    """
    if reading.is_recovery and math.isnan(value):
        return "never below"
    if reading.is_recovery and math.isinf(value):
        first = reading.name.endswith("_first") and windows.size > 1
        return "not before course 2" if first else f"not in {windows[-1]:.3g} {unit}"
    return number_text(value)


def comparison_text(comparison: Comparison, result: xr.Dataset, width: int = WIDTH) -> str:
    """The tables of a comparison and its result, in lines of at most ``width`` characters."""
    facts = result.attrs
    model = ", ".join(filter(None, (facts["model"], facts.get("cohort") and f"cohort {facts['cohort']}")))
    who = f"median [5 to 95 %] of {facts['patients']} patients" if "patients" in facts else "typical patient"
    parts = [paragraph(f"{comparison.header.title}: {model}, {comparison.header.until}, {who}", width)]
    parts += [table.lines(width) for table in comparison_tables(comparison, result)]
    parts += [paragraph(note, width) for note in comparison_notes(result)]
    parts.append(paragraph(" ".join(filter(None, (MEANING, comparison.header.note))), width))
    return "\n\n".join(parts)


def comparison_tables(comparison: Comparison, result: xr.Dataset) -> list[Table]:
    """A table an output, with a column a regimen and a row a reading."""
    return [_table(comparison, row, result) for row in comparison.rows]


def comparison_notes(result: xr.Dataset) -> list[str]:
    """How many patients are left out, if any are."""
    if "failed" not in result or not result["failed"].values.any():
        return []
    failed = ", ".join(f"{count} under {name}" for name, count in _by_regimen(result["failed"]).items() if count)
    return [f"Patients that could not be integrated and are left out: {failed}."]


MEANING = (
    "Times count from the first dose of all, times back at a level from the first dose of the course. The nadir is the "
    "lowest and the highest after it the highest of all courses; times below or above a level are summed."
)


def _by_regimen(values: xr.DataArray) -> dict[str, Any]:
    return dict(zip(values["regimen"].values.tolist(), values.values.tolist(), strict=True))


def _table(comparison: Comparison, row: ComparedRow, result: xr.Dataset) -> Table:
    names = result["regimen"].values.tolist()
    windows = [course_lengths(result, index, comparison.time) for index in range(len(names))]
    lines = []
    for reading in row.shown(result.sizes["course"]):
        name = f"{row.output}_{reading.name}"
        cells = [_cell(result, name, index, reading, windows[index], comparison) for index in range(len(names))]
        unit = display_unit(parse_unit(result[name].attrs["units"]))
        lines.append([reading.heading(unit), *cells])
    return Table(_head(row, result), ["", *names], lines, text=(0,), wide=True)


def _head(row: ComparedRow, result: xr.Dataset) -> str:
    """The output with its unit, its value before any drug and its lower limit."""
    unit = result[row.output].attrs["units"]
    start = result[row.output].isel(time=0, regimen=0)
    before = float(start if "quantile" not in start.dims else start.sel(quantile=0.5))
    parts = [f"{number_text(before)} before treatment"]
    if f"{row.output}_limit" in result:
        parts.append(f"lower limit {number_text(float(result[f'{row.output}_limit']))}")
    return f"{heading(row.label, unit)}: {', '.join(parts)}"


def _cell(
    result: xr.Dataset, name: str, regimen: int, reading: Reading, windows: np.ndarray, comparison: Comparison
) -> str:
    values = np.atleast_1d(result[name].values[regimen])
    unit = display_unit(comparison.time)
    middle = reading_text(float(values[values.size // 2]), reading, windows, unit)
    if values.size == 1:
        return middle
    share = result[f"{name}_share"].values[regimen] if f"{name}_share" in result else math.nan
    back = f"; {percent_text(float(share))} back" if share < 1 else ""
    low, high = values[0], values[-1]
    if np.isnan(low) or (np.isinf(low) and reading.is_recovery):
        return f"{middle}{back}"
    return f"{middle} [{number_text(float(low))}, {'later' if np.isinf(high) else number_text(float(high))}]{back}"


def comparison_json(comparison: Comparison, result: xr.Dataset) -> dict[str, Any]:
    """The numbers for a program: an entry an output, a row a reading, a value a regimen."""
    facts = {key: result.attrs.get(key) for key in ("comparison", "model", "cohort", "patients", "seed")}
    rows = [
        {
            "output": row.output,
            "label": row.label,
            "exploratory": row.exploratory,
            "readings": [_reading_json(f"{row.output}_{reading.name}", reading, result) for reading in row.readings],
        }
        for row in comparison.rows
    ]
    return {**facts, "regimens": result["regimen"].values.tolist(), "note": comparison.header.note, "rows": rows}


def _reading_json(name: str, reading: Reading, result: xr.Dataset) -> dict[str, Any]:
    values = result[name]
    over_patients = "quantile" in values.dims
    unit = written_unit(parse_unit(values.attrs["units"]))
    entry: dict[str, Any] = {"name": reading.name, "label": reading.label, "unit": unit}
    entry["values"] = _by_regimen(values.sel(quantile=0.5) if over_patients else values)
    if reading.is_recovery:
        entry["censored"] = {key: math.isinf(value) for key, value in entry["values"].items()}
    if over_patients:
        entry |= {"lower": _by_regimen(values.sel(quantile=0.05)), "upper": _by_regimen(values.sel(quantile=0.95))}
    if f"{name}_share" in result:
        entry["share_back"] = _by_regimen(result[f"{name}_share"])
    return entry
