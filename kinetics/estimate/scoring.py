"""Fisher scoring: the search of a population fit, free or along a profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from scipy.special import expit, logit

from kinetics.errors import IntegrationError
from kinetics.estimate.population import PopulationObjective

__all__ = ["Maximum", "maximise"]

CLOSE = 5e-4
"""A step that promises less than this of the log posterior is none: a thirtieth of a standard error."""

STEPS = 60

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
    lower, width = objective.lower, objective.upper - objective.lower
    held = dict(fixed or {})
    moving = np.array([index for index in range(start.size) if index not in held], dtype=int)
    point = np.array(start, dtype=float)
    point[list(held)] = list(held.values())

    def at(u: np.ndarray) -> np.ndarray:
        x = point.copy()
        x[moving] = lower[moving] + width[moving] * expit(u)
        return x

    def scale(u: np.ndarray) -> np.ndarray:
        return width[moving] * expit(u) * expit(-u)

    def value(u: np.ndarray) -> tuple[float, np.ndarray]:
        try:
            found = objective.linearised(at(u))
        except IntegrationError:
            return WALL, np.zeros(moving.size)
        x = at(u)
        slope = found.gradient - (x - objective.start) / objective.prior_sd**2
        total = found.log_likelihood + objective.log_prior(x)
        return (-total, -slope[moving] * scale(u)) if np.isfinite(total) else (WALL, np.zeros(moving.size))

    def information(u: np.ndarray) -> np.ndarray:
        jacobian = objective.residuals(at(u))[1][:, moving] * scale(u)
        return jacobian.T @ jacobian

    def promise(u: np.ndarray) -> float:
        slope = value(u)[1]
        return 0.5 * float(slope @ np.linalg.lstsq(information(u), slope, rcond=1e-12)[0])

    def stop(intermediate_result: OptimizeResult) -> None:
        if progress is not None:
            progress(f"log posterior {-intermediate_result.fun:.6g}")
        if promise(intermediate_result.x) < CLOSE:
            raise StopIteration

    if not moving.size:
        found, _ = value(np.empty(0))
        return Maximum(point, -found, found < WALL, "nothing moves")
    share = np.clip((point[moving] - lower[moving]) / width[moving], EDGE, 1 - EDGE)
    first = logit(share)
    if value(first)[0] < WALL and promise(first) < CLOSE:
        return Maximum(at(first), -value(first)[0], True, DONE)
    options = {"initial_trust_radius": 0.5, "max_trust_radius": 4.0, "gtol": 1e-6, "maxiter": STEPS}
    found = minimize(value, first, jac=True, hess=information, method="trust-exact", callback=stop, options=options)
    end = at(found.x)
    converged = bool(found.fun < WALL and promise(found.x) < CLOSE)
    message = DONE if converged else str(found.message)
    return Maximum(end, -float(found.fun), converged, message)
