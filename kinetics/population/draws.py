"""Virtual patients: log-normal draws of the parameters that vary, within what the model admits."""

from __future__ import annotations

import numpy as np

from kinetics.compile import System
from kinetics.errors import InputError
from kinetics.model.cohorts import CohortParameters

__all__ = ["draw_patients"]

ATTEMPTS = 1000


def draw_patients(system: System, cohort: CohortParameters, patients: int, seed: int, *, first: int = 0) -> np.ndarray:
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
    first : int
        The number of the first of them.

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
    numbers = range(first, first + patients)
    normal = np.array([_generator(seed, number).standard_normal(varying.size) for number in numbers])
    table = np.tile(typical, (patients, 1))
    table[:, varying] *= np.exp(spread[varying] * normal)
    for row in np.flatnonzero(~system.admissible(system.constants_table(table))):
        table[row] = _redrawn(system, typical, spread, varying, _generator(seed, numbers[row]))
    return table


def _generator(seed: int, patient: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence((seed, patient)))


def _redrawn(
    system: System, typical: np.ndarray, spread: np.ndarray, varying: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """The first admissible draw of a patient's own numbers."""
    below: list[str] = []
    for _ in range(ATTEMPTS):
        values = typical.copy()
        values[varying] *= np.exp(spread[varying] * generator.standard_normal(varying.size))
        below = system.out_of_range(system.constants(values))
        if not below:
            return values
    names = ", ".join(system.parameters[index] for index in varying)
    raise InputError(
        f"no admissible patient in {ATTEMPTS} draws: {', '.join(below)} stays below its minimum; "
        f"reduce the spread of {names}"
    )
