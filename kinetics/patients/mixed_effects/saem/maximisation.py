r"""The M-step: population values from statistics of the simulated random effects.

The complete data are :math:`a_i = A_i\beta + \eta_i` and :math:`\kappa_{ik}`, normal, so that :math:`\beta` is a
generalised least squares estimate, and the covariances are mean squares. Residual errors, and fixed effects without a
random effect, move along the averaged score by the averaged information: the root of the mean score is where SAEM ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kinetics.patients.mixed_effects.model.fixed_effects import FixedEffectGroups
from kinetics.patients.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.patients.mixed_effects.model.population_values import PopulationValues

LONGEST_RESIDUAL_STEP = 0.5
"""Of the logarithm of a residual parameter, in one iteration."""


@dataclass(eq=False)
class Statistics:
    """What SAEM averages over iterations.

    Parameters
    ----------
    first : ndarray, (individual, effect)
        Means of a.
    second : ndarray, (effect, effect)
        Sums over individuals of the squares of a.
    occasions : ndarray, (effect, effect)
        Sums over occasions of the squares of κ.
    information : ndarray, (value, value)
        Of numeric fixed effects and logarithms of residual parameters.
    """

    first: np.ndarray
    second: np.ndarray
    occasions: np.ndarray
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

    def __init__(self, model: MixedEffectsModel, groups: FixedEffectGroups) -> None:
        self.model, self.groups = model, groups
        observations = model.observations
        visits = np.arange(observations.n_occasions)
        here = (observations.occasion[:, :, None] == visits) & observations.present[:, :, None]
        self.occasions = here.any(axis=1)
        """Whether an individual has observations at an occasion, (individual, occasion)."""

    def simulate_statistics(self, values: PopulationValues, drawn: Simulated) -> tuple[Statistics, np.ndarray]:
        """The statistics of one iteration, and the score of numeric effects and log residual parameters."""
        size, n = len(values.individuals), len(self.model.observations)
        eta = drawn.random[:, :size].reshape(n, drawn.n_chains, size)
        sums = (self.groups.design @ values.fixed)[:, None] + eta
        kappa = drawn.random[:, size:].reshape(n, drawn.n_chains, self.occasions.shape[1], -1)
        kappa = np.where(self.occasions[:, None, :, None], kappa, 0.0)
        score, information = self._numeric(values, drawn)
        statistics = Statistics(
            sums.mean(axis=1),
            np.einsum("nca,ncb->ab", sums, sums) / drawn.n_chains,
            np.einsum("ncka,nckb->ab", kappa, kappa) / drawn.n_chains,
            information,
        )
        return statistics, score

    def maximise(
        self, values: PopulationValues, statistics: Statistics, score: np.ndarray, weight: float
    ) -> PopulationValues:
        """The new population values."""
        fixed = values.fixed.copy()
        n_numeric = self.groups.numeric.size
        longest = np.append(self.groups.longest, np.full(len(values.residual), LONGEST_RESIDUAL_STEP))
        step = weight * np.linalg.lstsq(statistics.information, score, rcond=1e-12)[0]
        step = np.clip(step, -longest, longest)
        fixed[self.groups.numeric] += step[:n_numeric]
        fixed[self.groups.linear] = self._regression(replace(values, fixed=fixed), statistics)
        new = PopulationValues(
            fixed,
            self._between(fixed, statistics),
            self._between_occasions(statistics),
            values.residual * np.exp(step[n_numeric:]),
        )
        return self._held(new, values)

    def follow(self, random: np.ndarray, old: PopulationValues, new: PopulationValues) -> np.ndarray:
        """Random effects of lanes that keep the individual parameters when linear fixed effects change."""
        shift = self.groups.design @ (old.fixed - new.fixed)
        moved = random.copy()
        moved[:, : shift.shape[1]] += np.repeat(shift, len(random) // len(shift), axis=0)
        return moved

    def _numeric(self, values: PopulationValues, drawn: Simulated) -> tuple[np.ndarray, np.ndarray]:
        """Score and information of numeric fixed effects and logarithms of residual parameters, per set of chains."""
        density = self.model.density(drawn.predictions, values.residual, drawn.individuals)
        n_fixed = self.groups.numeric.size
        size = n_fixed + len(values.residual)
        score, information = np.zeros(size), np.zeros((size, size))
        score[n_fixed:] = values.residual * density.residual_score.sum(axis=(0, 1))
        information[n_fixed:, n_fixed:] = np.outer(values.residual, values.residual) * density.residual_information
        if n_fixed:
            linear = self.model.linearise(values.fixed, drawn.random, drawn.individuals)
            by_fixed = linear.by_fixed[..., self.groups.numeric].reshape(-1, n_fixed)
            score[:n_fixed] = by_fixed.T @ density.score.ravel()
            information[:n_fixed, :n_fixed] = by_fixed.T @ (density.information.reshape(-1, 1) * by_fixed)
        prior = self.model.prior
        if prior is not None and n_fixed:
            rows = self.groups.numeric
            score[:n_fixed] -= drawn.n_chains * (prior.precision @ (values.fixed - prior.fixed))[rows]
            information[:n_fixed, :n_fixed] += drawn.n_chains * prior.precision[np.ix_(rows, rows)]
        return score / drawn.n_chains, information / drawn.n_chains

    def _regression(self, values: PopulationValues, statistics: Statistics) -> np.ndarray:
        """Generalised least squares of the linear fixed effects."""
        linear, prior = self.groups.linear, self.model.prior
        design = self.groups.design[:, :, linear]
        weighted = np.linalg.solve(values.individuals, design) if linear.size else design
        left = np.einsum("nab,nac->bc", design, weighted)
        right = np.einsum("nab,na->b", weighted, statistics.first)
        if prior is not None:
            rest = np.where(np.isin(np.arange(len(values.fixed)), linear), 0.0, values.fixed) - prior.fixed
            left = left + prior.precision[np.ix_(linear, linear)]
            right = right - (prior.precision @ rest)[linear]
        return np.linalg.solve(left, right) if linear.size else np.zeros(0)

    def _between(self, fixed: np.ndarray, statistics: Statistics) -> np.ndarray:
        """The covariance between individuals: mean squares about the regression, in its blocks."""
        mean = self.groups.design @ fixed
        cross = statistics.first.T @ mean
        squares = statistics.second - cross - cross.T + mean.T @ mean
        count, prior = float(len(mean)), self.model.prior
        if prior is not None:
            squares, count = squares + prior.weight * prior.individuals, count + prior.weight
        return np.where(self.model.coordinates.individuals.pattern, squares / count, 0.0)

    def _between_occasions(self, statistics: Statistics) -> np.ndarray:
        """The covariance between occasions: mean squares, in its blocks."""
        pattern = self.model.coordinates.occasions.pattern
        return np.where(pattern, statistics.occasions / max(int(self.occasions.sum()), 1), 0.0)

    def _held(self, new: PopulationValues, old: PopulationValues) -> PopulationValues:
        """The new values, but the old ones where the model holds them."""
        coordinates = self.model.coordinates
        if not coordinates.held:
            return new
        before = coordinates.all_free.named(old)
        return coordinates.with_named(new, {name: before[name] for name in coordinates.held})
