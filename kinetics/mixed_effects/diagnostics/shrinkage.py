"""Shrinkage: how much less individual estimates differ than individuals do, and residuals than their errors."""

from __future__ import annotations

import numpy as np

from kinetics.mixed_effects.diagnostics.residuals import individual_weighted_residuals
from kinetics.mixed_effects.model.levels import levels_of
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues


def random_effect_shrinkage(model: MixedEffectsModel, values: PopulationValues, random: np.ndarray) -> dict[str, float]:
    r"""η-shrinkage of each parameter: :math:`1 - \operatorname{SD}(\hat\eta)/\omega` (doi 10.1208/s12248-009-9133-0).

    Parameters
    ----------
    random : ndarray, (individual, random effect)
        Conditional modes or means.
    """
    names = model.coordinates.individuals.names
    sd = random[:, : len(names)].std(axis=0, ddof=1)
    return dict(zip(names, (1.0 - sd / np.sqrt(np.diag(values.individuals))).tolist(), strict=True))


def occasion_effect_shrinkage(
    model: MixedEffectsModel, values: PopulationValues, random: np.ndarray
) -> dict[str, float]:
    """The same of the random effects of occasions, over those that counts may say something of; by parameter.

    Parameters
    ----------
    random : ndarray, (individual, random effect)
        Conditional modes or means.
    """
    level = levels_of(model).occasions
    sd = level.effects(random)[:, 0][level.present].std(axis=0, ddof=1)
    return dict(zip(level.blocks.names, (1.0 - sd / np.sqrt(np.diag(values.occasions))).tolist(), strict=True))


def residual_shrinkage(model: MixedEffectsModel, values: PopulationValues, random: np.ndarray) -> dict[str, float]:
    """ε-shrinkage of each analyte: 1 less the standard deviation of its IWRES at random effects."""
    residuals = individual_weighted_residuals(model, values, random)
    observations = model.observations
    deviations = (np.nanstd(residuals[observations.analyte == i]) for i in range(len(observations.analytes)))
    return {name: float(1.0 - sd) for name, sd in zip(observations.analytes, deviations, strict=True)}
