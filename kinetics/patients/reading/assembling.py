"""Entries to `PatientData`: drugs to doses of the model, records in order, and what is to be said of the whole."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from kinetics.errors import Faults, InputError
from kinetics.model import Model
from kinetics.patients.data.patient_data import id_key
from kinetics.patients.data.records import CovariateSeries, DoseRecord, Observation, Patient
from kinetics.patients.layouts.entries import CovariateEntry, DoseEntry, Entries
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.mapping.names import likely_dose
from kinetics.patients.reading.counts import Count
from kinetics.patients.reading.times import TimeOf
from kinetics.patients.tables import cell_text
from kinetics.regimen.times import rescale
from kinetics.text.numbers import count_text
from kinetics.text.suggestions import did_you_mean
from kinetics.units import Unit, conversion, display_unit, laboratory_unit, parse_unit

_ONE = parse_unit("1")


@dataclass
class Doses:
    """The doses in the units of the model, and the unit of each drug."""

    units: dict[str, Unit] = field(default_factory=dict[str, Unit])
    records: list[tuple[DoseEntry, DoseRecord]] = field(default_factory=list[tuple[DoseEntry, DoseRecord]])


def doses_of(entries: Entries, mapping: DataMapping, model: Model | None, time_of: TimeOf, faults: Faults) -> Doses:
    """The doses of a model that entries are, amounts in its units; an unknown drug is a fault, once."""
    doses, known, refused = Doses(), {name.casefold(): row for name, row in mapping.drugs.items()}, set[str]()
    for entry in entries.doses:
        row, time = known.get(entry.drug.casefold()), time_of(entry)
        if not entry.drug:
            doses.records.append((entry, DoseRecord(time, "", 0.0, reset=True, compartment=entry.compartment)))
        elif row is None or not row.dose:
            if entry.drug.casefold() not in refused:
                faults.add(_unknown_drug(entry.drug, mapping, model), entry.where, entry.heading)
            refused.add(entry.drug.casefold())
        else:
            with faults.gather(entry.where, entry.heading):
                unit = doses.units.get(row.dose) or _unit_of_dose(row.dose, model, entry.unit or row.unit)
                own = laboratory_unit(entry.unit or row.unit or "") if entry.unit or row.unit else unit
                if not (entry.unit or row.unit) and row.dose not in doses.units:
                    shown = display_unit(unit) or "plain numbers"
                    entries.notes.append(f"no unit is stated for doses of '{entry.drug}': amounts are read in {shown}")
                doses.units[row.dose] = unit
                doses.records.append((entry, _record(entry, row.dose, time, float(conversion(own, unit)))))
    return doses


def _unit_of_dose(dose: str, model: Model | None, stated: str | None) -> Unit:
    if model is None:
        return laboratory_unit(stated) if stated else _ONE
    if dose not in model.doses:
        listed = ", ".join(model.doses) or "none"
        raise InputError(
            f"model '{model.name}' has no dose '{dose}'{did_you_mean(dose, model.doses)}; there are {listed}"
        )
    return model.doses[dose].unit


def _unknown_drug(drug: str, mapping: DataMapping, model: Model | None) -> str:
    near = likely_dose(drug, model) if model is not None else None
    known = list(model.doses) if model is not None else []
    hint = did_you_mean(drug, mapping.drugs) or (f"; perhaps '{near}'" if near else "")
    hint = hint or (f"; doses of the model are {', '.join(known)}" if known else "")
    return f"drug '{drug}' has no dose of the model; state [drugs.\"{drug}\"] dose{hint}"


def _record(entry: DoseEntry, drug: str, time: float, factor: float) -> DoseRecord:
    return DoseRecord(
        time,
        drug,
        rescale(entry.amount, factor),
        rate=rescale(entry.rate, factor),
        duration=entry.duration,
        modelled=entry.modelled,
        interval=entry.interval,
        additional=entry.additional,
        steady_state=entry.steady_state,
        reset=entry.reset,
        compartment=entry.compartment,
    )


def patients_of(
    entries: Entries, counts: Iterable[Count], doses: Doses, series: Mapping[str, dict[str, CovariateSeries]]
) -> dict[str, Patient]:
    """Every patient, records in order: as in the table where that has a meaning, else by time, counts before doses."""
    ids = {*entries.patients, *(entry.patient for entry in entries.doses)}
    by_patient: dict[str, list[tuple[tuple[object, ...], Count | DoseRecord]]] = {id: [] for id in ids}
    for count in counts:
        key = (count.time, count.entry.order) if entries.keeps_order else (count.time, 0, count.output, count.value)
        by_patient[count.entry.patient].append((key, count))
    for entry, dose in doses.records:
        key = (dose.time, entry.order) if entries.keeps_order else (dose.time, 1, dose.drug, dose.amount)
        by_patient[entry.patient].append((key, dose))
    return {id: _patient(id, records, series.get(id, {})) for id, records in by_patient.items()}


def _patient(
    id: str, records: list[tuple[tuple[object, ...], Count | DoseRecord]], series: dict[str, CovariateSeries]
) -> Patient:
    observations: list[Observation] = []
    doses: list[DoseRecord] = []
    for sequence, (_, record) in enumerate(sorted(records, key=lambda pair: pair[0])):
        if isinstance(record, DoseRecord):
            doses.append(replace(record, sequence=sequence))
        else:
            observations.append(
                Observation(
                    record.time, record.output, record.value, record.censored, record.limit, record.bound, sequence
                )
            )
    return Patient(id, tuple(observations), tuple(doses), series)


def covariates_of(
    entries: Entries, mapping: DataMapping, time_of: TimeOf, faults: Faults
) -> tuple[dict[str, dict[str, CovariateSeries]], dict[str, Unit | None]]:
    """The covariates of each patient over time, and the unit of each; None for one of categories."""
    by_name: dict[str, list[CovariateEntry]] = {}
    for entry in entries.covariates:
        by_name.setdefault(entry.name, []).append(entry)
    rows = {row.name or heading: row for heading, row in mapping.covariates.items()}
    units: dict[str, Unit | None] = {}
    series: dict[str, dict[str, CovariateSeries]] = {}
    for name, own in by_name.items():
        texts = [entry for entry in own if isinstance(entry.value, str)]
        if texts and (stated := rows[name].unit) is not None:
            for entry in texts:
                faults.add(f"is no number, and its unit is {stated}: '{entry.value}'", entry.where, entry.heading)
            continue
        units[name] = None if texts else laboratory_unit(rows[name].unit or "1")
        for patient, values in _points(own, time_of, faults, as_text=bool(texts)).items():
            series.setdefault(patient, {})[name] = _series(values)
    return series, units


def _points(
    entries: list[CovariateEntry], time_of: TimeOf, faults: Faults, *, as_text: bool
) -> dict[str, dict[float, float | str]]:
    points: dict[str, dict[float, float | str]] = {}
    for entry in entries:
        value = cell_text(entry.value) if as_text else entry.value
        own = points.setdefault(entry.patient, {})
        if own.setdefault(time_of(entry), value) != value:
            what = f"patient '{entry.patient}' has another value of '{entry.name}' at this time: {own[time_of(entry)]}"
            faults.add(f"{what}; write one", entry.where, entry.heading)
    return points


def _series(points: Mapping[float, float | str]) -> CovariateSeries:
    ordered = sorted(points.items())
    if len(set(points.values())) == 1:
        ordered = ordered[:1]
    return CovariateSeries(tuple(time for time, _ in ordered), tuple(value for _, value in ordered))


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
    listed = ", ".join(ids[:10]) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")
    return [f"{count_text(len(ids), 'patient')} {what}: {listed}"] if ids else []
