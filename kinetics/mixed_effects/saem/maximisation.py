r"""The M-step: population values from statistics of the simulated random effects.

The complete data are random effects with the fixed effects that are added to them, :math:`a_i = A_i\beta + \eta_i` and
:math:`c_{ik} = C_{ik}\beta + \kappa_{ik}`. They are normal: :math:`\beta` is a generalised least squares estimate, and
the covariances are mean squares. Residual errors, and fixed effects that are added to no random effect, move along the
averaged score by the averaged information: the root of the mean score is where SAEM ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kinetics.mixed_effects.model.levels import Level, Levels
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues

JITTER = 1e-9
"""What a variance is increased by, relatively, so that a perfect correlation is still positive definite."""
LONGEST_RESIDUAL_STEP = 0.5
"""Of the logarithm of a residual parameter, in one iteration."""


@dataclass(eq=False)
class Statistics:
    """What SAEM averages over iterations.

    Parameters
    ----------
    first, occasion_first : ndarray, (individual, unit, effect)
        Means of a, and of c.
    second, occasion_second : ndarray, (effect, effect)
        Sums of their squares over individuals, and over occasions.
    information : ndarray, (value, value)
        Of numeric fixed effects and logarithms of residual parameters.
    """

    first: np.ndarray
    second: np.ndarray
    occasion_first: np.ndarray
    occasion_second: np.ndarray
    information: np.ndarray

    def average(self, new: Statistics, weight: float) -> Statistics:
        """The statistics with a weight of new ones."""
        pairs = zip(vars(self).values(), vars(new).values(), strict=True)
        return Statistics(*(old + weight * (value - old) for old, value in pairs))


@dataclass(frozen=True, eq=False)
class Simulated:
    """One iteration's simulated random effects, (lane, random effect), and predictions there, (lane, observation)."""

    individuals: np.ndarray
    random: np.ndarray
    predictions: np.ndarray
    n_chains: int


class Maximisation:
    """The M-step of a model."""

    def __init__(self, model: MixedEffectsModel, levels: Levels) -> None:
        self.model, self.levels = model, levels

    def simulate_statistics(self, values: PopulationValues, drawn: Simulated) -> tuple[Statistics, np.ndarray]:
        """The statistics of one iteration, and the score of numeric effects and log residual parameters."""
        sums = [level.sums(values.fixed, drawn.random) for level in self.levels.both]
        first, occasion_first = (one.mean(axis=1) for one in sums)
        second, occasion_second = (np.einsum("ncua,ncub->ab", one, one) / drawn.n_chains for one in sums)
        score, information = self._numeric(values, drawn)
        return Statistics(first, second, occasion_first, occasion_second, information), score

    def maximise(
        self, values: PopulationValues, statistics: Statistics, score: np.ndarray, weight: float
    ) -> PopulationValues:
        """The new population values."""
        fixed, n_numeric = values.fixed.copy(), self.levels.numeric.size
        longest = np.append(self.levels.longest, np.full(len(values.residual), LONGEST_RESIDUAL_STEP))
        step = weight * np.linalg.lstsq(statistics.information, score, rcond=1e-12)[0]
        step = np.clip(step, -longest, longest)
        fixed[self.levels.numeric] += step[:n_numeric]
        individuals, occasions = self.levels.both
        for level, first in ((individuals, statistics.first), (occasions, statistics.occasion_first)):
            if level.linear.size:
                fixed[level.linear] = self._regression(level, replace(values, fixed=fixed), first)
        squares = squares_about(individuals, fixed, statistics.first, statistics.second)
        count, prior = float(individuals.present.sum()), self.model.prior
        if prior is not None:
            squares, count = squares + prior.weight * prior.individuals, count + prior.weight
        of_occasions = squares_about(occasions, fixed, statistics.occasion_first, statistics.occasion_second)
        new = PopulationValues(
            fixed,
            _in_blocks(individuals, squares / count),
            _in_blocks(occasions, of_occasions / max(int(occasions.present.sum()), 1)),
            values.residual * np.exp(step[n_numeric:]),
        )
        return self._held(new, values)

    def follow(self, random: np.ndarray, old: PopulationValues, new: PopulationValues) -> np.ndarray:
        """Random effects of lanes that keep the individual parameters when linear fixed effects change."""
        moved = random.copy()
        for level in self.levels.both:
            shift = (level.design @ (old.fixed - new.fixed)).reshape(len(level.present), -1)
            moved[:, level.columns] += np.repeat(shift, len(random) // len(shift), axis=0)
        return moved

    def _numeric(self, values: PopulationValues, drawn: Simulated) -> tuple[np.ndarray, np.ndarray]:
        """Score and information of numeric fixed effects and logarithms of residual parameters, per set of chains."""
        density = self.model.density(drawn.predictions, values.residual, drawn.individuals)
        n_fixed = self.levels.numeric.size
        size = n_fixed + len(values.residual)
        score, information = np.zeros(size), np.zeros((size, size))
        score[n_fixed:] = values.residual * density.residual_score.sum(axis=(0, 1))
        information[n_fixed:, n_fixed:] = np.outer(values.residual, values.residual) * density.residual_information
        if n_fixed:
            linear = self.model.linearise(values.fixed, drawn.random, drawn.individuals)
            by_fixed = linear.by_fixed[..., self.levels.numeric].reshape(-1, n_fixed)
            score[:n_fixed] = by_fixed.T @ density.score.ravel()
            information[:n_fixed, :n_fixed] = by_fixed.T @ (density.information.reshape(-1, 1) * by_fixed)
        prior = self.model.prior
        if prior is not None and n_fixed:
            rows = self.levels.numeric
            score[:n_fixed] -= drawn.n_chains * (prior.precision @ (values.fixed - prior.fixed))[rows]
            information[:n_fixed, :n_fixed] += drawn.n_chains * prior.precision[np.ix_(rows, rows)]
        return score / drawn.n_chains, information / drawn.n_chains

    def _regression(self, level: Level, values: PopulationValues, first: np.ndarray) -> np.ndarray:
        """Generalised least squares of the linear fixed effects of a level."""
        linear, prior = level.linear, self.model.prior
        design = level.design[..., linear]
        weighted = np.linalg.inv(level.covariance(values)) @ design
        left = np.einsum("nuab,nuac->bc", design, weighted)
        right = np.einsum("nuab,nua->b", weighted, first)
        if prior is not None:
            rest = np.where(np.isin(np.arange(len(values.fixed)), linear), 0.0, values.fixed) - prior.fixed
            left = left + prior.precision[np.ix_(linear, linear)]
            right = right - (prior.precision @ rest)[linear]
        return np.linalg.solve(left, right)

    def _held(self, new: PopulationValues, old: PopulationValues) -> PopulationValues:
        """The new values, but the old ones where the model holds them."""
        coordinates = self.model.coordinates
        if not coordinates.held:
            return new
        before = coordinates.all_free.named(old)
        return coordinates.with_named(new, {name: before[name] for name in coordinates.held})


def squares_about(level: Level, fixed: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Sums of squares about the regression, (effect, effect)."""
    mean = level.design @ fixed
    cross = np.einsum("nua,nub->ab", first, mean)
    return second - cross - cross.T + np.einsum("nua,nub->ab", mean, mean)


def _in_blocks(level: Level, squares: np.ndarray) -> np.ndarray:
    """A covariance with zeros between blocks."""
    return np.where(level.blocks.pattern, squares, 0.0) * (1.0 + JITTER * np.eye(len(squares)))
