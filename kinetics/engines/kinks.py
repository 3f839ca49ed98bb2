"""Where a branch of ``max``, ``min``, ``abs`` or ``piecewise`` in rates takes over inside a step of SciPy.

A step knows the rates at its ends. Two branches that take over inside one may leave these as they were, and the error
estimate at zero. So a step ends where the first takes over, and the integration begins anew there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kinetics.compile import System

NOISE = 30.0
"""Error bounds of the states: a kink that moves by less than they make it move has no sides, as at rest."""
SECTIONS = 32
"""Parts that a bracket is cut into at once."""
SAME = 1e-12
"""Share of the time before the end of a stretch within which nothing begins anew."""
_ROUNDING = 4 * SECTIONS * np.finfo(float).eps


class Kinks:
    """Follows the sides of the kinks of one patient, step by step.

    Parameters
    ----------
    system : System
        What is integrated.
    constants : ndarray, (constant,)
        Parameters and derived constants of the patient.
    relative : float
        Relative tolerance.
    absolute : ndarray, (state,)
        Absolute tolerances.
    """

    def __init__(self, system: System, constants: np.ndarray, relative: float, absolute: np.ndarray) -> None:
        self.met: tuple[float, np.ndarray] | None = None
        self._functions, self._constants = system.functions, constants
        self._relative, self._absolute = relative, absolute
        self._any = system.functions.compiled("kinks").size > 0
        self._y = self._sides = np.empty(0)
        self._signs, self._end = b"", 0.0

    def begin(self, y: np.ndarray, end: float) -> None:
        """Open a stretch up to an end, at states, (component,), behind which there may be their sensitivities."""
        self.met, self._end = None, end
        if self._any:
            self._look(y)

    def step(self, dense: Callable[[], Any], span: tuple[float, float], y: np.ndarray) -> bool:
        """Look through a step; whether a branch takes over in it.

        If one does, `met` is the time of the first and the vector just behind it.

        Parameters
        ----------
        dense : callable
            Makes the dense solution of the step, of times.
        span : (float, float)
            The step.
        y : ndarray, (component,)
            The vector at its end.
        """
        if not self._any:
            return False
        left, before, signs = self._y, self._sides, self._signs
        self._look(y)
        # most steps turn nothing over, and to find that out has to cost little beside a step
        if self._signs == signs:
            return False
        clear = (np.abs(before) > self._noise(left, before)) | (np.abs(self._sides) > self._noise(self._y, self._sides))
        if not ((before * self._sides < 0.0) & clear).any():
            return False
        time, y = self._first(dense(), span, np.where(clear, before, 0.0))
        if self._end - time <= SAME * self._end:
            return False
        self.met = time, y
        return True

    def _look(self, y: np.ndarray) -> None:
        self._y = y[: self._absolute.size]
        self._sides = self._functions.kinks(self._y, self._constants)
        self._signs = np.signbit(self._sides).tobytes()

    def _first(self, dense: Any, span: tuple[float, float], before: np.ndarray) -> tuple[float, np.ndarray]:
        """The first time at which a kink is on the other side than ``before``, (kink,), and the vector there."""
        (low, high), found = span, dense(np.array(span[1:]))[:, 0]
        while high - low > _ROUNDING * span[1]:
            times = np.linspace(low, high, SECTIONS + 1)[1:]
            vectors = dense(times)
            sides = self._functions.kink_table(vectors[: self._absolute.size].T, self._constants)
            turned = (before * sides < 0.0).any(axis=1)
            index = int(turned.argmax()) if turned.any() else SECTIONS - 1
            low, high, found = float(times[index - 1]) if index else low, float(times[index]), vectors[:, index]
        return high, np.ascontiguousarray(found)

    def _noise(self, y: np.ndarray, sides: np.ndarray) -> np.ndarray:
        """How far kinks move, (kink,), by what may be the error of the states."""
        # by unlike parts, so that a difference of two equal states moves too
        parts = 1.0 + np.arange(y.size) / y.size
        moved = y + NOISE * parts * (self._absolute + self._relative * np.abs(y))
        return np.abs(self._functions.kinks(moved, self._constants) - sides)
