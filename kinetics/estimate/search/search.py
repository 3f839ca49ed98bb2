"""Searches from several starts: bounded least squares, or Fisher scoring of a population."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from kinetics.errors import IntegrationError
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.estimate.objective.typical import Objective
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.search.scoring import maximise

__all__ = ["AnyObjective", "Search", "minimise", "objective_of", "search"]

AnyObjective = Objective | PopulationObjective

START_SD = 0.5
"""How far later starts scatter, on the logarithm, if no narrower prior holds them."""

FAR = 1e4
"""Every residual where the model cannot be integrated: farther than any it gives."""


def objective_of(problem: FitProblem) -> AnyObjective:
    """What a fit searches: the typical patient's residuals, or the log posterior of a population."""
    return Objective(problem) if problem.population is None else PopulationObjective(problem)


@dataclass(frozen=True)
class Search:
    """One search.

    Parameters
    ----------
    start, end : ndarray, (parameter,)
        Logarithms of the parameters where it began and ended.
    cost : float
        At the end: half the sum of squared residuals, or of a population fit minus the log posterior.
    converged : bool
        Whether it ended by its own criterion, where the model can be integrated.
    message : str
        Why it ended.
    """

    start: np.ndarray
    end: np.ndarray
    cost: float
    converged: bool
    message: str


def search(
    objective: AnyObjective,
    progress: Callable[[str], None] | None = None,
    done: tuple[Search, ...] = (),
    starts: int | None = None,
) -> tuple[Search, ...]:
    """Search from the given start and from others drawn about it.

    Parameters
    ----------
    objective : Objective or PopulationObjective
        What is minimised, or climbed.
    progress : callable, optional
        Called with a line of text after each evaluation.
    done : tuple of Search
        Searches of an earlier, interrupted call; they are not repeated.
    starts : int, optional
        How many searches in all; by default as many as the problem asks.

    Returns
    -------
    tuple of Search
        In the order of their starts. A KeyboardInterrupt ends the list after the searches that are complete; if none
        is, it is raised.

    Notes
    -----
    Of the typical patient scipy's trust-region reflective algorithm (Branch, Coleman, Li 1999, doi
    10.1137/S1064827595289108) on logarithms, with the exact Jacobian; of a population
        `kinetics.estimate.search.scoring`.
    """
    searches = list(done)
    try:
        for index in range(len(searches), objective.problem.starts if starts is None else starts):
            searches.append(minimise(objective, _start(objective, index), progress=_line(objective, index, progress)))
    except KeyboardInterrupt:
        if not searches:
            raise
    return tuple(searches)


def _line(objective: AnyObjective, index: int, progress: Callable[[str], None] | None) -> Callable[[str], None] | None:
    return progress and (lambda text: progress(f"start {index + 1} of {objective.problem.starts}, {text}"))


def _start(objective: AnyObjective, index: int) -> np.ndarray:
    """The first start is the model's own values; others scatter about it, keyed by the seed and their number."""
    if index == 0:
        return objective.start
    generator = np.random.default_rng(np.random.SeedSequence((objective.problem.seed, index)))
    width = np.where(objective.with_prior, np.minimum(objective.prior_sd, START_SD), START_SD)
    drawn = objective.start + width * generator.standard_normal(objective.start.size)
    margin = 1e-3 * (objective.upper - objective.lower)
    return np.clip(drawn, objective.lower + margin, objective.upper - margin)


def minimise(
    objective: AnyObjective,
    start: np.ndarray,
    fixed: Mapping[int, float] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Search:
    """One search, free or with some parameters held.

    Parameters
    ----------
    objective : Objective or PopulationObjective
        What is minimised, or climbed.
    start : ndarray, (parameter,)
        Logarithms.
    fixed : mapping of int to float, optional
        Parameters that are held, by number, and the logarithms at which they are.
    progress : callable, optional
        Called with a line of text after each evaluation.
    """
    start, held = start.copy(), dict(fixed or {})
    start[list(held)] = list(held.values())
    moving = np.array([index for index in range(start.size) if index not in held], dtype=int)
    if isinstance(objective, PopulationObjective):
        return _scored(objective, start, held, progress)
    return _least_squares(objective, start, moving, progress)


def _scored(
    objective: PopulationObjective,
    start: np.ndarray,
    held: Mapping[int, float],
    progress: Callable[[str], None] | None,
) -> Search:
    found = maximise(objective, start, held, progress)
    return Search(start, found.end, -found.log_posterior, found.converged, found.message)


def _least_squares(
    objective: Objective, start: np.ndarray, moving: np.ndarray, progress: Callable[[str], None] | None
) -> Search:
    residuals = _Residuals(objective)

    def at(u: np.ndarray) -> np.ndarray:
        x = start.copy()
        x[moving] = u
        return x

    def value(u: np.ndarray) -> np.ndarray:
        residual = residuals(at(u))[0]
        if progress is not None:
            progress(f"cost {0.5 * float(residual @ residual):.6g}")
        return residual

    if not moving.size:
        residual, failure = value(start[moving]), residuals.failure(start)
        return Search(start, start, 0.5 * float(residual @ residual), not failure, failure or "nothing moves")
    found = least_squares(
        value,
        start[moving],
        jac=lambda u: residuals(at(u))[1][:, moving],  # pyright: ignore[reportArgumentType]
        bounds=(objective.lower[moving], objective.upper[moving]),
        method="trf",
        x_scale="jac",
        xtol=1e-7,
        ftol=1e-9,
        gtol=1e-9,
        max_nfev=200,
    )
    end = at(found.x)
    failure = residuals.failure(end)
    return Search(start, end, float(found.cost), found.status > 0 and not failure, failure or found.message)


class _Residuals:
    """Residuals and Jacobian, kept for the second of two calls; a wall where the model cannot be integrated."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._size = len(objective.problem.fitted) + int(objective.with_prior.sum())
        self._at = b""
        self._pair = np.empty(0), np.empty((0, 0))
        self._failure = ""

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if x.tobytes() != self._at:
            try:
                self._pair, self._failure = self._objective.residuals(x), ""
            except IntegrationError as error:
                self._pair = np.full(self._size, FAR), np.zeros((self._size, x.size))
                self._failure = str(error)
            self._at = x.tobytes()
        return self._pair

    def failure(self, x: np.ndarray) -> str:
        """Why the model cannot be integrated at a point; empty if it can."""
        self(x)
        return self._failure
