"""Percentiles of observations over time beside those of simulations: the numbers of a visual predictive check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.mixed_effects.model.observations import Observations

PERCENTILES = (0.05, 0.5, 0.95)
INTERVAL = (0.025, 0.5, 0.975)
MOST_BINS, LEAST_COUNTS = 12, 8
"""Bins of an analyte, and observations of a bin."""


@dataclass(frozen=True, eq=False)
class VisualPredictiveCheck:
    """One analyte in bins of time.

    Parameters
    ----------
    time : ndarray, (bin,)
        The median time of the observations.
    count : ndarray of int, (bin,)
        Their number.
    observed : ndarray, (bin, percentile)
        `PERCENTILES` of the observations; NaN for one that is below the limits.
    simulated : ndarray, (bin, percentile, quantile)
        The same of simulated data sets: `INTERVAL` over these.
    below, simulated_below : ndarray, (bin,) and (bin, quantile)
        The share of observations below their limits, and that of simulated ones.
    """

    time: np.ndarray
    count: np.ndarray
    observed: np.ndarray
    simulated: np.ndarray
    below: np.ndarray
    simulated_below: np.ndarray


def visual_predictive_check(
    observations: Observations, analyte: int, limits: np.ndarray, simulated: np.ndarray
) -> VisualPredictiveCheck:
    """Compare the observations of an analyte with simulated data sets of the same design.

    Parameters
    ----------
    observations : Observations
        The data.
    analyte : int
        Which of their analytes.
    limits : ndarray, (individual, observation)
        Lower limits of quantification; minus infinity where there is none. A simulated value below is censored too
        (Bergstrand 2009, doi 10.1208/s12248-009-9112-5).
    simulated : ndarray, (replicate, individual, observation)
        Of `simulate_observations`.
    """
    chosen = observations.present & (observations.analyte == analyte)
    times, limit = observations.times[chosen], limits[chosen]
    is_below = np.isneginf(observations.lower[chosen])
    upper = observations.upper[chosen]
    values = np.where(is_below, -np.inf, np.where(np.isinf(upper), observations.lower[chosen], upper))
    drawn = simulated[:, chosen]
    drawn = np.where(drawn < limit, -np.inf, drawn)
    bins = _bins(times)
    numbers = range(int(bins.max(initial=-1)) + 1)
    of_bins = [(values[bins == number], drawn[:, bins == number]) for number in numbers]
    over = {"axis": 0, "method": "inverted_cdf"}  # a rank: nothing is interpolated from minus infinity
    return VisualPredictiveCheck(
        np.array([np.median(times[bins == number]) for number in numbers]),
        np.array([one.size for one, _ in of_bins]),
        _known(np.array([np.quantile(one, PERCENTILES, method="inverted_cdf") for one, _ in of_bins])),
        _known(np.array([np.quantile(_percentiles(sets), INTERVAL, **over).T for _, sets in of_bins])),
        np.array([np.isneginf(one).mean() for one, _ in of_bins]),
        np.array([np.quantile(np.isneginf(sets).mean(axis=1), INTERVAL) for _, sets in of_bins]),
    )


def _percentiles(sets: np.ndarray) -> np.ndarray:
    """`PERCENTILES` of each data set, (replicate, percentile)."""
    return np.quantile(sets, PERCENTILES, axis=1, method="inverted_cdf").T


def _known(values: np.ndarray) -> np.ndarray:
    return np.where(np.isneginf(values), np.nan, values)


def _bins(times: np.ndarray) -> np.ndarray:
    """The bin of each observation: about equally many in each, and equal times together."""
    most = max(1, min(MOST_BINS, times.size // LEAST_COUNTS))
    edges = np.unique(np.quantile(times, np.arange(1, most) / most, method="inverted_cdf"))
    raw = np.searchsorted(edges, times, side="left")
    return np.unique(raw, return_inverse=True)[1]
