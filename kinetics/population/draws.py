"""Virtual patients: log-normal draws of the parameters that vary, within what the model admits."""

from __future__ import annotations

import numpy as np

from kinetics.compile import System
from kinetics.errors import InputError
from kinetics.model.cohorts import CohortParameters

__all__ = ["draw_patients"]

ATTEMPTS = 1000


def draw_patients(system: System, cohort: CohortParameters, patients: int, seed: int) -> np.ndarray:
    """Parameters of virtual patients.

    Parameters
    ----------
    system : System
        The compiled model.
    cohort : CohortParameters
        Typical values and spreads: a parameter is its value times exp(spread z), z standard normal.
    patients : int
        How many.
    seed : int
        The study. A patient's numbers depend on (seed, patient) alone, not on how many there are.

    Returns
    -------
    ndarray, (patient, parameter)
        In the model's units. A draw that puts a derived quantity below its minimum is drawn again.

    Raises
    ------
    InputError
        If the seed is negative, or a thousand draws of one patient are all inadmissible.
    """
    typical = np.array([cohort.values[name] for name in system.parameters])
    spread = np.array([cohort.spreads.get(name, 0.0) for name in system.parameters])
    varying = np.flatnonzero(spread)
    if seed < 0:
        raise InputError(f"the seed is {seed}; it must not be negative")
    return np.array([_draw(system, typical, spread, varying, seed, patient) for patient in range(patients)])


def _draw(
    system: System, typical: np.ndarray, spread: np.ndarray, varying: np.ndarray, seed: int, patient: int
) -> np.ndarray:
    generator = np.random.default_rng(np.random.SeedSequence((seed, patient)))
    below: list[str] = []
    for _ in range(ATTEMPTS):
        values = typical.copy()
        values[varying] *= np.exp(spread[varying] * generator.standard_normal(varying.size))
        below = system.below_minimum(system.constants(values))
        if not below:
            return values
    names = ", ".join(system.parameters[index] for index in varying)
    raise InputError(
        f"no admissible patient in {ATTEMPTS} draws: {', '.join(below)} stays below its minimum; "
        f"reduce the spread of {names}"
    )
