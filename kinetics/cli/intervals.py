"""Profiles and posterior of a fit, with progress, kept when they are interrupted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import typer

from kinetics.cli.terminal.failures import INTERRUPTED, tell
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults
from kinetics.estimate.search.checkpoint import checkpoint_path, evaluations_kept
from kinetics.estimate.uncertainty.checkpoint import (
    chain_path,
    keep_chain,
    keep_profiles,
    kept_chain,
    kept_profiles,
    profiles_path,
)

if TYPE_CHECKING:
    from kinetics.estimate import Fit, FitProblem
    from kinetics.estimate.uncertainty.intervals import Intervals
    from kinetics.estimate.uncertainty.posterior import Chain, Posterior
    from kinetics.estimate.uncertainty.profile import Profile

__all__ = ["intervals_of", "parameters_to_profile"]

KEEP_EVERY = 10.0
"""Seconds between two writings of the walkers."""


def parameters_to_profile(faults: Faults, problem: FitProblem, text: str | None) -> list[int]:
    """The numbers of the parameters that are named, or of all."""
    names = [free.name for free in problem.free]
    wanted = [part.strip() for part in (text or "").split(",") if part.strip()]
    if wanted == ["all"]:
        return list(range(len(names)))
    for name in wanted:
        if name not in names:
            faults.add(f"'{name}' is not free in {problem.name}; there are {', '.join(names)}", name="--profile")
    if text is not None and not wanted:
        faults.add("name at least one parameter, or all", name="--profile")
    return sorted({names.index(name) for name in wanted if name in names})


def intervals_of(found: Fit, profiled: Sequence[int], draws: int | None, *, resume: bool) -> Intervals:
    """Profiles of some parameters and draws from the posterior, about a finished fit.

    Parameters
    ----------
    found : Fit
        The fit.
    profiled : sequence of int
        Numbers of the parameters.
    draws : int or None
        How many; None for no posterior.
    resume : bool
        Go on from what an interrupted run kept.
    """
    from kinetics.estimate.uncertainty.intervals import Intervals

    profiles = _profiles(found, profiled, resume=resume) if profiled else ()
    return Intervals(profiles, None if draws is None else _posterior(found, draws, resume=resume))


def _profiles(found: Fit, wanted: Sequence[int], *, resume: bool) -> tuple[Profile, ...]:
    from kinetics.estimate.search.search import objective_of
    from kinetics.estimate.uncertainty.profile import profile

    problem, optimum, path = found.problem, found.best.end, profiles_path(found.problem)
    done = {one.index: one for one in kept_profiles(path, optimum)} if resume else {}
    if resume:
        tell(f"{len(done.keys() & set(wanted))} of {len(wanted)} profiles were done before")
    objective = objective_of(problem)
    try:
        with watched(problem.name) as steps, evaluations_kept(checkpoint_path(problem), objective, resume=resume):
            for number, index in enumerate(wanted):
                steps.count(number, len(wanted))
                if index not in done:
                    done[index] = profile(objective, optimum, index, found.uncertainty.covariance, steps.say)
                    keep_profiles(path, optimum, list(done.values()))
    except KeyboardInterrupt:
        _stop(f"{len(done.keys() & set(wanted))} of {len(wanted)} profiles are done and kept")
    return tuple(done[index] for index in wanted)


def _posterior(found: Fit, draws: int, *, resume: bool) -> Posterior:
    from kinetics.estimate.search.search import objective_of
    from kinetics.estimate.uncertainty.sampling import sample

    problem, path = found.problem, chain_path(found.problem)
    done, latest, written = kept_chain(path, len(problem.free)) if resume else None, [], [time.monotonic()]
    if resume:
        tell(f"{done.steps if done is not None else 0} steps of the posterior were done before")

    def keep(chain: Chain) -> None:
        latest[:] = [chain]
        if time.monotonic() - written[0] > KEEP_EVERY:
            keep_chain(path, chain)
            written[0] = time.monotonic()

    about = found.best.end, found.uncertainty.covariance
    try:
        with watched(problem.name) as steps:
            sampled = sample(objective_of(problem), *about, draws, problem.seed, steps.say, done, keep)
        if sampled.is_complete:
            return sampled
    except KeyboardInterrupt:
        pass
    latest = latest or [chain for chain in [done] if chain is not None]
    for chain in latest:
        keep_chain(path, chain)
    _stop(f"{latest[-1].steps if latest else 0} steps of the posterior are done and kept")


def _stop(done: str) -> NoReturn:
    tell(f"interrupted: {done}; the same command with --resume goes on from there")
    raise typer.Exit(INTERRUPTED) from None
