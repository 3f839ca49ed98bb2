"""Searches for the best estimates: from several starts, by the method that suits the objective."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from kinetics.estimate.objective.base import LikelihoodObjective
from kinetics.estimate.objective.facts import FactsObjective
from kinetics.estimate.objective.moments import MomentsObjective
from kinetics.estimate.objective.population import PopulationObjective
from kinetics.estimate.objective.studies import StudyEffectsObjective
from kinetics.estimate.objective.typical import Objective
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.search.gauss_newton import search_by_gauss_newton
from kinetics.estimate.search.least_squares import search_least_squares
from kinetics.estimate.search.scoring import search_by_scoring
from kinetics.estimate.search.search import Search

AnyObjective = Objective | LikelihoodObjective

START_SD = 0.5
"""How far later starts scatter, on the logarithm, if no narrower prior holds them."""


def objective_of(problem: FitProblem) -> AnyObjective:
    """What a fit searches: the typical patient's residuals, or a log posterior."""
    if problem.facts is not None:
        return FactsObjective(problem)
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
    if isinstance(objective, FactsObjective):
        return search_by_gauss_newton(objective, start, moving, on_evaluation)
    if isinstance(objective, LikelihoodObjective):
        return search_by_scoring(objective, start, moving, on_evaluation)
    return search_least_squares(objective, start, moving, on_evaluation)
