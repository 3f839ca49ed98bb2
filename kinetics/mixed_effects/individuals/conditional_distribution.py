"""Conditional distributions of the random effects of individuals: samples, means and covariances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.mixed_effects.individuals.metropolis import Kernels, Sampler
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues


@dataclass(frozen=True, eq=False)
class ConditionalDistribution:
    """Samples of the random effects, given the observations and the population.

    Parameters
    ----------
    samples : ndarray, (individual, chain, draw, random effect)
        Successive draws of Markov chains.
    predictions : ndarray, (individual, chain, draw, observation)
        Predictions there.
    """

    samples: np.ndarray
    predictions: np.ndarray

    def of(self, individual: int) -> np.ndarray:
        """The draws of one individual, (draw, random effect): the first of every chain, then the second."""
        samples = self.samples[individual]
        return samples.transpose(1, 0, 2).reshape(-1, samples.shape[-1])

    @property
    def mean(self) -> np.ndarray:
        """Conditional means, (individual, random effect)."""
        return self.samples.mean(axis=(1, 2))

    @property
    def covariance(self) -> np.ndarray:
        """Conditional covariances, (individual, random effect, random effect)."""
        centred = self.samples - self.mean[:, None, None]
        return np.einsum("ncda,ncdb->nab", centred, centred) / (centred.shape[1] * centred.shape[2])

    @property
    def standard_deviation(self) -> np.ndarray:
        """Conditional standard deviations, (individual, random effect)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))


def conditional_distribution(
    model: MixedEffectsModel,
    values: PopulationValues,
    *,
    seed: int,
    start: np.ndarray | None = None,
    n_draws: int = 200,
    n_chains: int = 4,
    burn_in: int = 50,
    kernels: Kernels | None = None,
) -> ConditionalDistribution:
    """Sample the conditional distribution of every individual.

    Parameters
    ----------
    model, values
        Data and model, and the population.
    seed : int
        Of the random numbers.
    start : ndarray, (individual, random effect), optional
        Where the chains begin, such as conditional modes; at the typical individual if left out.
    n_draws, n_chains, burn_in : int
        Draws that are kept of each chain, chains of each individual, and sweeps before.
    kernels : Kernels, optional
        What a sweep does.
    """
    sampler = Sampler(model, n_chains, kernels or Kernels(), seed, "conditional")
    chains = sampler.begin(values, start)
    draws, predictions = (np.empty((n_draws, *one.shape)) for one in (chains.random, chains.predictions))
    for sweep in range(burn_in + n_draws):
        sampler.sweep(values, chains)
        if sweep >= burn_in:
            draws[sweep - burn_in], predictions[sweep - burn_in] = chains.random, chains.predictions
    by_chain = (one.reshape(n_draws, len(model.observations), n_chains, -1) for one in (draws, predictions))
    return ConditionalDistribution(*(one.transpose(1, 2, 0, 3) for one in by_chain))
