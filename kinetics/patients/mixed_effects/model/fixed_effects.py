"""Which fixed effects the M-step has in closed form, and which need the derivatives of predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.patients.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.patients.mixed_effects.model.transforms import Identity

LONGEST_STEP = 0.5
"""Of a numeric fixed effect on a logarithmic or logit scale, in one iteration."""


@dataclass(frozen=True, eq=False)
class FixedEffectGroups:
    """Fixed effects in two groups.

    Parameters
    ----------
    linear : ndarray of int
        Fixed effects that are free, do not change with the occasion, and enter only parameters with a random effect of
        the individual. Given the individual parameters, their estimates are those of linear regression.
    numeric : ndarray of int
        All others that are free.
    design : ndarray, (individual, random effect of the individual, fixed effect)
        Of all fixed effects whose sum with a random effect is kept by the chains: ``linear``, and 0 for others.
    longest : ndarray, (numeric,)
        The longest steps of the numeric ones.
    """

    linear: np.ndarray
    numeric: np.ndarray
    design: np.ndarray
    longest: np.ndarray


def fixed_effect_groups(model: MixedEffectsModel) -> FixedEffectGroups:
    """The groups of a model's fixed effects."""
    parameters = model.parameters
    names = [one.name for one in parameters.parameters]
    random = [names.index(name) for name in parameters.between_individuals]
    is_random = np.isin(np.arange(len(names)), random)
    design = parameters.design
    is_constant = (design == design[:, :1]).all(axis=(0, 1, 2))
    is_random_only = (design[:, :, ~is_random] == 0).all(axis=(0, 1, 2))
    free = model.coordinates.free[model.coordinates.parts[0]]
    is_linear = is_constant & is_random_only & free
    of_parameter = np.abs(design).max(axis=(0, 1)).argmax(axis=0)
    is_identity = np.array([isinstance(parameters.parameters[row].transform, Identity) for row in of_parameter])
    numeric = np.flatnonzero(~is_linear & free)
    longest = np.where(is_identity[numeric], np.inf, LONGEST_STEP)
    return FixedEffectGroups(
        np.flatnonzero(is_linear), numeric, np.where(is_linear, design[:, 0, random], 0.0), longest
    )
