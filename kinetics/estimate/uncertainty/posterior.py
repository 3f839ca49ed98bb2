"""Draws from the posterior by an ensemble of walkers, and how far they can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.errors import InputError, IntegrationError
from kinetics.estimate.search import AnyObjective
from kinetics.files.arguments import Progress
from kinetics.files.capacity import check_memory
from kinetics.population.draws import ATTEMPTS
from kinetics.population.seeds import checked_seed

if TYPE_CHECKING:
    import emcee

MAX_DRAWS = 10**6
"""At some tens of points a second, the pace of the fits that ship, these take a day, and say all that draws can."""

LONG_ENOUGH = 50
"""A chain of so many autocorrelation times is long enough to trust that time, and its quantiles."""


def check_draws(draws: int) -> None:
    """Refuse, with an `InputError`, more draws than are worth their time."""
    if draws > MAX_DRAWS:
        message = f"{draws} draws of the posterior take days, and no quantile gets better; ask for at most {MAX_DRAWS}"
        raise InputError(message)


@dataclass(frozen=True, eq=False)
class Chain:
    """What all walkers have done so far, enough to go on from.

    ``positions``, (step, walker, parameter), are logarithms, step 0 where the walkers began; ``log_density``, (step,
    walker), is that of the posterior there, without its constant. ``random`` is the state of the Mersenne twister after
    the last step: 624 words, position, whether there is a normal number left, and that number.
    """

    positions: np.ndarray
    log_density: np.ndarray
    random: tuple[np.ndarray, int, int, float]

    @property
    def steps(self) -> int:
        """How many there are behind the start."""
        return len(self.positions) - 1


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws from the posterior; the first third of the steps is left out, in which the walkers forget their start."""

    chain: Chain

    @property
    def _first(self) -> int:
        return 1 + self.chain.steps // 3

    @property
    def logs(self) -> np.ndarray:
        """Logarithms of the parameters, (walker, draw, parameter)."""
        return self.chain.positions[self._first :].swapaxes(0, 1)

    @property
    def log_density(self) -> np.ndarray:
        """Log posterior without its constant, (walker, draw)."""
        return self.chain.log_density[self._first :].T

    @property
    def accepted(self) -> np.ndarray:
        """Whether a walker moved to reach a draw, of bool, (walker, draw)."""
        return np.any(np.diff(self.chain.positions[self._first - 1 :], axis=0) != 0, axis=2).T

    @cached_property
    def autocorrelation_time(self) -> np.ndarray:
        """Steps until a draw is as good as independent, (parameter,).

        Goodman and Weare 2010, doi 10.2140/camcos.2010.5.65; NaN where a walker never moved.
        """
        import emcee

        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(emcee.autocorr.integrated_time(self.logs.swapaxes(0, 1), tol=0))

    @property
    def effective_sample_size(self) -> np.ndarray:
        """Independent draws that would tell the mean as well, (parameter,)."""
        return self.log_density.size / self.autocorrelation_time

    def quantiles(self, shares: Sequence[float]) -> np.ndarray:
        """Quantiles of the logarithms, (share, parameter)."""
        return np.quantile(self.logs, shares, axis=(0, 1))

    def warnings(self, names: Sequence[str]) -> list[str]:
        """What a reader of the draws must know, in plain words; ``names`` are of the parameters."""
        times = self.autocorrelation_time
        if not np.isfinite(times).all():
            return ["a walker never moved: the posterior needs more draws"]
        worst = int(np.argmax(times))
        if self.log_density.shape[1] >= LONG_ENOUGH * times[worst]:
            return []
        needed = math.ceil(LONG_ENOUGH * times[worst] * len(self.log_density) / 100) * 100
        return [f"the posterior of {names[worst]} is rough: give at least {needed} draws"]


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
    ``done`` an interrupted call goes on to the same numbers as one that was not interrupted. A KeyboardInterrupt comes
    after a complete step. `InputError` if nothing can be simulated about the optimum, or the draws take too much.
    """
    check_draws(draws)
    count, seed = walkers(optimum.size), checked_seed(seed)
    per_walker = math.ceil(draws / count)
    steps = per_walker + per_walker // 2
    check_memory(24.0 * count * steps * (optimum.size + 1), f"{draws} draws of the posterior", "ask for fewer")
    density = _Density(objective, count * (steps + 1), progress)
    if done is None:
        done = _begin(density, optimum, covariance, seed)
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
    # with scipy.stats it takes a third of the time of all imports, and few fits draw
    import emcee

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
        self.objective, self._total, self._progress = objective, total, progress
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
        objective = self.objective
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


def _begin(density: _Density, optimum: np.ndarray, covariance: np.ndarray, seed: int) -> Chain:
    """Walkers at draws from the normal approximation that can be simulated, and the state of the twister."""
    objective = density.objective
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    at_bound = np.diag(covariance) == 0
    spread = covariance + np.diag(np.where(at_bound, (AT_BOUND * (objective.upper - objective.lower)) ** 2, 0.0))

    def begin() -> tuple[np.ndarray, float]:
        for _ in range(ATTEMPTS):
            drawn = generator.multivariate_normal(optimum, spread, method="eigh")
            drawn = objective.lower + np.abs(drawn - objective.lower)  # reflected at the bounds
            drawn = objective.upper - np.abs(objective.upper - drawn)
            value = density.at(drawn)
            if math.isfinite(value):
                return drawn, value
        message = f"in {ATTEMPTS} draws about the optimum there is none that can be simulated: fit it better first"
        raise InputError(message)

    twister = np.random.MT19937(np.random.SeedSequence(seed, spawn_key=(1,))).state["state"]
    positions, log_density = zip(*(begin() for _ in range(walkers(optimum.size))), strict=True)
    return Chain(np.array([positions]), np.array([log_density]), (twister["key"], int(twister["pos"]), 0, 0.0))
