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
from typing import Any

import numpy as np
from scipy.special import gammaln, stdtrit

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


def paule_mandel(errors: Sequence[float], variances: Sequence[float]) -> float:
    """The estimate of the variance between, 0 at least.

    Parameters
    ----------
    errors : sequence of float, (number,)
        Errors of mean zero, on the logarithm.
    variances : sequence of float, (number,)
        Of each, without the discrepancy.

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

    squares, known = np.square(errors), np.asarray(variances, dtype=float)
    if not squares.size or squares.sum() == 0:
        return 0.0

    def excess(between: float) -> float:
        return float(np.sum(squares / (known + between))) - squares.size

    lowest = 1e-12 * float(squares.max())
    if excess(lowest) <= 0:
        return 0.0
    root: Any = brentq(excess, lowest, float(squares.sum()), xtol=1e-14)
    return float(root)


def pooled_sd(errors: Sequence[float], variances: Sequence[float]) -> DiscrepancySD:
    """Of a class by itself."""
    between = paule_mandel(errors, variances)
    freedom = max(_freedom(variances, between), PRIOR_FREEDOM)
    return DiscrepancySD(math.sqrt(between), freedom, len(errors))


def shrunk_sd(errors: Sequence[float], variances: Sequence[float], pooled: DiscrepancySD) -> DiscrepancySD:
    r"""Of one output, drawn towards that of all: a scaled inverse chi-squared prior.

    With :math:`\nu_0` = `PRIOR_FREEDOM` and :math:`m` as above, at the pooled value,
    :math:`\tau^2 \leftarrow (\nu_0 \tau_p^2 + m \tau^2)/(\nu_0 + m)` (Gelman et al. 2013, Bayesian Data Analysis, 2.6;
    Smyth 2004, doi 10.2202/1544-6115.1027).
    """
    own = _freedom(variances, pooled.log_sd**2)
    between = (PRIOR_FREEDOM * pooled.log_sd**2 + own * paule_mandel(errors, variances)) / (PRIOR_FREEDOM + own)
    return DiscrepancySD(math.sqrt(between), PRIOR_FREEDOM + own, len(errors))


def _freedom(variances: Sequence[float], between: float) -> float:
    return 0.0 if between == 0 else float(np.sum((between / (np.asarray(variances, dtype=float) + between)) ** 2))
