r"""Parameter expansion: variances that the data inform little move faster (Lavielle and Meza 2007).

The expanded model multiplies each random effect by :math:`\alpha_j`, which is 1 at the maximum (doi
10.1007/s11222-006-9007-7). Let :math:`S_j` be the mean square of the simulated effects, :math:`\omega_j^2` the variance
that they were simulated with, and :math:`n` the number of units. By integration by parts, the mean score by
:math:`\log\alpha_j` is :math:`n(S_j/\omega_j^2 - 1)`; with :math:`r_j` the share of the variance that the data
determine, one less shrinkage, the information of a linear model is :math:`n r_j/(1 - r_j)`. One scoring step is
therefore

.. math:: \alpha_j = 1 + \left(\frac{S_j}{\omega_j^2} - 1\right)\frac{1 - r_j}{r_j},

and the new variance is :math:`\alpha_j^2 S_j`. It is the plain one where the data determine the effects.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinetics.mixed_effects.model.levels import Level, Levels
from kinetics.mixed_effects.model.population_values import PopulationValues
from kinetics.mixed_effects.saem.maximisation import Statistics, squares_about

LEAST_SHARE = 0.1
"""Of r: a smaller one would raise the noise of the simulation."""
LONGEST_STEP = 0.1
"""Of a factor from 1, in one iteration."""


def expand(
    levels: Levels, statistics: Statistics, new: PopulationValues, old: PopulationValues
) -> tuple[PopulationValues, Statistics]:
    """New values with expanded variances, and the statistics that go with them."""
    individuals, occasions = levels.both
    covariance, first, second = _expanded(individuals, new, old, statistics.first, statistics.second)
    of_occasions, occasion_first, occasion_second = _expanded(
        occasions, new, old, statistics.occasion_first, statistics.occasion_second
    )
    return (
        replace(new, individuals=covariance, occasions=of_occasions),
        Statistics(first, second, occasion_first, occasion_second, statistics.information),
    )


def _expanded(
    level: Level, new: PopulationValues, old: PopulationValues, first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Covariance, means and squares of a level after the step."""
    mean = level.design @ new.fixed
    effects, squares = first - mean, squares_about(level, new.fixed, first, second)
    share = np.clip((effects**2).sum(axis=(0, 1)) / np.diag(squares), LEAST_SHARE, 1.0)
    change = np.diag(level.covariance(new)) / np.diag(level.covariance(old)) - 1.0
    factor = 1.0 + np.clip((1.0 / share - 1.0) * change, -LONGEST_STEP, LONGEST_STEP)
    both = np.outer(factor, factor)
    moved = mean + factor * effects  # statistics of earlier iterations follow, as the chains follow fixed effects
    cross = np.einsum("nua,nub->ab", moved, mean)
    around = cross + cross.T - np.einsum("nua,nub->ab", mean, mean)
    return level.covariance(new) * both, moved, squares * both + around
