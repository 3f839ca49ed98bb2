"""Mean or geometric mean, alone, with the standard deviation, or with a confidence interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from kinetics.measures.patient_statistics import finite
from kinetics.observation.distribution import Expected, Observed, ObservedDistribution, joined
from kinetics.observation.normal import log_density_of_normals
from kinetics.published.likelihoods.spread import Spread, log_spread
from kinetics.published.likelihoods.summary import Evaluation, impossible


@dataclass(frozen=True)
class Mean:
    r"""The mean of a quantity, or with ``log`` of its logarithm, over those of n patients who have it.

    The mean :math:`m` and the logarithm of the standard deviation :math:`s` of :math:`n` draws are taken as normal.
    With the mean :math:`\mu` and variance :math:`\mu_2` of the population and :math:`W` the share of patients that have
    a value (1 for a count, the share of those observed below who are observed back for a time), :math:`E m = \mu` and
    :math:`\operatorname{var} m = \mu_2/nW`; the law of :math:`\ln s` is that of `log_spread`. It tends to

    .. math::
        \operatorname{cov}(m, \ln s) \to \frac1{nW}
        \begin{pmatrix} \mu_2 & \mu_3/2\mu_2 \\ \cdot & (\mu_4 - \mu_2^2)/4\mu_2^2 \end{pmatrix}

    (Cramér 1946, Mathematical Methods of Statistics, 27.4 and 27.7), with :math:`\mu_3 = 0` and :math:`\mu_4 =
    3\mu_2^2` for normal values. A confidence interval gives the ``standard_error`` :math:`s/\sqrt{nW}`, by Student's t
    with :math:`n - 1` degrees of freedom; ``sd`` is that of the quantity, not of its logarithm. Mean and ``sd`` were
    rounded to steps of ``rounding``, whose variance, a twelfth of the square, is added.
    """

    n: int
    mean: float
    log: bool = False
    sd: float | None = None
    standard_error: float | None = None
    rounding: float = 0.0

    @classmethod
    def with_interval(cls, n: int, value: float, lower: float, upper: float, *, log: bool, rounding: float) -> Mean:
        """From a value and its 95 % confidence interval."""
        ends = np.log([value, lower, upper]) if log else np.array([value, lower, upper])
        standard_error = (ends[2] - ends[1]) / (2 * float(stdtrit(n - 1, 0.975)))
        return cls(n, float(ends[0]), log, standard_error=float(standard_error), rounding=rounding)

    def evaluate(self, observed: ObservedDistribution) -> Evaluation:
        """The log density of mean and spread, jointly."""
        functions = observed.moments(log=self.log)
        weight, mean, variance = pooled = _pooled(functions)
        size, numbers = self._size(observed, pooled), 1 if self.sd is None and self.standard_error is None else 2
        if not np.real(variance) > 0 or not np.real(size) > numbers - 1:
            return impossible(functions, numbers)
        influence = functions.combined(np.array([[-mean], [1.0], [0.0]]) / weight, np.zeros(1))
        errors, covariance = np.array([self.mean - mean]), np.array([[variance / size]])
        if numbers == 2:
            spread = log_spread(observed, mean, variance, size, log=self.log)
            error, own_variance, own = self._of_spread(spread, functions, weight, size)
            errors = np.array([errors[0], error])
            covariance = np.array([[covariance[0, 0], spread.with_mean], [spread.with_mean, own_variance]])
            influence = joined([influence, own])
        covariance = covariance + np.diag(self._rounding()[:numbers]) ** 2 / 12
        likelihood = log_density_of_normals(errors, covariance)
        # where hardly anybody is above a limit, no quadrature tells the spread
        possible = np.isfinite(likelihood)
        return Evaluation(likelihood, errors, covariance, influence) if possible else impossible(functions, numbers)

    def _of_spread(self, spread: Spread, functions: Expected, weight: Any, size: Any) -> tuple[Any, Any, Expected]:
        """Error, variance and influence of the logarithm of the standard deviation, or of the standard error."""
        own = joined([spread.influence, functions])
        by_spread = np.array([[1.0], [0.0], [0.0], [0.0]])
        if self.standard_error is None:
            return (
                math.log(self.sd or 1.0) - spread.mean,
                spread.variance,
                own.combined(by_spread / weight, np.zeros(1)),
            )
        # the fewer have a value, the larger the standard error
        by_spread[1] = -0.5
        error = math.log(self.standard_error) - spread.mean + 0.5 * np.log(size)
        variance = spread.variance + 0.25 * (1 - weight) / size
        return error, variance, own.combined(by_spread / weight, np.array([0.5]))

    def _rounding(self) -> tuple[float, float]:
        """The steps of the two numbers; that of an interval is small beside what it is the error of."""
        of_mean = self.rounding / math.exp(self.mean) if self.log else self.rounding
        return of_mean, 0.0 if self.sd is None else self.rounding / self.sd

    def of(self, sample: np.ndarray) -> Mean:
        """The same of other patients, of whom those count that have a value."""
        values = finite(sample)
        own = np.log(values) if self.log else values
        mean, sd = float(own.mean()), float(values.std(ddof=1))
        if self.rounding:
            # what rounds to nothing is printed with another digit
            sd = self.rounding * round(sd / self.rounding) or sd
            number = math.exp(mean) if self.log else mean
            number = self.rounding * round(number / self.rounding) or number
            mean = math.log(number) if self.log else number
        return replace(
            self,
            mean=mean,
            sd=None if self.sd is None else sd,
            standard_error=None if self.standard_error is None else float(own.std(ddof=1)) / math.sqrt(own.size),
        )

    def value(self, observed: ObservedDistribution) -> float:
        """The population's mean or geometric mean."""
        mean = float(np.real(_pooled(observed.moments(log=self.log)).mean))
        return math.exp(mean) if self.log else mean

    def interval(self, observed: Observed, level: float = 0.95) -> tuple[float, float]:
        """By the standard error of the mean of a study of this size."""
        pooled = _pooled(observed.moments(log=self.log))
        size = float(np.real(self._size(observed, pooled)))
        if not size > 0:
            return math.nan, math.nan
        mean, reach = float(np.real(pooled.mean)), _reach(np.real(pooled.variance) / size, level)
        ends = mean - reach, mean + reach
        return (math.exp(ends[0]), math.exp(ends[1])) if self.log else ends

    def sd_interval(self, observed: Observed, level: float = 0.95) -> tuple[float, float, float]:
        """The standard deviation of the quantity in the population, and where that of a study lies."""
        pooled = _pooled(observed.moments(log=False))
        mean, variance = float(np.real(pooled.mean)), float(np.real(pooled.variance))
        size = float(np.real(self._size(observed, pooled)))
        if not variance > 0 or not size > 1:
            return math.sqrt(variance), math.nan, math.nan
        spread = log_spread(observed, mean, variance, size, log=False)
        middle, reach = float(np.real(spread.mean)), _reach(np.real(spread.variance), level)
        return math.sqrt(variance), math.exp(middle - reach), math.exp(middle + reach)

    def _size(self, observed: Observed, pooled: _Pooled) -> Any:
        """How many of the n have a value."""
        return self.n * pooled.share / (observed.counted + 1e-300)


class _Pooled(NamedTuple):
    """The share of the population that has a value, the mean, and the variance; complex to carry a derivative."""

    share: Any
    mean: Any
    variance: Any


def _pooled(functions: Expected) -> _Pooled:
    """Over patients; the variance is zero where rounding leaves nothing of it."""
    weight, first, second = functions.of_patients.mean(axis=0)
    if not np.real(weight) > 0:
        return _Pooled(0.0, math.nan, 0.0)
    mean, square = first / weight, second / weight
    variance = square - mean**2
    return _Pooled(weight, mean, variance if np.real(variance) > 1e-13 * np.real(square) else 0.0)


def _reach(variance: float, level: float) -> float:
    """How far a normal interval of this probability reaches from the mean."""
    return float(ndtri(0.5 + level / 2)) * math.sqrt(variance)
