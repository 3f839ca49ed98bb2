"""Draws from the posterior density itself, by an ensemble of walkers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import emcee
import numpy as np

from kinetics.errors import InputError, IntegrationError
from kinetics.estimate.search.searching import AnyObjective
from kinetics.estimate.uncertainty.posterior import Chain, Posterior, check_draws
from kinetics.files.arguments import Progress
from kinetics.files.capacity import check_memory
from kinetics.population.seeds import checked_seed

__all__ = ["sample", "walkers"]

ATTEMPTS = 1000

AT_BOUND = 0.01
"""Walkers begin within this share of the range of a parameter that is estimated at its bound."""


def walkers(parameters: int) -> int:
    """How many walkers there are: enough that either half spans all directions."""
    return 2 * parameters + 2


def sample(
    objective: AnyObjective,
    optimum: np.ndarray,
    covariance: np.ndarray,
    draws: int,
    seed: int,
    progress: Progress | None = None,
    done: Chain | None = None,
    keep: Callable[[Chain], None] = lambda chain: None,
) -> Posterior:
    """Draw from the posterior density of the logarithms of the parameters, within their bounds.

    An ensemble whose walkers propose differences of others (ter Braak 2006, doi 10.1007/s11222-006-8769-1) by the
    package emcee (Foreman-Mackey et al. 2013, doi 10.1086/670067).

    The walkers begin at draws from the normal approximation of this covariance about the logarithms of the optimum. At
    least so many draws are returned, of all walkers together; half as many again are made before them, and left out.
    ``keep`` is called with everything so far after each complete step, in arrays that are views. With such a chain as
    ``done`` an interrupted call goes on to the same numbers as one that was not interrupted.

    Raises
    ------
    InputError
        If the model cannot be simulated about the optimum, or so many draws take days or do not fit into memory.
    KeyboardInterrupt
        If it is interrupted, after the last complete step.
    """
    check_draws(draws)
    count, seed = walkers(optimum.size), checked_seed(seed)
    per_walker = math.ceil(draws / count)
    steps = per_walker + per_walker // 2
    check_memory(24.0 * count * steps * (optimum.size + 1), f"{draws} draws of the posterior", "ask for fewer")
    density = _Density(objective, count * (steps + 1), progress)
    if done is None:
        done = _begin(density, objective, optimum, covariance, seed)
        keep(done)
    density.evaluated = count * len(done.positions)
    positions, log_density = _extended(done.positions, steps), _extended(done.log_density, steps)
    chain = Chain(positions[: done.steps + 1], log_density[: done.steps + 1], done.random)
    for step, (state, random) in enumerate(_states(density, done, steps - done.steps), done.steps + 1):
        positions[step], log_density[step] = state.coords, state.log_prob
        chain = Chain(positions[: step + 1], log_density[: step + 1], random)
        keep(chain)
    return Posterior(chain)


def _extended(begun: np.ndarray, steps: int) -> np.ndarray:
    """An array for all steps, with those that are done, of which no more are used."""
    extended = np.empty((steps + 1, *begun.shape[1:]))
    extended[: len(begun)] = begun[: steps + 1]
    return extended


def _states(density: _Density, done: Chain, steps: int) -> Iterator[tuple[emcee.State, Any]]:
    """Complete steps of the ensemble, with the state of the twister after each."""
    if steps <= 0:
        return
    count, size = done.positions.shape[1:]
    sampler = emcee.EnsembleSampler(count, size, density, moves=emcee.moves.DEMove(), vectorize=True)
    begin = emcee.State(done.positions[-1], log_prob=done.log_density[-1], random_state=("MT19937", *done.random))
    for state in sampler.sample(begin, iterations=steps, store=False, skip_initial_state_check=True):
        if density.is_interrupted:
            raise KeyboardInterrupt
        random: Any = sampler.random_state
        yield state, random[1:]


class _Density:
    """The log posterior of several points; minus infinity outside the bounds and where nothing can be simulated.

    An interrupt is noted here and raised after the step: emcee would print a traceback of it.
    """

    def __init__(self, objective: AnyObjective, total: int, progress: Progress | None) -> None:
        self._objective, self._total, self._progress = objective, total, progress
        self.evaluated = 0
        self.is_interrupted = False

    def __call__(self, points: np.ndarray) -> np.ndarray:
        try:
            if not self.is_interrupted:
                return np.array([self.at(point) for point in points])
        except KeyboardInterrupt:
            self.is_interrupted = True
        return np.full(len(points), -np.inf)

    def at(self, point: np.ndarray) -> float:
        """Of one point, (parameter,)."""
        objective = self._objective
        self.evaluated += 1
        if self._progress is not None:
            self._progress(self.evaluated, self._total)
        if np.any(point < objective.lower) or np.any(point > objective.upper):
            return -math.inf
        try:
            value = objective.log_posterior(np.ascontiguousarray(point))
        except IntegrationError:
            return -math.inf
        return value if math.isfinite(value) else -math.inf


def _begin(density: _Density, objective: AnyObjective, optimum: np.ndarray, covariance: np.ndarray, seed: int) -> Chain:
    """Walkers at draws from the normal approximation that can be simulated, and the state of the twister."""
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    at_bound = np.diag(covariance) == 0
    spread = covariance + np.diag(np.where(at_bound, (AT_BOUND * (objective.upper - objective.lower)) ** 2, 0.0))
    begun = [_begin_one(density, objective, optimum, spread, generator) for _ in range(walkers(optimum.size))]
    twister = np.random.MT19937(np.random.SeedSequence(seed, spawn_key=(1,))).state["state"]
    positions, log_density = zip(*begun, strict=True)
    return Chain(np.array([positions]), np.array([log_density]), (twister["key"], int(twister["pos"]), 0, 0.0))


def _begin_one(
    density: _Density,
    objective: AnyObjective,
    optimum: np.ndarray,
    covariance: np.ndarray,
    generator: np.random.Generator,
) -> tuple[np.ndarray, float]:
    for _ in range(ATTEMPTS):
        drawn = generator.multivariate_normal(optimum, covariance, method="eigh")
        drawn = objective.lower + np.abs(drawn - objective.lower)  # reflected at the bounds
        drawn = objective.upper - np.abs(objective.upper - drawn)
        value = density.at(drawn)
        if math.isfinite(value):
            return drawn, value
    raise InputError(f"in {ATTEMPTS} draws about the optimum there is none that can be simulated: fit it better first")
