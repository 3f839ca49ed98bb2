"""One search for the values of a PEtab problem that are most probable, from one start."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from kinetics.interop.petab.fitting.fit_problem import PetabFitProblem
from kinetics.interop.petab.objective.objective import ResidualTerms

OFFSET = 50.0
"""Added to the logarithm of each scale of noise, so that its square root is real down to exp(-50)."""
FAR = 1e6
"""Every residual where something cannot be simulated."""


@dataclass(frozen=True, eq=False)
class PetabSearch:
    """Where one search began and ended, and why.

    Parameters
    ----------
    start, end : ndarray, (parameter,)
        In the units of the scales of the problem.
    log_posterior : float
        That of the end.
    converged : bool
        Whether it ended by its own criterion.
    evaluations : int
        How often it asked for the objective.
    message : str
        Why it ended.
    """

    start: np.ndarray
    end: np.ndarray
    log_posterior: float
    converged: bool
    evaluations: int
    message: str


def search(problem: PetabFitProblem, start: np.ndarray) -> PetabSearch:
    """Search from a start, within the bounds.

    Normal noise and flat priors make it a problem of least squares, of normalised residuals and, where noise is
    estimated, of the square roots of 2 (log sigma + 50): scipy's trust-region reflective algorithm (Branch, Coleman, Li
    1999, doi 10.1137/S1064827595289108). L-BFGS-B (Byrd et al. 1995, doi 10.1137/0916069) goes on from where it ends,
    since it creeps along bounds, and also from the start, from which it often leads elsewhere: the higher end counts.
    All else is minimised by L-BFGS-B alone. Either has exact derivatives.
    """
    alone = _quasi_newton(problem, start, start, 0)
    if not _is_least_squares(problem):
        return alone
    end, evaluations = _least_squares(problem, start)
    behind = _quasi_newton(problem, start, end, evaluations)
    best = max(alone, behind, key=lambda one: one.log_posterior)
    return replace(best, evaluations=alone.evaluations + behind.evaluations)


def _is_least_squares(problem: PetabFitProblem) -> bool:
    priors = [problem.tables.parameters[name].prior for name in problem.names]
    return not problem.objective.noise.laplace.any() and all(one is None or one.kind == "uniform" for one in priors)


def _least_squares(problem: PetabFitProblem, start: np.ndarray) -> tuple[np.ndarray, int]:
    """Where least squares lead, and how many evaluations that took."""
    from scipy.optimize import least_squares

    lower, upper = problem.bounds
    count = len(problem.tables.measurements)

    @lru_cache(maxsize=1)  # the Jacobian is asked for after the residuals of the same point
    def terms(key: bytes) -> tuple[np.ndarray, ResidualTerms]:
        values = problem.unscaled(np.frombuffer(key))
        return values, problem.objective.residuals(values)

    def value(u: np.ndarray) -> np.ndarray:
        _, at = terms(u.tobytes())
        if at.failure or (at.log_noise <= -OFFSET).any():
            return np.full(2 * count, FAR)
        return np.concatenate([at.residuals, np.sqrt(2.0 * (at.log_noise + OFFSET))])

    def jacobian(u: np.ndarray) -> np.ndarray:
        values, at = terms(u.tobytes())
        if at.failure or (at.log_noise <= -OFFSET).any():
            return np.zeros((2 * count, u.size))
        of_noise = at.log_noise_changes / np.sqrt(2.0 * (at.log_noise + OFFSET))[:, None]
        return np.concatenate([at.residual_changes, of_noise]) * problem.by_scaled(values)

    found = least_squares(
        value,
        _inside(start, lower, upper),
        jac=jacobian,  # pyright: ignore[reportArgumentType]
        bounds=(lower, upper),
        method="trf",
        x_scale=1.0,
        xtol=1e-10,
        ftol=1e-10,
        gtol=1e-6,
        max_nfev=200,
    )
    return found.x, int(found.nfev)


def _quasi_newton(problem: PetabFitProblem, start: np.ndarray, begin: np.ndarray, evaluations: int) -> PetabSearch:
    """The search that ends where L-BFGS-B leads from a point."""
    from scipy.optimize import minimize

    lower, upper = problem.bounds

    def value(u: np.ndarray) -> tuple[float, np.ndarray]:
        values = problem.unscaled(u)
        at = problem.objective.at(values, gradient=True)
        gradient = -(at.gradient + at.prior_gradient) * problem.by_scaled(values)
        if not np.isfinite(at.log_posterior) or not np.isfinite(gradient).all():
            return FAR**2, np.zeros(u.size)
        return -at.log_posterior, gradient

    found = minimize(
        value,
        _inside(begin, lower, upper),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(lower, upper, strict=True)),
        options={"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-5, "maxcor": 2 * start.size},
    )
    at = problem.objective.at(problem.unscaled(found.x))
    return PetabSearch(
        start=start,
        end=found.x,
        log_posterior=at.log_posterior,
        converged=bool(found.success) and not at.failure,
        evaluations=evaluations + int(found.nfev),
        message=at.failure or str(found.message),
    )


def _inside(start: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """A start that lies a little within the bounds, which the search must not begin on."""
    width = np.where(np.isfinite(upper - lower), upper - lower, 1.0)
    return np.clip(start, lower + 1e-6 * width, upper - 1e-6 * width)
