"""When noisy visits show a quantity back at a level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.observation.distribution import POWERS, Expected, Scalar
from kinetics.observation.normal import cumulative

CELLS = 4
"""Parts of either side of a triangle: so finely are two functions of one reported time multiplied."""

_NODES, _WEIGHTS = (part / 2 for part in np.polynomial.legendre.leggauss(3))
_NODES = _NODES + 0.5


@dataclass(frozen=True, eq=False)
class ObservedTimes:
    """The visit at which a patient is first observed back, having been observed below.

    ``times``, (visit,), are from the first dose, in the unit of what is published; ``probabilities``, (patient, visit +
    2), of being first observed back at each visit, then of never being so, then of never being observed below.

    A reported time is that of a visit. Visits scatter about the schedule: the density is a triangle about each time,
    from the visit before to the visit after, so that shares and medians are smooth. Patients who are never observed
    below the level are not counted: the n of a row is of those who are.
    """

    times: np.ndarray
    probabilities: np.ndarray

    @property
    def outcomes(self) -> np.ndarray:
        """Of each cell of the scatter of each visit, never back, and never below, over the population."""
        return self._outcomes

    @cached_property
    def _outcomes(self) -> np.ndarray:
        pooled = self.probabilities.mean(axis=0)
        return np.concatenate([(pooled[:-2, None] * self._cells[2]).ravel(), pooled[-2:]])

    @property
    def counted(self) -> Scalar:
        """The share that is ever observed below."""
        return self.outcomes[:-1].sum()

    def moments(self, *, log: bool) -> Expected:
        """Raw moments 0 to 2 of the time, or of its logarithm, among those observed back."""
        values, _ = self.nodes(log=log)
        return self._expected((values[..., None] ** POWERS * self._scatter[1][..., None]).sum(axis=1))

    def nodes(self, *, log: bool) -> tuple[np.ndarray, np.ndarray]:
        """Times or logarithms and their probabilities, (cell, node), of a Gauss-Legendre quadrature of each cell."""
        values, weights = self._scatter
        return np.log(values) if log else values, self.outcomes[:-2, None] * weights

    def averaged(self, function: np.ndarray) -> Expected:
        """Over the scatter within each cell; zero for those not observed back."""
        return self._expected((function * self._scatter[1]).sum(axis=1)[:, None])

    def below(self, level: float) -> Expected:
        """Being observed back before a time, and having been observed below but not so."""
        return self._within(self._cumulative(level))

    def back(self, since: float = 0.0, until: float = np.inf) -> Expected:
        """Being first observed back between two times, or ever, and having been observed below but not so."""
        return self._within(self._cumulative(until) - self._cumulative(since))

    def density(self, level: float) -> Scalar:
        """The density of times there, of those observed below, per unit of time."""
        left, middle, right = self._edges
        rise = np.where((level > left) & (level <= middle), (level - left) / (middle - left), 0.0)
        fall = np.where((level > middle) & (level < right), (right - level) / (right - middle), 0.0)
        inside = self.probabilities.mean(axis=0)[:-2] @ ((rise + fall) * 2 / (right - left))
        return inside / self.counted if np.real(self.counted) > 0 else 0.0

    def bracket(self) -> tuple[float, float]:
        """From the first dose to the last visit."""
        left, _, right = self._edges
        return float(left[0]), float(right[-1])

    def scattered(self, patients: int, generator: np.random.Generator) -> np.ndarray:
        """Times of the visits of some patients, (patient, visit), drawn from the triangles."""
        return generator.triangular(*self._edges, size=(patients, self.times.size))

    def _expected(self, of_cells: np.ndarray, never: tuple[float, ...] = (0.0,)) -> Expected:
        """Functions of the cells, (cell, function), and of those never back; zero for those never below."""
        mass = self._cells[2]
        of_visits = (of_cells.reshape(*mass.shape, -1) * mass[..., None]).sum(axis=1)
        others = np.zeros((2, of_cells.shape[1]))
        others[0] = never
        by_outcome = np.concatenate([of_cells, others])
        return Expected(self.probabilities @ np.concatenate([of_visits, others]), by_outcome)

    def _within(self, inside: np.ndarray) -> Expected:
        """The share of each cell that counts, and the rest of those observed below."""
        return self._expected(np.stack([inside, 1 - inside], axis=1), (0.0, 1.0))

    @cached_property
    def _scatter(self) -> tuple[np.ndarray, np.ndarray]:
        """Times at the nodes of each cell and their weights there, both (cell, node)."""
        lower, upper, _ = (part.reshape(-1, 1) for part in self._cells)
        times = lower + (upper - lower) * _NODES
        visit = np.repeat(np.arange(self.times.size), 2 * CELLS)
        left, middle, right = (edge[visit][:, None] for edge in self._edges)
        height = (
            np.where(times < middle, (times - left) / (middle - left), (right - times) / (right - middle)) * _WEIGHTS
        )
        return times, height / height.sum(axis=1, keepdims=True)

    @cached_property
    def _cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where the cells of each triangle begin and end, and the share of it in each, (visit, cell)."""
        left, middle, right = (edge[:, None] for edge in self._edges)
        steps = np.arange(CELLS + 1) / CELLS
        ends = np.concatenate([left + (middle - left) * steps, (middle + (right - middle) * steps)[:, 1:]], axis=1)
        return ends[:, :-1], ends[:, 1:], np.diff(self._before(ends), axis=1)

    @cached_property
    def _edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three corners of each triangle, (visit,)."""
        t = self.times
        first, last = max(2 * t[0] - t[1], 0.0), 2 * t[-1] - t[-2]
        return np.concatenate([[first], t[:-1]]), t, np.concatenate([t[1:], [last]])

    def _cumulative(self, level: float) -> np.ndarray:
        """The share of each cell before a time, (cell,)."""
        lower, upper, mass = self._cells
        return ((self._before(np.clip(level, lower, upper)) - self._before(lower)) / mass).ravel()

    def _before(self, times: np.ndarray) -> np.ndarray:
        """The share of each triangle before times within it, (visit, time)."""
        left, middle, right = (edge[:, None] for edge in self._edges)
        width = right - left
        rise, fall = (times - left) ** 2 / (width * (middle - left)), (right - times) ** 2 / (width * (right - middle))
        return np.where(times <= middle, rise, 1.0 - fall)


def first_observed_return(
    times: np.ndarray, location: np.ndarray, log_level: np.ndarray | float, noise: float
) -> ObservedTimes:
    r"""Follow noisy visits until one is at or above a level, after one below it.

    ``times``, (visit,), two at least, are after the first dose, in the unit of what is published; ``location``,
    (patient, visit), are logarithms of the true values, ``log_level`` that of the level, of all or of each patient. The
    ``noise`` of a logarithm is independent from visit to visit.

    With :math:`p_v` the probability of being observed at or above the level at visit :math:`v`, :math:`a_v` of not yet
    having been observed below and :math:`b_v` of waiting,

    .. math:: r_v = b_{v-1} p_v, \quad b_v = (a_{v-1} + b_{v-1})(1 - p_v), \quad a_v = a_{v-1} p_v .

    >>> observed = first_observed_return(np.array([1.0, 2.0]), np.array([[-9.0, 9.0]]), 0.0, 0.1)
    >>> observed.probabilities.round(6).tolist()
    [[0.0, 1.0, 0.0, 0.0]]
    """
    above = cumulative((location - np.reshape(log_level, (-1, 1))) / noise)
    before, waiting = np.ones_like(above[:, 0]), np.zeros_like(above[:, 0])
    columns = []
    for p in above.T:
        columns.append(waiting * p)
        before, waiting = before * p, (before + waiting) * (1 - p)
    return ObservedTimes(times, np.stack([*columns, waiting, before], axis=1))
