"""How far the ends of an interval may be from where more draws and more patients would put them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinetics.results import MEDIAN_AND_95

ROUNDING = 1e-6
"""A width below this share of its ends is none: all draws have the same number."""


def error_of_patients(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The standard error of a number of all patients, (...), from that of equal parts of them, each (...).

    Points of a Sobol sequence err less than parts of them differ. NaN of one part alone.
    """
    if len(parts) < 2:
        return np.full(np.shape(parts[0]), np.nan)
    with np.errstate(invalid="ignore"):
        return np.std(parts, axis=0, ddof=1) / np.sqrt(len(parts))


def interval_error(drawn: np.ndarray, draws: int, of_patients: np.ndarray) -> float:
    r"""The standard error of the ends of 95 % intervals, as a share of their width; sums over several numbers.

    Parameters
    ----------
    drawn : ndarray, (draw, ...)
        A number of each draw, or of each of several studies of each.
    draws : int
        How many of them are independent.
    of_patients : ndarray, (...)
        `error_of_patients`.

    Returns
    -------
    float
        NaN if no interval has a width.

    Notes
    -----
    An end is an order statistic: with :math:`K` draws its rank has the standard deviation
    :math:`\sqrt{p (1 - p)/K}`, whatever the distribution. The two sources are independent.

    Examples
    --------
    >>> from scipy.special import ndtri
    >>> normal = ndtri((np.arange(1000) + 0.5) / 1000)[:, None]
    >>> round(interval_error(normal, 200, np.zeros(1)), 2)
    0.05
    """
    ends = (MEDIAN_AND_95[0], MEDIAN_AND_95[-1])
    reach = np.sqrt(ends[0] * (1 - ends[0]) / draws)
    shares = np.clip([share + side * reach for share in ends for side in (-1, 0, 1)], 0.0, 1.0)
    with np.errstate(invalid="ignore"):
        low, first, up, below, last, above = np.quantile(drawn, shares, axis=0)
        errors = np.hypot(np.maximum(up - low, above - below) / 2, of_patients)
        widths = last - first
    known = np.isfinite(errors) & (widths > ROUNDING * np.maximum(np.abs(first), np.abs(last)))
    return float(errors[known].sum() / widths[known].sum()) if known.any() else float("nan")
