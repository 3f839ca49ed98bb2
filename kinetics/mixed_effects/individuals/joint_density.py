"""The joint density of the observations and the random effects of individuals, with its derivatives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues


class Joint(NamedTuple):
    """Minus the log joint density of lanes, but for the constant of the normal density of the random effects.

    ``value`` is (lane,), ``gradient`` by the random effects (lane, random effect), ``hessian`` the expected one, which
    is positive definite, (lane, random effect, random effect).
    """

    value: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray


def joint_density(
    model: MixedEffectsModel,
    values: PopulationValues,
    random: np.ndarray,
    individuals: np.ndarray,
    sd_at: np.ndarray | None = None,
) -> Joint:
    """The joint density at random effects, (lane, random effect), with or without interaction (``sd_at``).

    Where there is no prediction, the value is infinite, and the derivatives are those of the random effects at zero.
    """
    precision = np.linalg.inv(model.covariance(values))
    linear = model.linearise(values.fixed, random, individuals)
    density = model.density(linear.predictions, values.residual, individuals, sd_at)
    pull = random @ precision
    value = 0.5 * (random * pull).sum(axis=1) - density.log.sum(axis=1)
    gradient = pull - np.matvec(linear.by_random.swapaxes(1, 2), density.score)
    weighted = density.information[:, :, None] * linear.by_random
    hessian = precision + linear.by_random.swapaxes(1, 2) @ weighted
    fails = ~(np.isfinite(value) & np.isfinite(hessian).all(axis=(1, 2)))
    value[fails], gradient[fails], hessian[fails] = np.inf, 0.0, precision
    return Joint(value, gradient, hessian)


def log_joint_density(
    model: MixedEffectsModel, values: PopulationValues, random: np.ndarray, individuals: np.ndarray
) -> np.ndarray:
    """The log joint density without derivatives, (lane,); minus infinity where it is not a number."""
    precision = np.linalg.inv(model.covariance(values))
    predictions = model.predict(values.fixed, random, individuals)
    log = model.log_likelihood(predictions, values.residual, individuals)
    total = log - 0.5 * (random * (random @ precision)).sum(axis=1)
    return np.where(np.isfinite(total), total, -np.inf)
