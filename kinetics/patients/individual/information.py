"""How much the counts of a patient say about each parameter, beside what the population says."""

from __future__ import annotations

import numpy as np

MOSTLY, PARTLY, HARDLY = 0.75, 0.25, 0.02


def informed_by(covariance: np.ndarray, population: np.ndarray) -> np.ndarray:
    r"""The share of the variance between patients that the counts take away, (random effect,), from 0 to 1.

    :math:`1 - \operatorname{var}(\eta_k \mid y)/\omega_{kk}`: 0 if a parameter is known no better than that of any
    patient of the cohort, 1 if it is known exactly.

    Parameters
    ----------
    covariance : ndarray, (random effect, random effect)
        Of the random effects, given the counts.
    population : ndarray, (random effect, random effect)
        Between patients.

    Examples
    --------
    >>> informed_by(np.diag([0.01, 0.09]), np.diag([0.04, 0.09]))
    array([0.75, 0.  ])
    """
    return np.clip(1.0 - np.diag(covariance) / np.diag(population), 0.0, 1.0)


def verdict(share: float) -> str:
    """A share of `informed_by` in words.

    Examples
    --------
    >>> [verdict(share) for share in (0.9, 0.5, 0.1, 0.0)]
    ['by the counts', 'by both', 'by the population', 'by the population alone']
    """
    if share >= MOSTLY:
        return "by the counts"
    if share >= PARTLY:
        return "by both"
    return "by the population" if share >= HARDLY else "by the population alone"
