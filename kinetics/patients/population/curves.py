"""Outputs of patients along time, under their own doses and covariates: predictions in place of those of the counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.records import Observation, Patient
from kinetics.patients.population.assembling import PatientsOfCohort
from kinetics.patients.population.treatment import length
from kinetics.units import Unit

POINTS = 100
"""Of a curve without a dose; one with doses has more."""
LEAST_POINTS = 3
"""Between two changes of the doses."""
JUST_BEFORE = 1e-6
"""Of the length of a curve: so long before a dose it is drawn too, so that a bolus is a step."""


class PatientCurves:
    """Predictions of every output that was counted, at times of each patient.

    Parameters
    ----------
    patients : PatientsOfCohort
        The patients, with the population.
    times : mapping of str to ndarray, (point,)
        By id, increasing, in the unit of the data.
    """

    def __init__(self, patients: PatientsOfCohort, times: Mapping[str, np.ndarray]) -> None:
        self.patients, mixed, model = patients, patients.model, patients.treated.structure
        self.units = {name: model.outputs[name].unit for name in mixed.observations.analytes}
        treated = patients.treated.with_counts(_counts_at(patients.treated.data, self.units, times))
        self.observations = treated.observations
        self.structure = treated.predictions(patients.cohort, [one.name for one in mixed.parameters.parameters])

    def predict(self, individuals: np.ndarray, random: np.ndarray) -> dict[str, np.ndarray]:
        """Each output, (lane, point), of some patients at random effects; NaN behind the last time of a patient."""
        parameters, found = self.patients.model.parameters, self.observations
        normal = parameters.normal(self.patients.values.fixed, random, individuals)
        predicted = self.structure.predict(individuals, parameters.natural(normal))
        curves: dict[str, np.ndarray] = {}
        for index, name in enumerate(found.analytes):
            chosen = (found.present & (found.analyte == index))[individuals]
            curves[name] = padded([row[own] for row, own in zip(predicted, chosen, strict=True)])
        return curves


def dose_times(patient: Patient) -> np.ndarray:
    """When each dose of a patient begins, repeats included, (dose,)."""
    times = [one.time + number * one.interval for one in patient.given for number in range(one.additional + 1)]
    return np.unique(np.array(times, dtype=float))


def dose_changes(patient: Patient) -> np.ndarray:
    """When doses of a patient begin and end, (change,)."""
    ends = [start + length(one) for one in patient.given for start in dose_times(replace(patient, doses=(one,)))]
    return np.unique([*dose_times(patient), *ends])


def curve_points(begin: float, end: float, changes: np.ndarray) -> np.ndarray:
    """The times of a curve, (point,): close after each change of the doses, and one just before.

    Examples
    --------
    >>> points = curve_points(0.0, 100.0, np.array([10.0]))
    >>> int((points < 10).sum()), bool(np.isin([0.0, 10.0, 100.0], points).all())
    (33, True)
    """
    edges = np.unique(np.clip([begin, end, *changes], begin, end))
    pieces = [edges, np.maximum(edges - JUST_BEFORE * (end - begin), begin)]
    for first, last in pairwise(edges):
        number = max(LEAST_POINTS, round(POINTS * float(np.sqrt((last - first) / (end - begin)))))
        pieces.append(first + (last - first) * np.linspace(0, 1, number + 1)[1:-1] ** 2)
    return np.unique(np.concatenate(pieces))


def padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of different lengths as one table, NaN behind the last number of each."""
    table = np.full((len(rows), max(map(len, rows), default=0)), np.nan)
    for own, row in zip(table, rows, strict=True):
        own[: len(row)] = row
    return table


def _counts_at(
    data: PatientData, units: Mapping[str, Unit], grids: Mapping[str, np.ndarray]
) -> dict[str, list[Observation]]:
    """Counts of every output at some times of each patient, after what else is recorded at that time."""
    last = 1 + max((record.sequence for one in data for record in one.records), default=0)
    return {
        id: [Observation(time, name, 1.0, sequence=last) for name in units for time in times.tolist()]
        for id, times in grids.items()
    }
