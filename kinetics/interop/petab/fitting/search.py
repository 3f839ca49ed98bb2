"""A search for the values of a PEtab problem that are most probable: a descent from a start, and hops from its end."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kinetics.interop.petab.fitting.descent import Surface, descend
from kinetics.interop.petab.fitting.fit_problem import MAX_STARTS, PetabFitProblem

FAR = 1e12
"""The height where something cannot be simulated, for a search that needs a number."""
HOPS = 10
"""Hops of one search."""
SHARE = 1 / 3
"""Of the parameters that a hop draws anew."""
MOST, MOST_OF_HOP = 500, 100
"""Evaluations of a descent, and of one that is a part of a search by hops."""


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


def search_by_hops(problem: PetabFitProblem, number: int) -> PetabSearch:
    """Descend from a start of the problem, then hop: draw some parameters anew and descend again.

    A hop takes each parameter with the probability `SHARE` from another start, and the rest from the best end so far
    (iterated local search: Lourenco, Martin and Stutzle 2003, doi 10.1007/0-306-48056-5_11). It leaves a local optimum
    in which a few parameters are on the wrong side, without losing what the others have found.

    Parameters
    ----------
    problem : PetabFitProblem
        Its seed is that of starts and hops.
    number : int
        Of the search.
    """
    start = problem.start(number)
    best = search(problem, start, MOST_OF_HOP)
    evaluations = best.evaluations
    for hop in range(1, HOPS + 1):
        generator = np.random.default_rng(np.random.SeedSequence((problem.seed, number, hop)))
        other = problem.start(number + hop * MAX_STARTS)
        drawn = generator.uniform(size=start.size) < SHARE
        one = search(problem, np.where(drawn, other, best.end), MOST_OF_HOP)
        evaluations += one.evaluations
        best = max(best, one, key=lambda each: each.log_posterior)
    if not best.converged:
        best = search(problem, best.end)
        evaluations += best.evaluations
    return replace(best, start=start, evaluations=evaluations)


def search(problem: PetabFitProblem, start: np.ndarray, most: int = MOST) -> PetabSearch:
    """Search from a start, within the bounds, for the local optimum that it leads to.

    With normal noise and flat priors `descend` goes down the negative log-likelihood by its exact gradient and expected
    information. All else is minimised by L-BFGS-B (Byrd et al. 1995, doi 10.1137/0916069) by exact gradients.

    Parameters
    ----------
    problem : PetabFitProblem
        What is fitted.
    start : ndarray, (parameter,)
        In the units of the scales of the problem.
    most : int, optional
        How often the objective may be asked for.
    """
    return _descent(problem, start, most) if _is_normal(problem) else _quasi_newton(problem, start, most)


def _is_normal(problem: PetabFitProblem) -> bool:
    priors = [problem.tables.parameters[name].prior for name in problem.names]
    return not problem.objective.noise.laplace.any() and all(one is None or one.kind == "uniform" for one in priors)


def _descent(problem: PetabFitProblem, start: np.ndarray, most: int) -> PetabSearch:
    def surface(u: np.ndarray) -> Surface | None:
        values = problem.unscaled(u)
        at, slopes = problem.objective.residuals(values), problem.by_scaled(values)
        if at.failure:
            return None
        by_noise = at.log_noise_changes * slopes
        changes = at.residual_changes * slopes
        location = changes + at.residuals[:, None] * by_noise
        value = 0.5 * float(at.residuals @ at.residuals) + float(at.log_noise.sum())
        information = location.T @ location + 2.0 * by_noise.T @ by_noise
        return Surface(value, at.residuals @ changes + by_noise.sum(axis=0), information)

    found = descend(surface, start, problem.bounds, most)
    return _finished(problem, start, found.end, found.converged, found.evaluations, found.message)


def _quasi_newton(problem: PetabFitProblem, start: np.ndarray, most: int) -> PetabSearch:
    from scipy.optimize import minimize

    lower, upper = problem.bounds

    def value(u: np.ndarray) -> tuple[float, np.ndarray]:
        values = problem.unscaled(u)
        at = problem.objective.at(values, gradient=True)
        gradient = -(at.gradient + at.prior_gradient) * problem.by_scaled(values)
        if not np.isfinite(at.log_posterior) or not np.isfinite(gradient).all():
            return FAR, np.zeros(u.size)
        return -at.log_posterior, gradient

    found = minimize(
        value,
        _inside(start, lower, upper),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(lower, upper, strict=True)),
        options={"maxfun": most, "maxiter": most, "ftol": 1e-12, "gtol": 1e-5, "maxcor": 2 * start.size},
    )
    return _finished(problem, start, found.x, bool(found.success), int(found.nfev), str(found.message))


def _finished(
    problem: PetabFitProblem, start: np.ndarray, end: np.ndarray, converged: bool, evaluations: int, message: str
) -> PetabSearch:
    at = problem.objective.at(problem.unscaled(end))
    return PetabSearch(
        start=start,
        end=end,
        log_posterior=at.log_posterior,
        converged=converged and not at.failure,
        evaluations=evaluations,
        message=at.failure or message,
    )


def _inside(start: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """A start that lies a little within the bounds, which the search must not begin on."""
    width = np.where(np.isfinite(upper - lower), upper - lower, 1.0)
    return np.clip(start, lower + 1e-6 * width, upper - 1e-6 * width)
