"""The stretch of a curve that belongs to one course, and what can be found on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from kinetics.measures.curves import Curve

__all__ = ["Window"]

PARTS = 4  # samples of each step, so that a curve that dips or crosses inside one is seen
CANDIDATES = 3  # lowest samples that are refined: the lowest sample need not lie in the lowest valley
NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)  # exact to degree 15; LSODA's polynomials have at most 12


@dataclass(frozen=True, eq=False)
class Window:
    """The stretch of a curve from a course's first dose to the next course's, or to the end of the data.

    Parameters
    ----------
    curve : Curve
        The curve.
    start : float
        The course's first dose, from which times are counted.
    begin, end : float
        The part of the window that the curve covers.
    baseline : float
        The value of the curve at time 0; NaN if the curve begins later.
    unit : pint.Unit
        Of the curve's values.
    time_unit : pint.Unit
        Of its times.
    """

    curve: Curve
    start: float
    begin: float
    end: float
    baseline: float
    unit: Any
    time_unit: Any

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

    @cached_property
    def nadir(self) -> tuple[float, float]:
        """Time and value of the lowest point; the earliest of equals."""
        return _lowest(self._at, self.times, self.values)

    @cached_property
    def peak(self) -> tuple[float, float]:
        """Time and value of the highest point after the nadir; the earliest of equals."""
        times, values = self._after_nadir
        time, negative = _lowest(lambda time: -self._at(time), times, -values)
        return time, -negative

    @cached_property
    def _after_nadir(self) -> tuple[np.ndarray, np.ndarray]:
        time, value = self.nadir
        later = self.times > time
        return np.append(time, self.times[later]), np.append(value, self.values[later])

    def return_to(self, level: float) -> float:
        """Time of the first upward crossing of ``level`` after the nadir; infinite without one, NaN if never below.

        Parameters
        ----------
        level : float
            In `unit`.
        """
        times, values = self._after_nadir
        if not values[0] < level:
            return np.nan
        if not (back := values >= level).any():
            return np.inf
        first = int(back.argmax())
        return self._crossing(level, float(times[first - 1]), float(times[first]))

    def time_below(self, level: float) -> float:
        """How long the curve lies below ``level``; NaN if that is NaN.

        Parameters
        ----------
        level : float
            In `unit`.
        """
        if np.isnan(level):
            return np.nan
        below, times = self.values < level, self.times
        total = float(np.diff(times)[below[:-1] & below[1:]].sum())
        for i in np.flatnonzero(below[:-1] != below[1:]):
            left, right = float(times[i]), float(times[i + 1])
            root = self._crossing(level, left, right)
            total += root - left if below[i] else right - root
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

    def _crossing(self, level: float, left: float, right: float) -> float:
        def above(time: float) -> float:
            return self._at(time) - level

        # a value read alone can differ in its last bit from the same among many, so the sign may change no more
        if (above(left) < 0) == (above(right) < 0):
            return min(left, right, key=lambda time: abs(above(time)))
        root: Any = brentq(above, left, right)
        return float(root)


def _lowest(function: Callable[[float], float], times: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Time and value of the minimum of a sampled function, refined between the neighbours of the lowest samples."""
    last = times.size - 1
    padded = np.concatenate([[np.inf], values, [np.inf]])
    valleys = np.flatnonzero((values <= padded[:-2]) & (values <= padded[2:]))
    lowest = valleys[np.argsort(values[valleys], kind="stable")[:CANDIDATES]]
    best = (float(times[lowest[0]]), float(values[lowest[0]]))
    rounding = 4 * np.finfo(float).eps * float(np.abs(values).max())
    for i in lowest if last else ():
        left, right = float(times[max(i - 1, 0)]), float(times[min(i + 1, last)])
        # offsets from the left, because the minimiser's tolerance is relative to its argument
        found: Any = minimize_scalar(
            lambda offset, left=left: function(left + offset),
            bounds=(0.0, right - left),
            method="bounded",
            options={"xatol": 1e-9 * (right - left)},
        )
        if found.fun < best[1] - rounding:
            best = (left + float(found.x), float(found.fun))
    return best
