"""Recovery times after each course, as rows and as text."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from kinetics.measures import course_windows
from kinetics.reports.numbers import interval_text, number_text, percent_text
from kinetics.reports.tables import table
from kinetics.results import marked
from kinetics.units import conversion, parse_unit

__all__ = ["recovery_json", "recovery_rows", "recovery_table"]

UNIT = "month"


def recovery_rows(result: xr.Dataset, variables: Mapping[str, str]) -> list[dict[str, Any]]:
    """Recovery times of one simulation, or their quantiles over its patients, as rows.

    Parameters
    ----------
    result : xarray.Dataset
        With a variable on (course) or (patient, course), a time, for each output.
    variables : mapping of str to str
        The name of that variable by output.

    Returns
    -------
    list of dict
        ``output``, ``course``, ``window`` (months to the next course or the end), ``months`` (the median over
        patients), and with patients ``lower``, ``upper`` (2.5 and 97.5 %), ``share_recovered`` of those who fell below
        the limit, ``patients``, and ``failed``, how many of them could not be integrated and are left out. A time is
        infinite if the limit is not reached again in the window; NaN if the output was never below it, or nobody could
        be integrated.
    """
    failed = result["failure"].values != "" if "failure" in result else None
    rows = []
    for output, name in variables.items():
        times = result[name]
        factor = float(conversion(parse_unit(times.attrs["units"]), parse_unit(UNIT)))
        windows = course_windows(result["course_start"].values, float(result["time"][-1])) * factor
        for course, window in zip(times["course"].values, windows, strict=True):
            months = times.sel(course=course).values * factor
            summary = {"months": float(months)} if failed is None else _summary(months, failed)
            rows.append({"output": output, "course": int(course), "window": float(window), **summary})
    return rows


def _summary(months: np.ndarray, failed: np.ndarray) -> dict[str, float]:
    """Over patients, (patient,)."""
    count = {"patients": failed.size, "failed": int(failed.sum())}
    at_risk = months[~failed & ~np.isnan(months)]
    if not at_risk.size:
        return {**dict.fromkeys(("months", "lower", "upper", "share_recovered"), math.nan), **count}
    lower, middle, upper = np.quantile(at_risk, (0.025, 0.5, 0.975), method="inverted_cdf").tolist()
    share = float(np.isfinite(at_risk).mean())
    return {"months": middle, "lower": lower, "upper": upper, "share_recovered": share, **count}


def recovery_json(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with ``censored``: true if ``months`` is infinite.

    A row without months that is not censored was never below its limit, unless everybody failed.
    """
    return [{**row, "censored": math.isinf(row["months"])} for row in rows]


def recovery_table(
    rows: Iterable[Mapping[str, Any]], title: str, sample: str = "patients", exploratory: Collection[str] = ()
) -> str:
    """Recovery times as a table under a title; empty without rows.

    Parameters
    ----------
    rows : iterable of mapping
        Of `recovery_rows` or `kinetics.prediction.recovery_summary`.
    title : str
        Above it.
    sample : str
        What intervals and shares are over: patients, or draws.
    exploratory : collection of str
        The outputs that are marked so.

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
    if not rows:
        return ""
    with_interval = "lower" in rows[0]
    head = ["output", "course", "months"] + (["95 % interval", f"{sample} recovered"] if with_interval else [])
    cells = [
        [marked(row["output"], row["output"] in exploratory), str(row["course"]), _months(row)]
        + ([_interval(row), percent_text(row["share_recovered"])] if with_interval else [])
        for row in rows
    ]
    failed = max(row.get("failed", 0) for row in rows)
    note = f"\n{failed} of the {sample} could not be integrated and are left out." if failed else ""
    return f"{title}\n{table(head, cells)}{note}"


def _months(row: Mapping[str, Any]) -> str:
    if math.isinf(row["months"]):
        return _not_reached(row)
    if math.isnan(row["months"]):
        return "failed" if row.get("failed") and row.get("failed") == row.get("patients") else "never below"
    return number_text(row["months"])


def _interval(row: Mapping[str, Any]) -> str:
    return _not_reached(row) if math.isinf(row["lower"]) else interval_text(row["lower"], row["upper"])


def _not_reached(row: Mapping[str, Any]) -> str:
    return f"not in {row['window']:.3g} months"
