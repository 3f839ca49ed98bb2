"""A count, a percentage or a ratio, measured once with log-normal noise."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from kinetics.summaries.normal import cumulative, density
from kinetics.summaries.seen import POWERS, Expected

__all__ = ["SeenCounts"]


@dataclass(frozen=True, eq=False)
class SeenCounts:
    r"""What one measurement shows: :math:`y = \max(q, x_s e^{\sigma\varepsilon})`, :math:`\varepsilon` standard normal.

    Parameters
    ----------
    location : ndarray, (patient,)
        :math:`\ln x_s`, the logarithm of the true value, in the unit of what is published.
    noise : float
        :math:`\sigma`, the standard deviation of the logarithm of a measurement; positive, so that shares and medians
        are smooth functions of the true values.
    limit : float
        :math:`q`, the lower limit of quantification, at which whatever lies below is reported; 0 for none.

    Examples
    --------
    >>> seen = SeenCounts(np.log([1.0, 1.0]), 0.1)
    >>> mean = seen.moments(log=False).of_patients.mean(axis=0)[1]
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

    def moments(self, *, log: bool) -> Expected:
        r"""Raw moments 0 to 4, (patient, 5).

        With :math:`a = (\ln q - \mu)/\sigma`: :math:`E[y^k] = q^k\Phi(a) + e^{k\mu + k^2\sigma^2/2}\,\Phi(k\sigma - a)`
        and, of logarithms, :math:`E[(\ln y)^k] = (\ln q)^k\Phi(a) + \sum_j \binom kj \mu^{k-j}\sigma^j I_j(a)` with
        :math:`I_j = \int_a^\infty z^j\varphi = a^{j-1}\varphi(a) + (j-1) I_{j-2}`.
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
            above = [np.ones_like(mean), 0 * mean, np.ones_like(mean), 0 * mean, 3 * np.ones_like(mean)]
            low, floor = np.zeros_like(mean), 0.0
        else:
            floor = np.log(self.limit)
            a = (floor - mean) / sd
            low, above = cumulative(a), [cumulative(-a), density(a)]
            for j in POWERS[2:]:
                above.append(a ** (j - 1) * density(a) + (j - 1) * above[j - 2])
        columns = [
            floor**k * low + sum(comb(k, j) * mean ** (k - j) * sd**j * above[j] for j in range(k + 1)) for k in POWERS
        ]
        return np.stack(columns, axis=1)

    def below(self, level: float) -> Expected:
        """The probability of being seen below a level, and 1, (patient, 2)."""
        if level <= self.limit:
            probability = np.zeros_like(self.location)
        else:
            probability = cumulative((np.log(level) - self.location) / self.noise)
        return Expected(np.stack([probability, np.ones_like(probability)], axis=1), None)

    def density(self, level: float) -> complex | float:
        """The density of the population at a level, per unit of what is published."""
        if level <= self.limit:
            return 0.0
        return density((np.log(level) - self.location) / self.noise).mean() / (self.noise * level)

    def bracket(self) -> tuple[float, float]:
        """Ten standard deviations of the noise beyond the least and the greatest."""
        real = np.real(self.location)
        ends = np.exp([real.min() - 10 * self.noise, real.max() + 10 * self.noise])
        return max(float(ends[0]), self.limit * (1 + 1e-12)), float(ends[1])
