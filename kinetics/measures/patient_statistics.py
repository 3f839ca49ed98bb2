"""Statistics over patients of numbers that may be censored.

A time is infinite for one who never recovers, and later than that of any who does. It is NaN for one who is not at
risk, who was never below the level and counts in no statistic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

__all__ = [
    "at_risk",
    "censored_median",
    "censored_quantiles",
    "share_at_risk",
    "share_never",
    "share_recovered",
    "statistic_of",
]


def at_risk(times: np.ndarray) -> np.ndarray:
    """Those of times, (patient,), that are of a patient at risk, which is all but NaN."""
    return times[~np.isnan(times)]


def share_at_risk(times: np.ndarray) -> np.ndarray:
    """Of all, (patient, ...), the share at risk, (...); NaN without patients."""
    return _share(~np.isnan(times), np.ones(times.shape, dtype=bool))


def share_recovered(times: np.ndarray) -> np.ndarray:
    """Of those at risk, (patient, ...), the share with a finite time, (...); NaN where nobody is at risk.

    Examples
    --------
    >>> float(share_recovered(np.array([1.0, 4.0, 6.0, np.inf, np.nan])))
    0.75
    """
    return _share(np.isfinite(times), ~np.isnan(times))


def share_never(times: np.ndarray) -> np.ndarray:
    """Of those at risk, (patient, ...), the share with an infinite time, (...); NaN where nobody is at risk."""
    return _share(np.isinf(times), ~np.isnan(times))


def censored_quantiles(times: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """The earliest times by which shares of those at risk have recovered.

    It is the inverse of the empirical distribution function (``inverted_cdf`` of numpy): always the time of one of
    them, never one in between, for there is none between a time and infinity.

    Parameters
    ----------
    times : ndarray, (patient, ...)
        Infinite for never, NaN for not at risk.
    shares : sequence of float
        From 0 to 1.

    Returns
    -------
    ndarray, (share, ...)
        Infinite where fewer recover than the share, NaN where nobody is at risk.

    Examples
    --------
    >>> censored_quantiles(np.array([1.0, 4.0, np.inf, np.inf, np.nan]), (0.25, 0.5, 0.75))
    array([ 1.,  4., inf])
    """
    quantiles = np.full((len(shares), *times.shape[1:]), np.nan)
    for index in np.ndindex(times.shape[1:]):
        column = at_risk(times[:, *index])
        if column.size:
            quantiles[:, *index] = np.quantile(column, shares, method="inverted_cdf")
    return quantiles


def censored_median(sample: np.ndarray, *, if_half_recover: Literal["never", "last"] = "never") -> np.ndarray:
    """The median of those at risk; of an even number the mean of the two in the middle.

    Parameters
    ----------
    sample : ndarray, (patient, ...)
        A time may be infinite for never, or NaN for not at risk.
    if_half_recover : {"never", "last"}
        Where just half recover, one of the two in the middle is infinite. The median is then infinite, or the time of
        the last who recovers, as `censored_quantiles` has it.

    Returns
    -------
    ndarray, (...)
        Infinite where more than half never recover, NaN where nobody is at risk.

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
    """A statistic over patients.

    Parameters
    ----------
    sample : ndarray, (patient, ...)
        A time may be infinite, of one who never gets there, or NaN, of one who is not at risk.
    statistic : str
        ``mean``, ``geometric_mean`` and ``sd`` are over those who have a finite value; of a median the infinite come
        last; ``range`` and ``unstated``, whose source does not say, are taken for the mean; ``typical`` is that of
        the one patient there is.

    Returns
    -------
    ndarray, (...)
        NaN where nobody has a value.

    Examples
    --------
    >>> times = np.array([1.0, 4.0, np.inf, np.nan])
    >>> [float(statistic_of(times, name)) for name in ("mean", "geometric_mean", "survival_median")]
    [2.5, 2.0, 4.0]
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
    """How many of those ``among``, (patient, ...), are ``some``, as a share, (...); NaN where there are none."""
    total = among.sum(axis=0)
    return np.where(total > 0, some.sum(axis=0) / np.maximum(total, 1), np.nan)
