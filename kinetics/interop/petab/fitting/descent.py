"""Levenberg and Marquardt's descent within bounds, by gradients and expected information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

LONGEST = 0.1
"""How far one step moves a parameter, as a share of the distance between its bounds."""
FLAT = 1e-6
"""Slopes, by tenths of these distances, at which a descent ends."""
SMALL = 1e-8
"""Gains, over one plus the value, of which three in a row end a descent; and the length of a step that is none."""


class Surface(NamedTuple):
    """What is minimised, at a point.

    Parameters
    ----------
    value : float
        Dimensionless.
    gradient : ndarray, (parameter,)
        Its derivatives.
    information : ndarray, (parameter, parameter)
        A positive semidefinite stand-in for the second ones.
    """

    value: float
    gradient: np.ndarray
    information: np.ndarray


@dataclass(frozen=True, eq=False)
class Descent:
    """Where a descent ended, and why.

    Parameters
    ----------
    end : ndarray, (parameter,)
        Within the bounds.
    value : float
        Infinite if the start has none.
    evaluations : int
        How often it asked for the surface.
    converged : bool
        Whether it ended by its own criteria.
    message : str
        Why it ended.
    """

    end: np.ndarray
    value: float
    evaluations: int
    converged: bool
    message: str


def descend(
    surface: Callable[[np.ndarray], Surface | None],
    start: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    most: int,
) -> Descent:
    """Go down from a start.

    A step solves (information + damping) step = -gradient for the parameters that are not held at a bound by the
    gradient, no parameter further than `LONGEST`, and is cut off at the bounds (Kanzow, Yamashita and Fukushima 2004,
    doi 10.1016/j.cam.2004.02.013). The damping follows the ratio of the gain to what the step promised (Nielsen 1999,
    IMM-REP-1999-05), in units of these longest steps.

    Parameters
    ----------
    surface : callable
        Gives a `Surface` at a point, or None where there is none: no step goes there.
    start : ndarray, (parameter,)
        Where to begin; outside the bounds it is moved to them.
    bounds : tuple of ndarray, (parameter,)
        Lower and upper ones, which may be infinite.
    most : int
        How often the surface may be asked for.

    Examples
    --------
    >>> def bowl(x):
    ...     return Surface(float((x - 3.0) @ (x - 3.0)), 2.0 * (x - 3.0), 2.0 * np.eye(2))
    >>> descend(bowl, np.zeros(2), (np.full(2, -5.0), np.array([5.0, 2.0])), 100).end.round(4)
    array([3., 2.])
    """
    lower, upper = bounds
    unit, x = _units(upper - lower), np.clip(start, lower, upper)
    at = surface(x)
    if at is None:
        return Descent(x, np.inf, 1, False, "the start cannot be simulated")
    damping, growth, small = 1e-2 * _steepest(at, unit), 2.0, 0
    for evaluations in range(1, most):
        moves = ~(((x <= lower) & (at.gradient > 0)) | ((x >= upper) & (at.gradient < 0)))
        if np.abs(at.gradient * unit)[moves].max(initial=0.0) < FLAT:
            return Descent(x, at.value, evaluations, True, "the gradient is zero")
        proposed = np.clip(x + _step(at, moves, unit, damping), lower, upper)
        step, there = proposed - x, surface(proposed)
        promise = -float(at.gradient @ step + 0.5 * step @ at.information @ step)
        gain = -np.inf if there is None else at.value - there.value
        if there is not None and promise > 0 and gain > 1e-4 * promise:
            small = small + 1 if gain < SMALL * (1 + abs(at.value)) else 0
            x, at = proposed, there
            damping, growth = damping * max(1 / 3, 1 - (2 * gain / promise - 1) ** 3), 2.0
            damping = max(damping, 1e-14 * _steepest(at, unit))  # the matrix must not be singular
            if small == 3:
                return Descent(x, at.value, evaluations + 1, True, "steps gain nothing")
        elif np.abs(step / unit).max() < SMALL:
            return Descent(x, at.value, evaluations + 1, True, "no step is left")
        else:
            damping, growth = damping * growth, growth * 2
    return Descent(x, at.value, most, False, f"no end after {most} evaluations")


def _units(width: np.ndarray) -> np.ndarray:
    """The longest steps, (parameter,), between bounds that are so far apart; one where that is infinite."""
    return np.where(np.isfinite(width) & (width > 0), LONGEST * width, 1.0)


def _steepest(at: Surface, unit: np.ndarray) -> float:
    """The largest information of one parameter, by the square of its longest step."""
    return float((np.diag(at.information) * unit**2).max(initial=1e-6))


def _step(at: Surface, moves: np.ndarray, unit: np.ndarray, damping: float) -> np.ndarray:
    """The damped step, (parameter,), before it is cut off at the bounds."""
    scale = unit[moves]
    matrix = at.information[np.ix_(moves, moves)] * np.outer(scale, scale) + damping * np.eye(scale.size)
    steps = -np.linalg.solve(matrix, at.gradient[moves] * scale)
    step = np.zeros(unit.size)
    step[moves] = steps / max(1.0, np.abs(steps).max()) * scale
    return step
