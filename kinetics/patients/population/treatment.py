"""The treatment of a patient as a regimen: dose records in courses."""

from __future__ import annotations

from collections.abc import Iterator

from kinetics.errors import Fault, InputError
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.records import DoseRecord, Patient
from kinetics.regimen import Course, Dose, Regimen
from kinetics.regimen.times import Amount, in_days
from kinetics.units import registry, unit_text

COURSE_GAP = "60 day"
"""A dose that begins later than this after the one before begins a course."""


def treatment_of(data: PatientData, patient: Patient, *, gap: Amount = COURSE_GAP) -> Regimen:
    """The regimen that a patient was given, in courses.

    Parameters
    ----------
    data : PatientData
        For the units.
    patient : Patient
        Whose doses they are. Time zero of the regimen is the patient's `first_time`.
    gap : str or pint.Quantity
        A dose that begins later than this after the one before begins a new course.

    Raises
    ------
    InputError
        For a record that no regimen can say yet: a steady state, a reset, or a modelled rate or duration.
    """
    if faults := [fault for record in patient.doses for fault in _not_yet(patient, record, unit_text(data.time))]:
        raise InputError(*faults)
    start, longest = first_time(patient), in_days(gap)
    doses = sorted(
        (dose for record in patient.given for dose in _doses(data, record, start)), key=lambda dose: dose.key
    )
    courses: list[list[Dose]] = []
    for dose in doses:
        if courses and (dose.start - courses[-1][-1].start).magnitude <= longest:
            courses[-1].append(dose)
        else:
            courses.append([dose])
    return Regimen(list(map(Course, courses)), name=f"doses of {patient.id}")


def first_time(patient: Patient) -> float:
    """When the simulation of a patient begins, in the unit of the data: at the first record, if before time zero."""
    return min([0.0, *(record.time for record in patient.records)])


def _doses(data: PatientData, record: DoseRecord, start: float) -> Iterator[Dose]:
    """The doses of a record, repeats included."""
    amount = registry.Quantity(record.amount, data.drugs[record.drug])
    length = record.amount / record.rate if record.rate else record.duration
    for number in range(record.additional + 1):
        begin = registry.Quantity(record.time + number * record.interval - start, data.time)
        yield Dose(record.drug, amount, start=begin, duration=registry.Quantity(length, data.time))


def _not_yet(patient: Patient, record: DoseRecord, time: str) -> Iterator[Fault]:
    """What a regimen cannot say."""
    kinds = {
        ("a steady state", "write out the doses before it"): record.steady_state,
        ("a reset", "make what follows a patient of its own"): record.reset,
        (f"a modelled {record.modelled}", "state the duration or the rate"): record.modelled,
    }
    for (kind, instead), is_there in kinds.items():
        if is_there:
            message = f"the dose at {record.time:g} {time} is {kind}, which predictions do not take yet; {instead}"
            yield Fault(message, name=f"patient {patient.id}")
