"""The median of n patients with quartiles."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from kinetics.measures.patient_statistics import censored_quantiles
from kinetics.observation.distribution import ObservedDistribution, joined, shares
from kinetics.observation.normal import log
from kinetics.published.likelihoods.order_statistics import OrderStatistics, influence_on_share, power
from kinetics.published.likelihoods.summary import Evaluation


@dataclass(frozen=True)
class Quartiles(OrderStatistics):
    r"""Median and quartiles, by the joint density of order statistics at the ranks :math:`(n+1)/4, (n+1)/2, 3(n+1)/4`.

    Factorials go on as gamma functions where these ranks are not whole: the shares :math:`F_i` of the population below
    the published quartiles are as those of a Dirichlet distribution,

    .. math::
        p(q) = \frac{n!}{\Gamma(\frac{n+1}4)^4}\,[F_1 (F_2 - F_1)(F_3 - F_2)(1 - F_3)]^{(n-3)/4}\,f(q_1) f(q_2) f(q_3) ,

    with errors :math:`F_i - p_i` of covariance :math:`p_i (1 - p_j)/n`, :math:`i \le j`, beside other rows.
    (David and Nagaraja 2003, Order Statistics, 2.2 and 10.3.)
    """

    n: int
    lower: float
    median: float
    upper: float

    def evaluate(self, observed: ObservedDistribution) -> Evaluation:
        """The log density of the three."""
        levels, p = (self.lower, self.median, self.upper), np.array([0.25, 0.5, 0.75])
        below = [observed.below(level) for level in levels]
        (first, _), (second, _), (third, rest) = (shares(functions) for functions in below)
        spacings = log(first) + log(second - first) + log(third - second) + log(rest)
        rank = (self.n + 1) / 4
        front = gammaln(self.n + 1) - 4 * gammaln(rank)
        likelihood = front + power(rank - 1, spacings) + sum(log(observed.density(level)) for level in levels)
        covariance = np.minimum.outer(p, p) * (1 - np.maximum.outer(p, p)) / self.n
        error = np.array([first, second, third]) - p
        return Evaluation(likelihood, error, covariance, joined([influence_on_share(functions) for functions in below]))

    def of(self, sample: np.ndarray) -> Quartiles:
        """The same of other patients."""
        lower, median, upper = censored_quantiles(sample, (0.25, 0.5, 0.75), "higher").tolist()
        return replace(self, lower=lower, median=median, upper=upper)
