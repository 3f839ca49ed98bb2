"""The counts of patients as the observations of a mixed effects model."""

from __future__ import annotations

import math
from collections.abc import Iterable

from kinetics.mixed_effects import Observations
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.records import Observation
from kinetics.patients.population.treatment import first_time


def observed(data: PatientData, patients: Iterable[str]) -> Observations:
    """The counts of some patients; times are of each patient's simulation, values in the units of the outputs.

    A patient without a count is an individual without an observation. A count below a limit is an interval: from the
    lower end that is known, or minus infinity, to the limit.
    """
    chosen = [data.patient(id) for id in patients]
    rows = [(patient, row) for patient in chosen for row in patient.observations]
    intervals = [_interval(row) for _, row in rows]
    return Observations.from_table(
        [patient.id for patient, _ in rows],
        [row.time - first_time(patient) for patient, row in rows],
        [lower for lower, _ in intervals],
        upper=[upper for _, upper in intervals],
        analytes=[row.output for _, row in rows],
        individuals=[patient.id for patient in chosen],
    )


def _interval(row: Observation) -> tuple[float, float]:
    """The interval in which the true measurement lies."""
    match row.censored:
        case "below":
            return (-math.inf if math.isnan(row.bound) else row.bound), row.value
        case "above":
            return row.value, (math.inf if math.isnan(row.bound) else row.bound)
        case _:
            return row.value, row.value
