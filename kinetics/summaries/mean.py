"""Mean or geometric mean, alone, with the standard deviation, or with a confidence interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from kinetics.summaries.normal import log_density_of_normals
from kinetics.summaries.seen import Expected, Seen
from kinetics.summaries.summary import Evaluation

__all__ = ["Mean"]


@dataclass(frozen=True)
class Mean:
    r"""The mean of a quantity, or of its logarithm, over those of n patients who have it.

    The mean :math:`m` and the logarithm of the standard deviation :math:`s` of :math:`n` draws have, with central
    moments :math:`\mu_k` of the population and :math:`W` the share of patients that have a value (1 for a count, the
    share seen to recover for a time),

    .. math::
        \operatorname{cov}(m, \ln s) = \frac1{nW}
        \begin{pmatrix} \mu_2 & \mu_3/2\mu_2 \\ \cdot & (\mu_4 - \mu_2^2)/4\mu_2^2 \end{pmatrix},
        \qquad E[\ln s] = \ln\sqrt{\mu_2} - \frac{\mu_4/\mu_2^2 - 1}{4nW} .

    (Cramér 1946, Mathematical Methods of Statistics, 27.4 and 27.7.) Normal theory, :math:`\mu_3 = 0` and
    :math:`\mu_4 = 3\mu_2^2`, is wrong for counts: a log-normal of CV 1.5 has a standard deviation five times as
    uncertain. A confidence interval gives the standard error :math:`s/\sqrt{nW}`, by Student's t with
    :math:`n - 1` degrees of freedom.

    Parameters
    ----------
    n : int
        Patients.
    mean : float
        As published, or its logarithm.
    log : bool
        Whether it is a geometric mean.
    sd : float, optional
        Standard deviation of the quantity (not of its logarithm).
    standard_error : float, optional
        Of the mean, or of its logarithm, from the published interval; not with ``sd``.
    rounding : float
        The step to which mean and ``sd`` were rounded; its variance, a twelfth of the square, is added.
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

    def evaluate(self, seen: Seen) -> Evaluation:
        """The log density of mean and spread, jointly."""
        functions = seen.moments(log=self.log)
        weight, mean, central = _pooled(functions)
        shape = central[4] / central[2] ** 2 - 1
        variance = np.array(
            [[central[2], 0.5 * central[3] / central[2]], [0.5 * central[3] / central[2], 0.25 * shape]]
        )
        # 1, g, g^2 to the influences on the mean and on the logarithm of the standard deviation
        weights = np.zeros((5, 2), dtype=functions.of_patients.dtype)
        weights[:2, 0] = -mean / weight, 1 / weight
        weights[:3, 1] = np.array([mean**2 - central[2], -2 * mean, 1]) / (2 * central[2] * weight)
        constant = np.zeros(2, dtype=weights.dtype)
        error = [self.mean - mean]
        log_sd = 0.5 * np.log(central[2]) - 0.25 * shape / (self.n * weight)
        published = self.sd or 0.0
        if self.sd is not None:
            error.append(math.log(self.sd) - log_sd)
        elif self.standard_error is not None:
            error.append(math.log(self.standard_error) - log_sd + 0.5 * np.log(self.n * weight))
            published = math.inf  # its rounding is that of the ends of the interval, which is small beside it
            # the fewer have a value, the larger the standard error
            weights[0, 1] -= 0.5 / weight
            constant[1] += 0.5
            variance[1, 1] += 0.25 * (1 - weight)
        size = len(error)
        covariance = variance[:size, :size] / (self.n * weight)
        scale = math.exp(self.mean) if self.log else 1.0
        covariance = covariance + np.diag([self.rounding / scale, self.rounding / (published or 1.0)][:size]) ** 2 / 12
        errors = np.array(error)
        influence = functions.combined(weights[:, :size], constant[:size])
        return Evaluation(log_density_of_normals(errors, covariance), errors, covariance, influence)

    def value(self, seen: Seen) -> float:
        """The population's mean or geometric mean."""
        mean = float(np.real(_pooled(seen.moments(log=self.log))[1]))
        return math.exp(mean) if self.log else mean

    def interval(self, seen: Seen, level: float = 0.95) -> tuple[float, float]:
        """By the standard error of the mean of a study of this size."""
        weight, mean, central = (np.real(part) for part in _pooled(seen.moments(log=self.log)))
        reach = float(ndtri(0.5 + level / 2)) * math.sqrt(central[2] / (self.n * weight))
        ends = float(mean) - reach, float(mean) + reach
        return (math.exp(ends[0]), math.exp(ends[1])) if self.log else ends

    def sd_interval(self, seen: Seen, level: float = 0.95) -> tuple[float, float, float]:
        """The standard deviation of the quantity in the population, and where that of a study lies."""
        weight, _, central = (np.real(part) for part in _pooled(seen.moments(log=False)))
        shape = central[4] / central[2] ** 2 - 1
        reach = float(ndtri(0.5 + level / 2)) * math.sqrt(0.25 * shape / (self.n * weight))
        middle = 0.5 * math.log(central[2]) - 0.25 * shape / (self.n * weight)
        return math.sqrt(central[2]), math.exp(middle - reach), math.exp(middle + reach)


def _pooled(functions: Expected) -> tuple[complex, complex, np.ndarray]:
    """The share that has a value, the mean, and central moments (0 to 4) of the population."""
    raw = functions.of_patients.mean(axis=0)
    weight, raw = raw[0], raw / raw[0]
    m = raw[1]
    third = raw[3] - 3 * m * raw[2] + 2 * m**3
    fourth = raw[4] - 4 * m * raw[3] + 6 * m**2 * raw[2] - 3 * m**4
    return weight, m, np.array([1.0, 0.0, raw[2] - m**2, third, fourth])
