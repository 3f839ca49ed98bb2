"""Profile likelihoods of the parameters of a PEtab problem: the others are searched again with one held."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kinetics.errors import Fault, InputError
from kinetics.estimate.checkpoint import Checkpoint
from kinetics.estimate.search import Search
from kinetics.estimate.uncertainty.profile import Profile, follow
from kinetics.files.arguments import Progress
from kinetics.interop.petab.fitting import PetabFitProblem
from kinetics.interop.petab.fitting.search import search
from kinetics.interop.petab.scales import unscaled
from kinetics.text.suggestions import did_you_mean

if TYPE_CHECKING:
    from kinetics.estimate.petab.result import PetabFit

LOG = logging.getLogger("kinetics.estimate")
WALL = 1e7
"""The cost of what cannot be simulated: beyond what ends a profile there."""


def indices_of(problem: PetabFitProblem, names: str | Sequence[str]) -> list[int]:
    """The numbers of estimated parameters by name, or of all; an `InputError` with each name that is none."""
    chosen = [*problem.names] if names == "all" else [names] if isinstance(names, str) else [*names]
    faults = [
        Fault(f"'{name}' is not estimated{did_you_mean(name, problem.names)}", name="profile")
        for name in chosen
        if name not in problem.names
    ]
    if faults:
        raise InputError(*faults)
    return [problem.names.index(name) for name in chosen]


def run_petab_profiles(
    fit: PetabFit, indices: Sequence[int], checkpoint: Checkpoint, progress: Progress | None = None
) -> tuple[Profile, ...]:
    """The profiles of the parameters of some numbers, each kept as soon as it is finished."""
    report, optimum = progress or (lambda done, total: None), fit.best.end
    finished = checkpoint.profiles(optimum)

    def done() -> str:
        return f"{len(finished.keys() & set(indices))} of {len(indices)} profiles"

    checkpoint.begin(done())
    for number, index in enumerate(indices):
        report(number, len(indices))
        if index not in finished:
            finished[index] = _profile(fit, index, number, len(indices))
            checkpoint.done = done()
            checkpoint.keep_profiles(optimum, list(finished.values()))
    report(len(indices), len(indices))
    return tuple(replace(finished[index], name=fit.problem.names[index]) for index in indices)


def _profile(fit: PetabFit, index: int, number: int, total: int) -> Profile:
    problem, name = fit.problem, fit.problem.names[index]

    prior = problem.tables.parameters[name].prior

    def search_others(start: np.ndarray, at: float) -> Search:
        value = unscaled(at, problem.scales[index])
        LOG.debug("profile %d of %d, %s at %.4g", number + 1, total, name, value)
        found = _search(problem.holding({name: value}), np.delete(start, index))
        cost = found.cost - (0.0 if prior is None else prior.log_density(value))  # that of what is held counts too
        return replace(found, start=start, end=np.insert(found.end, index, at), cost=min(cost, WALL))

    best = Search(fit.best.start, fit.best.end, -fit.best.log_posterior, fit.best.converged, fit.best.message)
    return follow(best, index, _covariance(fit), problem.bounds, search_others)


def _search(problem: PetabFitProblem, start: np.ndarray) -> Search:
    """A search over all that is estimated; if nothing is, the cost alone."""
    if not start.size:
        return Search(start, start, -problem.objective.at(start).log_posterior, True, "")
    found = search(problem, start)
    return Search(start, found.end, -found.log_posterior, found.converged, found.message)


def _covariance(fit: PetabFit) -> np.ndarray:
    """That of the estimates on the scales of the problem; of what is not determined, as wide as its bounds allow."""
    lower, upper = fit.problem.bounds
    width = np.where(np.isfinite(upper - lower), upper - lower, 1.0)
    return np.linalg.inv(fit.information + np.diag(width**-2.0))
