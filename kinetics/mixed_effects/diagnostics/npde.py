"""Normalised prediction distribution errors: ranks of observations among simulations of the population."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from kinetics.mixed_effects.individuals.random_streams import RandomStreams
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues


def simulate_observations(
    model: MixedEffectsModel, values: PopulationValues, *, seed: int, n_replicates: int
) -> np.ndarray:
    """Observations of new individuals with the designs of the data, (replicate, individual, observation).

    Parameters
    ----------
    model, values
        Designs and model, and the population.
    seed : int
        Of the random numbers.
    n_replicates : int
        The number of simulated data sets.
    """
    observations, size = model.observations, model.n_random
    generators = RandomStreams(observations.ids, seed, "simulation").generators(0)
    effects = np.array([one.standard_normal((n_replicates, size)) for one in generators])
    # an individual's numbers do not depend on how many observations others have
    errors = np.zeros((n_replicates, *observations.rows.shape))
    for individual, (stream, present) in enumerate(zip(generators, observations.present, strict=True)):
        errors[:, individual, present] = stream.standard_normal((n_replicates, int(present.sum())))
    factor = np.linalg.cholesky(model.covariance(values))
    simulated = np.empty((n_replicates, *observations.rows.shape))
    is_log = model.errors.is_logarithmic[observations.analyte]
    for replicate in range(n_replicates):
        f = model.predict(values.fixed, effects[:, replicate] @ factor.T, model.everyone)
        sd, _, _ = model.errors.deviations(observations.analyte, f, values.residual)
        error = sd * errors[replicate]
        simulated[replicate] = np.where(is_log, f * np.exp(np.where(is_log, error, 0.0)), f + error)
    return simulated


def npde(model: MixedEffectsModel, values: PopulationValues, *, seed: int, n_replicates: int = 1000) -> np.ndarray:
    """Normalised prediction distribution errors, (individual, observation); NaN where there is no observation.

    Under the model they are independent and standard normal (Brendel 2006, doi 10.1007/s11095-006-9067-5). A censored
    value has a random rank below its limit (Nguyen 2012, doi 10.1007/s10928-012-9264-2).

    Parameters
    ----------
    model, values
        Data and model, and the population.
    seed : int
        Of the random numbers.
    n_replicates : int
        The number of simulated data sets; more than an individual has observations.
    """
    observations = model.observations
    simulated = simulate_observations(model, values, seed=seed, n_replicates=n_replicates)
    streams = RandomStreams(observations.ids, seed, "npde").generators(0)
    result = np.full(observations.rows.shape, np.nan)
    for individual, stream in enumerate(streams):
        columns = np.flatnonzero(observations.present[individual])
        sample = simulated[:, individual, columns]
        lower, upper = observations.lower[individual, columns], observations.upper[individual, columns]
        observed = _imputed(sample, lower, upper, stream.random(columns.size))
        mean = sample.mean(axis=0)
        factor = np.linalg.cholesky(np.atleast_2d(np.cov(sample.T)))
        ranked, own = (np.linalg.solve(factor, (rows - mean).T) for rows in (sample, observed[None]))
        below = (ranked < own).sum(axis=1)
        result[individual, columns] = ndtri((below + 0.5) / (n_replicates + 1))
    return result


def _imputed(sample: np.ndarray, lower: np.ndarray, upper: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """The observed values; for a censored one, a quantile of the simulations within its interval."""
    first, last = ((sample < end).mean(axis=0) for end in (lower, upper))
    shares = first + uniform * (last - first)
    drawn = [np.quantile(column, share) for column, share in zip(sample.T, shares, strict=True)]
    return np.where(lower == upper, upper, drawn)
