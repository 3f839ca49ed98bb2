"""The likelihood of a published row, by its statistic."""

from __future__ import annotations

import math
from typing import Any

from kinetics.errors import InputError
from kinetics.published.likelihoods.extremes import Extremes
from kinetics.published.likelihoods.mean import Mean
from kinetics.published.likelihoods.median import Median
from kinetics.published.likelihoods.proportion import Proportion
from kinetics.published.likelihoods.quartiles import Quartiles
from kinetics.published.likelihoods.reported_range import ReportedRange
from kinetics.published.likelihoods.summary import Summary
from kinetics.published.row import PublishedRow
from kinetics.units import conversion, parse_unit, to_unit

UNKNOWN = 2
"""Patients of a row that does not say how many and is only compared: it has a value, and no interval is printed."""


def summary_of(row: PublishedRow, level: float | None) -> Summary:
    """The likelihood of a row without faults, in its own unit; ``level`` is that of a share below or above one.

    An `InputError` if a row for fitting lacks what its likelihood needs, the number of patients or an error, or is of
    too few.
    """
    if row.statistic in ("range", "unstated"):
        return _range(row)
    if row.n is None and row.use == "fit":
        hint = "without it give it use = validate, with its rounding"
        if not row.of_patients:
            hint = "without it enter it as statistic = range, with lower, upper and log_se"
        raise InputError(f"a {row.statistic} needs the number of patients n; {hint}")
    n = row.n or UNKNOWN
    if row.of_patients:
        return _proportion(row, n, level)
    value, rounding = float(row.value or math.nan), row.rounding or 0.0
    if row.statistic in ("median", "survival_median"):
        return _median(row, n, value)
    log = row.statistic == "geometric_mean"
    if n < 2 and (row.sd or row.lower) is not None:
        raise InputError("one patient has no standard deviation and no interval; leave out sd, lower and upper")
    if row.lower is not None and row.upper is not None:
        # the interval stands for the standard error; a standard deviation beside it says the same of one patient
        return Mean.with_interval(n, value, row.lower, row.upper, log=log, rounding=rounding)
    return Mean(n, math.log(value) if log else value, log, None if log else row.sd, rounding=rounding)


def _range(row: PublishedRow) -> ReportedRange:
    log_se = row.own_log_se()
    if log_se is None and row.use == "fit":
        raise InputError(f"statistic '{row.statistic}' needs a log_se: the row says of no number of patients")
    ends: tuple[Any, Any] = (row.lower, row.upper) if row.is_range else (row.value, row.value)
    return ReportedRange(float(ends[0]), float(ends[1]), log_se or 1.0)


def _proportion(row: PublishedRow, n: int, level: float | None) -> Proportion:
    share = float(row.value or 0.0) * float(conversion(parse_unit(row.unit), parse_unit("1")))
    since = 0.0 if row.since is None else to_unit(row.since, "month")
    until = math.inf if row.time is None or row.kind != "share_recovered" else to_unit(row.time, "month")
    if since >= until:
        raise InputError(f"since {row.since} is not before time {row.time}")
    return Proportion(n, share, level, row.kind == "share_above", since, until)


def _median(row: PublishedRow, n: int, value: float) -> Summary:
    if row.lower is None or row.upper is None or row.interval == "confidence":
        # an interval of a median follows from n and the density there, which the row's likelihood has
        return Median(n, value)
    if not row.lower < value < row.upper:
        raise InputError(f"the median {value:g} is not inside its {row.interval}")
    if n < 3 and row.n is not None:
        raise InputError(f"{row.interval} need three patients at least")
    if row.interval == "quartiles":
        return Quartiles(n, row.lower, value, row.upper)
    return Extremes(n, row.lower, value, row.upper)
