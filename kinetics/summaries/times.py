"""When noisy visits see a quantity back at a level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.summaries.normal import cumulative
from kinetics.summaries.seen import POWERS, Expected

__all__ = ["SeenTimes", "first_seen_back"]


@dataclass(frozen=True, eq=False)
class SeenTimes:
    """The visit at which a patient is first seen back, having been seen below.

    Parameters
    ----------
    times : ndarray, (visit,)
        From the first dose, in the unit of what is published.
    probabilities : ndarray, (patient, visit + 2)
        Of being first seen back at each visit, then of never being so, then of never being seen below.

    Notes
    -----
    A reported time is that of a visit. Visits scatter about the schedule: the density is a triangle about each time,
    from the visit before to the visit after, so that shares and medians are smooth.
    """

    times: np.ndarray
    probabilities: np.ndarray

    @property
    def outcomes(self) -> np.ndarray:
        """Of each visit, never back, and never below, (visit + 2,), over the population."""
        return self.probabilities.mean(axis=0)

    def moments(self, *, log: bool) -> Expected:
        """Raw moments 0 to 4 of the time, or of its logarithm, among those seen back."""
        values = np.log(self.times) if log else self.times
        return self._expected(np.concatenate([values[:, None] ** POWERS, np.zeros((2, POWERS.size))]))

    def below(self, level: float) -> Expected:
        """Being seen back before a time, and having been seen below."""
        return self._expected(self._functions(self._cumulative(level), 0.0))

    def back(self, since: float = 0.0, until: float = np.inf) -> Expected:
        """Being first seen back between two times, or ever, and having been seen below."""
        early = self._cumulative(since) if since > 0 else np.zeros(self.times.size)
        late = self._cumulative(until) if np.isfinite(until) else np.ones(self.times.size)
        return self._expected(self._functions(late - early, 0.0))

    def density(self, level: float) -> complex | float:
        """The density of times there, of those seen below, per unit of time."""
        left, middle, right = self._edges()
        rise = np.where((level > left) & (level <= middle), (level - left) / (middle - left), 0.0)
        fall = np.where((level > middle) & (level < right), (right - level) / (right - middle), 0.0)
        outcomes = self.outcomes
        return (outcomes[:-2] @ ((rise + fall) * 2 / (right - left))) / (1 - outcomes[-1])

    def bracket(self) -> tuple[float, float]:
        """From the first dose to the last visit."""
        left, _, right = self._edges()
        return float(left[0]), float(right[-1])

    def _expected(self, functions: np.ndarray) -> Expected:
        return Expected(self.probabilities @ functions, functions)

    def _functions(self, of_visits: np.ndarray, of_never: float) -> np.ndarray:
        """A function of the outcomes beside that of having been seen below, (visit + 2, 2)."""
        first = np.concatenate([of_visits, [of_never, 0.0]])
        return np.stack([first, np.concatenate([np.ones(self.times.size + 1), [0.0]])], axis=1)

    def _edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three corners of each triangle, (visit,)."""
        t = self.times
        first, last = max(2 * t[0] - t[1], 0.0), 2 * t[-1] - t[-2]
        return np.concatenate([[first], t[:-1]]), t, np.concatenate([t[1:], [last]])

    def _cumulative(self, level: float) -> np.ndarray:
        """The share of each triangle before a time, (visit,)."""
        left, middle, right = self._edges()
        width = right - left
        rise = (np.clip(level, left, middle) - left) ** 2 / (width * (middle - left))
        fall = (right - np.clip(level, middle, right)) ** 2 / (width * (right - middle))
        return np.where(level <= middle, rise, 1.0 - fall)


def first_seen_back(times: np.ndarray, location: np.ndarray, log_level: np.ndarray | float, noise: float) -> SeenTimes:
    r"""Follow noisy visits until one is at or above a level, after one below it.

    Parameters
    ----------
    times : ndarray, (visit,)
        After the first dose, two at least, in the unit of what is published.
    location : ndarray, (patient, visit)
        Logarithms of the true values.
    log_level : float or ndarray, (patient,)
        Logarithm of the level.
    noise : float
        Standard deviation of the logarithm of a measurement, independent from visit to visit.

    Notes
    -----
    With :math:`p_v` the probability of being seen at or above the level at visit :math:`v`, :math:`a_v` of not yet
    having been seen below and :math:`b_v` of waiting,

    .. math:: r_v = b_{v-1} p_v, \quad b_v = (a_{v-1} + b_{v-1})(1 - p_v), \quad a_v = a_{v-1} p_v .

    Examples
    --------
    >>> seen = first_seen_back(np.array([1.0, 2.0]), np.array([[-9.0, 9.0]]), 0.0, 0.1)
    >>> seen.probabilities.round(6).tolist()
    [[0.0, 1.0, 0.0, 0.0]]
    """
    above = cumulative((location - np.reshape(log_level, (-1, 1))) / noise)
    before, waiting = np.ones_like(above[:, 0]), np.zeros_like(above[:, 0])
    columns = []
    for p in above.T:
        columns.append(waiting * p)
        before, waiting = before * p, (before + waiting) * (1 - p)
    return SeenTimes(times, np.stack([*columns, waiting, before], axis=1))
