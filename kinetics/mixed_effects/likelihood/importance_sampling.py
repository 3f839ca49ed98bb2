"""The log likelihood by importance sampling: exact but for the error of a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from kinetics.mixed_effects.individuals.joint_density import log_joint_density
from kinetics.mixed_effects.individuals.random_streams import RandomStreams
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.observation_density import LOG_2PI
from kinetics.mixed_effects.model.population_values import PopulationValues

CHUNK = 50
"""Draws of an individual in one call of the model."""


@dataclass(frozen=True, eq=False)
class ImportanceSampling:
    """Minus twice the log likelihood by importance sampling.

    Parameters
    ----------
    individual : ndarray, (individual,)
        Minus twice the log likelihood of each individual, with all constants.
    individual_error : ndarray, (individual,)
        Their standard errors, of the sample.
    n_quantified : int
        The number of values that were quantified.
    """

    individual: np.ndarray
    individual_error: np.ndarray
    n_quantified: int

    @property
    def full(self) -> float:
        """Minus twice the log likelihood with all constants."""
        return float(self.individual.sum())

    @property
    def nonmem(self) -> float:
        """The same without log 2π for each value that was quantified."""
        return self.full - self.n_quantified * LOG_2PI

    @property
    def standard_error(self) -> float:
        """The standard error of both, of the sample."""
        return float(np.sqrt((self.individual_error**2).sum()))


def importance_sampling(
    model: MixedEffectsModel,
    values: PopulationValues,
    center: np.ndarray,
    covariance: np.ndarray,
    *,
    seed: int,
    n_draws: int = 1000,
    freedom: float = 5.0,
) -> ImportanceSampling:
    """Integrate over the random effects with draws from a multivariate t distribution.

    Parameters
    ----------
    model, values
        Data and model, and the population.
    center : ndarray, (individual, random effect)
        Centres of the proposals: conditional means, or modes.
    covariance : ndarray, (individual, random effect, random effect)
        Their covariances: conditional ones, or inverse Hessians of the joint density.
    seed : int
        Of the random numbers.
    n_draws : int
        Draws of each individual.
    freedom : float
        Degrees of freedom; few, for tails heavier than those of the conditional distribution.
    """
    everyone, size = model.everyone, model.n_random
    factor = np.linalg.cholesky(covariance)
    generators = RandomStreams(model.observations.ids, seed, "importance").generators(0)
    normal = np.array([one.standard_normal((n_draws, size)) for one in generators])
    chi_square = np.array([one.chisquare(freedom, n_draws) for one in generators])
    stretched = normal * np.sqrt(freedom / chi_square)[..., None]
    random = center[:, None] + stretched @ factor.swapaxes(1, 2)
    log_joint = np.concatenate(
        [
            log_joint_density(
                model, values, part.reshape(-1, size), np.repeat(everyone, part.shape[1])
            ).reshape(part.shape[:2])
            for part in np.split(random, range(CHUNK, n_draws, CHUNK), axis=1)
        ],
        axis=1,
    )  # fmt: skip
    log_weight = log_joint - _log_t(stretched, freedom) + np.linalg.slogdet(factor)[1][:, None]
    log_weight -= 0.5 * (size * LOG_2PI + np.linalg.slogdet(model.covariance(values))[1])
    log_mean = logsumexp(log_weight, axis=1) - np.log(n_draws)
    relative_error = np.exp(log_weight - log_mean[:, None]).std(axis=1, ddof=1) / np.sqrt(n_draws)
    return ImportanceSampling(-2 * log_mean, 2 * relative_error, model.observations.n_quantified)


def _log_t(standard: np.ndarray, freedom: float) -> np.ndarray:
    """The log density of the standard multivariate t distribution, on the last axis."""
    size = standard.shape[-1]
    constant = gammaln((freedom + size) / 2) - gammaln(freedom / 2) - 0.5 * size * np.log(np.pi * freedom)
    return constant - 0.5 * (freedom + size) * np.log1p((standard**2).sum(axis=-1) / freedom)
