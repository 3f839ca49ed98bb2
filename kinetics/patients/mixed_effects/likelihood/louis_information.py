r"""Fisher information of population values without linearisation: by samples of the conditional distributions.

Louis 1982 (doi 10.1111/j.2517-6161.1982.tb01203.x): the observed information is the mean of that of the complete data
less the variance of their score. The complete data are the observations, :math:`a_i = A_i\beta + \eta_i` and
:math:`\kappa_{ik}`, as in SAEM.
"""

from __future__ import annotations

import numpy as np

from kinetics.patients.mixed_effects.individuals.conditional_distribution import ConditionalDistribution
from kinetics.patients.mixed_effects.model.fixed_effects import FixedEffectGroups, fixed_effect_groups
from kinetics.patients.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.patients.mixed_effects.model.population_values import Coordinates, PopulationValues
from kinetics.patients.mixed_effects.model.random_effects import CovarianceBlocks

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
    groups = fixed_effect_groups(model)
    coordinates = model.coordinates.all_free
    score, complete = _of_predictions(model, values, groups, random, individuals)
    normal = _NormalScore(coordinates, groups, values, random, individuals)
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
    groups: FixedEffectGroups,
    random: np.ndarray,
    individuals: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of lanes, and their summed information, that the observations have given the random effects."""
    parts, numeric = model.coordinates.parts, groups.numeric
    size = parts[3].stop
    score, information = np.zeros((len(random), size)), np.zeros((size, size))
    predictions = model.predict(values.fixed, random, individuals)
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
    """Scores of the normal density of a and κ, (lane, coordinate), as a function of the population."""

    def __init__(
        self,
        coordinates: Coordinates,
        groups: FixedEffectGroups,
        values: PopulationValues,
        random: np.ndarray,
        individuals: np.ndarray,
    ) -> None:
        self.coordinates, self.groups, self.individuals = coordinates, groups, individuals
        size = len(coordinates.individuals.names)
        self.sums = random[:, :size] + (groups.design @ values.fixed)[individuals]
        self.occasions = random[:, size:].reshape(len(random), -1, len(coordinates.occasions.names))

    def __call__(self, values: PopulationValues) -> np.ndarray:
        parts = self.coordinates.parts
        score = np.zeros((len(self.sums), parts[3].stop))
        eta = self.sums - (self.groups.design @ values.fixed)[self.individuals]
        design = self.groups.design[self.individuals]
        if eta.shape[1]:
            pulled = np.linalg.solve(values.individuals, eta.T).T
            score[:, parts[0]] = np.matvec(design.swapaxes(1, 2), pulled)
        score[:, parts[1]] = _covariance_score(self.coordinates.individuals, values.individuals, eta[:, None])
        score[:, parts[2]] = _covariance_score(self.coordinates.occasions, values.occasions, self.occasions)
        return score


def _covariance_score(blocks: CovarianceBlocks, covariance: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Scores of normal effects, (lane, times, effect), by the coordinates of their covariance, (lane, coordinate)."""
    if not blocks.names:
        return np.zeros((len(effects), 0))
    at = blocks.coordinates(covariance)
    precision = np.linalg.inv(covariance)
    pulled = effects @ precision
    columns = []
    for step in STEP * np.eye(at.size):
        change = (blocks.covariance(at + step) - blocks.covariance(at - step)) / (2 * STEP)
        quadratic = np.einsum("lka,ab,lkb->l", pulled, change, pulled, optimize=True)
        columns.append(0.5 * (quadratic - effects.shape[1] * np.trace(precision @ change)))
    return np.stack(columns, axis=1)
