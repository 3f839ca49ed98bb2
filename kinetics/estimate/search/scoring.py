"""Fisher scoring: the search of a population fit, free or along a profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from scipy.special import expit, logit

from kinetics.errors import IntegrationError
from kinetics.estimate.objective.population import PopulationObjective

__all__ = ["Maximum", "maximise"]

CLOSE = 5e-4
"""A step that promises less than this of the log posterior is none: a thirtieth of a standard error."""

OPTIONS = {"initial_trust_radius": 0.5, "max_trust_radius": 4.0, "gtol": 1e-6, "maxiter": 60}
"""Of the search, in its own coordinates."""

WALL = 1e10
"""Minus the log posterior where the population cannot be simulated."""

EDGE = 1e-6
"""A start on a bound is moved inside by this share of the range."""

DONE = "no step promises more"


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a search ended.

    Parameters
    ----------
    end : ndarray, (parameter,)
        Logarithms of the parameters.
    log_posterior : float
        There.
    converged : bool
        Whether no step promises more.
    message : str
        Why it ended.
    """

    end: np.ndarray
    log_posterior: float
    converged: bool
    message: str


def maximise(
    objective: PopulationObjective,
    start: np.ndarray,
    fixed: Mapping[int, float] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Maximum:
    r"""Climb to the largest log posterior.

    Parameters
    ----------
    objective : PopulationObjective
        What is climbed.
    start : ndarray, (parameter,)
        Logarithms.
    fixed : mapping of int to float, optional
        Parameters that are held, by number, and the logarithms at which they are.
    progress : callable, optional
        Called with a line of text after each step.

    Returns
    -------
    Maximum

    Notes
    -----
    scipy's trust region with the exact solution of its subproblem (Conn, Gould and Toint 2000, Trust-Region Methods,
    7.3), the exact gradient, and the information :math:`J^TJ` in place of the Hessian, in coordinates
    :math:`\operatorname{logit}((x - l)/(u - l))` in which the bounds are at infinity.
    """
    hill = _Hill(objective, start, fixed or {})
    if not hill.moving.size:
        height, _ = hill.value(np.empty(0))
        return Maximum(hill.point, -height, height < WALL, "nothing moves")

    def stop(intermediate_result: OptimizeResult) -> None:
        if progress is not None:
            progress(f"log posterior {-intermediate_result.fun:.6g}")
        if hill.promise(intermediate_result.x) < CLOSE:
            raise StopIteration

    first = hill.coordinates()
    if hill.is_top(first):
        return Maximum(hill.at(first), -hill.value(first)[0], True, DONE)
    found = minimize(
        hill.value, first, jac=True, hess=hill.information, method="trust-exact", callback=stop, options=OPTIONS
    )
    converged = hill.is_top(found.x)
    return Maximum(hill.at(found.x), -float(found.fun), converged, DONE if converged else str(found.message))


class _Hill:
    """Minus the log posterior in the coordinates of the search, of the parameters that are not held."""

    def __init__(self, objective: PopulationObjective, start: np.ndarray, fixed: Mapping[int, float]) -> None:
        self.objective = objective
        self.moving = np.array([index for index in range(start.size) if index not in fixed], dtype=int)
        self.point = np.array(start, dtype=float)
        self.point[list(fixed)] = list(fixed.values())
        self.lower = objective.lower[self.moving]
        self.width = (objective.upper - objective.lower)[self.moving]

    def coordinates(self) -> np.ndarray:
        """Those of the start; one on a bound is moved inside."""
        return logit(np.clip((self.point[self.moving] - self.lower) / self.width, EDGE, 1 - EDGE))

    def at(self, u: np.ndarray) -> np.ndarray:
        """Logarithms of all parameters."""
        x = self.point.copy()
        x[self.moving] = self.lower + self.width * expit(u)
        return x

    def value(self, u: np.ndarray) -> tuple[float, np.ndarray]:
        """The height and its slope; a wall where the population cannot be simulated."""
        objective, x = self.objective, self.at(u)
        try:
            found = objective.linearised(x)
        except IntegrationError:
            return WALL, np.zeros(u.size)
        total = found.log_likelihood + objective.log_prior(x)
        if not np.isfinite(total):
            return WALL, np.zeros(u.size)
        slope = found.gradient - (x - objective.start) / objective.prior_sd**2
        return -total, -slope[self.moving] * self._scale(u)

    def information(self, u: np.ndarray) -> np.ndarray:
        """In place of the Hessian, (coordinate, coordinate)."""
        jacobian = self.objective.residuals(self.at(u))[1][:, self.moving] * self._scale(u)
        return jacobian.T @ jacobian

    def promise(self, u: np.ndarray) -> float:
        """What a whole step of Newton's method would gain."""
        slope = self.value(u)[1]
        return 0.5 * float(slope @ np.linalg.lstsq(self.information(u), slope, rcond=1e-12)[0])

    def is_top(self, u: np.ndarray) -> bool:
        """Whether no step promises more."""
        return bool(self.value(u)[0] < WALL and self.promise(u) < CLOSE)

    def _scale(self, u: np.ndarray) -> np.ndarray:
        return self.width * expit(u) * expit(-u)
