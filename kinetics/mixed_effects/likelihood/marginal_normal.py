r"""Observations as jointly normal, by a linear expansion of the predictions about random effects.

:math:`y_i \approx f(\hat b_i) + J_i(b - \hat b_i) + \varepsilon` has the mean :math:`f(\hat b_i) - J_i\hat b_i` and the
covariance :math:`J_i\Omega J_i^T + R_i`. Logarithmic errors are taken on the scale of logarithms; a censored value
counts as a measurement with the information that it has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.errors import InputError
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.observation_density import LOG_2PI
from kinetics.mixed_effects.model.population_values import PopulationValues

LEAST_INFORMATION = 1e-12
"""Of a censored value: it keeps the variance finite."""


@dataclass(frozen=True, eq=False)
class MarginalNormal:
    """The normal distribution of the observations of everyone; an absent observation is independent, with variance 1.

    Parameters
    ----------
    residual : ndarray, (individual, observation)
        The value less its mean; 0 where censored or absent.
    by_random, by_fixed : ndarray, (individual, observation, effect)
        Derivatives of the mean.
    variance : ndarray, (individual, observation)
        Variances of the residual errors.
    covariance : ndarray, (individual, observation, observation)
        Of the observations.
    """

    residual: np.ndarray
    by_random: np.ndarray
    by_fixed: np.ndarray
    variance: np.ndarray
    covariance: np.ndarray


def linearised_likelihood(model: MixedEffectsModel, values: PopulationValues, random: np.ndarray) -> np.ndarray:
    """Minus twice the log likelihood by linearisation, (individual,), with all constants.

    At conditional modes it is what Monolix calls so, at conditional means what saemix does. `InputError` for censored
    values, which have no normal distribution.
    """
    if model.observations.censored.any():
        raise InputError("the likelihood by linearisation has no censored values: use importance sampling")
    normal = marginal_normal(model, values, random)
    solved = np.linalg.solve(normal.covariance, normal.residual[..., None])[..., 0]
    observations = model.observations
    is_log = model.errors.is_logarithmic[observations.analyte] & observations.present
    jacobian = np.log(np.where(is_log, observations.upper, 1.0)).sum(axis=1)
    constant = observations.present.sum(axis=1) * LOG_2PI + 2 * jacobian
    return np.linalg.slogdet(normal.covariance)[1] + (normal.residual * solved).sum(axis=1) + constant


def marginal_normal(model: MixedEffectsModel, values: PopulationValues, random: np.ndarray) -> MarginalNormal:
    """The marginal distribution by an expansion about random effects, (individual, random effect)."""
    everyone, observations = model.everyone, model.observations
    linear = model.linearise(values.fixed, random, everyone)
    variance, stretch = residual_variance(model, linear.predictions, values.residual)
    by_random, by_fixed = (stretch[..., None] * part for part in (linear.by_random, linear.by_fixed))
    is_log = model.errors.is_logarithmic[observations.analyte]
    is_quantified = observations.present & ~observations.censored
    observed = np.where(is_quantified, observations.upper, 1.0)
    difference = np.where(
        is_log,
        np.log(np.where(is_log & is_quantified, observed, 1.0)) - np.log(np.where(is_log, linear.predictions, 1.0)),
        observed - linear.predictions,
    )
    residual = np.where(is_quantified, difference + np.matvec(by_random, random), 0.0)
    covariance = by_random @ model.covariance(values) @ by_random.swapaxes(1, 2)
    diagonal = np.arange(covariance.shape[1])
    covariance[:, diagonal, diagonal] += variance
    return MarginalNormal(residual, by_random, by_fixed, variance, covariance)


def residual_variance(
    model: MixedEffectsModel, predictions: np.ndarray, residual: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Variances of the residual errors of everyone, and the derivative of the scale of the error by the prediction."""
    observations = model.observations
    sd, _, _ = model.errors.deviations(observations.analyte, predictions, residual)
    is_log = model.errors.is_logarithmic[observations.analyte]
    stretch = np.where(observations.present, np.where(is_log, 1.0 / np.where(is_log, predictions, 1.0), 1.0), 0.0)
    variance = np.where(observations.present, sd**2, 1.0)
    if observations.censored.any():
        flat = model.density(predictions, residual, model.everyone, predictions)  # at fixed standard deviations
        information = np.maximum(flat.information / np.maximum(stretch, LEAST_INFORMATION) ** 2, LEAST_INFORMATION)
        variance = np.where(observations.censored, 1.0 / information, variance)
    return variance, stretch
