"""What patients of a table were given, as rows of doses: courses that a scenario can take."""

from __future__ import annotations

from kinetics.errors import InputError
from kinetics.explorer.regimens import doses_of, number_of
from kinetics.explorer.state import DoseSeries
from kinetics.patients import PatientData
from kinetics.patients.data.records import Patient
from kinetics.patients.population.treatment import Treatment, first_time, length
from kinetics.regimen import Course, Dose, DoseRecord, Regimen
from kinetics.units import unit_text

MAX_HISTORIES = 200
"""Patients whose doses a page offers."""


def history_of(patient: Patient, data: PatientData) -> tuple[DoseSeries, ...]:
    """The doses of a patient; month 0 is time zero of the data, as it is of the points.

    Raises
    ------
    InputError
        If rows cannot hold them: doses before time zero, resets, steady states, infusions that the model describes.
    """
    begin, treatment = first_time(patient), Treatment.of(patient, data.time)
    courses = [Course([_dose(record, begin, patient, data) for record in course]) for course in treatment.courses]
    if any(record.reset for record in treatment.records):
        raise InputError(f"patient {patient.id} has a reset; the explorer plans doses alone")
    return doses_of(Regimen(courses, treatment.name))


def _dose(record: DoseRecord, begin: float, patient: Patient, data: PatientData) -> Dose:
    if record.modelled or record.steady_state or record.amount <= 0 or record.time + begin < 0:
        raise InputError(f"patient {patient.id} has a dose that a row of the explorer cannot hold")
    unit = unit_text(data.time)
    amount = f"{number_of(record.amount)} {unit_text(data.drugs[record.drug])}"
    return Dose(record.drug, amount, f"{number_of(record.time + begin)} {unit}", f"{number_of(length(record))} {unit}")


def histories_of(data: PatientData) -> dict[str, tuple[DoseSeries, ...]]:
    """The doses of patients by id, of those whom rows can hold; `MAX_HISTORIES` at most."""
    found = dict[str, tuple[DoseSeries, ...]]()
    for patient in data:
        if not patient.doses or len(found) >= MAX_HISTORIES:
            continue
        try:
            found[patient.id] = history_of(patient, data)
        except InputError:
            continue  # the counts are shown all the same, and a row can be written by hand
    return found
