r"""The standard deviation of a model's discrepancy from errors of left-out numbers.

An error :math:`e_i` has the variance :math:`v_i + \tau^2`: :math:`v_i` by sampling and parameters, and :math:`\tau^2`
by what the model gets wrong. The moment estimator of Paule and Mandel (1982, doi 10.6028/jres.087.022; DerSimonian and
Kacker 2007, doi 10.1016/j.cct.2006.04.004) solves :math:`\sum e_i^2/(v_i + \tau^2) = n`, here with mean zero, which is
known; where there is no positive root it is 0. A number with a large :math:`v_i` tells little: the degrees of freedom
are :math:`m = \sum (\tau^2/(v_i + \tau^2))^2`, those of Satterthwaite (1946, doi 10.2307/3002019) from the information
:math:`\frac12\sum(v_i + \tau^2)^{-2}` of :math:`\tau^2`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.special import gammaln, stdtrit

Vector: TypeAlias = Sequence[float] | np.ndarray

PRIOR_FREEDOM = 4.0
"""Degrees of freedom of the discrepancy of all outputs as prior of that of one: a choice; the fewest at which Student's
t has a variance with room to spare."""


@dataclass(frozen=True)
class DiscrepancySD:
    """The log standard deviation of the discrepancy of a class, with the degrees of freedom of its square.

    ``numbers`` is how many errors it is estimated from.
    """

    log_sd: float
    freedom: float
    numbers: int

    @property
    def relative_se(self) -> float:
        """The standard error of ``log_sd`` as a share of it, by the degrees of freedom."""
        return math.sqrt(1 / (2 * self.freedom))

    def freedom_with(self, variance: float) -> float:
        """Degrees of freedom of the sum of its square and of a known variance (Welch and Satterthwaite)."""
        if self.log_sd == 0:
            return math.inf
        return self.freedom * (1 + variance / self.log_sd**2) ** 2

    def log_density(self, error: float, variance: float) -> float:
        """Of an error whose other sources have a variance: Student's t."""
        scale, freedom = math.sqrt(variance + self.log_sd**2), self.freedom_with(variance)
        z = error / scale
        if math.isinf(freedom):
            return -0.5 * (z * z + math.log(2 * math.pi)) - math.log(scale)
        constant = float(gammaln((freedom + 1) / 2) - gammaln(freedom / 2)) - 0.5 * math.log(freedom * math.pi)
        return constant - (freedom + 1) / 2 * math.log1p(z * z / freedom) - math.log(scale)

    def reach(self, variance: float, level: float) -> float:
        """How far a central interval of this probability reaches from the prediction."""
        scale, freedom = math.sqrt(variance + self.log_sd**2), self.freedom_with(variance)
        # beyond this many, Student's t is normal to seven digits
        return scale * float(stdtrit(min(freedom, 1e7), 0.5 + level / 2))


NONE = DiscrepancySD(0.0, math.inf, 0)
"""Of a model that is right."""


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors of mean zero, their variances without what is estimated, and how much each counts, all (number,).

    Numbers of one finding are not independent: together they count as one.
    """

    values: np.ndarray
    variances: np.ndarray
    weights: np.ndarray

    def freedom(self, between: float) -> float:
        """The degrees of freedom of a variance that is estimated from them."""
        return 0.0 if between == 0 else float(self.weights @ (between / (self.variances + between)) ** 2)

    def estimate(self) -> float:
        """The variance between, by `paule_mandel`."""
        return paule_mandel(self.values, self.variances, self.weights)


def paule_mandel(errors: Vector, variances: Vector, weights: Vector | None = None) -> float:
    """The estimate of the variance between, 0 at least.

    Parameters
    ----------
    errors : sequence of float, (number,)
        Errors of mean zero, on the logarithm.
    variances : sequence of float, (number,)
        Of each, without the discrepancy.
    weights : sequence of float, (number,), optional
        How much each counts; by default 1.

    Returns
    -------
    float

    Examples
    --------
    >>> round(paule_mandel([0.3, -0.5, 0.4], [0.0, 0.0, 0.0]), 6)
    0.166667
    >>> paule_mandel([0.1, -0.1], [0.04, 0.04])
    0.0
    """
    from scipy.optimize import brentq

    known = np.asarray(variances, dtype=float)
    counted = np.ones(known.size) if weights is None else np.asarray(weights, dtype=float)
    squares = counted * np.square(errors)
    if not squares.size or squares.sum() == 0:
        return 0.0

    def excess(between: float) -> float:
        return float(np.sum(squares / (known + between)) - counted.sum())

    lowest = 1e-12 * float(squares.max())
    if excess(lowest) <= 0:
        return 0.0
    root: Any = brentq(excess, lowest, float(squares.sum() / counted.sum()) * (1 + 1e-9), xtol=1e-14)
    return float(root)


def pooled_sd(errors: Errors) -> DiscrepancySD:
    """Of a class by itself."""
    between = errors.estimate()
    return DiscrepancySD(math.sqrt(between), max(errors.freedom(between), PRIOR_FREEDOM), errors.values.size)


def shrunk_sd(errors: Errors, prior: DiscrepancySD) -> DiscrepancySD:
    r"""Of a class that is drawn towards another: a scaled inverse chi-squared prior.

    With :math:`\nu_0` = `PRIOR_FREEDOM` and :math:`m` as above, at the larger of the two estimates,
    :math:`\tau^2 \leftarrow (\nu_0 \tau_p^2 + m \tau^2)/(\nu_0 + m)` (Gelman et al. 2013, Bayesian Data Analysis, 2.6;
    Smyth 2004, doi 10.2202/1544-6115.1027).
    """
    own = errors.estimate()
    freedom = errors.freedom(max(own, prior.log_sd**2))
    between = (PRIOR_FREEDOM * prior.log_sd**2 + freedom * own) / (PRIOR_FREEDOM + freedom)
    return DiscrepancySD(math.sqrt(between), PRIOR_FREEDOM + freedom, errors.values.size)


def summed_sd(near: DiscrepancySD, step: DiscrepancySD, steps: float) -> DiscrepancySD:
    """Of the sum of an error and of some more that are independent, each of the size of a step."""
    parts = near.log_sd**2, steps * step.log_sd**2
    total = sum(parts)
    if total == 0:
        return NONE
    freedom = total**2 / sum(part**2 / one.freedom for part, one in zip(parts, (near, step), strict=True))
    return DiscrepancySD(math.sqrt(total), freedom, step.numbers if steps else near.numbers)
