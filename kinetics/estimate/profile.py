"""Profile likelihood: how far a parameter can move while all others follow it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.estimate.search import AnyObjective, minimise
from kinetics.estimate.stepping import IMPOSSIBLE, POINTS, Point, bracket, crossing, next_reach

__all__ = ["End", "Profile", "profile"]


@dataclass(frozen=True)
class End:
    """Where a 95 % interval ends.

    Parameters
    ----------
    at : float
        Logarithm of the parameter.
    state : str
        ``closed``: the log posterior falls by 1.92 there. ``open``: it falls by less up to the bound, which is there.
        ``impossible``: the model cannot be simulated beyond. ``unknown``: it falls by less as far as was looked.
    """

    at: float
    state: str


@dataclass(frozen=True, eq=False)
class Profile:
    """The log posterior along one parameter.

    Parameters
    ----------
    index : int
        Number of the parameter.
    optimum : float
        Logarithm of its estimate.
    points : ndarray, (point, parameter)
        Logarithms of all parameters, in ascending order of the profiled one; the optimum among them.
    drop : ndarray, (point,)
        How far the log posterior lies below that of the optimum.
    converged : ndarray of bool, (point,)
        Whether the search over the other parameters ended by its own criterion.
    lower, upper : End
        Of the 95 % interval.
    """

    index: int
    optimum: float
    points: np.ndarray
    drop: np.ndarray
    converged: np.ndarray
    lower: End
    upper: End

    @property
    def values(self) -> np.ndarray:
        """The parameter, (point,), in its own unit."""
        return np.exp(self.points[:, self.index])

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 95 % interval, in the parameter's unit; zero or infinite where it is open."""
        lower = 0.0 if self.lower.state == "open" else float(np.exp(self.lower.at))
        upper = float("inf") if self.upper.state == "open" else float(np.exp(self.upper.at))
        return lower, upper


def profile(
    objective: AnyObjective,
    optimum: np.ndarray,
    index: int,
    covariance: np.ndarray,
    progress: Callable[[str], None] | None = None,
) -> Profile:
    r"""Follow the largest log posterior from the optimum outwards, to the ends of the 95 % interval.

    Parameters
    ----------
    objective : Objective or PopulationObjective
        What was fitted.
    optimum : ndarray, (parameter,)
        Logarithms.
    index : int
        Number of the parameter.
    covariance : ndarray, (parameter, parameter)
        Of the logarithms, about the optimum.
    progress : callable, optional
        Called with a line of text after each evaluation.

    Returns
    -------
    Profile

    Notes
    -----
    The interval is :math:`\{\theta_i : \max_{\theta_{j \ne i}} \ell(\theta) \ge \ell(\hat\theta) - 1.92\}` (Venzon and
    Moolgavkar 1988, doi 10.2307/2347496; Raue et al. 2009, doi 10.1093/bioinformatics/btp358), with :math:`\ell` the
    log posterior: a prior belongs to it. Steps are chosen, and the ends interpolated, on :math:`\sqrt{2\Delta\ell}`,
    which is linear in :math:`\theta_i` where :math:`\ell` is a parabola (Bates and Watts 1988, 6.1). Every search over
    the other parameters starts on the line through the last two points; the first on that of the covariance.
    """
    everything = dict(enumerate(map(float, optimum)))
    best = minimise(objective, optimum, everything)
    start = Point(optimum, 0.0, 0.0, best.converged)
    walk = _Walk(objective, index, best.cost, progress)
    sides = [walk.side(start, covariance, sign) for sign in (-1, 1)]
    points = [*reversed(sides[0]), start, *sides[1]]
    points = [point for point in points if point.drop < IMPOSSIBLE]
    ends = [walk.end(start, side, sign) for side, sign in zip(sides, (-1, 1), strict=True)]
    return Profile(
        index=index,
        optimum=float(optimum[index]),
        points=np.array([point.x for point in points]),
        drop=np.array([point.drop for point in points]),
        converged=np.array([point.converged for point in points]),
        lower=ends[0],
        upper=ends[1],
    )


class _Walk:
    """Steps along a profile, from the optimum to one side."""

    def __init__(
        self, objective: AnyObjective, index: int, cost: float, progress: Callable[[str], None] | None
    ) -> None:
        self._objective, self._index, self._cost, self._progress = objective, index, cost, progress
        self._name = objective.problem.free[index].name

    def side(self, start: Point, covariance: np.ndarray, sign: int) -> list[Point]:
        """All points of one side, nearest first; the last but for one in between may lie beyond the end."""
        room, along = self._room(start, sign), _along(covariance, self._index, sign)
        if not room > 0:
            return []
        sd = float(np.sqrt(covariance[self._index, self._index])) or self._width() / 10
        points = [start]
        for _ in range(POINTS):
            reach = next_reach(points, sd, room)
            if reach is None:
                break
            points.append(self._point(points, reach, room, sign, along))
            points.sort(key=lambda point: point.reach)
        return points[1:]

    def end(self, start: Point, side: Sequence[Point], sign: int) -> End:
        """Where the interval ends on a side."""
        inside, outside = bracket([start, *side])
        bound = self._bound(sign)
        if outside is None:
            at_bound = not side or inside.reach >= self._room(start, sign)
            return End(bound, "open") if at_bound else End(float(inside.x[self._index]), "unknown")
        if outside.drop >= IMPOSSIBLE:
            return End(float(inside.x[self._index]), "impossible")
        return End(float(start.x[self._index]) + sign * crossing([start, *side]), "closed")

    def _point(self, points: Sequence[Point], reach: float, room: float, sign: int, along: np.ndarray) -> Point:
        """Move the parameter, and let the others follow from where the line through the last two points puts them."""
        nearer = [point for point in points if point.reach < reach and point.drop < IMPOSSIBLE]
        last = nearer[-1]
        if len(nearer) > 1:
            along = (last.x - nearer[-2].x) / (last.reach - nearer[-2].reach)
        objective, index = self._objective, self._index
        ahead = np.clip(last.x + along * (reach - last.reach), objective.lower, objective.upper)
        at = self._bound(sign) if reach == room else float(points[0].x[index]) + sign * reach
        found = minimise(objective, ahead, {index: at}, self._say(at))
        if found.cost - self._cost >= IMPOSSIBLE:  # perhaps only the line leads astray
            found = minimise(objective, last.x, {index: at}, self._say(at))
        return Point(found.end, reach, found.cost - self._cost, found.converged)

    def _say(self, at: float) -> Callable[[str], None] | None:
        progress = self._progress
        return progress and (lambda text: progress(f"profile of {self._name} at {np.exp(at):.4g}, {text}"))

    def _bound(self, sign: int) -> float:
        return float((self._objective.lower, self._objective.upper)[sign > 0][self._index])

    def _width(self) -> float:
        return float(self._objective.upper[self._index] - self._objective.lower[self._index])

    def _room(self, start: Point, sign: int) -> float:
        """From the optimum to the bound; none where the optimum is at it."""
        room = abs(self._bound(sign) - float(start.x[self._index]))
        return room if room > 1e-6 * self._width() else 0.0


def _along(covariance: np.ndarray, index: int, sign: int) -> np.ndarray:
    """How all parameters follow one, by the normal approximation."""
    own = covariance[index, index]
    along = covariance[:, index] / own if own > 0 else np.zeros(len(covariance))
    along[index] = 1.0
    return sign * along
