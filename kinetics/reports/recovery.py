"""Recovery times after each course: as rows, and as text."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from kinetics.errors import Fault, InputError
from kinetics.measures import course_windows
from kinetics.measures.patient_statistics import censored_quantiles, share_recovered
from kinetics.results import MEDIAN_AND_95, marked
from kinetics.text.numbers import interval_text, number_text, percent_text
from kinetics.text.tables import Table, html_table
from kinetics.units import conversion, parse_unit

UNIT = "month"


class Recovery(list[dict[str, Any]]):
    """Recovery times as rows; a list that an interpreter and a notebook show as a table."""

    sample = "patients"
    """What intervals and shares are over."""

    def __repr__(self) -> str:
        return str(recovery_table(self, "Months from the first dose of each course to the level", self.sample))

    def _repr_html_(self) -> str:
        return html_table("Months from the first dose of each course to the level", *_cells(self, self.sample))


def recovery(result: xr.Dataset | xr.DataTree) -> Recovery:
    """The months to recovery of each output after each course, in a simulation or a prediction.

    Parameters
    ----------
    result : xarray.Dataset or xarray.DataTree
        Of `simulate`, with times to a level among its measures, on (course) or (patient, course), in units of time; or
        of `predict`.

    Returns
    -------
    Recovery
        A list of dict, a row an output and course: ``output``, ``course``, ``window`` (months to the next course or
        the end), ``months`` (the median over patients, or at the estimates), and over patients, or over draws of a
        prediction, ``lower``, ``upper`` (95 %) and ``share_recovered``. A time is infinite if the level is not reached
        again in the window; NaN if the output was never below it.

    Raises
    ------
    InputError
        If the result has no times to a level, or is of `compare`, whose recovery `report` shows.

    Examples
    --------
    >>> time, course = ("time", [0.0, 360.0], {"units": "day"}), ("course", [0.0], {"units": "day"})
    >>> times = ("course", [213.0], {"units": "day"})
    >>> result = xr.Dataset({"A_time_to_1_mg_L": times, "course_start": course}, {"time": time, "course": [1]})
    >>> recovery(result)
    Months from the first dose of each course to the level
    output  course  months
    A            1    7.00
    """
    if isinstance(result, xr.DataTree):
        from kinetics.prediction.summary import recovery_summary

        if "recovery" not in result.children:
            raise InputError("result: has no recovery; give one of predict, or of simulate")
        rows = Recovery(recovery_summary(result))
        rows.sample = "draws"
        return rows
    if not isinstance(result, xr.Dataset):  # pyright: ignore[reportUnnecessaryIsInstance]
        message = f"must be a result of simulate or of predict; found {type(result).__name__} {result!r:.40}"
        raise InputError(Fault(message, name="result"))
    if "regimen" in result.dims:
        raise InputError(Fault("is of compare; report(result) has the recovery under each regimen", name="result"))
    times = {str(name).partition("_time_to_")[0]: str(name) for name in result.data_vars if "_time_to_" in str(name)}
    if not times:
        raise InputError("result: has no times to a level; give simulate measures='recovery'")
    return Recovery(recovery_rows(result, times))


def recovery_rows(result: xr.Dataset, variables: Mapping[str, str]) -> list[dict[str, Any]]:
    """Recovery times of one simulation, or their quantiles over its patients, as rows of `recovery`.

    ``variables`` are the names of the variables on (course) or (patient, course) by output. With patients a row also
    has ``patients``, and ``failed``, how many of them could not be integrated and are left out.
    """
    failed = result["failure"].values != "" if "failure" in result else None
    rows: list[dict[str, Any]] = []
    for output, name in variables.items():
        times = result[name].transpose("course", ...)
        factor = float(conversion(parse_unit(times.attrs["units"]), parse_unit(UNIT)))
        windows = course_windows(result["course_start"].values, float(result["time"][-1])) * factor
        for course, window, months in zip(times["course"].values, windows, times.values * factor, strict=True):
            summary = {"months": float(months)} if failed is None else _summary(months, failed)
            rows.append({"output": output, "course": int(course), "window": float(window), **summary})
    return rows


def _summary(months: np.ndarray, failed: np.ndarray) -> dict[str, float]:
    """Over patients, (patient,)."""
    count = {"patients": failed.size, "failed": int(failed.sum())}
    lower, middle, upper = censored_quantiles(months[~failed], MEDIAN_AND_95).tolist()
    share = float(share_recovered(months[~failed]))
    return {"months": middle, "lower": lower, "upper": upper, "share_recovered": share, **count}


def recovery_json(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with ``censored``: true if ``months`` is infinite.

    A row without months that is not censored was never below its limit, unless everybody failed.
    """
    return [{**row, "censored": math.isinf(row["months"])} for row in rows]


def recovery_table(
    rows: Iterable[Mapping[str, Any]], title: str, sample: str = "patients", exploratory: Collection[str] = ()
) -> Table:
    """Recovery times as a table under a title.

    Intervals and shares are over the sample: patients, or draws. ``exploratory`` outputs are marked so.

    Examples
    --------
    >>> row = {"output": "A", "course": 1, "window": 12.0, "months": 7.1}
    >>> print(recovery_table([row, {**row, "output": "B", "months": float("inf")}], "Recovery"))
    Recovery
    output  course            months
    A            1              7.10
    B            1  not in 12 months
    """
    rows = list(rows)
    failed = max((row.get("failed", 0) for row in rows), default=0)
    note = f"{failed} of the {sample} could not be integrated and are left out." if failed else ""
    return Table(title, *_cells(rows, sample, exploratory), note=note)


def _cells(
    rows: Sequence[Mapping[str, Any]], sample: str, exploratory: Collection[str] = ()
) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of a table."""
    with_interval = any("lower" in row for row in rows)
    head = ["output", "course", "months"] + (["95 % interval", f"{sample} recovered"] if with_interval else [])
    cells = [
        [marked(row["output"], row["output"] in exploratory), str(row["course"]), _months(row)]
        + ([interval_cell(row), percent_text(row["share_recovered"])] if with_interval else [])
        for row in rows
    ]
    return head, cells


def _months(row: Mapping[str, Any]) -> str:
    if math.isinf(row["months"]):
        return not_reached(row)
    if math.isnan(row["months"]):
        return "failed" if row.get("failed") and row.get("failed") == row.get("patients") else "never below"
    return number_text(row["months"])


def interval_cell(row: Mapping[str, Any], unit: str = " months") -> str:
    """The interval of a row of `recovery`; ``unit`` is of a time that was waited in vain."""
    return not_reached(row, unit) if math.isinf(row["lower"]) else interval_text(row["lower"], row["upper"])


def not_reached(row: Mapping[str, Any], unit: str = " months") -> str:
    """How long was waited in vain."""
    return f"not in {row['window']:.3g}{unit}"
