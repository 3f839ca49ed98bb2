"""The log-likelihood of measurements with the noise distributions of PEtab, and its derivatives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_LN10 = float(np.log(10.0))


class NoiseTerms(NamedTuple):
    """What each measurement contributes; arrays are (measurement,).

    Parameters
    ----------
    llh : ndarray
        Log-likelihoods.
    residuals : ndarray
        (m - y) / sigma on the scale of the noise: their squares are chi2.
    by_simulation, by_noise : ndarray
        Derivatives of ``llh`` by the simulation and by the scale of the noise.
    """

    llh: np.ndarray
    residuals: np.ndarray
    by_simulation: np.ndarray
    by_noise: np.ndarray


def noise_terms(
    measured: np.ndarray, simulated: np.ndarray, sigma: np.ndarray, transformation: np.ndarray, laplace: np.ndarray
) -> NoiseTerms:
    r"""Log-likelihoods of measurements.

    With u the identity, ln or log10, and r = (u(m) - u(y)) / sigma,

    .. math::
        \log \pi(m) = \log |u'(m)| - \begin{cases}
            \tfrac12 \log(2 \pi \sigma^2) + \tfrac12 r^2 & \text{normal} \\
            \log(2 \sigma) + |r| & \text{Laplace}
        \end{cases}

    Parameters
    ----------
    measured, simulated, sigma : ndarray, (measurement,)
        In the units of the observables; the scale of the noise in those of their transformations.
    transformation : ndarray of int, (measurement,)
        0, 1, 2 for ``lin``, ``log``, ``log10``.
    laplace : ndarray of bool, (measurement,)
        Whether the noise has a Laplace distribution.

    Examples
    --------
    >>> one = np.array([1.0])
    >>> terms = noise_terms(0.7 * one, 1.0 * one, 0.5 * one, np.array([0]), np.array([False]))
    >>> round(float(terms.llh[0]), 6), round(float(terms.residuals[0]), 6)
    (-0.405791, -0.6)
    """
    linear = transformation == 0
    base = np.where(transformation == 2, _LN10, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = [
            np.where(linear, value, np.log(np.where(linear, 1.0, value)) / base) for value in (measured, simulated)
        ]
        residuals = (moved[0] - moved[1]) / sigma
        jacobian = np.where(linear, 0.0, -np.log(np.where(linear, 1.0, measured) * base))
        width = np.where(laplace, np.log(2.0 * sigma), 0.5 * np.log(2.0 * np.pi * sigma**2))
        misfit = np.where(laplace, np.abs(residuals), 0.5 * residuals**2)
        by_residual = np.where(laplace, -np.sign(residuals), -residuals)
        slope = np.where(linear, 1.0, 1.0 / (np.where(linear, 1.0, simulated) * base))
        by_simulation = -by_residual * slope / sigma
        by_noise = -(1.0 + by_residual * residuals) / sigma
    return NoiseTerms(jacobian - width - misfit, residuals, by_simulation, by_noise)
