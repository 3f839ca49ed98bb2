"""Profile likelihood: how far a parameter can move while all others follow it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinetics.estimate.search import AnyObjective, Search, minimise, prefixed
from kinetics.estimate.uncertainty.stepping import (
    DROP,
    IMPOSSIBLE,
    MAX_POINTS,
    Point,
    bracket,
    interval_end,
    is_coarse,
    next_reach,
)
from kinetics.text.numbers import number_text

Bounds = tuple[np.ndarray, np.ndarray]
SearchOthers = Callable[[np.ndarray, float], Search]


@dataclass(frozen=True)
class End:
    """Where a 95 % interval ends: the logarithm of the parameter.

    Its state is ``closed`` if the log posterior falls by 1.92 there; ``open`` if it falls by less up to the bound,
    which is there; ``impossible`` if the model cannot be simulated beyond; ``unknown`` if it falls by less as far as
    was looked, or the next point beyond is too far off to tell. ``held`` are other parameters that are at a bound
    there, by number, with -1 for the lower and 1 for the upper: within wider bounds the interval may be wider.
    """

    at: float
    state: str
    held: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """The log posterior along one parameter, of some number, whose estimate has the logarithm ``optimum``.

    ``points``, (point, parameter), are logarithms of all parameters in ascending order of the profiled one, the optimum
    among them. ``drop``, (point,), is how far the log posterior lies below that of the optimum; ``converged``,
    (point,), says whether the search over the other parameters ended by its own criterion. A profile of a `Fit` has
    the ``name`` and the ``unit`` of its parameter.
    """

    index: int
    optimum: float
    points: np.ndarray
    drop: np.ndarray
    converged: np.ndarray
    lower: End
    upper: End
    name: str = ""
    unit: str = ""

    def __repr__(self) -> str:
        at = number_text(float(np.exp(self.optimum)))
        ends = zip(self.interval, (self.lower, self.upper), strict=True)
        lower, upper = ("open" if end.state == "open" else number_text(value) for value, end in ends)
        unit = f" {self.unit}" if self.unit else ""
        return f"<Profile of {self.name or f'parameter {self.index}'}: {at}{unit}, 95 % {lower} to {upper}>"

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
    on_evaluation: Callable[[str], None] | None = None,
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
    best = minimise(objective, optimum, dict(enumerate(map(float, optimum))))
    name = objective.problem.free[index].name

    def search(start: np.ndarray, at: float) -> Search:
        return minimise(objective, start, {index: at}, prefixed(on_evaluation, f"{name} at {np.exp(at):.4g}"))

    return follow(replace(best, end=optimum), index, covariance, (objective.lower, objective.upper), search)


def follow(best: Search, index: int, covariance: np.ndarray, bounds: Bounds, search: SearchOthers) -> Profile:
    """A profile as `profile` describes it, of anything that can be searched, on its own scales.

    ``best`` is where it begins, ``bounds`` are the lower and the upper ones, (parameter,), and ``search`` searches over
    the other parameters from a start, with the profiled one at a value.
    """
    start = Point(best.end, 0.0, 0.0, best.converged)
    below, above = (_Side(bounds, index, start, best.cost, covariance, sign, search) for sign in (-1, 1))
    points = [*below.points[:0:-1], *above.points]
    points = [point for point in points if point.drop < IMPOSSIBLE]
    return Profile(
        index=index,
        optimum=float(best.end[index]),
        points=np.array([point.x for point in points]),
        drop=np.array([point.drop for point in points]),
        converged=np.array([point.converged for point in points]),
        lower=below.end(),
        upper=above.end(),
    )


LEAST_GAIN = 1e-4
"""The least gain in log posterior for which a repeated search replaces the earlier point."""


class _Side:
    """The points of a profile on one side, from the optimum outwards; the last ones may lie beyond the end."""

    def __init__(
        self,
        bounds: Bounds,
        index: int,
        start: Point,
        cost: float,
        covariance: np.ndarray,
        sign: int,
        search: SearchOthers,
    ) -> None:
        self._lower, self._upper = bounds
        self._index, self._cost, self._sign, self._search = index, cost, sign, search
        self._bound = float(bounds[sign > 0][index])
        width = float(self._upper[index] - self._lower[index])
        to_bound = abs(self._bound - float(start.x[index]))
        self._to_bound = to_bound if to_bound > 1e-6 * width else 0.0  # none where the optimum is at the bound
        self._along = sign * _along(covariance, index)
        self.points = [start]
        if self._to_bound > 0:
            self._walk(float(np.sqrt(covariance[index, index])) or width / 10)

    def _walk(self, sd: float) -> None:
        for _ in range(MAX_POINTS):
            reach = next_reach(self.points, sd, self._to_bound)
            if reach is not None:
                self.points.append(self._point(reach))
                self.points.sort(key=lambda point: point.reach)
                self._repeat()
            # each from the next one out, the farthest first; all of them, whichever gets better
            elif not sum(self._improve(n, [self.points[n + 1]]) for n in range(len(self.points) - 2, 0, -1)):
                break

    def _repeat(self) -> None:
        """Search again where one local search may have ended at a worse place, from where the neighbours are.

        That is the first point outside, which ends the interval, from either side and from the optimum; and a point
        that is worse than the next one out.
        """
        points = self.points
        outside = next((number for number, point in enumerate(points) if point.drop > DROP), len(points))
        for number in range(min(outside, len(points) - 1), 0, -1):
            next_out = points[number + 1 : number + 2]
            if number == outside:
                self._improve(number, [*next_out, points[number - 1], points[0]])
            else:
                self._improve(number, [other for other in next_out if other.drop < points[number].drop])

    def _improve(self, number: int, others: Sequence[Point]) -> bool:
        """Search a point again from the values of others; whether one search finds a better one."""
        before = self.points[number]
        for other in others:
            self.points[number] = self._better(self.points[number], other)
        return self.points[number] is not before

    def end(self) -> End:
        """Where the interval ends."""
        inside, outside = bracket(self.points)
        at, held = float(inside.x[self._index]), self._held(inside)
        if outside is None:
            at_bound = len(self.points) == 1 or inside.reach >= self._to_bound
            return End(self._bound, "open", held) if at_bound else End(at, "unknown", held)
        if outside.drop >= IMPOSSIBLE:
            return End(at, "impossible", held)
        if is_coarse(inside, outside):
            return End(at, "unknown", held)
        at = float(self.points[0].x[self._index]) + self._sign * interval_end(self.points)
        return End(at, "closed", self._held(outside))

    def _point(self, reach: float) -> Point:
        """Move the parameter, and let the others follow from where the line through the last two points puts them."""
        nearer = [point for point in self.points if point.reach < reach and point.drop < IMPOSSIBLE]
        last, along = nearer[-1], self._along
        if len(nearer) > 1:
            along = (last.x - nearer[-2].x) / (last.reach - nearer[-2].reach)
        ahead = np.clip(last.x + along * (reach - last.reach), self._lower, self._upper)
        start = float(self.points[0].x[self._index])
        at = self._bound if reach == self._to_bound else start + self._sign * reach
        search = self._search(ahead, at)
        if search.cost - self._cost >= IMPOSSIBLE:  # perhaps only the line leads astray
            search = self._search(last.x, at)
        return Point(search.end, reach, search.cost - self._cost, search.converged)

    def _better(self, point: Point, other: Point) -> Point:
        """A point, or what a search from another one's values ends at if that is better."""
        if point.drop >= IMPOSSIBLE or other.drop >= IMPOSSIBLE or np.allclose(point.x, other.x, rtol=0, atol=1e-12):
            return point
        search = self._search(other.x, float(point.x[self._index]))
        drop = search.cost - self._cost
        return Point(search.end, point.reach, drop, search.converged) if drop < point.drop - LEAST_GAIN else point

    def _held(self, point: Point) -> tuple[tuple[int, int], ...]:
        """The other parameters that are at a bound at a point."""
        lower, upper = self._lower, self._upper
        near = 1e-4 * (upper - lower)
        sides = np.where(point.x <= lower + near, -1, 0) + np.where(point.x >= upper - near, 1, 0)
        return tuple((int(i), int(sides[i])) for i in np.flatnonzero(sides) if i != self._index)


def _along(covariance: np.ndarray, index: int) -> np.ndarray:
    """How all parameters follow one, by the normal approximation."""
    own = covariance[index, index]
    along = covariance[:, index] / own if own > 0 else np.zeros(len(covariance))
    along[index] = 1.0
    return along
