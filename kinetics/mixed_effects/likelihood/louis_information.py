r"""Fisher information of population values without linearisation: by samples of the conditional distributions.

Louis 1982 (doi 10.1111/j.2517-6161.1982.tb01203.x): the observed information is the mean of that of the complete data
less the variance of their score. The complete data are the observations and, as in SAEM, the sums of random effects
and the fixed effects that are added to them.
"""

from __future__ import annotations

import numpy as np

from kinetics.mixed_effects.individuals.conditional_distribution import ConditionalDistribution
from kinetics.mixed_effects.model.levels import Level, Levels, levels_of
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import Coordinates, PopulationValues

STEP = 1e-5


def louis_information(
    model: MixedEffectsModel, values: PopulationValues, conditional: ConditionalDistribution
) -> np.ndarray:
    """The observed information of the free coordinates, (coordinate, coordinate), and that of the prior.

    Parameters
    ----------
    model, values
        Data and model, and the population.
    conditional : ConditionalDistribution
        Samples under these values; some hundred draws of each individual, for its variances must be known well.
    """
    draws = conditional.samples.reshape(len(model.observations), -1, model.n_random)
    n_draws = draws.shape[1]
    individuals, random = np.repeat(model.everyone, n_draws), draws.reshape(-1, model.n_random)
    levels = levels_of(model)
    coordinates = model.coordinates.all_free
    predictions = conditional.predictions.reshape(len(random), -1)
    score, complete = _of_predictions(model, values, levels, random, individuals, predictions)
    normal = _NormalScore(coordinates, levels, values, random)
    at = coordinates.pack(values)
    score += normal(values)
    for column, step in enumerate(STEP * np.eye(at.size)):
        above, below = (normal(coordinates.unpack(at + sign * step, values)).sum(axis=0) for sign in (1, -1))
        complete[:, column] -= (above - below) / (2 * STEP)
    by_individual = score.reshape(len(draws), n_draws, -1)
    centred = by_individual - by_individual.mean(axis=1, keepdims=True)
    information = (complete - np.einsum("nsa,nsb->ab", centred, centred)) / n_draws
    if model.prior is not None:
        information += model.prior.information(coordinates, values)
    information = 0.5 * (information + information.T)
    return information[np.ix_(model.coordinates.free, model.coordinates.free)]


def _of_predictions(
    model: MixedEffectsModel,
    values: PopulationValues,
    levels: Levels,
    random: np.ndarray,
    individuals: np.ndarray,
    predictions: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of lanes, and their summed information, that the observations have given the random effects."""
    parts, numeric = model.coordinates.parts, levels.numeric
    size = parts[3].stop
    score, information = np.zeros((len(random), size)), np.zeros((size, size))
    density = model.density(predictions, values.residual, individuals)
    score[:, parts[3]] = density.residual_score.sum(axis=1) * values.residual
    scale = np.outer(values.residual, values.residual)
    information[parts[3], parts[3]] = scale * density.residual_information
    if numeric.size:
        by_fixed = model.linearise(values.fixed, random, individuals).by_fixed[..., numeric]
        score[:, numeric] = np.matvec(by_fixed.swapaxes(1, 2), density.score)
        flat = by_fixed.reshape(-1, numeric.size)
        information[np.ix_(numeric, numeric)] = flat.T @ (density.information.reshape(-1, 1) * flat)
    return score, information


class _NormalScore:
    """Scores of the normal density of a and c, (lane, coordinate), as a function of the population."""

    def __init__(self, coordinates: Coordinates, levels: Levels, values: PopulationValues, random: np.ndarray) -> None:
        self.coordinates, self.levels = coordinates, levels
        self.sums = [level.sums(values.fixed, random) for level in levels.both]

    def __call__(self, values: PopulationValues) -> np.ndarray:
        parts = self.coordinates.parts
        lanes = self.sums[0].shape[0] * self.sums[0].shape[1]
        score = np.zeros((lanes, parts[3].stop))
        for level, sums, part in zip(self.levels.both, self.sums, parts[1:3], strict=True):
            effects = sums - (level.design @ values.fixed)[:, None]
            pulled = effects @ np.linalg.inv(level.covariance(values))
            score[:, parts[0]] += np.einsum("ncua,nuap->ncp", pulled, level.design).reshape(lanes, -1)
            score[:, part] = _covariance_score(level, level.covariance(values), pulled).reshape(lanes, -1)
        return score


def _covariance_score(level: Level, covariance: np.ndarray, pulled: np.ndarray) -> np.ndarray:
    """Scores by the coordinates of a covariance, (individual, chain, coordinate), of effects times their precision."""
    at, precision = level.blocks.coordinates(covariance), np.linalg.inv(covariance)
    units = level.present.sum(axis=1)[:, None]
    columns = np.zeros((*pulled.shape[:2], at.size))
    for column, step in enumerate(STEP * np.eye(at.size)):
        change = (level.blocks.covariance(at + step) - level.blocks.covariance(at - step)) / (2 * STEP)
        quadratic = np.einsum("ncua,ab,ncub->nc", pulled, change, pulled, optimize=True)
        columns[..., column] = 0.5 * (quadratic - units * np.trace(precision @ change))
    return columns
