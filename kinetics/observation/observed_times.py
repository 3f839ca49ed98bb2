"""When noisy visits show a quantity back at a level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.observation.distribution import POWERS, Expected, Scalar
from kinetics.observation.normal import cumulative
from kinetics.regimen.times import SAME

CELLS = 8
"""Parts of the window of a visit: so finely are two functions of one reported time multiplied."""

_NODES, _WEIGHTS = (part / 2 for part in np.polynomial.legendre.leggauss(3))
_NODES = _NODES + 0.5


def visit_windows(times: np.ndarray, window: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
    """The earliest and the latest days of scheduled visits, both (visit,).

    ``times``, (visit,), two at least, are scheduled after the first dose. A visit is at most ``window`` from its time,
    and nearer to it than to the time of another, or to the dose.

    >>> [end.tolist() for end in visit_windows(np.array([3.0, 6.0, 12.0]), 2.0)]
    [[1.5, 4.5, 10.0], [4.5, 8.0, 14.0]]
    """
    middle = 0.5 * (times[:-1] + times[1:])
    last = times[-1] + (times[-1] - middle[-1])
    earliest, latest = np.append(0.5 * times[0], middle), np.append(middle, last)
    return np.maximum(earliest, times - window), np.minimum(latest, times + window)


@dataclass(frozen=True, eq=False)
class ObservedTimes:
    """The visit at which a patient is first observed back, having been observed below.

    ``times``, (visit,), are scheduled after the first dose, in the unit of what is published; ``probabilities``,
    (patient, visit + 2), of being first observed back at each visit, then of never being so, then of never being
    observed below.

    A share of patients back by a time counts scheduled visits, the one at that time included. A time of a patient is
    that of the day of the visit, which is uniform over its window, `visit_windows`; so shares and medians of times are
    continuous. Patients who are never observed below the level are not counted: the n of a row is of those who are.
    """

    times: np.ndarray
    probabilities: np.ndarray
    window: float = np.inf

    @property
    def outcomes(self) -> np.ndarray:
        """Of each cell of the window of each visit, never back, and never below, over the population."""
        return self._outcomes

    @cached_property
    def _outcomes(self) -> np.ndarray:
        pooled = self.probabilities.mean(axis=0)
        return np.concatenate([np.repeat(pooled[:-2] / CELLS, CELLS), pooled[-2:]])

    @property
    def jumps(self) -> np.ndarray:
        """Where the window of a visit begins or ends."""
        return np.unique(np.concatenate(self.windows))

    @property
    def counted(self) -> Scalar:
        """The share that is ever observed below."""
        return self.outcomes[:-1].sum()

    def moments(self, *, log: bool) -> Expected:
        """Raw moments 0 to 2 of the time, or of its logarithm, among those observed back."""
        values, _ = self.nodes(log=log)
        return self._expected((values[..., None] ** POWERS * _WEIGHTS[:, None]).sum(axis=1))

    def nodes(self, *, log: bool) -> tuple[np.ndarray, np.ndarray]:
        """Times or logarithms and their probabilities, (cell, node), of a Gauss-Legendre quadrature of each cell."""
        lower, upper = (end[:, None] for end in self._cells)
        values = lower + (upper - lower) * _NODES
        return np.log(values) if log else values, self.outcomes[:-2, None] * _WEIGHTS

    def averaged(self, function: np.ndarray) -> Expected:
        """Over the days within each cell; zero for those not observed back."""
        return self._expected((function * _WEIGHTS).sum(axis=1)[:, None])

    def below(self, level: float) -> Expected:
        """Being observed back on a day before a time, and having been observed below but not so."""
        lower, upper = self._cells
        return self._within(np.clip((level - lower) / (upper - lower), 0.0, 1.0))

    def back(self, since: float = 0.0, until: float = np.inf) -> Expected:
        """Being first back at a visit scheduled after a time and by another, and having been below but not so."""
        return self._within(np.repeat(scheduled_within(self.times, since, until), CELLS).astype(float))

    def density(self, level: float) -> Scalar:
        """The density of times there, of those observed below, per unit of time."""
        left, right = self.windows
        inside = self.probabilities.mean(axis=0)[:-2] @ (((level > left) & (level <= right)) / (right - left))
        return inside / self.counted if np.real(self.counted) > 0 else 0.0

    def bracket(self) -> tuple[float, float]:
        """From the first day of a visit to the last."""
        left, right = self.windows
        return float(left[0]), float(right[-1])

    @cached_property
    def windows(self) -> tuple[np.ndarray, np.ndarray]:
        """The earliest and the latest days of the visits, both (visit,)."""
        return visit_windows(self.times, self.window)

    def _expected(self, of_cells: np.ndarray, never: tuple[float, ...] = (0.0,)) -> Expected:
        """Functions of the cells, (cell, function), and of those never back; zero for those never below."""
        of_visits = of_cells.reshape(self.times.size, CELLS, -1).mean(axis=1)
        others = np.zeros((2, of_cells.shape[1]))
        others[0] = never
        by_outcome = np.concatenate([of_cells, others])
        return Expected(self.probabilities @ np.concatenate([of_visits, others]), by_outcome)

    def _within(self, inside: np.ndarray) -> Expected:
        """The share of each cell that counts, and the rest of those observed below."""
        return self._expected(np.stack([inside, 1 - inside], axis=1), (0.0, 1.0))

    @cached_property
    def _cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the equal parts of each window begin and end, both (cell,)."""
        left, right = (end[:, None] for end in self.windows)
        ends = left + (right - left) * np.arange(CELLS + 1) / CELLS
        return ends[:, :-1].ravel(), ends[:, 1:].ravel()


def visit_days(scheduled: np.ndarray, times: np.ndarray, window: float, share: np.ndarray) -> np.ndarray:
    """The days of visits of patients, (patient,), from the scheduled ones, infinite or NaN for a patient without.

    ``times`` and ``window`` as of `visit_windows`; ``share``, (patient,), is how much of the window has passed.

    >>> visit_days(np.array([6.0, np.inf, np.nan]), np.array([3.0, 6.0, 9.0]), 1.0, np.full(3, 0.25))
    array([5.5, inf, nan])
    """
    days, known = np.array(scheduled), np.isfinite(scheduled)
    earliest, latest = (ends[np.searchsorted(times, scheduled[known])] for ends in visit_windows(times, window))
    days[known] = earliest + share[known] * (latest - earliest)
    return days


def scheduled_within(times: np.ndarray, since: float, until: float) -> np.ndarray:
    """Which scheduled times are after one time and at most another, whatever conversion of units rounds away.

    >>> scheduled_within(np.array([3.0, 6.0, 6.0 + 1e-12, 9.0]), 3.0, 6.0)
    array([False,  True,  True, False])
    """
    slack = SAME * np.maximum(times, 1.0)
    return (times > since + slack) & (times <= until + slack)


def first_observed_return(
    times: np.ndarray, location: np.ndarray, log_level: np.ndarray | float, noise: float, window: float = np.inf
) -> ObservedTimes:
    r"""Follow noisy visits until one is at or above a level, after one below it.

    ``times``, (visit,), two at least, are after the first dose, in the unit of what is published; ``location``,
    (patient, visit), are logarithms of the true values, ``log_level`` that of the level, of all or of each patient. The
    ``noise`` of a logarithm is independent from visit to visit; ``window`` as of `visit_windows`.

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
    return ObservedTimes(times, np.stack([*columns, waiting, before], axis=1), window)
