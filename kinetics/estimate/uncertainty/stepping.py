"""Where the next point of a profile goes, and where the profile passes the end of the interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DROP = 1.920729410347062
"""Half the 95 % quantile of chi-square with one degree of freedom."""

STEP = 0.7
"""What a step should lose of the log posterior: three such steps pass the end of the interval."""

COARSE = 1.0
"""Points on both sides of an end that lie farther apart than this, in log posterior, get another between them."""

GROWTH = 4.0
"""A step is at most this many times the last."""

POINTS = 8
"""On either side of the optimum at most, until the bound is tried."""

MAX_POINTS = 32
"""On either side at most, with those that narrow an end."""

NARROW = 1e-3
"""An end known to this share of its distance from the optimum is known well enough."""

IMPOSSIBLE = 1e6
"""A larger drop is the wall that a search has where the model cannot be simulated."""


@dataclass(frozen=True, eq=False)
class Point:
    """A point on one side of a profile: the logarithms of all parameters, (parameter,).

    ``reach`` is the distance of the profiled one from the optimum, ``drop`` how far the log posterior lies below that
    of the optimum; ``converged`` says whether the search over the other parameters ended by its own criterion.
    """

    x: np.ndarray
    reach: float
    drop: float
    converged: bool

    @property
    def root(self) -> float:
        """The root of twice the drop: along a parabola it grows in proportion to the distance."""
        return float(np.sqrt(2 * max(self.drop, 0.0)))


def bracket(points: Sequence[Point]) -> tuple[Point, Point | None]:
    """The last point before the drop is passed for the first time, and the first behind it."""
    behind = next((number for number, point in enumerate(points) if point.drop > DROP), None)
    return (points[-1], None) if behind is None else (points[behind - 1], points[behind])


def next_reach(points: Sequence[Point], sd: float, to_bound: float) -> float | None:
    """How far the next point is from the optimum; None if the end is known, or the bound reached."""
    inside, outside = bracket(points)
    if outside is None:
        return None if inside.reach >= to_bound else _outwards(points, sd, to_bound)
    if not is_coarse(inside, outside):
        return None
    gap = outside.reach - inside.reach
    middle = inside.reach + 0.5 * gap if outside.drop >= IMPOSSIBLE else interval_end(points)
    return float(np.clip(middle, inside.reach + 0.1 * gap, outside.reach - 0.1 * gap))


def is_coarse(inside: Point, outside: Point) -> bool:
    """Whether two points on both sides of an end are too far apart to tell where it is."""
    return outside.drop - inside.drop > COARSE and outside.reach - inside.reach > NARROW * outside.reach


def _outwards(points: Sequence[Point], sd: float, to_bound: float) -> float:
    """A step on which the log posterior should fall by `STEP`, by what the last step did to it."""
    last = points[-1]
    next_rise = float(np.sqrt(2 * (max(last.drop, 0.0) + STEP))) - last.root
    if len(points) == 1:
        ahead = next_rise * sd
    else:
        step, rise = last.reach - points[-2].reach, last.root - points[-2].root
        ahead = min(GROWTH * step, next_rise * step / rise) if rise > 0 else GROWTH * step
    is_close = last.reach + 1.1 * ahead >= to_bound
    return to_bound if is_close or len(points) >= POINTS else last.reach + ahead


def interval_end(points: Sequence[Point]) -> float:
    """Where the drop is passed, interpolated; the distance from the optimum."""
    # slow to import, and only a profile needs it
    from scipy.interpolate import PchipInterpolator

    inside, outside = bracket(points)
    assert outside is not None
    rising = [points[0]]
    for point in points[1:]:
        if point.drop < IMPOSSIBLE and point.root > rising[-1].root and point.reach <= outside.reach:
            rising.append(point)
    roots, reaches = [point.root for point in rising], [point.reach for point in rising]
    return float(np.clip(PchipInterpolator(roots, reaches)(np.sqrt(2 * DROP)), inside.reach, outside.reach))
