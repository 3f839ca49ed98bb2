"""The median of n patients with the least and the greatest value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from kinetics.measures.patient_statistics import at_risk, censored_median
from kinetics.observation.distribution import ObservedDistribution, share
from kinetics.observation.normal import log
from kinetics.published.likelihoods.order_statistics import OrderStatistics, influence_on_share, power
from kinetics.published.likelihoods.summary import Evaluation


@dataclass(frozen=True)
class Extremes(OrderStatistics):
    r"""Median with the least and the greatest of n values, by the joint density of the three order statistics.

    With :math:`j = (n + 1)/2` (for an even n half-way between the two in the middle, by the gamma function),

    .. math::
        p(a, m, b) = \frac{n!}{\Gamma(j-1)^2}\,[(F(m) - F(a))\,(F(b) - F(m))]^{j-2} f(a) f(m) f(b) .

    (David and Nagaraja 2003, Order Statistics, 2.2.) The median alone shares the covariance with other rows.
    """

    n: int
    lower: float
    median: float
    upper: float

    def evaluate(self, observed: ObservedDistribution) -> Evaluation:
        """The log density of the three."""
        rank = (self.n + 1) / 2 - 1
        levels, middle = (self.lower, self.median, self.upper), observed.below(self.median)
        least, at, greatest = (share(observed, level) for level in levels)
        front = gammaln(self.n + 1) - 2 * gammaln(rank)
        inside = power(rank - 1, log(at - least) + log(greatest - at))
        likelihood = front + inside + sum(log(observed.density(level)) for level in levels)
        return Evaluation(likelihood, np.array([at - 0.5]), np.array([[0.25 / self.n]]), influence_on_share(middle))

    def of(self, sample: np.ndarray) -> Extremes:
        """The same of other patients."""
        values, median = at_risk(sample), float(censored_median(sample))
        return replace(self, lower=float(values.min()), median=median, upper=float(values.max()))
