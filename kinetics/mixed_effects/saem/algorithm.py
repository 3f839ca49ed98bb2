"""The iterations of SAEM (Kuhn and Lavielle 2005, doi 10.1016/j.csda.2004.07.002)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from kinetics.mixed_effects.individuals.metropolis import Kernels, Sampler
from kinetics.mixed_effects.model.levels import levels_of
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues
from kinetics.mixed_effects.saem.maximisation import Maximisation, Simulated
from kinetics.mixed_effects.saem.parameter_expansion import expand
from kinetics.mixed_effects.saem.state import SaemState

ENOUGH_LANES = 100
"""The least product of individuals and chains."""
POWER = 0.7
"""Of the weights: between 1/2 and 1, as convergence needs; with 1, a slow variance would not arrive."""


@dataclass(frozen=True)
class SaemSettings:
    """How long SAEM runs.

    Parameters
    ----------
    explore : int
        Iterations with weight 1, which find the region of the estimates. Their variances fall slowly, by simulated
        annealing. More of them are not better: a variance that few data inform wanders, and is lost at zero.
    smooth : int
        Iterations with falling weights, which average; variances move by parameter expansion.
    cooling : float
        The least ratio of successive variances while exploring.
    burn_in : int
        Sweeps before the first iteration.
    n_chains : int, optional
        Chains of each individual; as many as make 100 lanes, if left out.
    kernels : Kernels
        What a sweep does.
    """

    explore: int = 150
    smooth: int = 350
    cooling: float = 0.95
    burn_in: int = 5
    n_chains: int | None = None
    kernels: Kernels = field(default_factory=Kernels)

    @property
    def iterations(self) -> int:
        """All of them."""
        return self.explore + self.smooth

    def weight(self, iteration: int) -> float:
        """The weight of an iteration's statistics, from iteration 0."""
        return 1.0 if iteration < self.explore else (iteration - self.explore + 1.0) ** -POWER

    def chains(self, n_individuals: int) -> int:
        """Chains of each individual."""
        return self.n_chains or -(-ENOUGH_LANES // n_individuals)


@dataclass(frozen=True, eq=False)
class SaemEstimate:
    """The population by SAEM.

    Parameters
    ----------
    values : PopulationValues
        The estimates.
    trace : ndarray, (iteration, value)
        The values after each iteration, as `Coordinates.natural` has them.
    state : SaemState
        Where the algorithm ended, which further iterations may go on from.
    """

    values: PopulationValues
    trace: np.ndarray
    state: SaemState


def saem(
    model: MixedEffectsModel,
    start: PopulationValues,
    *,
    seed: int,
    settings: SaemSettings | None = None,
    state: SaemState | None = None,
    on_iteration: Callable[[SaemState], None] | None = None,
) -> SaemEstimate:
    """Estimate the population by SAEM.

    Parameters
    ----------
    model : MixedEffectsModel
        Data and model; with a prior, the mode of the posterior is estimated.
    start : PopulationValues
        Where to begin. Begin with variances that are too large: a small one grows slowly.
    seed : int
        Of the random numbers. The same seed gives the same numbers, for any order of rows and for a run that goes on.
    settings : SaemSettings, optional
        The number of iterations and chains.
    state : SaemState, optional
        Where another run of the same model, seed and settings stopped; this one goes on from there.
    on_iteration : callable, optional
        Called with the state after each iteration, to store it or to report.

    Examples
    --------
    >>> from kinetics.mixed_effects import ClosedForm, Identity, IndividualParameter, Observations
    >>> table = Observations.from_table(["1", "1", "2", "2", "3", "3"], [0, 1] * 3, [4.0, 6.0, 7.0, 9.0, 1.0, 3.0])
    >>> level = ClosedForm(("level",), lambda x, p: p["level"] + 0 * x["t"], {"t": table.times}, table.occasion)
    >>> model = MixedEffectsModel.of(
    ...     level, table, [IndividualParameter("level", Identity())],
    ...     residual={"y": "additive"}, between_individuals=["level"],
    ... )
    >>> start = model.values({"level": 4}, variances={"level": 5}, residual={"y:a": 1})
    >>> fit = saem(model, start, seed=1, settings=SaemSettings(explore=50, smooth=100, n_chains=50))
    >>> bool(abs(model.typical(fit.values)["level"] - 5) < 0.1)  # the mean
    True
    """
    settings = settings or SaemSettings()
    sampler = Sampler(model, settings.chains(len(model.observations)), settings.kernels, seed, "saem")
    step = Maximisation(model, levels_of(model))
    current = state or _begin(model, sampler, start, settings)
    while current.iteration < settings.iterations:
        current = _iterate(model, sampler, step, current, settings)
        if on_iteration is not None:
            on_iteration(current)
    return SaemEstimate(current.values, current.trace, current)


def _begin(model: MixedEffectsModel, sampler: Sampler, start: PopulationValues, settings: SaemSettings) -> SaemState:
    chains = sampler.begin(start)
    for _ in range(settings.burn_in):
        sampler.sweep(start, chains)
    empty = np.zeros((0, len(model.coordinates.names)))
    return SaemState(0, start, chains, None, empty)


def _iterate(
    model: MixedEffectsModel, sampler: Sampler, step: Maximisation, state: SaemState, settings: SaemSettings
) -> SaemState:
    chains, values = replace(state.chains, length=state.chains.length.copy()), state.values
    sampler.sweep(values, chains)
    drawn = Simulated(sampler.individuals, chains.random, chains.predictions, sampler.n_chains)
    simulated, score = step.simulate_statistics(values, drawn)
    weight = settings.weight(state.iteration)
    statistics = simulated if state.statistics is None else state.statistics.average(simulated, weight)
    new = step.maximise(values, statistics, score, weight)
    if state.iteration < settings.explore:
        new = _annealed(model, new, values, settings.cooling)
    else:
        new, statistics = expand(step.levels, statistics, new, values)
    chains.random = step.follow(chains.random, values, new)
    chains.center = step.follow(chains.center, values, new)
    if step.levels.numeric.size:  # otherwise the individual parameters, and so the predictions, are the same
        chains.predictions = sampler.predict(new, chains.random)
    trace = np.vstack([state.trace, model.coordinates.natural(new)])
    return SaemState(state.iteration + 1, new, chains, statistics, trace)


def _annealed(
    model: MixedEffectsModel, new: PopulationValues, old: PopulationValues, cooling: float
) -> PopulationValues:
    """The new values, with variances that are at least a part of the old ones."""

    def at_least(covariance: np.ndarray, before: np.ndarray) -> np.ndarray:
        variances = np.maximum(np.diag(covariance), 1e-12)
        stretch = np.sqrt(np.maximum(1.0, cooling * np.diag(before) / variances))
        # correlations are kept: an entry of zero variance gets that of an independent effect
        grown = covariance * np.outer(stretch, stretch)
        np.fill_diagonal(grown, np.maximum(np.diag(grown), cooling * np.diag(before)))
        return grown

    return replace(
        new,
        individuals=at_least(new.individuals, old.individuals),
        occasions=at_least(new.occasions, old.occasions),
        residual=np.maximum(new.residual, np.sqrt(cooling) * old.residual),
    )
