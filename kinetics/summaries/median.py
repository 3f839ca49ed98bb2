"""The median of n patients: alone, with quartiles, or with the least and the greatest value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, gammaln, roots_laguerre

from kinetics.summaries.normal import log_density_of_normals
from kinetics.summaries.quantiles import quantile
from kinetics.summaries.seen import Expected, Seen, share
from kinetics.summaries.summary import Evaluation

__all__ = ["Extremes", "Median", "Quartiles"]

_NODES, _WEIGHTS = roots_laguerre(24)


class _OfMedian:
    """What all three say of the median."""

    n: int

    def value(self, seen: Seen) -> float:
        """The population's median; infinite if less than half have a value."""
        return quantile(seen, 0.5)

    def interval(self, seen: Seen, level: float = 0.95) -> tuple[float, float]:
        """By the beta distribution of the share that lies below the median of a study."""
        tail = np.array([0.5 - level / 2, 0.5 + level / 2])
        lower, upper = betaincinv((self.n + 1) / 2, (self.n + 1) / 2, tail)
        return quantile(seen, float(lower)), quantile(seen, float(upper))


@dataclass(frozen=True)
class Median(_OfMedian):
    r"""The median alone, by the density of the order statistic; of times with those that never recover counted last.

    With :math:`F` and :math:`f` of the population and an odd :math:`n = 2j - 1`,

    .. math:: p(m) = \frac{n!}{(j-1)!^2}\,[F(m)(1 - F(m))]^{j-1} f(m) .

    For an even :math:`n = 2j` the median is the mean of the two in the middle,

    .. math:: p(m) = \frac{2\,n!}{(j-1)!^2} \int_0^\infty [F(m-u)\,(1 - F(m+u))]^{j-1} f(m-u) f(m+u)\,du ,

    by Gauss-Laguerre quadrature on the scale :math:`1/2nf(m)` on which the integrand falls.
    (David and Nagaraja 2003, Order Statistics, 2.2 and 2.3.)

    Parameters
    ----------
    n : int
        Patients.
    median : float
        As published.
    """

    n: int
    median: float

    def evaluate(self, seen: Seen) -> Evaluation:
        """The log density of the median."""
        below = seen.below(self.median)
        at = share(seen, self.median)
        error = np.array([at - 0.5])
        influence = below.combined(_indicator(below, at), np.zeros(1))
        return Evaluation(self._log_density(seen, at), error, np.array([[0.25 / self.n]]), influence)

    def _log_density(self, seen: Seen, at: complex | float) -> complex | float:
        n, m = self.n, self.median
        if n % 2:
            middle = (n + 1) / 2
            front = gammaln(n + 1) - 2 * gammaln(middle)
            return front + (middle - 1) * (np.log(at) + np.log(1 - at)) + np.log(seen.density(m))
        middle, reach = n / 2, 1 / (2 * n * max(float(np.real(seen.density(m))), 1e-300))
        terms = []
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            left, right = m - reach * node, m + reach * node
            if left <= 0:
                continue
            f = seen.density(left) * seen.density(right)
            inside = (middle - 1) * (np.log(share(seen, left)) + np.log(1 - share(seen, right)))
            terms.append(np.log(f) + inside + node + np.log(weight))
        front = gammaln(n + 1) - 2 * gammaln(middle) + np.log(2 * reach)
        return front + _log_sum(terms)


@dataclass(frozen=True)
class Quartiles(_OfMedian):
    r"""Median and quartiles, by the normal approximation of the shares that lie below them.

    With :math:`q` the published quartiles, :math:`F(q)` is normal about :math:`p = (1/4, 1/2, 3/4)` with the covariance
    :math:`p_i (1 - p_j)/n`, :math:`i \le j`; the density of :math:`q` is that of :math:`F(q)` times
    :math:`\prod f(q)`. (David and Nagaraja 2003, Order Statistics, 10.3.)

    Parameters
    ----------
    n : int
        Patients.
    lower, median, upper : float
        As published.
    """

    n: int
    lower: float
    median: float
    upper: float

    def evaluate(self, seen: Seen) -> Evaluation:
        """The log density of the three."""
        levels, p = (self.lower, self.median, self.upper), np.array([0.25, 0.5, 0.75])
        error = np.array([share(seen, level) for level in levels]) - p
        covariance = np.minimum.outer(p, p) * (1 - np.maximum.outer(p, p)) / self.n
        jacobian = sum(np.log(seen.density(level)) for level in levels)
        influences = [_influence(seen, level) for level in levels]
        return Evaluation(log_density_of_normals(error, covariance) + jacobian, error, covariance, _joined(influences))


@dataclass(frozen=True)
class Extremes(_OfMedian):
    r"""Median with the least and the greatest of n values, by the joint density of the three order statistics.

    With :math:`j = (n + 1)/2` (for an even n half-way between the two in the middle, by the gamma function),

    .. math::
        p(a, m, b) = \frac{n!}{\Gamma(j-1)^2}\,[(F(m) - F(a))\,(F(b) - F(m))]^{j-2} f(a) f(m) f(b) .

    (David and Nagaraja 2003, Order Statistics, 2.2.) The median alone shares the covariance with other rows.

    Parameters
    ----------
    n : int
        Patients, three at least.
    lower, median, upper : float
        As published.
    """

    n: int
    lower: float
    median: float
    upper: float

    def evaluate(self, seen: Seen) -> Evaluation:
        """The log density of the three."""
        middle = (self.n + 1) / 2
        least, at, greatest = (share(seen, level) for level in (self.lower, self.median, self.upper))
        front = gammaln(self.n + 1) - 2 * gammaln(middle - 1)
        inside = (middle - 2) * (np.log(at - least) + np.log(greatest - at))
        jacobian = sum(np.log(seen.density(level)) for level in (self.lower, self.median, self.upper))
        variance = np.array([[0.25 / self.n]])
        return Evaluation(front + inside + jacobian, np.array([at - 0.5]), variance, _influence(seen, self.median))


def _influence(seen: Seen, level: float) -> Expected:
    below = seen.below(level)
    return below.combined(_indicator(below, share(seen, level)), np.zeros(1))


def _indicator(below: Expected, at: complex | float) -> np.ndarray:
    """The weights of being below and of being counted in the influence on the share below the published level.

    A study with more patients below the level has its median further down: the sign is turned.
    """
    counted = below.of_patients[:, 1].mean()
    return np.array([[-1.0], [at]]) / counted


def _joined(influences: list[Expected]) -> Expected:
    outcomes = [one.by_outcome for one in influences if one.by_outcome is not None]
    together = np.concatenate(outcomes, axis=1) if outcomes else None
    return Expected(np.concatenate([one.of_patients for one in influences], axis=1), together)


def _log_sum(terms: list) -> complex | float:
    """The logarithm of a sum of exponentials, complex or not."""
    largest = max(float(np.real(term)) for term in terms)
    return largest + np.log(sum(np.exp(term - largest) for term in terms))
