"""Markov chains of the random effects of individuals: the kernels of Kuhn and Lavielle (2005), all lanes at once.

A sweep runs four kernels in turn, each a number of times: proposals from the population; random walks of one random
effect after another; random walks of all of them together (doi 10.1016/j.csda.2004.07.002); proposals from a normal
distribution about the conditional mode (Karimi 2020, doi 10.1016/j.csda.2019.06.008). The lengths of the walks adapt to
each individual, by less and less, until two fifths of the proposals are accepted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.mixed_effects.individuals.conditional_modes import conditional_modes
from kinetics.mixed_effects.individuals.random_streams import RandomStreams
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues

ACCEPTANCE = 0.4
FIRST_LENGTH = 0.5
"""Of a random walk, in standard deviations between individuals."""
MODE_ITERATIONS = 8
"""Of a search for modes, which need not be exact for proposals: the next search goes on from there."""
BLOCK = 20
"""Sweeps whose random numbers are drawn together."""


@dataclass(frozen=True)
class Kernels:
    """How often a sweep runs each kernel.

    Parameters
    ----------
    prior, component, joint, mode : int
        Proposals from the population; walks of each random effect; walks of all; proposals about the mode. For a model
        that is slow to predict take ``Kernels(1, 0, 1, 2)``: the number of predictions of a sweep is then 4, however
        many random effects there are. Proposals about the mode alone may miss a part of the distribution.
    renew : int
        Sweeps between searches for the modes.
    """

    prior: int = 2
    component: int = 2
    joint: int = 2
    mode: int = 0
    renew: int = 10

    def steps(self, n_random: int) -> int:
        """The number of proposals of a sweep."""
        return self.prior + self.component * n_random + self.joint + self.mode


@dataclass(eq=False)
class Chains:
    """Markov chains of every individual, side by side; a lane is a chain.

    Parameters
    ----------
    random : ndarray, (lane, random effect)
        Random effects; the chains of an individual follow one another.
    predictions : ndarray, (lane, observation)
        Predictions there.
    length : ndarray, (individual, random effect + 1)
        Lengths of the random walks of one random effect, and last the factor of those of all.
    center : ndarray, (individual, random effect)
        Conditional modes, when they were last searched for.
    spread : ndarray, (individual, random effect, random effect)
        Cholesky factors of the covariances about them.
    sweeps : int
        The number of sweeps so far.
    """

    random: np.ndarray
    predictions: np.ndarray
    length: np.ndarray
    center: np.ndarray
    spread: np.ndarray
    sweeps: int


class Sampler:
    """Draws random effects of every individual from their conditional distributions.

    Parameters
    ----------
    model : MixedEffectsModel
        Data and model.
    n_chains : int
        Chains of each individual.
    kernels : Kernels
        What a sweep does.
    seed : int
        Of the random numbers.
    purpose : str
        Samplers of different purposes have independent numbers.
    """

    def __init__(self, model: MixedEffectsModel, n_chains: int, kernels: Kernels, seed: int, purpose: str) -> None:
        self.model, self.n_chains, self.kernels = model, n_chains, kernels
        self.individuals = np.repeat(model.everyone, n_chains)
        self._streams = RandomStreams(model.observations.ids, seed, purpose)
        self._block, self._normal, self._uniform = -1, np.empty(0), np.empty(0)

    def begin(self, values: PopulationValues, random: np.ndarray | None = None) -> Chains:
        """Chains that begin at random effects, (individual, random effect), or at those of typical individuals."""
        n, size = len(self.model.observations), self.model.n_random
        start = np.zeros((n, size)) if random is None else random
        sd = np.sqrt(np.diag(self.model.covariance(values)))
        length = np.concatenate([FIRST_LENGTH * sd, [1.0 / np.sqrt(max(size, 1))]])
        spread = np.tile(np.linalg.cholesky(self.model.covariance(values)), (n, 1, 1))
        random = np.repeat(start, self.n_chains, axis=0)
        return Chains(random, self.predict(values, random), np.tile(length, (n, 1)), start, spread, 0)

    def predict(self, values: PopulationValues, random: np.ndarray) -> np.ndarray:
        """Predictions of the lanes at random effects, (lane, observation)."""
        return self.model.predict(values.fixed, random, self.individuals)

    def sweep(self, values: PopulationValues, chains: Chains) -> None:
        """Run all kernels, and change the chains."""
        if self.kernels.mode and chains.sweeps % self.kernels.renew == 0:
            modes = conditional_modes(self.model, values, chains.center, iterations=MODE_ITERATIONS)
            chains.center, chains.spread = modes.random, np.linalg.cholesky(np.linalg.inv(modes.joint.hessian))
        sweep = _Sweep(self, values, chains, *self._numbers(chains.sweeps))
        size = self.model.n_random
        for _ in range(self.kernels.prior):
            sweep.propose_prior()
        for _ in range(self.kernels.component):
            for column in range(size):
                sweep.propose_walk(np.arange(size) == column, column)
        for _ in range(self.kernels.joint):
            sweep.propose_walk(np.ones(size, dtype=bool), size)
        for _ in range(self.kernels.mode):
            sweep.propose_about_mode()
        chains.sweeps += 1

    def _numbers(self, sweep: int) -> tuple[np.ndarray, np.ndarray]:
        """Normal numbers, (step, lane, random effect), and uniform ones, (step, lane), of a sweep."""
        if sweep // BLOCK != self._block:
            self._block, size = sweep // BLOCK, self.model.n_random
            shape = (BLOCK, self.kernels.steps(size), self.n_chains)
            generators = self._streams.generators(self._block)
            self._normal = np.array([one.standard_normal((*shape, size)) for one in generators])
            self._uniform = np.array([one.random(shape) for one in generators])
        normal, uniform = self._normal[:, sweep % BLOCK], self._uniform[:, sweep % BLOCK]
        steps, lanes = normal.shape[1], len(self.individuals)
        return normal.swapaxes(0, 1).reshape(steps, lanes, -1), uniform.swapaxes(0, 1).reshape(steps, lanes)


class _Sweep:
    """One sweep of all lanes: the state of the chains, and the numbers that are left."""

    def __init__(
        self, sampler: Sampler, values: PopulationValues, chains: Chains, normal: np.ndarray, uniform: np.ndarray
    ) -> None:
        self.sampler, self.values, self.chains = sampler, values, chains
        self.numbers = iter(zip(normal, uniform, strict=True))
        covariance = sampler.model.covariance(values)
        self.factor, self.precision = np.linalg.cholesky(covariance), np.linalg.inv(covariance)
        self.log_likelihood = self.evaluate(chains.predictions)
        self.rate = (1.0 + chains.sweeps) ** -0.6  # adaptation fades, as the chains' convergence needs

    def evaluate(self, predictions: np.ndarray) -> np.ndarray:
        model, individuals = self.sampler.model, self.sampler.individuals
        log = model.log_likelihood(predictions, self.values.residual, individuals)
        return np.where(np.isfinite(log), log, -np.inf)

    def propose_prior(self) -> None:
        """Independent proposals from the population."""
        normal, uniform = next(self.numbers)
        self.accept(normal @ self.factor.T, 0.0, uniform)

    def propose_walk(self, moves: np.ndarray, column: int) -> None:
        """A random walk of some random effects; its length adapts in a column of ``length``."""
        normal, uniform = next(self.numbers)
        chains, n_chains = self.chains, self.sampler.n_chains
        size = len(moves)
        length = chains.length[:, :size] * (chains.length[:, [size]] if column == size else 1.0)
        proposal = chains.random + np.where(moves, normal * np.repeat(length, n_chains, axis=0), 0.0)
        accepted = self.accept(proposal, self.log_prior(proposal) - self.log_prior(chains.random), uniform)
        share = accepted.reshape(-1, n_chains).mean(axis=1)
        chains.length[:, column] *= np.exp(self.rate * (share - ACCEPTANCE))

    def propose_about_mode(self) -> None:
        """Independent proposals from the normal distribution about each individual's mode."""
        normal, uniform = next(self.numbers)
        chains, n_chains = self.chains, self.sampler.n_chains
        center, spread = (np.repeat(part, n_chains, axis=0) for part in (chains.center, chains.spread))
        proposal = center + np.matvec(spread, normal)
        now = np.linalg.solve(spread, (chains.random - center)[..., None])[..., 0]
        log_proposal_ratio = 0.5 * ((now**2).sum(axis=1) - (normal**2).sum(axis=1))
        log_ratio = self.log_prior(proposal) - self.log_prior(chains.random) - log_proposal_ratio
        self.accept(proposal, log_ratio, uniform)

    def log_prior(self, random: np.ndarray) -> np.ndarray:
        """The log density of random effects in the population, but for a constant."""
        return -0.5 * ((random @ self.precision) * random).sum(axis=1)

    def accept(self, proposal: np.ndarray, log_ratio: np.ndarray | float, uniform: np.ndarray) -> np.ndarray:
        """Metropolis' rule, by lane: the ratio of likelihoods, and that of everything else."""
        predictions = self.sampler.predict(self.values, proposal)
        log_likelihood = self.evaluate(predictions)
        with np.errstate(invalid="ignore"):
            accepted = np.log(uniform) < log_likelihood - self.log_likelihood + log_ratio
        self.chains.random = np.where(accepted[:, None], proposal, self.chains.random)
        self.chains.predictions = np.where(accepted[:, None], predictions, self.chains.predictions)
        self.log_likelihood = np.where(accepted, log_likelihood, self.log_likelihood)
        return accepted
