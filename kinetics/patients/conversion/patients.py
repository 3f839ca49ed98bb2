"""Patients with their records in order, and what is to be said of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from kinetics.errors import Faults
from kinetics.patients.conversion.counts import Count
from kinetics.patients.conversion.doses import Doses
from kinetics.patients.conversion.occasions import occasions_of
from kinetics.patients.data.patient_data import id_key
from kinetics.patients.data.records import CovariateSeries, Observation, Patient
from kinetics.patients.layouts.entries import Entries, Entry
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.regimen import DoseRecord
from kinetics.text.lists import listed
from kinetics.text.numbers import count_text

_Keyed: TypeAlias = tuple[tuple[object, ...], Entry, Count | DoseRecord]
"""What orders a record, the row that it comes from, and the record."""


def patients_of(
    entries: Entries,
    counts: Iterable[Count],
    doses: Doses,
    mapping: DataMapping,
    series: Mapping[str, dict[str, CovariateSeries]],
    faults: Faults,
) -> dict[str, Patient]:
    """Every patient, records in order: as in the table where that has a meaning, else by time, counts before doses.

    An occasion that comes again is a fault.
    """
    # in the order of rows, so that faults are
    ids = dict.fromkeys([*entries.patients, *(entry.patient for entry in entries.doses)])
    by_patient: dict[str, list[_Keyed]] = {id: [] for id in ids}
    for count in counts:
        key = (count.time, count.entry.order) if entries.keeps_order else (count.time, 0, count.output, count.value)
        by_patient[count.entry.patient].append((key, count.entry, count))
    for entry, dose in doses.records:
        key = (dose.time, entry.order) if entries.keeps_order else (dose.time, 1, dose.drug, dose.amount)
        by_patient[entry.patient].append((key, entry, dose))
    return {id: _patient(id, records, mapping, series.get(id, {}), faults) for id, records in by_patient.items()}


def _patient(
    id: str, records: list[_Keyed], mapping: DataMapping, series: dict[str, CovariateSeries], faults: Faults
) -> Patient:
    observations: list[Observation] = []
    doses: list[DoseRecord] = []
    ordered = sorted(records, key=lambda keyed: keyed[0])
    for sequence, (_, _, record) in enumerate(ordered):
        if isinstance(record, DoseRecord):
            doses.append(replace(record, sequence=sequence))
        else:
            observations.append(
                Observation(
                    record.time, record.output, record.value, record.censored, record.limit, record.bound, sequence
                )
            )
    occasions = occasions_of([row for _, row, _ in ordered], mapping, faults)
    return Patient(id, tuple(observations), tuple(doses), series, occasions)


def notes_on(patients: Mapping[str, Patient]) -> list[str]:
    """What is to be said of patients: no counts, all of them censored, doses after the last count."""
    ordered = sorted(patients.values(), key=lambda patient: id_key(patient.id))
    uncounted = [patient.id for patient in ordered if not patient.observations]
    censored = [
        patient.id
        for patient in ordered
        if patient.observations and all(row.is_censored for row in patient.observations)
    ]
    late = [
        patient.id
        for patient in ordered
        if patient.observations
        and max((dose.last for dose in patient.given), default=-math.inf)
        > max(row.time for row in patient.observations)
    ]
    by_letters: dict[str, list[str]] = {}
    for patient in ordered:
        by_letters.setdefault(re.sub(r"[\W_]+", "", patient.id).casefold(), []).append(patient.id)
    alike = [f"ids that differ in capitals or signs alone: {', '.join(ids)}" for ids in by_letters.values() if ids[1:]]
    return [
        *alike[:10],
        *_of_patients(uncounted, "without counts"),
        *_of_patients(censored, "whose counts are all censored"),
        *_of_patients(late, "with a dose after the last count, of which no count tells the effect"),
    ]


def _of_patients(ids: list[str], what: str) -> list[str]:
    return [f"{count_text(len(ids), 'patient')} {what}: {listed(ids, 10)}"] if ids else []
