"""Statistics over patients of numbers that may be censored.

A time is infinite for one who never recovers, and later than that of any who does. It is NaN for one who is not at
risk, who was never below the level and counts in no statistic. Samples are (patient, ...), statistics (...), NaN where
nobody counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np


def at_risk(times: np.ndarray) -> np.ndarray:
    """Those of times, (patient,), that are of a patient at risk, which is all but NaN."""
    return times[~np.isnan(times)]


def finite(sample: np.ndarray) -> np.ndarray:
    """Those of a sample, (patient,), that have a value, which is neither infinite nor NaN."""
    return sample[np.isfinite(sample)]


def share_at_risk(times: np.ndarray) -> np.ndarray:
    """Of all, the share at risk."""
    return _share(~np.isnan(times), np.ones(times.shape, dtype=bool))


def share_recovered(times: np.ndarray) -> np.ndarray:
    """Of those at risk, the share with a finite time."""
    return _share(np.isfinite(times), ~np.isnan(times))


def share_never(times: np.ndarray) -> np.ndarray:
    """Of those at risk, the share with an infinite time."""
    return _share(np.isinf(times), ~np.isnan(times))


def censored_quantiles(
    times: np.ndarray, shares: Sequence[float], method: Literal["inverted_cdf", "higher"] = "inverted_cdf"
) -> np.ndarray:
    """The earliest times by which shares of those at risk have recovered, (share, ...); infinite where fewer recover.

    Both methods of `numpy.quantile` give the time of one of them: there is none between a time and infinity.
    """
    quantiles = np.full((len(shares), *times.shape[1:]), np.nan)
    for index in np.ndindex(times.shape[1:]):
        column = at_risk(times[:, *index])
        if column.size:
            quantiles[:, *index] = np.quantile(column, shares, method=method)
    return quantiles


def curve_quantiles(curves: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Quantiles of counts, which are never censored, (share, ...): between two patients on a straight line."""
    if not len(curves):
        return np.full((len(shares), *curves.shape[1:]), np.nan)
    return np.quantile(curves, shares, axis=0)


def censored_median(sample: np.ndarray, *, if_half_recover: Literal["never", "last"] = "never") -> np.ndarray:
    """The median of those at risk, infinite where more than half never recover; of an even number the mean of two.

    Where just half recover, one of the two is infinite. The median is then infinite too, or by ``if_half_recover`` the
    time of the last who recovers, as `censored_quantiles` has it.

    Examples
    --------
    >>> times = np.array([1.0, 4.0, np.inf, np.inf])
    >>> float(censored_median(times)), float(censored_median(times, if_half_recover="last"))
    (inf, 4.0)
    """
    ordered = np.sort(sample, axis=0)  # NaN come last
    count = (~np.isnan(sample)).sum(axis=0)
    if not len(sample):
        return np.full(count.shape, np.nan)
    low, high = (
        np.take_along_axis(ordered, np.maximum(rank, 0)[None], axis=0)[0] for rank in ((count - 1) // 2, count // 2)
    )
    at_infinity = low if if_half_recover == "last" else high
    middle = np.where(np.isinf(high), at_infinity, 0.5 * (low + np.where(np.isinf(high), 0.0, high)))
    return np.where(count > 0, middle, np.nan)


def statistic_of(sample: np.ndarray, statistic: str) -> np.ndarray:
    """A statistic over patients, by the name that a published row has of it.

    ``mean``, ``geometric_mean`` and ``sd`` are over those who have a finite value; of a median the infinite come last;
    ``range`` and ``unstated``, whose source does not say, are taken for the mean; ``typical`` is of one patient alone.
    """
    if statistic == "typical":
        return sample[0]
    if statistic in ("median", "survival_median"):
        return censored_median(sample)
    known = np.where(np.isfinite(sample), sample, np.nan)
    none = ~np.isfinite(sample).any(axis=0)
    filled = np.where(none, 0.0, known)
    with np.errstate(divide="ignore"):
        if statistic == "sd":
            number = np.nanstd(filled, axis=0)
        elif statistic == "geometric_mean":
            number = np.exp(np.nanmean(np.log(filled), axis=0))
        else:
            number = np.nanmean(filled, axis=0)
    return np.where(none, np.nan, number)


def _share(some: np.ndarray, among: np.ndarray) -> np.ndarray:
    """How many of those ``among`` are ``some``, as a share."""
    total = among.sum(axis=0)
    return np.where(total > 0, some.sum(axis=0) / np.maximum(total, 1), np.nan)
