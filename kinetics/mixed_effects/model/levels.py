"""The levels of random effects, and the fixed effects that each level estimates by linear regression.

Given the individual parameters, a fixed effect that is added to a random effect is a regression coefficient: of the
individual's random effects if it does not change between occasions, else of the occasion's. Other fixed effects need
the derivatives of predictions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues
from kinetics.mixed_effects.model.random_effects import CovarianceBlocks
from kinetics.mixed_effects.model.transforms import Identity

LONGEST_STEP = 0.5
"""Of a numeric fixed effect on a logarithmic or logit scale, in one iteration."""


@dataclass(frozen=True, eq=False)
class Level:
    """Random effects of individuals, or of their occasions: of units.

    Parameters
    ----------
    name : str
        ``individuals`` or ``occasions``.
    blocks : CovarianceBlocks
        The structure of the covariance.
    columns : slice
        Its part of all random effects.
    linear : ndarray of int
        The fixed effects that this level estimates.
    design : ndarray, (individual, unit, effect, fixed effect)
        How those are added to its random effects; 0 for other fixed effects, and where there is no such unit.
    present : ndarray of bool, (individual, unit)
        Whether there is such a unit: an occasion needs observations, of its own or later ones.
    """

    name: str
    blocks: CovarianceBlocks
    columns: slice
    linear: np.ndarray
    design: np.ndarray
    present: np.ndarray

    def covariance(self, values: PopulationValues) -> np.ndarray:
        """The covariance of its random effects, (effect, effect)."""
        return values.individuals if self.name == "individuals" else values.occasions

    def effects(self, random: np.ndarray) -> np.ndarray:
        """Its random effects of lanes, (individual, chain, unit, effect), 0 where there is no such unit."""
        n, units = self.present.shape
        own = random[:, self.columns].reshape(n, len(random) // n, units, len(self.blocks.names))
        return np.where(self.present[:, None, :, None], own, 0.0)

    def sums(self, fixed: np.ndarray, random: np.ndarray) -> np.ndarray:
        """Random effects with the fixed effects that are added to them, (individual, chain, unit, effect)."""
        return self.effects(random) + (self.design @ fixed)[:, None]


@dataclass(frozen=True, eq=False)
class Levels:
    """Both levels, and the fixed effects of neither.

    Parameters
    ----------
    individuals, occasions : Level
        The levels.
    numeric : ndarray of int
        The free fixed effects of neither.
    longest : ndarray, (numeric,)
        The longest steps of those.
    """

    individuals: Level
    occasions: Level
    numeric: np.ndarray
    longest: np.ndarray

    @property
    def both(self) -> tuple[Level, Level]:
        """The levels in the order of the random effects."""
        return self.individuals, self.occasions


def levels_of(model: MixedEffectsModel) -> Levels:
    """The levels of a model."""
    parameters, observations, coordinates = model.parameters, model.observations, model.coordinates
    design, names = parameters.design, [one.name for one in parameters.parameters]
    free = coordinates.free[coordinates.parts[0]]

    def enters_only(effects: tuple[str, ...]) -> np.ndarray:
        others = ~np.isin(names, effects)
        return (design[:, :, others] == 0).all(axis=(0, 1, 2)) & free

    is_constant = (design == design[:, :1]).all(axis=(0, 1, 2))
    of_individuals = enters_only(coordinates.individuals.names) & is_constant
    of_occasions = enters_only(coordinates.occasions.names) & ~of_individuals
    visits = np.arange(observations.n_occasions)
    observed = ((observations.occasion[:, :, None] == visits) & observations.present[:, :, None]).any(axis=1)
    here = np.maximum.accumulate(observed[:, ::-1], axis=1)[:, ::-1]  # earlier occasions may bear on later observations
    first = len(coordinates.individuals.names)
    rows = [[names.index(name) for name in blocks.names] for blocks in (coordinates.individuals, coordinates.occasions)]
    individuals = Level(
        "individuals", coordinates.individuals, slice(0, first), np.flatnonzero(of_individuals),
        np.where(of_individuals, design[:, :1, rows[0]], 0.0), np.ones((len(observations), 1), dtype=bool),
    )  # fmt: skip
    occasions = Level(
        "occasions", coordinates.occasions, slice(first, None), np.flatnonzero(of_occasions),
        np.where(of_occasions & here[:, :, None, None], design[:, :, rows[1]], 0.0), here,
    )  # fmt: skip
    numeric = np.flatnonzero(free & ~of_individuals & ~of_occasions)
    of_parameter = np.abs(design).max(axis=(0, 1)).argmax(axis=0)[numeric]
    is_identity = [isinstance(parameters.parameters[row].transform, Identity) for row in of_parameter]
    return Levels(individuals, occasions, numeric, np.where(is_identity, np.inf, LONGEST_STEP))
