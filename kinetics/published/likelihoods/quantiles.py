"""Quantiles of a population as a study sees it."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from kinetics.observation.distribution import ObservedDistribution, share

__all__ = ["quantile", "quantile_with_slope"]


def quantile(seen: ObservedDistribution, probability: float) -> float:
    """The level below which a share of the population lies.

    Infinite if fewer are below any level, as for a time that too few reach.
    """
    low, high = seen.bracket()
    if float(np.real(share(seen, high))) <= probability:
        return math.inf
    if float(np.real(share(seen, low))) >= probability:
        return low
    # what brentq calls, it keeps: no closure over a population
    root = brentq(_beyond, low, high, args=(seen, probability), xtol=1e-14 * high)
    assert isinstance(root, float)
    return root


def _beyond(level: float, seen: ObservedDistribution, probability: float) -> float:
    return float(np.real(share(seen, level))) - probability


def quantile_with_slope(seen: ObservedDistribution, probability: float) -> complex | float:
    """The same, with the imaginary part that what is seen carries, by the derivative of an inverse.

    The lower end of the bracket is the limit of quantification, which no parameter moves.
    """
    root = quantile(seen, probability)
    if not math.isfinite(root) or root <= seen.bracket()[0] or not np.iscomplexobj(share(seen, root)):
        return root
    slope = float(np.real(seen.density(root)))
    return root - 1j * np.imag(share(seen, root)) / slope if slope > 0 else root
