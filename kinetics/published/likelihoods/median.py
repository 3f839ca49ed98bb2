"""The median of n patients: alone, with quartiles, or with the least and the greatest value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaincinv, gammaln

from kinetics.observation.distribution import Expected, ObservedDistribution, joined, share, shares
from kinetics.observation.normal import log
from kinetics.published.likelihoods.quantiles import quantile
from kinetics.published.likelihoods.summary import Evaluation

__all__ = ["Extremes", "Median", "Quartiles"]

REACH = 30
"""Where the integrand of an even median has fallen to nothing, in units of its scale."""

_NODES, _WEIGHTS = (part / 2 for part in np.polynomial.legendre.leggauss(32))
_NODES = _NODES + 0.5


class _OfMedian:
    """What all three say of the median."""

    n: int

    def value(self, seen: ObservedDistribution) -> float:
        """The population's median; infinite if less than half have a value."""
        return quantile(seen, 0.5)

    def interval(self, seen: ObservedDistribution, level: float = 0.95) -> tuple[float, float]:
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

    .. math:: p(m) = \frac{2\,n!}{(j-1)!^2} \int_0^{m-q} [F(m-u)\,(1 - F(m+u))]^{j-1} f(m-u) f(m+u)\,du ,

    by Gauss-Legendre quadrature as far as :math:`F(1-F)/nf`, on which the integrand falls, makes it matter; where the
    lower of the two can be at a limit of quantification :math:`q`, the density of that is added.
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

    def evaluate(self, seen: ObservedDistribution) -> Evaluation:
        """The log density of the median."""
        below = seen.below(self.median)
        at, rest = shares(below)
        density = self._log_density_odd if self.n % 2 else self._log_density_even
        influence = _influence(below)
        return Evaluation(density(seen, at, rest), np.array([at - 0.5]), np.array([[0.25 / self.n]]), influence)

    def of(self, sample: np.ndarray) -> Median:
        """The same of other patients; infinite if half of them or more never have a value."""
        return replace(self, median=float(np.median(_counted(sample))))

    def _log_density_odd(
        self, seen: ObservedDistribution, at: complex | float, rest: complex | float
    ) -> complex | float:
        j = (self.n + 1) / 2
        inside = log(at) + log(rest)
        front = gammaln(self.n + 1) - 2 * gammaln(j) + log(seen.density(self.median))
        return front + _powers(j - 1, inside) if j > 1 else front

    def _log_density_even(
        self, seen: ObservedDistribution, at: complex | float, rest: complex | float
    ) -> complex | float:
        j, m, least = self.n / 2, self.median, seen.bracket()[0]
        spread, density = float(np.real(at * rest)), float(np.real(seen.density(m)))
        # a far median has no scale of its own, and may lie in a gap of the density; nodes are squared to be close at 0
        end = m - least
        if self.n > 2 and spread > 0 and density > 0:
            end = min(end, REACH * spread / (self.n * density))
        if not end > 0:
            return -np.inf
        terms = [
            np.log(4 * node * weight * end) + self._log_pair(seen, m - node**2 * end, m + node**2 * end)
            for node, weight in zip(_NODES, _WEIGHTS, strict=True)
        ]
        return gammaln(self.n + 1) - 2 * gammaln(j) + _log_sum([*terms, self._log_at_limit(seen, least)])

    def _log_pair(self, seen: ObservedDistribution, left: float, right: float) -> complex | float:
        """Of the two in the middle and all others outside, but for the number of ways."""
        both = log(seen.density(left)) + log(seen.density(right))
        if self.n == 2 or not np.isfinite(np.real(both)):
            return both
        return both + _powers(self.n / 2 - 1, log(share(seen, left)) + log(shares(seen.below(right))[1]))

    def _log_at_limit(self, seen: ObservedDistribution, least: float) -> complex | float:
        """Of the lower half at the limit of quantification and the next as far above the median."""
        j, right = self.n / 2, 2 * self.median - least
        half = np.log(2 / j) + _powers(j, log(share(seen, least))) + log(seen.density(right))
        return half + _powers(j - 1, log(shares(seen.below(right))[1])) if j > 1 else half


@dataclass(frozen=True)
class Quartiles(_OfMedian):
    r"""Median and quartiles, by the joint density of order statistics at the ranks :math:`(n+1)/4, (n+1)/2, 3(n+1)/4`.

    Factorials go on as gamma functions where these ranks are not whole: the shares :math:`F_i` of the population below
    the published quartiles are as those of a Dirichlet distribution,

    .. math::
        p(q) = \frac{n!}{\Gamma(\frac{n+1}4)^4}\,[F_1 (F_2 - F_1)(F_3 - F_2)(1 - F_3)]^{(n-3)/4}\,f(q_1) f(q_2) f(q_3) ,

    with errors :math:`F_i - p_i` of covariance :math:`p_i (1 - p_j)/n`, :math:`i \le j`, beside other rows.
    (David and Nagaraja 2003, Order Statistics, 2.2 and 10.3.)

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

    def evaluate(self, seen: ObservedDistribution) -> Evaluation:
        """The log density of the three."""
        levels, p = (self.lower, self.median, self.upper), np.array([0.25, 0.5, 0.75])
        below = [seen.below(level) for level in levels]
        (first, _), (second, _), (third, rest) = (shares(functions) for functions in below)
        spacings = log(first) + log(second - first) + log(third - second) + log(rest)
        rank = (self.n + 1) / 4
        front = gammaln(self.n + 1) - 4 * gammaln(rank)
        likelihood = front + _powers(rank - 1, spacings) + sum(log(seen.density(level)) for level in levels)
        covariance = np.minimum.outer(p, p) * (1 - np.maximum.outer(p, p)) / self.n
        error = np.array([first, second, third]) - p
        return Evaluation(likelihood, error, covariance, joined([_influence(functions) for functions in below]))

    def of(self, sample: np.ndarray) -> Quartiles:
        """The same of other patients."""
        # "higher" keeps the infinite out of the average with a time
        lower, median, upper = np.quantile(_counted(sample), [0.25, 0.5, 0.75], method="higher")
        return replace(self, lower=float(lower), median=float(median), upper=float(upper))


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

    def evaluate(self, seen: ObservedDistribution) -> Evaluation:
        """The log density of the three."""
        rank = (self.n + 1) / 2 - 1
        levels, middle = (self.lower, self.median, self.upper), seen.below(self.median)
        least, at, greatest = (share(seen, level) for level in levels)
        front = gammaln(self.n + 1) - 2 * gammaln(rank)
        inside = _powers(rank - 1, log(at - least) + log(greatest - at))
        likelihood = front + inside + sum(log(seen.density(level)) for level in levels)
        return Evaluation(likelihood, np.array([at - 0.5]), np.array([[0.25 / self.n]]), _influence(middle))

    def of(self, sample: np.ndarray) -> Extremes:
        """The same of other patients."""
        values = _counted(sample)
        return replace(self, lower=float(values.min()), median=float(np.median(values)), upper=float(values.max()))


def _counted(sample: np.ndarray) -> np.ndarray:
    return sample[~np.isnan(sample)]


def _influence(below: Expected) -> Expected:
    """The influence on the share below the published level.

    A study with more patients below the level has its median further down: the sign is turned.
    """
    at, rest = shares(below)
    counted = below.of_patients.sum(axis=1).mean()
    return below.combined(np.array([[-rest], [at]]) / (counted + 1e-300), np.zeros(1))


def _powers(power: float, logarithm: complex | float) -> complex | float:
    """The logarithm of a power; minus infinity if that of the base is, so that impossible levels are never likely."""
    return power * logarithm if np.isfinite(np.real(logarithm)) else -np.inf


def _log_sum(terms: list) -> complex | float:
    """The logarithm of a sum of exponentials, complex or not."""
    largest = max(float(np.real(term)) for term in terms)
    if not np.isfinite(largest):
        return -np.inf
    return largest + np.log(sum(np.exp(term - largest) for term in terms))
