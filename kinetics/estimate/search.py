"""Searches for the best estimates: from several starts, by the method that suits the objective."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from kinetics.errors import IntegrationError
from kinetics.estimate.objective.base import LikelihoodObjective, Residuals
from kinetics.estimate.objective.moments import MomentsObjective
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.estimate.objective.studies import StudyEffectsObjective
from kinetics.estimate.objective.typical import Objective
from kinetics.estimate.problem.problem import FitProblem

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


@dataclass(frozen=True)
class Search:
    """Where one search began and ended, in logarithms of the parameters, (parameter,), and why.

    ``cost`` is half the sum of squared residuals at the end, or of a population fit minus the log posterior.
    ``converged`` says whether it ended by its own criterion, where the model can be integrated.
    """

    start: np.ndarray
    end: np.ndarray
    cost: float
    converged: bool
    message: str


AnyObjective = Objective | LikelihoodObjective

START_SD = 0.5
"""How far later starts scatter, on the logarithm, if no narrower prior holds them."""


def objective_of(problem: FitProblem) -> AnyObjective:
    """What a fit searches: the typical patient's residuals, or a log posterior."""
    if problem.population is not None:
        normal = problem.population.likelihood == "normal"
        return MomentsObjective(problem) if normal else PopulationObjective(problem)
    return StudyEffectsObjective(problem) if problem.study_effects else Objective(problem)


def searches(
    objective: AnyObjective, on_evaluation: Callable[[str], None] | None = None, first: int = 0
) -> Iterator[Search]:
    """The searches of a problem one by one, from its own start and others about it, from number ``first`` on."""
    starts = objective.problem.starts
    for index in range(first, starts):
        yield minimise(
            objective,
            _start(objective, index),
            on_evaluation=prefixed(on_evaluation, f"search {index + 1} of {starts}"),
        )


def prefixed(on_evaluation: Callable[[str], None] | None, text: str) -> Callable[[str], None] | None:
    """What takes lines, each with a text before it."""
    return on_evaluation and (lambda line: on_evaluation(f"{text}, {line}"))


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
    on_evaluation: Callable[[str], None] | None = None,
) -> Search:
    """One search from the logarithms of a start; ``fixed`` holds parameters, by index, at logarithms."""
    start, fixed = start.copy(), fixed or {}
    start[list(fixed)] = list(fixed.values())
    moving = np.array([index for index in range(start.size) if index not in fixed], dtype=int)
    if isinstance(objective, LikelihoodObjective):
        return search_by_scoring(objective, start, moving, on_evaluation)
    return search_least_squares(objective, start, moving, on_evaluation)


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
