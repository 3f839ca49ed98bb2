"""Fisher's scoring: the largest log posterior of a population, with the exact gradient and the information."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from kinetics.errors import IntegrationError
from kinetics.estimate.objective.base import LikelihoodObjective
from kinetics.estimate.search.search import Search

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

OPTIONS = {"initial_trust_radius": 0.5, "max_trust_radius": 4.0, "gtol": 1e-6, "maxiter": 60}
"""Of the search, in its own coordinates."""

WALL = 1e10
"""Minus the log posterior where the population cannot be simulated."""

EDGE = 1e-6
"""A start on a bound is moved inside by this share of the range."""

DONE = "no step promises more"


def search_by_scoring(
    objective: LikelihoodObjective,
    start: np.ndarray,
    moving: np.ndarray,
    on_evaluation: Callable[[str], None] | None = None,
) -> Search:
    r"""Climb from the logarithms of a start to the largest log posterior; only the parameters of some indices move.

    scipy's trust region with the exact solution of its subproblem (Conn, Gould and Toint 2000, Trust-Region Methods,
    7.3), the exact gradient, and the information :math:`J^TJ` in place of the Hessian, in coordinates
    :math:`\operatorname{logit}((x - l)/(u - l))` in which the bounds are at infinity.
    """
    from scipy.optimize import minimize

    hill = _Hill(objective, start, moving)
    if not moving.size:
        height, _ = hill.value(np.empty(0))
        return Search(start, start, height, height < WALL, "nothing moves")

    def stop(intermediate_result: OptimizeResult) -> None:
        if on_evaluation is not None:
            on_evaluation(f"log posterior {-intermediate_result.fun:.6g}")
        if hill.promise(intermediate_result.x) < objective.close:
            raise StopIteration

    first = hill.coordinates()
    if hill.is_top(first):
        return Search(start, hill.at(first), hill.value(first)[0], True, DONE)
    result = minimize(
        hill.value, first, jac=True, hess=hill.information, method="trust-exact", callback=stop, options=OPTIONS
    )
    converged = hill.is_top(result.x)
    return Search(start, hill.at(result.x), float(result.fun), converged, DONE if converged else str(result.message))


class _Hill:
    """Minus the log posterior in the coordinates of the search, of the parameters that move."""

    def __init__(self, objective: LikelihoodObjective, start: np.ndarray, moving: np.ndarray) -> None:
        self.objective, self.start, self.moving = objective, start, moving
        self.lower = objective.lower[moving]
        self.width = (objective.upper - objective.lower)[moving]

    def coordinates(self) -> np.ndarray:
        """Those of the start; one on a bound is moved inside."""
        return logit(np.clip((self.start[self.moving] - self.lower) / self.width, EDGE, 1 - EDGE))

    def at(self, u: np.ndarray) -> np.ndarray:
        """Logarithms of all parameters."""
        x = self.start.copy()
        x[self.moving] = self.lower + self.width * expit(u)
        return x

    def value(self, u: np.ndarray) -> tuple[float, np.ndarray]:
        """The height and its slope; a wall where the population cannot be simulated."""
        objective, x = self.objective, self.at(u)
        try:
            linearised = objective.linearised(x)
        except IntegrationError:
            return WALL, np.zeros(u.size)
        total = linearised.log_likelihood + objective.log_prior(x)
        if not np.isfinite(total):
            return WALL, np.zeros(u.size)
        slope = linearised.gradient - (x - objective.start) / objective.prior_sd**2
        return -total, -slope[self.moving] * self._scale(u)

    def information(self, u: np.ndarray) -> np.ndarray:
        """In place of the Hessian, (coordinate, coordinate)."""
        jacobian = self.objective.residuals(self.at(u)).jacobian[:, self.moving] * self._scale(u)
        return jacobian.T @ jacobian

    def promise(self, u: np.ndarray) -> float:
        """What a whole step of Newton's method would gain."""
        slope = self.value(u)[1]
        return 0.5 * float(slope @ np.linalg.lstsq(self.information(u), slope, rcond=1e-12)[0])

    def is_top(self, u: np.ndarray) -> bool:
        """Whether no step promises more."""
        return bool(self.value(u)[0] < WALL and self.promise(u) < self.objective.close)

    def _scale(self, u: np.ndarray) -> np.ndarray:
        return self.width * expit(u) * expit(-u)
