"""The stretch of a curve that belongs to one course, and what can be found on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kinetics.measures.curves import Curve
from kinetics.measures.returns import first_return
from kinetics.units import Unit
from kinetics.units.levels import stands_below

PARTS = 4  # samples of each step, so that a curve that dips or crosses inside one is seen
FRACTIONS = np.linspace(0.0, 1.0, 17)  # where a bracket of a minimum is looked at
PASSES = 9  # each narrows the bracket eightfold, to 1e-8: closer, a smooth minimum is lost in rounding
NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)  # exact to degree 15; LSODA's polynomials have at most 12


def course_windows(starts: np.ndarray, until: float) -> np.ndarray:
    """How long the window of each course is, (course,), from its first dose up to the next course or to ``until``.

    Examples
    --------
    >>> course_windows(np.array([0.0, 12.0, 36.0]), 60.0)
    array([12., 24., 24.])
    """
    ends = np.append(starts[1:], until)
    return np.maximum(np.minimum(ends, until) - starts, 0.0)


@dataclass(frozen=True, eq=False)
class Window:
    """The stretch of a curve from a course's first dose to the next course's, or to the end of the data.

    Times count from ``start``, the course's first dose; the curve covers ``begin`` to ``end``. ``baseline`` is its
    value at time 0, NaN if it begins later. ``unit`` and ``time_unit`` are those of the curve.
    """

    curve: Curve
    start: float
    begin: float
    end: float
    baseline: float
    unit: Unit
    time_unit: Unit

    @cached_property
    def edges(self) -> np.ndarray:
        """Ends of the window and the knots between them, (edge,)."""
        knots = self.curve.knots
        return np.concatenate([[self.begin], knots[(knots > self.begin) & (knots < self.end)], [self.end]])

    @cached_property
    def times(self) -> np.ndarray:
        """Edges and points between them, (sample,)."""
        parts = np.arange(PARTS) / PARTS
        return np.append((self.edges[:-1, None] + np.diff(self.edges)[:, None] * parts).ravel(), self.end)

    @cached_property
    def values(self) -> np.ndarray:
        """The curve at `times`, (sample,)."""
        return self.curve(self.times)

    @property
    def is_finite(self) -> bool:
        """Whether the curve is finite at all of `times`."""
        return bool(np.isfinite(self.values).all())

    @cached_property
    def nadir(self) -> tuple[float, float]:
        """Time and value of the lowest point; the earliest of equals."""
        return _lowest(self.curve, self.times, self.values, self.curve.slack)

    @cached_property
    def overshoot(self) -> tuple[float, float]:
        """Time and value of the highest point after the nadir; the earliest of equals."""
        return self._highest(*self._after_nadir)

    @cached_property
    def peak(self) -> tuple[float, float]:
        """Time and value of the highest point, before the nadir or after it; the earliest of equals."""
        return self._highest(self.times, self.values)

    def _highest(self, times: np.ndarray, values: np.ndarray) -> tuple[float, float]:
        time, negative = _lowest(lambda at: -self.curve(at), times, -values, self.curve.slack)
        return time, -negative

    @cached_property
    def _after_nadir(self) -> tuple[np.ndarray, np.ndarray]:
        times, values = _inserted(self.times, self.values, self.nadir)
        return times[times >= self.nadir[0]], values[times >= self.nadir[0]]

    def return_to(self, level: float) -> float:
        """Time of the first upward crossing of ``level`` after the nadir; infinite without one, NaN if never below."""
        if not self.nadir[1] < level - self._margin(level):
            return np.nan
        times, values = _inserted(*self._after_nadir, self.overshoot)
        beyond = int(first_return(values, level, self._margin(level)).index)
        return np.inf if beyond == times.size else self._crossing(level, times, values, beyond)

    def time_below(self, level: float) -> float:
        """How long the curve lies below ``level``; NaN if that is NaN."""
        if np.isnan(level):
            return np.nan
        times, values = _inserted(self.times, self.values, self.nadir)
        below = stands_below(values, level, self._margin(level))
        if below.all():  # exact, where a sum of differences would round
            return float(times[-1] - times[0])
        total = float(np.diff(times)[below[:-1] & below[1:]].sum())
        for i in np.flatnonzero(below[:-1] != below[1:]):
            root = self._crossing(level, times, values, int(i) + 1)
            total += root - float(times[i]) if below[i] else float(times[i + 1]) - root
        return total

    def integral(self, begin: float, end: float) -> float:
        """The integral of the curve, Gauss-Legendre between knots, in `unit` times `time_unit`."""
        inside = (self.edges > begin) & (self.edges < end)
        edges = np.concatenate([[begin], self.edges[inside], [end]])
        half = np.diff(edges) / 2
        nodes = edges[:-1, None] + half[:, None] * (NODES + 1)
        return float(half @ (self.curve(nodes.ravel()).reshape(nodes.shape) @ WEIGHTS))

    def _at(self, time: float) -> float:
        return float(self.curve(np.array([time]))[0])

    def _margin(self, level: float) -> float:
        return self.curve.slack * abs(level)

    def _crossing(self, level: float, times: np.ndarray, values: np.ndarray, beyond: int) -> float:
        """When the curve met the level before the first sample that is beyond it by more than the margin."""
        before = beyond - 1
        while before > 0 and (values[before] < level) == (values[beyond] < level):
            before -= 1
        left, right = float(times[before]), float(times[before + 1])
        # a value read alone can differ in its last bit from the same among many, so the sign may change no more
        at_left, at_right = _above(left, self, level), _above(right, self, level)
        if (at_left < 0) == (at_right < 0):
            return left if abs(at_left) <= abs(at_right) else right
        from scipy.optimize import brentq  # takes longer to import than the windows of a population take

        # SciPy wraps a function in one that refers to itself: a closure would keep the window's trajectory in memory
        root: Any = brentq(_above, left, right, args=(self, level))
        return float(root)


def _above(time: float, window: Window, level: float) -> float:
    return window._at(time) - level


def _inserted(times: np.ndarray, values: np.ndarray, point: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Samples with an extremum among them, so that a level met only next to it is seen."""
    at = int(np.searchsorted(times, point[0]))
    if times[at] == point[0]:
        return times, values
    return np.insert(times, at, point[0]), np.insert(values, at, point[1])


def _lowest(
    curve: Callable[[np.ndarray], np.ndarray], times: np.ndarray, values: np.ndarray, slack: float
) -> tuple[float, float]:
    """Time and value of the minimum of a sampled curve: of valleys equal but for rounding, the earliest."""
    rounding = 4 * np.finfo(float).eps * float(np.abs(values).max())
    padded = np.concatenate([[np.inf], values, [np.inf]])
    valleys = np.flatnonzero((values <= padded[:-2]) & (values <= padded[2:]))
    rise = padded[valleys] + padded[valleys + 2] - 2 * values[valleys]
    margin = max(rounding, slack * abs(float(values.min())))
    # between samples a curve falls below them by an eighth of the rise if it is a parabola
    chosen = values[valleys] - rise <= values.min() + margin
    valleys, curved = valleys[chosen], rise[chosen] > margin
    at, lowest = times[valleys], values[valleys]
    left, right = times[np.maximum(valleys - 1, 0)], times[np.minimum(valleys + 1, times.size - 1)]
    if curved.any():
        times_of_bottoms, bottoms = _zoom(curve, left[curved], right[curved])
        deeper = bottoms < lowest[curved] - rounding
        at[curved] = np.where(deeper, times_of_bottoms, at[curved])
        lowest[curved] = np.where(deeper, bottoms, lowest[curved])
    margin = max(rounding, slack * abs(float(lowest.min())))
    first = int((lowest <= lowest.min() + margin).argmax())
    return float(at[first]), float(lowest[first])


def _zoom(
    curve: Callable[[np.ndarray], np.ndarray], left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of the minima of brackets, together: many times cost a curve little more than one."""
    each, times, values = np.arange(left.size), left, np.full(left.size, np.inf)
    for _ in range(PASSES):
        # not past the right end by a rounding, where the next dose may have been given
        grid = np.minimum(left[:, None] + (right - left)[:, None] * FRACTIONS, right[:, None])
        sampled = curve(grid.ravel()).reshape(grid.shape)
        at = sampled.argmin(axis=1)
        times, values = grid[each, at], sampled[each, at]
        left, right = grid[each, np.maximum(at - 1, 0)], grid[each, np.minimum(at + 1, FRACTIONS.size - 1)]
    return times, values
