"""The statistic over patients that a publication gives, of numbers that may be censored."""

from __future__ import annotations

import numpy as np

__all__ = ["statistic_of"]


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
        return _median(sample)
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


def _median(sample: np.ndarray) -> np.ndarray:
    """The median of those at risk; of an even number with the infinite on one side of the middle, infinite."""
    ordered = np.sort(sample, axis=0)  # NaN come last
    count = (~np.isnan(sample)).sum(axis=0)
    low, high = (
        np.take_along_axis(ordered, np.maximum(rank, 0)[None], axis=0)[0] for rank in ((count - 1) // 2, count // 2)
    )
    middle = np.where(np.isinf(high), high, 0.5 * (low + np.where(np.isinf(high), 0.0, high)))
    return np.where(count > 0, middle, np.nan)
