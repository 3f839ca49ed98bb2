"""Every kind of published number with every statistic it may be, as a case."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.stats import t as student

from clinic import (
    LIMIT,
    Clinic,
    Returns,
    mean,
    mean_with_interval,
    mean_with_sd,
    median,
    median_with_extremes,
    median_with_quartiles,
    of_logarithms,
    percent,
)
from likelihoods import OF_SPREAD, Case, Visits

MONTHLY, QUARTERLY, HALF_WAY = Visits(1, 36, 7), Visits(3, 60, 14), Visits(3, 60)
LEVEL = 0.6


def row(kind: str, statistic: str, **columns: Any) -> dict[str, Any]:
    """Columns of a row."""
    return {"kind": kind, "statistic": statistic, "output": "N", "unit": "1e9/L", **columns}


def count(statistic: str, **columns: Any) -> dict[str, Any]:
    """A row of a count at month 6."""
    return row("count", statistic, time="6 month", **columns)


def time(statistic: str, **columns: Any) -> dict[str, Any]:
    """A row of a time to the level."""
    columns = {"level": "0.6 1e9/L", "visits": "visits.toml", **columns}
    return row("time_to_threshold", statistic, unit="month", **columns)


def back(**columns: Any) -> dict[str, Any]:
    """A row of a share of patients back at the level."""
    return row(
        "share_recovered", "share", **{"level": "0.6 1e9/L", "visits": "visits.toml", **columns, "unit": "percent"}
    )


def returns(clinic: Clinic, n: int, visits: Visits, level: float = LEVEL, *, of_baseline: bool = False) -> Returns:
    """Of the first n patients who are shown below the level; without a window days are half-way to the next visit."""
    window = 0.5 * visits.every * 30.4375 if visits.window is None else visits.window
    return clinic.returns(visits.months, window, level, of_baseline=of_baseline).first(n)


def reach(n: int) -> float:
    """Student's quantile of a 95 % interval."""
    return float(student.ppf(0.975, n - 1))


def quantified(clinic: Clinic) -> np.ndarray:
    """Counts at month 6 of the output with a limit of quantification."""
    return np.maximum(clinic.counts(6), LIMIT)


def stated(clinic: Clinic, width: float = 0.0) -> dict[str, np.ndarray]:
    """A geometric mean without n, with its standard error; a range about it of a width."""
    logs = np.log(clinic.counts(6))
    error, middle = logs.std(axis=1, ddof=1) / math.sqrt(logs.shape[1]), np.exp(logs.mean(axis=1))
    if width:
        return {"lower": middle * math.exp(-width), "upper": middle * math.exp(width), "log_se": error}
    return {"value": middle, "log_se": error}


COUNTS = [
    Case("count, mean", 40, "rest", [count("mean")], lambda c, n: [mean(c.counts(6))]),
    Case("count, mean with SD", 40, "rest", [count("mean")], lambda c, n: [mean_with_sd(c.counts(6))]),
    Case("count, mean with SD", 101, "rest.spread", [count("mean")], lambda c, n: [mean_with_sd(c.counts(6))],
         virtual=OF_SPREAD),
    Case("count, mean with SD, rounded to 0.05", 101, "rest.spread", [count("mean", rounding=0.05)],
         lambda c, n: [mean_with_sd(c.counts(6), 0.05)], virtual=OF_SPREAD),
    Case("count, mean with 95 % interval", 40, "rest", [count("mean")],
         lambda c, n: [mean_with_interval(c.counts(6), reach(n))]),
    Case("count, geometric mean", 40, "rest", [count("geometric_mean")],
         lambda c, n: [of_logarithms(mean(np.log(c.counts(6))))]),
    Case("count, geometric mean with 95 % interval", 101, "rest.spread", [count("geometric_mean")],
         lambda c, n: [of_logarithms(mean_with_interval(np.log(c.counts(6)), reach(n)))]),
    Case("count, median, odd n", 41, "rest", [count("median")], lambda c, n: [median(c.counts(6))]),
    Case("count, median, even n", 40, "rest", [count("median")], lambda c, n: [median(c.counts(6))]),
    Case("count, median with quartiles", 101, "rest.spread", [count("median", interval="quartiles")],
         lambda c, n: [median_with_quartiles(c.counts(6))]),
    Case("count, median with extremes", 41, "rest.spread", [count("median", interval="extremes")],
         lambda c, n: [median_with_extremes(c.counts(6))], virtual=OF_SPREAD),
    Case("count, value with its error, no n", 101, "rest", [count("unstated", n="")], lambda c, n: [stated(c)]),
    Case("count, range with an error, no n", 101, "rest", [count("range", n="")], lambda c, n: [stated(c, 0.02)]),
    Case("count with a limit of quantification, mean with SD", 101, "rest", [count("mean", output="Q")],
         lambda c, n: [mean_with_sd(quantified(c))]),
    Case("count with a limit of quantification, median", 101, "rest", [count("median", output="Q")],
         lambda c, n: [median(quantified(c))]),
    Case("percent of baseline, mean with SD", 60, "slow",
         [row("percent_of_baseline", "mean", time="6 month", unit="percent")],
         lambda c, n: [mean_with_sd(100 * c.counts(6) / c.before())]),
    Case("ratio, geometric mean", 60, "rest", [row("ratio", "geometric_mean", over="M", time="6 month", unit="1")],
         lambda c, n: [of_logarithms(mean(np.log(c.counts(6) / c.others())))]),
    Case("share below a level", 101, "rest",
         [row("share_below", "share", level="0.4 1e9/L", time="6 month", unit="percent")],
         lambda c, n: [percent(c.counts(6) < 0.4)]),
    Case("share at or above a level", 376, "rest",
         [row("share_above", "share", level="0.4 1e9/L", time="6 month", unit="percent")],
         lambda c, n: [percent(c.counts(6) >= 0.4)]),
    Case("share below a share of baseline", 101, "slow",
         [row("share_below", "share", level="50 % of baseline", time="6 month", unit="percent")],
         lambda c, n: [percent(c.counts(6) < 0.5 * c.before())]),
]  # fmt: skip
TIMES = [
    Case("time, mean, monthly visits", 56, "slow", [time("mean")],
         lambda c, n: [mean(returns(c, n, MONTHLY).day)], MONTHLY),
    Case("time, mean with SD, quarterly", 56, "slow", [time("mean")],
         lambda c, n: [mean_with_sd(returns(c, n, QUARTERLY).day)], QUARTERLY),
    Case("time, geometric mean with 95 % interval, quarterly", 36, "slow", [time("geometric_mean")],
         lambda c, n: [of_logarithms(mean_with_interval(np.log(returns(c, n, QUARTERLY).day), reach(n)))],
         QUARTERLY),
    Case("time, survival median, odd n, quarterly", 37, "slow", [time("survival_median")],
         lambda c, n: [median(returns(c, n, QUARTERLY).day)], QUARTERLY),
    Case("time, survival median, even n, quarterly", 36, "slow", [time("survival_median")],
         lambda c, n: [median(returns(c, n, QUARTERLY).day)], QUARTERLY),
    Case("time, survival median, quarterly, days half-way to the next visit", 37, "slow", [time("survival_median")],
         lambda c, n: [median(returns(c, n, HALF_WAY).day)], HALF_WAY),
    Case("time to a share of baseline, survival median, quarterly", 37, "slow",
         [time("survival_median", level="60 % of baseline")],
         lambda c, n: [median(returns(c, n, QUARTERLY, 0.6, of_baseline=True).day)], QUARTERLY),
    Case("time, median with quartiles, monthly", 103, "slow",
         [time("survival_median", level="0.4 1e9/L", interval="quartiles")],
         lambda c, n: [median_with_quartiles(returns(c, n, MONTHLY, 0.4).day)], MONTHLY),
    Case("share back by month 6, quarterly", 101, "slow", [back(time="6 month")],
         lambda c, n: [percent(returns(c, n, QUARTERLY).scheduled <= 6)], QUARTERLY),
    Case("share back by month 6, monthly", 101, "slow", [back(time="6 month")],
         lambda c, n: [percent(returns(c, n, MONTHLY).scheduled <= 6)], MONTHLY),
    Case("share back between months 6 and 12, quarterly", 376, "rest", [back(since="6 month", time="12 month")],
         lambda c, n: [_between(returns(c, n, QUARTERLY).scheduled)], QUARTERLY),
    Case("share ever back, quarterly", 101, "rest", [back()],
         lambda c, n: [percent(np.isfinite(returns(c, n, QUARTERLY).scheduled))], QUARTERLY),
]  # fmt: skip
CASES = [*COUNTS, *TIMES]


def _between(scheduled: np.ndarray) -> dict[str, np.ndarray]:
    return percent((scheduled > 6) & (scheduled <= 12))


def _several(clinic: Clinic, n: int) -> list[dict[str, np.ndarray]]:
    """Mean and SD at three visits."""
    return [mean_with_sd(clinic.counts(month)) for month in (3, 6, 12)]


def _of_one_recovery(clinic: Clinic, n: int) -> list[dict[str, np.ndarray]]:
    """Three numbers of one recovery."""
    found = returns(clinic, n, MONTHLY)
    shares = [percent(found.scheduled <= month) for month in (6, 12)]
    return [median(found.day), *shares]


CASES += [
    Case("one study: mean with SD at three visits", 101, by,
         [row("count", "mean", time=f"{at} month") for at in (3, 6, 12)], _several, virtual=OF_SPREAD)
    for by in ("rest", "rest.spread")
]  # fmt: skip
CASES += [
    Case("one study: median time and shares back by months 6 and 12", 101, "slow",
         [time("survival_median"), back(time="6 month"), back(time="12 month")], _of_one_recovery, MONTHLY)
]  # fmt: skip
