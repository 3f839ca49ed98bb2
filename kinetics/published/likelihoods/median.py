"""The median of n patients, alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from kinetics.measures.patient_statistics import censored_median
from kinetics.observation.distribution import ObservedDistribution, Scalar, share, shares
from kinetics.observation.normal import log
from kinetics.published.likelihoods.order_statistics import OrderStatistics, influence_on_share, power
from kinetics.published.likelihoods.summary import Evaluation

REACH = 30
"""Where the integrand of an even median has fallen to nothing, in units of its scale."""

_WHOLE, _PIECE = ([part / 2 for part in np.polynomial.legendre.leggauss(number)] for number in (32, 12))
"""Nodes about 0 and weights of an integrand without jumps, and of a piece between jumps."""


@dataclass(frozen=True)
class Median(OrderStatistics):
    r"""The median alone, by the density of the order statistic; of times with those that never recover counted last.

    With :math:`F` and :math:`f` of the population and an odd :math:`n = 2j - 1`,

    .. math:: p(m) = \frac{n!}{(j-1)!^2}\,[F(m)(1 - F(m))]^{j-1} f(m) .

    For an even :math:`n = 2j` the median is the mean of the two in the middle,

    .. math:: p(m) = \frac{2\,n!}{(j-1)!^2} \int_0^{m-q} [F(m-u)\,(1 - F(m+u))]^{j-1} f(m-u) f(m+u)\,du ,

    by Gauss-Legendre quadrature, between jumps of the density, as far as :math:`F(1-F)/nf`, on which the integrand
    falls, makes it matter; where the lower of the two can be at a limit of quantification :math:`q`, the density of
    that is added.
    (David and Nagaraja 2003, Order Statistics, 2.2 and 2.3.)
    """

    n: int
    median: float

    def evaluate(self, observed: ObservedDistribution) -> Evaluation:
        """The log density of the median."""
        below = observed.below(self.median)
        at, rest = shares(below)
        density = self._log_density_odd if self.n % 2 else self._log_density_even
        influence = influence_on_share(below)
        return Evaluation(density(observed, at, rest), np.array([at - 0.5]), np.array([[0.25 / self.n]]), influence)

    def of(self, sample: np.ndarray) -> Median:
        """The same of other patients; infinite if half of them or more never have a value."""
        return replace(self, median=float(censored_median(sample)))

    def _log_density_odd(self, observed: ObservedDistribution, at: Scalar, rest: Scalar) -> Scalar:
        j = (self.n + 1) / 2
        inside = log(at) + log(rest)
        front = gammaln(self.n + 1) - 2 * gammaln(j) + log(observed.density(self.median))
        return front + power(j - 1, inside) if j > 1 else front

    def _log_density_even(self, observed: ObservedDistribution, at: Scalar, rest: Scalar) -> Scalar:
        j, m, least = self.n / 2, self.median, observed.bracket()[0]
        spread, density = float(np.real(at * rest)), float(np.real(observed.density(m)))
        # a far median has no scale of its own, and may lie in a gap of the density
        end = m - least
        if self.n > 2 and spread > 0 and density > 0:
            end = min(end, REACH * spread / (self.n * density))
        if not end > 0:
            return -np.inf
        jumps = np.unique(np.abs(m - observed.jumps))
        pieces = np.concatenate([[0.0], jumps[(jumps > 0) & (jumps < end)], [end]])
        nodes, weights = _WHOLE if pieces.size == 2 else _PIECE
        # nodes are squared to be close at the beginning of a piece, where the integrand is largest
        terms = [
            np.log(4 * node * weight * width) + self._log_pair(observed, m - u, m + u)
            for begin, width in zip(pieces[:-1], np.diff(pieces), strict=True)
            for node, weight in zip(nodes + 0.5, weights, strict=True)
            for u in [begin + node**2 * width]
        ]
        return gammaln(self.n + 1) - 2 * gammaln(j) + _log_sum([*terms, self._log_at_limit(observed, least)])

    def _log_pair(self, observed: ObservedDistribution, left: float, right: float) -> Scalar:
        """Of the two in the middle and all others outside, but for the number of ways."""
        both = log(observed.density(left)) + log(observed.density(right))
        if self.n == 2 or not np.isfinite(np.real(both)):
            return both
        return both + power(self.n / 2 - 1, log(share(observed, left)) + log(shares(observed.below(right))[1]))

    def _log_at_limit(self, observed: ObservedDistribution, least: float) -> Scalar:
        """Of the lower half at the limit of quantification and the next as far above the median."""
        j, right = self.n / 2, 2 * self.median - least
        half = np.log(2 / j) + power(j, log(share(observed, least))) + log(observed.density(right))
        return half + power(j - 1, log(shares(observed.below(right))[1])) if j > 1 else half


def _log_sum(terms: list) -> Scalar:
    """The logarithm of a sum of exponentials, complex or not."""
    largest = max(float(np.real(term)) for term in terms)
    if not np.isfinite(largest):
        return -np.inf
    return largest + np.log(sum(np.exp(term - largest) for term in terms))
