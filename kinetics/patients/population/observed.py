"""The counts of patients as the observations of a mixed effects model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from kinetics.errors import Faults
from kinetics.mixed_effects import RESIDUAL_ERRORS, Observations
from kinetics.patients.data.records import Observation, Patient
from kinetics.patients.population.occasions import PatientOccasions
from kinetics.patients.population.treatment import first_time
from kinetics.text.lists import listed


def observed(
    patients: Sequence[Patient], unobserved: str, occasions: Mapping[str, PatientOccasions] | None = None
) -> Observations:
    """The counts of some patients; times are of each patient's simulation, values in the units of the outputs.

    A patient without a count is an individual without an observation. A count below a limit is an interval: from the
    lower end that is known, or minus infinity, to the limit. If nobody has a count, ``unobserved`` is the one analyte.
    Without ``occasions``, by id, all counts are of one.
    """
    rows = [(patient, row) for patient in patients for row in patient.observations]
    if not rows:
        return _nothing(patients, unobserved)
    intervals, begin = [_interval(row) for _, row in rows], {patient.id: first_time(patient) for patient in patients}
    return Observations.from_table(
        [patient.id for patient, _ in rows],
        [row.time - begin[patient.id] for patient, row in rows],
        [lower for lower, _ in intervals],
        upper=[upper for _, upper in intervals],
        analytes=[row.output for _, row in rows],
        occasions=[occasions[patient.id].number(row) if occasions else 0 for patient, row in rows],
        individuals=[patient.id for patient in patients],
    )


def check_logarithms(patients: Iterable[Patient], kinds: Mapping[str, str], faults: Faults) -> None:
    """Note each output whose error is log-normal, and of which counts have no logarithm."""
    without: dict[str, list[str]] = {}
    for patient in patients:
        for row in patient.observations:
            kind = kinds.get(row.output)
            if kind is not None and RESIDUAL_ERRORS[kind].is_logarithmic and not row.value > 0:
                without.setdefault(row.output, []).append(f"{row.value:g} of {patient.id} at {row.time:g}")
    for output, counts in without.items():
        message = f"a log-normal error cannot give the count {listed(counts)}; state the limit of quantification that "
        faults.add(
            f"{message}it is below, or another error, such as 'combined 0.01 UNIT, 0.15'", name=f"errors.{output}"
        )


def _nothing(patients: Sequence[Patient], analyte: str) -> Observations:
    """Individuals without any observation; the arrays have one column, which is padding."""
    ids = Observations.from_table(
        [patient.id for patient in patients], np.zeros(len(patients)), np.zeros(len(patients))
    ).ids
    none, zero = np.zeros((len(ids), 1)), np.zeros((len(ids), 1), dtype=int)
    return Observations(ids, (analyte,), zero - 1, none, none, none, zero, zero)


def _interval(row: Observation) -> tuple[float, float]:
    """The interval in which the true measurement lies."""
    match row.censored:
        case "below":
            return (-math.inf if math.isnan(row.bound) else row.bound), row.value
        case "above":
            return row.value, (math.inf if math.isnan(row.bound) else row.bound)
        case _:
            return row.value, row.value
