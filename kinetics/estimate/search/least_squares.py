"""Least squares of a typical patient's residuals, with their exact Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from kinetics.errors import IntegrationError
from kinetics.estimate.objective.base import Residuals
from kinetics.estimate.objective.typical import Objective
from kinetics.estimate.search.search import Search

FAR = 1e4
"""Every residual where the model cannot be integrated: farther than any it gives."""


def search_least_squares(
    objective: Objective, start: np.ndarray, moving: np.ndarray, on_evaluation: Callable[[str], None] | None = None
) -> Search:
    """Search from the logarithms of a start over the parameters of some indices; all others are held.

    scipy's trust-region reflective algorithm (Branch, Coleman, Li 1999, doi 10.1137/S1064827595289108) on logarithms,
    with the exact Jacobian.
    """
    # slow to import, and only a search needs it
    from scipy.optimize import least_squares

    size = len(objective.problem.fitted) + int(objective.with_prior.sum())

    def at(u: np.ndarray) -> np.ndarray:
        x = start.copy()
        x[moving] = u
        return x

    @lru_cache(maxsize=1)  # the Jacobian is asked for after the residuals of the same point
    def evaluated(key: bytes) -> tuple[Residuals, str]:
        """Residuals at a point, and why the model cannot be integrated there; empty if it can."""
        try:
            return objective.residuals(at(np.frombuffer(key))), ""
        except IntegrationError as error:
            return Residuals(np.full(size, FAR), np.zeros((size, start.size))), str(error)

    def value(u: np.ndarray) -> np.ndarray:
        residual = evaluated(u.tobytes())[0].values
        if on_evaluation is not None:
            on_evaluation(f"cost {0.5 * float(residual @ residual):.6g}")
        return residual

    if not moving.size:
        residual, (_, failure) = value(start[moving]), evaluated(b"")
        return Search(start, start, 0.5 * float(residual @ residual), not failure, failure or "nothing moves")
    result = least_squares(
        value,
        start[moving],
        jac=lambda u: evaluated(u.tobytes())[0].jacobian[:, moving],  # pyright: ignore[reportArgumentType]
        bounds=(objective.lower[moving], objective.upper[moving]),
        method="trf",
        x_scale="jac",
        xtol=1e-7,
        ftol=1e-9,
        gtol=1e-9,
        max_nfev=200,
    )
    _, failure = evaluated(result.x.tobytes())
    return Search(start, at(result.x), float(result.cost), result.status > 0 and not failure, failure or result.message)
