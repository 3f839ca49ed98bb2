"""Virtual patients: draws of the parameters that vary, within what the model admits."""

from __future__ import annotations

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System
from kinetics.errors import Fault, InputError
from kinetics.files.capacity import check_memory
from kinetics.population.covariates import Covariates
from kinetics.population.variability import Variability, patient_generator

ATTEMPTS = 1000
"""Draws of one patient, or of one set of parameters, before it is refused that none is admissible."""


def draw_patients(
    system: System,
    cohort: CohortParameters,
    patients: int,
    seed: int,
    *,
    first: int = 0,
    sampling: str = "random",
    covariates: Covariates | None = None,
) -> np.ndarray:
    """Parameters of virtual patients.

    Typical values and spreads are those of the cohort; other arguments are as of `Variability.deviates`. Known values
    of ``covariates``, one row a patient, replace drawn ones.

    Returns
    -------
    ndarray, (patient, parameter)
        In the model's units. A draw that puts a parameter out of its range, or a derived quantity below its minimum, is
        drawn again, from random numbers of the patient's own.

    Raises
    ------
    InputError
        If the seed is negative, there is no such sampling, or a thousand draws of one patient are all inadmissible.
    """
    # the parameters themselves, the deviates behind them, and what is derived from them
    needed = 8.0 * patients * 3 * len(cohort.values)
    check_memory(needed, f"{patients} patients", "ask for fewer at once")
    typical = np.array([cohort.values[name] for name in system.parameters])
    variability = Variability.of(system, cohort)
    spreads = np.array([cohort.spreads.get(name, 0.0) for name in variability.names])

    def complete(deviates: np.ndarray, begin: int) -> np.ndarray:
        table = variability.table(typical, spreads, deviates)
        return table if covariates is None else covariates.put_into(table, begin)

    def drawn_again(patient: int) -> np.ndarray:
        generator = patient_generator(seed, patient)
        out_of_range: list[str] = []
        for _ in range(ATTEMPTS):
            independent = generator.standard_normal((1, len(variability.names)))
            row = complete(variability.correlated(independent), patient)[0]
            if not (out_of_range := system.out_of_range(system.constants(row))):
                return row
        message = (
            f"no admissible patient in {ATTEMPTS} draws: {', '.join(out_of_range)} stays out of its range; "
            f"reduce the spread of {', '.join(variability.names) or 'what varies'}"
        )
        raise InputError(Fault(message, "" if covariates is None else covariates.where(patient)))

    table = complete(variability.deviates(patients, seed, first=first, sampling=sampling), first)
    for row in map(int, np.flatnonzero(~system.admissible(system.constants_table(table)))):
        table[row] = drawn_again(first + row)
    return table
