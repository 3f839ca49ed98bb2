"""Curves: what measures are taken of, and one made from data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kinetics.errors import InputError


class Curve(Protocol):
    """A quantity as a function of time.

    A curve is smooth between its knots: a step of the integrator, or the gap between two visits. At a dose it gives
    the value before it.
    """

    @property
    def slack(self) -> float:
        """`kinetics.units.levels.slack`: within this share of a level the curve counts as at it; 0 for data."""
        ...

    @property
    def knots(self) -> np.ndarray:
        """Increasing times, (knot,), float64: the integrator's own steps, or the times of the data."""
        ...

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """Values at ``times``, same shape; what lies outside the knots is never asked for."""
        ...


@dataclass(frozen=True, eq=False)
class DataCurve:
    """The interpolant of data points at ``knots``, (knot,). Its slack is 0 for what was observed."""

    knots: np.ndarray
    function: Callable[[np.ndarray], np.ndarray]
    slack: float = 0.0

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """Values at ``times``, same shape."""
        return self.function(np.asarray(times, dtype=float))


def interpolated(times: np.ndarray, values: np.ndarray, slack: float = 0.0) -> Curve:
    """The monotone cubic of Fritsch and Butland (doi:10.1137/0905021) through points; a single point is a constant.

    The curve never leaves the range of two neighbouring points, so its nadir is the lowest point. For points a step h
    apart on a smooth curve, a value is wrong by order h**3 where the curve rises or falls, and by order h**2 next to an
    extremum; the time of a nadir or peak is that of a point, wrong by up to h.

    Parameters
    ----------
    times, values : ndarray, (time,)
        The points, in order of time, in the units that the curve has; a value that is NaN is left out.
    slack : float
        See `Curve`.

    Raises
    ------
    InputError
        If a value is infinite.

    Examples
    --------
    >>> curve = interpolated(np.array([0.0, 30.0, 60.0, 90.0]), np.array([1.0, 0.2, np.nan, 0.6]))
    >>> curve.knots, curve(np.array([30.0]))
    (array([ 0., 30., 90.]), array([0.2]))
    """
    present = ~np.isnan(values)
    knots, points = np.asarray(times[present], dtype=float), np.asarray(values[present], dtype=float)
    if np.isinf(points).any():
        raise InputError(f"infinite value at time {knots[np.isinf(points)][0]:g}; write NaN for a missing one")
    if knots.size < 2:
        only = points[0] if points.size else np.nan
        return DataCurve(knots, lambda times: np.full(np.shape(times), only), slack)
    from scipy.interpolate import PchipInterpolator  # half a second, for data alone

    cubic = PchipInterpolator(knots, points)
    # the last point is the end of a polynomial, rounded; a visit that is back at a level must count as back
    return DataCurve(knots, lambda times: np.where(times == knots[-1], points[-1], cubic(times)), slack)


def check_increasing(times: np.ndarray) -> None:
    """Refuse, with an `InputError`, times that are not finite and strictly increasing."""
    if not np.isfinite(times).all():
        raise InputError("time has a value that is not finite")
    if (wrong := np.flatnonzero(np.diff(times) <= 0)).size:
        before, after = times[wrong[0]], times[wrong[0] + 1]
        raise InputError(f"time must increase; {after:g} comes after {before:g}: sort by time, drop duplicates")
