"""Rows that give no number of patients: a value with its error, or a plain range."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from kinetics.measures.patient_statistics import censored_median
from kinetics.observation.distribution import ObservedDistribution, Scalar, share
from kinetics.published.likelihoods.order_statistics import quantile, quantile_with_slope
from kinetics.published.likelihoods.summary import Evaluation


@dataclass(frozen=True)
class ReportedRange:
    r"""A range of the middle of a population, or a value, whose ends are equal, with an error on the logarithm.

    With :math:`x` the population's median, the error is :math:`\ln v - \ln x` for a value :math:`v`, and for a range
    zero inside and counted from the nearer end outside; it is normal with the standard deviation ``log_se``. Where
    fewer than half have a value, a share :math:`h` by the last visit :math:`t`, :math:`t/2h` stands for the median, so
    that a search is led back.
    """

    lower: float
    upper: float
    log_se: float

    @property
    def n(self) -> None:
        """The row does not say."""
        return None

    def evaluate(self, observed: ObservedDistribution) -> Evaluation:
        """The log density of the error."""
        median = _median(observed)
        if not math.isfinite(np.real(median)):
            return Evaluation(-np.inf, np.zeros(1), np.array([[self.log_se**2]]), None)
        end = min(max(float(np.real(median)), self.lower), self.upper)
        error = np.array([math.log(end) - np.log(median)])
        if self.lower < end < self.upper:
            error = 0.0 * error
        variance = np.array([[self.log_se**2]])
        log_likelihood = -0.5 * error[0] ** 2 / variance[0, 0] - math.log(self.log_se * math.sqrt(2 * math.pi))
        return Evaluation(log_likelihood, error, variance, None)

    def of(self, sample: np.ndarray) -> ReportedRange:
        """The median of other patients, with the same error."""
        median = float(censored_median(sample))
        return replace(self, lower=median, upper=median)

    def value(self, observed: ObservedDistribution) -> float:
        """The population's median."""
        return quantile(observed, 0.5)

    def interval(self, observed: ObservedDistribution, level: float = 0.95) -> tuple[float, float]:
        """Unknown without a number of patients."""
        return math.nan, math.nan


def _median(observed: ObservedDistribution) -> Scalar:
    median = quantile_with_slope(observed, 0.5)
    if math.isfinite(np.real(median)):
        return median
    last = observed.bracket()[1]
    within = share(observed, last)
    return 0.5 * last / within if np.real(within) > 0 else math.inf
