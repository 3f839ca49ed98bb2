"""Recovery times after each course, as rows and as text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import xarray as xr

from kinetics.report.numbers import interval_text, number_text, percent_text
from kinetics.report.tables import table
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
        ``output``, ``course``, ``months`` (the median over patients), and with patients ``lower``, ``upper`` (2.5 and
        97.5 %) and ``share_recovered``. Infinite if the limit is not reached again before the next course or the end;
        NaN if the output was never below it.
    """
    rows = []
    for output, name in variables.items():
        times = result[name]
        factor = float(conversion(parse_unit(times.attrs["units"]), parse_unit(UNIT)))
        for course in times["course"].values:
            values = times.sel(course=course)
            rows.append({"output": output, "course": int(course), **_summary(values.values.ravel() * factor)})
    return rows


def _summary(months: Any) -> dict[str, float]:
    import numpy as np

    if months.size == 1:
        return {"months": float(months[0])}
    at_risk = months[~np.isnan(months)]
    if not at_risk.size:
        return dict.fromkeys(("months", "lower", "upper", "share_recovered"), math.nan)
    lower, middle, upper = np.quantile(at_risk, (0.025, 0.5, 0.975), method="inverted_cdf")
    share = float(np.isfinite(at_risk).mean())
    return {"months": float(middle), "lower": float(lower), "upper": float(upper), "share_recovered": share}


def recovery_json(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with ``censored``: true if ``months`` is infinite.

    A row without months that is not censored was never below its limit.
    """
    return [{**row, "censored": math.isinf(row["months"])} for row in rows]


def recovery_table(rows: Iterable[Mapping[str, Any]], title: str) -> str:
    """Recovery times as a table under a title; empty without rows.

    Examples
    --------
    >>> rows = [{"output": "A", "course": 1, "months": 7.1}, {"output": "B", "course": 1, "months": float("inf")}]
    >>> print(recovery_table(rows, "Recovery"))
    Recovery
    output  course       months
    A            1         7.10
    B            1  not reached
    """
    rows = list(rows)
    if not rows:
        return ""
    with_interval = "lower" in rows[0]
    head = ["output", "course", "months"] + (["95 % interval", "recovered"] if with_interval else [])
    cells = [
        [row["output"], str(row["course"]), _months(row["months"])]
        + ([interval_text(row["lower"], row["upper"]), percent_text(row["share_recovered"])] if with_interval else [])
        for row in rows
    ]
    return f"{title}\n{table(head, cells)}"


def _months(value: float) -> str:
    if math.isnan(value):
        return "never below"
    return "not reached" if math.isinf(value) else number_text(value)
