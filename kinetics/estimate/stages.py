"""The stages of a fit: searches, profiles, posterior. Each goes on from what an interrupted fit kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kinetics.estimate.checkpoint import Checkpoint
from kinetics.estimate.search import AnyObjective, Search, prefixed, searches
from kinetics.estimate.uncertainty.posterior import Chain, Posterior, sample
from kinetics.estimate.uncertainty.profile import Profile, profile
from kinetics.files.arguments import Progress
from kinetics.units import display_unit

if TYPE_CHECKING:
    from kinetics.estimate.result import Fit

LOG = logging.getLogger("kinetics.estimate")
"""Says what an earlier fit had done, and at level DEBUG what each evaluation gives."""


def run_searches(
    objective: AnyObjective, checkpoint: Checkpoint, progress: Progress | None = None
) -> tuple[Search, ...]:
    """All searches of a fit, each kept as soon as it is finished."""
    starts, size = objective.problem.starts, objective.start.size
    if not checkpoint.resume and (unused := Checkpoint(checkpoint.path, resume=True).searches(size)[:starts]):
        hint = "--resume (in Python resume=True) would use them"
        LOG.info("%d of %d searches were done before and are not used; %s", len(unused), starts, hint)
    finished = list(checkpoint.searches(size)[:starts])
    checkpoint.begin(f"{len(finished)} of {starts} searches")
    on_evaluation = _reporter(progress, lambda: len(finished), starts)
    for search in searches(objective, on_evaluation, first=len(finished)):
        finished.append(search)
        checkpoint.done = f"{len(finished)} of {starts} searches"
        checkpoint.keep_searches(finished)
    return tuple(finished)


def _reporter(progress: Progress | None, done: Callable[[], int], total: int) -> Callable[[str], None]:
    """Takes a line after each evaluation of a stage: logs it, and reports how many parts of the stage are done."""

    def on_evaluation(line: str) -> None:
        LOG.debug("%s", line)
        if progress is not None:
            progress(done(), total)

    return on_evaluation


def run_profiles(
    fit: Fit, indices: Sequence[int], checkpoint: Checkpoint, progress: Progress | None = None
) -> tuple[Profile, ...]:
    """The profiles of the parameters of some indices, each kept as soon as it is finished."""
    optimum, covariance = fit.best.end, fit.uncertainty.covariance
    finished = checkpoint.profiles(optimum)

    def done() -> str:
        return f"{len(finished.keys() & set(indices))} of {len(indices)} profiles"

    checkpoint.begin(done())
    for number, index in enumerate(indices):
        if index not in finished:
            on_evaluation = prefixed(
                _reporter(progress, lambda before=number: before, len(indices)),
                f"profile {number + 1} of {len(indices)}",
            )
            finished[index] = profile(fit.objective, optimum, index, covariance, on_evaluation)
            checkpoint.done = done()
            checkpoint.keep_profiles(optimum, list(finished.values()))
    free = fit.problem.free
    return tuple(
        replace(finished[index], name=free[index].name, unit=display_unit(free[index].unit)) for index in indices
    )


def run_sampler(fit: Fit, draws: int, checkpoint: Checkpoint, progress: Progress | None = None) -> Posterior:
    """Draws from the posterior; the walkers are kept every few seconds, and when they are interrupted."""
    optimum, covariance = fit.best.end, fit.uncertainty.covariance
    latest = checkpoint.chain(optimum.size)
    checkpoint.begin(f"{latest.steps if latest is not None else 0} steps of the posterior")

    def report(points: int, of: int) -> None:
        LOG.debug("points of the posterior")
        if progress is not None:
            progress(points, of)

    def keep(chain: Chain) -> None:
        nonlocal latest
        latest = chain
        checkpoint.done = f"{chain.steps} steps of the posterior"
        checkpoint.keep_chain(chain)

    try:
        return sample(fit.objective, optimum, covariance, draws, fit.problem.seed, report, latest, keep)
    except KeyboardInterrupt:
        if latest is not None:
            checkpoint.keep_chain(latest, now=True)
        raise
