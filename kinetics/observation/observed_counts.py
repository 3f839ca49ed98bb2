"""A count, a percentage or a ratio, measured once with log-normal noise."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from kinetics.observation.distribution import POWERS, Expected, Scalar
from kinetics.observation.normal import cumulative, density

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True, eq=False)
class ObservedCounts:
    r"""What one measurement shows: :math:`y = \max(q, x_s e^{\sigma\varepsilon})`, :math:`\varepsilon` standard normal.

    ``location``, (patient,), is :math:`\ln x_s`, the logarithm of the true value in the unit of what is published;
    ``noise`` is :math:`\sigma`, positive, so that shares and medians are smooth functions of the true values; ``limit``
    is :math:`q`, the lower limit of quantification, at which whatever lies below is reported, 0 for none.

    >>> observed = ObservedCounts(np.log([1.0, 1.0]), 0.1)
    >>> mean = observed.moments(log=False).of_patients.mean(axis=0)[1]
    >>> bool(np.isclose(mean, np.exp(0.1**2 / 2)))
    True
    """

    location: np.ndarray
    noise: float
    limit: float = 0.0

    @property
    def outcomes(self) -> None:
        """There is a continuum."""
        return None

    @property
    def jumps(self) -> np.ndarray:
        """Above the limit of quantification the density is smooth."""
        return np.empty(0)

    @property
    def counted(self) -> float:
        """All patients."""
        return 1.0

    def moments(self, *, log: bool) -> Expected:
        r"""Raw moments 0 to 2, (patient, 3).

        With :math:`a = (\ln q - \mu)/\sigma`: :math:`E[y^k] = q^k\Phi(a) + e^{k\mu + k^2\sigma^2/2}\,\Phi(k\sigma - a)`
        and, of logarithms, :math:`E[(\ln y)^k] = (\ln q)^k\Phi(a) + \sum_j \binom kj \mu^{k-j}\sigma^j I_j(a)` with
        :math:`I_j = \int_a^\infty z^j\varphi`, which are :math:`\Phi(-a), \varphi(a), a\varphi(a) + \Phi(-a)`.
        """
        mean, sd = self.location[:, None], self.noise
        if log:
            return Expected(self._log_moments(), None)
        whole = np.exp(POWERS * mean + 0.5 * (POWERS * sd) ** 2)
        if not self.limit > 0:
            return Expected(whole, None)
        a = (np.log(self.limit) - mean) / sd
        return Expected(self.limit**POWERS * cumulative(a) + whole * cumulative(POWERS * sd - a), None)

    def _log_moments(self) -> np.ndarray:
        mean, sd = self.location, self.noise
        if not self.limit > 0:
            above = [np.ones_like(mean), 0 * mean, np.ones_like(mean)]
            low, floor = np.zeros_like(mean), 0.0
        else:
            floor = np.log(self.limit)
            a = (floor - mean) / sd
            low, above = cumulative(a), [cumulative(-a), density(a), a * density(a) + cumulative(-a)]
        columns = [
            floor**k * low + sum(comb(k, j) * mean ** (k - j) * sd**j * above[j] for j in range(k + 1)) for k in POWERS
        ]
        return np.stack(columns, axis=1)

    def nodes(self, *, log: bool) -> tuple[np.ndarray, np.ndarray]:
        """Logarithms or counts at the nodes of a Gauss-Hermite quadrature, and probabilities, (patient, node)."""
        values = self.location[:, None] + self.noise * _NODES
        if self.limit > 0:
            floor = np.log(self.limit)
            values = np.where(np.real(values) > floor, values, floor)
        return values if log else np.exp(values), np.broadcast_to(_WEIGHTS / self.location.size, values.shape)

    def averaged(self, function: np.ndarray) -> Expected:
        """Over the noise of each patient, (patient, 1)."""
        # of a few columns: not by BLAS, whose threads would cost more than they gain
        return Expected(np.einsum("pn,n->p", function, _WEIGHTS)[:, None], None)

    def below(self, level: float) -> Expected:
        """The probabilities of being observed at or below a level and above it, (patient, 2)."""
        if level < self.limit or level <= 0:
            return Expected(np.tile([0.0, 1.0], (self.location.size, 1)), None)
        z = (np.log(level) - self.location) / self.noise
        return Expected(np.stack([cumulative(z), cumulative(-z)], axis=1), None)

    def density(self, level: float) -> Scalar:
        """The density of the population at a level, per unit of what is published; without the mass at the limit."""
        if level < self.limit or level <= 0:
            return 0.0
        return density((np.log(level) - self.location) / self.noise).mean() / (self.noise * level)

    def bracket(self) -> tuple[float, float]:
        """Ten standard deviations of the noise beyond the least and the greatest, but not below the limit."""
        real = np.real(self.location)
        ends = np.exp([real.min() - 10 * self.noise, real.max() + 10 * self.noise])
        return max(float(ends[0]), self.limit), max(float(ends[1]), self.limit)
