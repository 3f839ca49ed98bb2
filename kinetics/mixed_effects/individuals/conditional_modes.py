"""Conditional modes of random effects: empirical Bayes estimates, of one individual or of all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.mixed_effects.individuals.joint_density import Joint, joint_density
from kinetics.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.mixed_effects.model.population_values import PopulationValues

MAX_ITERATIONS = 200
DECREMENT = 1e-16
"""The fall that a Newton step promises, of the log joint density, below which a mode is found."""
ROUNDING = 1e-14
"""A joint density that is lower by this part of it is not lower."""
STALLED = 1e-7
"""A step of this part of a Newton step, which is not downhill, ends the search: rounding, or noise of an integrator."""


@dataclass(frozen=True, eq=False)
class Modes:
    """Conditional modes of lanes.

    Parameters
    ----------
    random : ndarray, (lane, random effect)
        The modes.
    joint : Joint
        The joint density there.
    converged : ndarray of bool, (lane,)
        Whether a further Newton step would change nothing.
    """

    random: np.ndarray
    joint: Joint
    converged: np.ndarray


def conditional_modes(
    model: MixedEffectsModel,
    values: PopulationValues,
    start: np.ndarray | None = None,
    *,
    individuals: np.ndarray | None = None,
    sd_at: np.ndarray | None = None,
    iterations: int = MAX_ITERATIONS,
) -> Modes:
    """Maximise the joint density of each lane over its random effects.

    Parameters
    ----------
    model : MixedEffectsModel
        Data and model.
    values : PopulationValues
        The population.
    start : ndarray, (lane, random effect), optional
        Where to begin; at zero, the typical individual, if left out.
    individuals : ndarray of int, (lane,), optional
        The individual of each lane; everyone if left out.
    sd_at : ndarray, (lane, observation), optional
        Predictions that give the standard deviations (no interaction); those at the random effects if left out.

    iterations : int, optional
        The most evaluations of a lane.

    Returns
    -------
    Modes
        A lane that did not converge has its last point.

    Notes
    -----
    Newton's method with the expected Hessian (Fisher scoring) and step halving. Lanes advance on their own: one that
    has converged takes no further part, and one whose step goes uphill halves it while others go on.
    """
    lanes = model.everyone if individuals is None else individuals
    random = np.zeros((len(lanes), model.n_random)) if start is None else start.copy()
    search = _NewtonSearch(model, values, lanes, sd_at, random)
    for _ in range(iterations):
        active = search.active()
        if not active.size:
            break
        search.advance(active)
    return Modes(search.random, search.joint, search.converged)


class _NewtonSearch:
    """Newton's method of many lanes, each with its own step length."""

    def __init__(
        self,
        model: MixedEffectsModel,
        values: PopulationValues,
        individuals: np.ndarray,
        sd_at: np.ndarray | None,
        random: np.ndarray,
    ) -> None:
        self.model, self.values, self.individuals, self.sd_at = model, values, individuals, sd_at
        everyone = np.arange(len(individuals))
        self.random, self.joint = random, self.evaluate(everyone, random)
        fails = np.flatnonzero(~np.isfinite(self.joint.value))
        if fails.size:  # a start without predictions: those lanes begin at the typical individual
            self.random[fails] = 0.0
            self.replace(fails, self.evaluate(fails, self.random[fails]))
        self.step, self.decrement = _newton(self.joint)
        self.scale, self.stalled = np.ones(len(individuals)), np.zeros(len(individuals), dtype=bool)

    @property
    def converged(self) -> np.ndarray:
        """Whether a lane is at its mode, (lane,)."""
        is_at_rest = (self.decrement <= DECREMENT) | (self.stalled & (self.decrement < STALLED))
        return is_at_rest & np.isfinite(self.joint.value)

    def active(self) -> np.ndarray:
        """The lanes that go on."""
        return np.flatnonzero((self.decrement > DECREMENT) & ~self.stalled)

    def evaluate(self, lanes: np.ndarray, random: np.ndarray) -> Joint:
        """The joint density of some lanes."""
        sd_at = None if self.sd_at is None else self.sd_at[lanes]
        return joint_density(self.model, self.values, random, self.individuals[lanes], sd_at)

    def replace(self, lanes: np.ndarray, joint: Joint) -> None:
        """Take the joint density of some lanes."""
        for own, new in zip(self.joint, joint, strict=True):
            own[lanes] = new

    def advance(self, active: np.ndarray) -> None:
        """Take the step where the density rises; try a shorter one where it does not."""
        trial = self.random[active] - self.scale[active, None] * self.step[active]
        joint = self.evaluate(active, trial)
        is_better = joint.value <= self.joint.value[active] + ROUNDING * np.abs(self.joint.value[active])
        accepted, rejected = active[is_better], active[~is_better]
        self.random[accepted] = trial[is_better]
        self.replace(accepted, Joint(*(part[is_better] for part in joint)))
        self.step[accepted], self.decrement[accepted] = _newton(Joint(*(part[accepted] for part in self.joint)))
        self.scale[accepted] = np.minimum(1.0, 2 * self.scale[accepted])
        self.scale[rejected] /= 4
        self.stalled[rejected] = self.scale[rejected] < STALLED


def _newton(joint: Joint) -> tuple[np.ndarray, np.ndarray]:
    """Newton steps, and their decrements."""
    step = np.linalg.solve(joint.hessian, joint.gradient[..., None])[..., 0]
    return step, (joint.gradient * step).sum(axis=1)
