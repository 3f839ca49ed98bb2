"""The log-likelihood of measurements with the noise distributions of PEtab, and its derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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
        r = (u(m) - u(y)) / sigma: their squares are chi2.
    by_simulation, by_noise : ndarray
        Derivatives of ``llh`` by the simulation and by the scale of the noise.
    residual_by_simulation : ndarray
        Derivatives of ``residuals`` by the simulation.
    """

    llh: np.ndarray
    residuals: np.ndarray
    by_simulation: np.ndarray
    by_noise: np.ndarray
    residual_by_simulation: np.ndarray


@dataclass(frozen=True, eq=False)
class Noise:
    r"""Measurements and how they scatter.

    With u the identity, ln or log10, and r = (u(m) - u(y)) / sigma,

    .. math::
        \log \pi(m) = \log |u'(m)| - \begin{cases}
            \tfrac12 \log(2 \pi \sigma^2) + \tfrac12 r^2 & \text{normal} \\
            \log(2 \sigma) + |r| & \text{Laplace}
        \end{cases}

    Parameters
    ----------
    measured : ndarray, (measurement,)
        In the units of the observables.
    transformation : ndarray of str, (measurement,)
        u: ``lin``, ``log`` or ``log10``.
    laplace : ndarray of bool, (measurement,)
        Whether the noise has a Laplace distribution.

    Examples
    --------
    >>> noise = Noise(np.array([0.7]), np.array(["lin"]), np.array([False]))
    >>> terms = noise.terms(np.array([1.0]), np.array([0.5]))
    >>> terms.llh.round(6), terms.residuals.round(6)
    (array([-0.405791]), array([-0.6]))
    """

    measured: np.ndarray
    transformation: np.ndarray
    laplace: np.ndarray

    def terms(self, simulated: np.ndarray, sigma: np.ndarray) -> NoiseTerms:
        """What measurements contribute, for simulations and scales of noise, (measurement,)."""
        linear, laplace, (base, transformed, jacobian, width) = self._linear, self.laplace, self._constants
        with np.errstate(divide="ignore", invalid="ignore"):
            ours, by_simulation = simulated, -1.0 / sigma
            if not linear.all():
                ours = np.where(linear, simulated, np.log(np.where(linear, 1.0, simulated)) / base)
                by_simulation = -1.0 / (np.where(linear, 1.0, simulated * base) * sigma)
            residuals = (transformed - ours) / sigma
            misfit, by_residual = 0.5 * residuals**2, -residuals
            if laplace.any():
                misfit = np.where(laplace, np.abs(residuals), misfit)
                by_residual = np.where(laplace, -np.sign(residuals), by_residual)
            by_noise = -(1.0 + by_residual * residuals) / sigma
            llh = jacobian - width - np.log(sigma) - misfit
        return NoiseTerms(llh, residuals, by_residual * by_simulation, by_noise, by_simulation)

    @cached_property
    def _linear(self) -> np.ndarray:
        return self.transformation == "lin"

    @cached_property
    def _constants(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What does not depend on simulations: u' = 1 / (base m), u(m), log u'(m), and log(width / sigma)."""
        base = np.where(self.transformation == "log10", _LN10, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithms = np.log(np.where(self._linear, 1.0, self.measured))
            jacobian = np.where(self._linear, 0.0, -logarithms - np.log(base))
        transformed = np.where(self._linear, self.measured, logarithms / base)
        return base, transformed, jacobian, np.where(self.laplace, np.log(2.0), 0.5 * np.log(2.0 * np.pi))

    def scatter(self, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The measured values a standard deviation of the noise lower and higher, (measurement,) each.

        Parameters
        ----------
        sigma : ndarray, (measurement,)
            Scales of the noise; that of Laplace noise is its standard deviation over the root of 2.
        """
        deviation = np.where(self.laplace, np.sqrt(2.0), 1.0) * sigma
        base = np.where(self.transformation == "log10", _LN10, 1.0)
        factor = np.exp(np.where(self._linear, 0.0, base * deviation))
        lower = np.where(self._linear, self.measured - deviation, self.measured / factor)
        return lower, np.where(self._linear, self.measured + deviation, self.measured * factor)
