"""Quantiles of a population as a study observes it, and what summaries by order statistics share."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import betaincinv

from kinetics.observation.distribution import Expected, Observed, ObservedDistribution, Scalar, share, shares


def quantile(observed: Observed, probability: float) -> float:
    """The level below which a share of the population lies; infinite for a time that too few reach."""
    # slow to import, and most commands need no optimiser
    from scipy.optimize import brentq

    low, high = observed.bracket()
    if float(np.real(share(observed, high))) <= probability:
        return math.inf
    if float(np.real(share(observed, low))) >= probability:
        return low
    # what brentq calls, it keeps: no closure over a population
    root = brentq(_beyond, low, high, args=(observed, probability), xtol=1e-14 * high)
    assert isinstance(root, float)
    return root


def _beyond(level: float, observed: Observed, probability: float) -> float:
    return float(np.real(share(observed, level))) - probability


def quantile_with_slope(observed: ObservedDistribution, probability: float) -> Scalar:
    """The same with its imaginary part, by the derivative of an inverse.

    The lower end of the bracket is the limit of quantification, which no parameter moves.
    """
    root = quantile(observed, probability)
    if not math.isfinite(root) or root <= observed.bracket()[0] or not np.iscomplexobj(share(observed, root)):
        return root
    slope = float(np.real(observed.density(root)))
    return root - 1j * np.imag(share(observed, root)) / slope if slope > 0 else root


class OrderStatistics:
    """A summary about the median of n patients."""

    n: int

    def value(self, observed: ObservedDistribution) -> float:
        """The population's median; infinite if less than half have a value."""
        return quantile(observed, 0.5)

    def interval(self, observed: Observed, level: float = 0.95) -> tuple[float, float]:
        """By the beta distribution of the share that lies below the median of a study."""
        tail = np.array([0.5 - level / 2, 0.5 + level / 2])
        lower, upper = betaincinv((self.n + 1) / 2, (self.n + 1) / 2, tail)
        return quantile(observed, float(lower)), quantile(observed, float(upper))


def influence_on_share(below: Expected) -> Expected:
    """The influence of a patient on the share below the published level.

    A study with more patients below the level has its median further down: the sign is turned.
    """
    at, rest = shares(below)
    of_all = below.of_patients.sum(axis=1).mean()
    return below.combined(np.array([[-rest], [at]]) / (of_all + 1e-300), np.zeros(1))


def power(exponent: float, logarithm: Scalar) -> Scalar:
    """The logarithm of a power; minus infinity if that of the base is, so that impossible levels are never likely."""
    return exponent * logarithm if np.isfinite(np.real(logarithm)) else -np.inf
