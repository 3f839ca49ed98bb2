"""What an occasion is in a clinic: the keys of ``[clinic]`` against the parameters and the data."""

from __future__ import annotations

from collections.abc import Sequence

from kinetics.errors import InputError
from kinetics.files.rows import Reader, as_table
from kinetics.patients.clinic.problem.parameters import EstimatedParameter
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.records import Patient
from kinetics.patients.population.occasions import OccasionRule, PatientOccasions
from kinetics.patients.population.treatment import COURSE_GAP
from kinetics.units import to_unit

NO_OCCASIONS = (
    "occasion_spread needs occasions, and the data name none: state the column of occasions in the mapping, or "
    "occasions = 'course' here"
)


def read_occasions(
    reader: Reader,
    stated: str | None,
    course_gap: str | None,
    parameters: Sequence[EstimatedParameter],
    data: PatientData | None,
    patients: Sequence[str],
) -> OccasionRule | None:
    """The rule of ``occasions`` and ``course_gap``; None if no parameter differs between occasions.

    Without ``occasions``, they are those that the data name.
    """
    varying = [one.name for one in parameters if one.occasion_spread]
    if course_gap is not None and stated != "course":
        reader.add("is for occasions = 'course'; state that too, or leave it out", "clinic", "course_gap")
    if stated is not None and parameters and not varying:
        reader.add("no parameter differs between them; give one an occasion_spread", "clinic", "occasions")
    written = as_table(reader.document.data.get("clinic"))
    refused = ("occasions" in written and stated is None) or ("course_gap" in written and course_gap is None)
    if not varying or data is None or refused:
        return None
    with reader.at("clinic", "course_gap"):
        gap = to_unit(course_gap or COURSE_GAP, data.time)
        if not 0 < gap < float("inf"):
            raise InputError(f"must be a positive time; found '{course_gap}'")
        rule = OccasionRule("course" if stated == "course" else "column", gap)
        with reader.at("clinic", "occasions"):
            _check(rule, varying, data, patients)
            return rule
    return None


def _check(rule: OccasionRule, varying: Sequence[str], data: PatientData, patients: Sequence[str]) -> None:
    """Refuse data without occasions, and those of which each patient has counts in one: nothing tells them apart."""
    chosen = [data.patient(id) for id in patients]
    if rule.source == "column" and not any(one.occasions for one in chosen):
        raise InputError(NO_OCCASIONS)
    if missing := [one.id for one in chosen if rule.source == "column" and not one.occasions]:
        raise InputError(f"the data name no occasion of patients {', '.join(missing[:5])}")
    if misplaced := [one.id for one in chosen if rule.source == "column" and not _in_order(one)]:
        raise InputError(
            f"occasions of patients {', '.join(misplaced[:5])} do not begin with records one after the other; "
            "each needs a name of its own, and the number (sequence) of its first record"
        )
    occasions = {one.id: PatientOccasions.of(one, rule, data.time) for one in chosen}
    if all(len({occasions[one.id].number(row) for row in one.observations}) < 2 for one in chosen):
        raise InputError(
            f"every patient has counts in one occasion alone: how {', '.join(varying)} differs between occasions "
            "cannot be separated from how patients differ; leave occasion_spread out"
        )


def _in_order(patient: Patient) -> bool:
    """Whether each occasion begins with a record of the patient, one after the other, each once."""
    numbers, names = [one.sequence for one in patient.occasions], {one.name for one in patient.occasions}
    known = {record.sequence for record in patient.records}
    return numbers == sorted(set(numbers)) and known.issuperset(numbers) and len(names) == len(numbers)
