"""Profile likelihood: how far a parameter can move while all others follow it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.estimate.search.searching import AnyObjective, minimise
from kinetics.estimate.uncertainty.stepping import (
    DROP,
    IMPOSSIBLE,
    MOST,
    Point,
    bracket,
    crossing,
    is_coarse,
    next_reach,
)

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
        ``impossible``: the model cannot be simulated beyond. ``unknown``: it falls by less as far as was looked, or the
        next point beyond is too far off to tell.
    held : tuple of (int, int)
        Other parameters that are at a bound there, by number, with -1 for the lower and 1 for the upper: within wider
        bounds the interval may be wider.
    """

    at: float
    state: str
    held: tuple[tuple[int, int], ...] = ()


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

    The interval is :math:`\{\theta_i : \max_{\theta_{j \ne i}} \ell(\theta) \ge \ell(\hat\theta) - 1.92\}` (Venzon and
    Moolgavkar 1988, doi 10.2307/2347496; Raue et al. 2009, doi 10.1093/bioinformatics/btp358), with :math:`\ell` the
    log posterior: a prior belongs to it. Steps are chosen, and the ends interpolated, on :math:`\sqrt{2\Delta\ell}`,
    which is linear in :math:`\theta_i` where :math:`\ell` is a parabola (Bates and Watts 1988, 6.1). Every search over
    the other parameters starts on the line through the last two points; the first on that of the covariance. A point
    beyond the end is searched again from its neighbours, and the points of a side from the outside inwards, each from
    the next one out: one local search may end at a worse place, which would close the interval where it is not.
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


SAME = 1e-4
"""The least gain in log posterior for which a repeated search replaces the earlier point."""


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
        for _ in range(MOST):
            reach = next_reach(points, sd, room)
            if reach is None and not self._inwards(points):
                break
            if reach is None:
                continue
            points.append(self._point(points, reach, room, sign, along))
            points.sort(key=lambda point: point.reach)
            self._again(points)
        return points[1:]

    def _again(self, points: list[Point]) -> bool:
        """Search again where one local search may have ended at a worse place, from where the neighbours are.

        That is the first point outside, which ends the interval, from either side and from the optimum; and a point
        that is worse than the next one out.
        """
        behind, is_better = next((n for n, point in enumerate(points) if point.drop > DROP), len(points)), False
        for number in range(min(behind, len(points) - 1), 0, -1):
            others = [other for other in points[number + 1 : number + 2] if other.drop < points[number].drop]
            if number == behind:
                others = [*points[number + 1 : number + 2], points[number - 1], points[0]]
            for other in others:
                found = self._better(points[number], other)
                is_better |= found is not points[number]
                points[number] = found
        return is_better

    def _inwards(self, points: list[Point]) -> bool:
        """Search every point again from the next one out, the farthest first."""
        is_better = False
        for number in range(len(points) - 2, 0, -1):
            found = self._better(points[number], points[number + 1])
            is_better |= found is not points[number]
            points[number] = found
        return is_better

    def end(self, start: Point, side: Sequence[Point], sign: int) -> End:
        """Where the interval ends on a side."""
        inside, outside = bracket([start, *side])
        bound = self._bound(sign)
        at, held = float(inside.x[self._index]), self._held(inside)
        if outside is None:
            at_bound = not side or inside.reach >= self._room(start, sign)
            return End(bound, "open", held) if at_bound else End(at, "unknown", held)
        if outside.drop >= IMPOSSIBLE:
            return End(at, "impossible", held)
        if is_coarse(inside, outside):
            return End(at, "unknown", held)
        return End(float(start.x[self._index]) + sign * crossing([start, *side]), "closed", self._held(outside))

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

    def _better(self, point: Point, other: Point) -> Point:
        """A point, or what a search from another one's values finds there if that is better."""
        at = float(point.x[self._index])
        if point.drop >= IMPOSSIBLE or other.drop >= IMPOSSIBLE or np.allclose(point.x, other.x, rtol=0, atol=1e-12):
            return point
        found = minimise(self._objective, other.x, {self._index: at}, self._say(at))
        drop = found.cost - self._cost
        return Point(found.end, point.reach, drop, found.converged) if drop < point.drop - SAME else point

    def _held(self, point: Point) -> tuple[tuple[int, int], ...]:
        """The other parameters that are at a bound at a point."""
        lower, upper = self._objective.lower, self._objective.upper
        near = 1e-4 * (upper - lower)
        sides = np.where(point.x <= lower + near, -1, 0) + np.where(point.x >= upper - near, 1, 0)
        return tuple((int(i), int(sides[i])) for i in np.flatnonzero(sides) if i != self._index)

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
