"""Predictions and weighted residuals of observations, each (individual, observation); NaN where not quantified."""

from __future__ import annotations

import numpy as np

from kinetics.mixed_effects.likelihood.marginal_normal import marginal_normal
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues


def _quantified(model: MixedEffectsModel) -> np.ndarray:
    return model.observations.present & ~model.observations.censored


def predictions(model: MixedEffectsModel, values: PopulationValues, random: np.ndarray | None = None) -> np.ndarray:
    """Predictions at random effects, (individual, random effect), or those of typical individuals.

    NaN where there is no observation.
    """
    at = np.zeros((len(model.observations), model.n_random)) if random is None else random
    return np.where(model.observations.present, model.predict(values.fixed, at, model.everyone), np.nan)


def individual_weighted_residuals(model: MixedEffectsModel, values: PopulationValues, random: np.ndarray) -> np.ndarray:
    """IWRES: the difference of observation and individual prediction, in standard deviations of the residual error.

    Parameters
    ----------
    random : ndarray, (individual, random effect)
        Conditional modes or means.
    """
    observations = model.observations
    f = model.predict(values.fixed, random, model.everyone)
    sd, _, _ = model.errors.deviations(observations.analyte, f, values.residual)
    is_log = model.errors.is_logarithmic[observations.analyte]
    observed = np.where(_quantified(model), observations.upper, f)
    difference = np.where(is_log, np.log(np.where(is_log, observed / f, 1.0)), observed - f)
    return np.where(_quantified(model), difference / sd, np.nan)


def conditional_weighted_residuals(
    model: MixedEffectsModel, values: PopulationValues, random: np.ndarray
) -> np.ndarray:
    """CWRES: residuals about the linearised population mean, decorrelated (Hooker 2007, doi 10.1007/s11095-007-9361-x).

    Parameters
    ----------
    random : ndarray, (individual, random effect)
        Conditional modes; with zeros these are the WRES of FO.
    """
    normal, quantified = marginal_normal(model, values, random), _quantified(model)
    both = quantified[:, :, None] & quantified[:, None]
    covariance = np.where(both, normal.covariance, np.eye(both.shape[1]))
    sizes, axes = np.linalg.eigh(covariance)
    rotated = np.matvec(axes.swapaxes(1, 2), normal.residual)
    return np.where(quantified, np.matvec(axes, rotated / np.sqrt(sizes)), np.nan)
