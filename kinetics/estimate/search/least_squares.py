"""Bounded least squares: the search of a fit of the typical patient, free or along a profile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import least_squares

from kinetics.errors import IntegrationError
from kinetics.estimate.objective.base import Residuals
from kinetics.estimate.objective.typical import Objective
from kinetics.estimate.search.search import Search

__all__ = ["search_least_squares"]

FAR = 1e4
"""Every residual where the model cannot be integrated: farther than any it gives."""


def search_least_squares(
    objective: Objective, start: np.ndarray, moving: np.ndarray, say: Callable[[str], None] | None = None
) -> Search:
    """Search from the logarithms of a start over the parameters of some indices; all others are held.

    scipy's trust-region reflective algorithm (Branch, Coleman, Li 1999, doi 10.1137/S1064827595289108) on logarithms,
    with the exact Jacobian.
    """
    residuals = _Residuals(objective)

    def at(u: np.ndarray) -> np.ndarray:
        x = start.copy()
        x[moving] = u
        return x

    def value(u: np.ndarray) -> np.ndarray:
        residual = residuals(at(u)).values
        if say is not None:
            say(f"cost {0.5 * float(residual @ residual):.6g}")
        return residual

    if not moving.size:
        residual, failure = value(start[moving]), residuals.failure(start)
        return Search(start, start, 0.5 * float(residual @ residual), not failure, failure or "nothing moves")
    result = least_squares(
        value,
        start[moving],
        jac=lambda u: residuals(at(u)).jacobian[:, moving],  # pyright: ignore[reportArgumentType]
        bounds=(objective.lower[moving], objective.upper[moving]),
        method="trf",
        x_scale="jac",
        xtol=1e-7,
        ftol=1e-9,
        gtol=1e-9,
        max_nfev=200,
    )
    end = at(result.x)
    failure = residuals.failure(end)
    return Search(start, end, float(result.cost), result.status > 0 and not failure, failure or result.message)


class _Residuals:
    """Residuals and Jacobian, kept for the second of two calls; a wall where the model cannot be integrated."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._size = len(objective.problem.fitted) + int(objective.with_prior.sum())
        self._at = b""
        self._latest = Residuals(np.empty(0), np.empty((0, 0)))
        self._failure = ""

    def __call__(self, x: np.ndarray) -> Residuals:
        if x.tobytes() != self._at:
            try:
                self._latest, self._failure = self._objective.residuals(x), ""
            except IntegrationError as error:
                self._latest = Residuals(np.full(self._size, FAR), np.zeros((self._size, x.size)))
                self._failure = str(error)
            self._at = x.tobytes()
        return self._latest

    def failure(self, x: np.ndarray) -> str:
        """Why the model cannot be integrated at a point; empty if it can."""
        self(x)
        return self._failure
