"""Conditional modes of random effects: empirical Bayes estimates, of one individual or of all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.patients.mixed_effects.individuals.joint_density import Joint, joint_density
from kinetics.patients.mixed_effects.model.mixed_effects_model import MixedEffectsModel
from kinetics.patients.mixed_effects.model.population_values import PopulationValues

MAX_ITERATIONS = 200
DECREMENT = 1e-16
"""The fall that a Newton step promises, of the log joint density, below which a mode is found."""
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
    value, gradient, hessian = (part.copy() for part in joint_density(model, values, random, lanes, sd_at))
    step, decrement = _newton(gradient, hessian)
    scale, stalled = np.ones(len(lanes)), np.zeros(len(lanes), dtype=bool)
    for _ in range(iterations):
        active = np.flatnonzero((decrement > DECREMENT) & ~stalled)
        if not active.size:
            break
        trial = random[active] - scale[active, None] * step[active]
        new = joint_density(model, values, trial, lanes[active], None if sd_at is None else sd_at[active])
        is_lower = new.value <= value[active] + 1e-14 * np.abs(value[active])  # false for what is not a number
        accepted, rejected = active[is_lower], active[~is_lower]
        random[accepted] = trial[is_lower]
        value[accepted], gradient[accepted], hessian[accepted] = (part[is_lower] for part in new)
        step[accepted], decrement[accepted] = _newton(gradient[accepted], hessian[accepted])
        scale[accepted] = np.minimum(1.0, 2 * scale[accepted])
        scale[rejected] /= 4
        stalled[rejected] = scale[rejected] < STALLED
    converged = (decrement <= DECREMENT) | (stalled & (decrement < STALLED))
    return Modes(random, Joint(value, gradient, hessian), converged)


def _newton(gradient: np.ndarray, hessian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Newton steps, and their decrements."""
    step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
    return step, (gradient * step).sum(axis=1)
