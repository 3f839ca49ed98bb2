"""The tidy table of patients: one row a record, every number with its unit, nothing that a spreadsheet executes."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinetics.errors import Fault, InputError
from kinetics.files.writing import write_atomically
from kinetics.patients.data.records import Observation, Patient
from kinetics.regimen import DoseRecord
from kinetics.text.escaping import spreadsheet_text
from kinetics.units import written_unit

if TYPE_CHECKING:
    from kinetics.patients.data.patient_data import PatientData

HEADER = ("patient", "record", "time", "time_unit", "name", "value", "unit", "censored", "limit", "bound", "rate")
HEADER += (
    "duration",
    "modelled",
    "interval",
    "additional",
    "steady_state",
    "reset",
    "compartment",
    "parameter",
    "rule",
)
PATIENT, COUNT, DOSE, COVARIATE, OCCASION = "patient", "count", "dose", "covariate", "occasion"
"""Kinds of records; the first stands for a patient of whom nothing else is known, the last before those of an occasion.
"""
CATEGORY = "category"
"""In place of a unit, of a covariate that is no number."""


def write_tidy(data: PatientData, path: str | Path) -> None:
    """Write the table of `PatientData.to_csv`."""
    if Path(path).suffix.lower() != ".csv":
        raise InputError(Fault("a tidy table is written as CSV; end the name in .csv", str(path)))
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    for patient in data:
        writer.writerows([[_cell(row.get(heading)) for heading in HEADER] for row in _rows(patient, data)])
    write_atomically(path, stream.getvalue())


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(value) if isinstance(value, float) else spreadsheet_text(str(value))


def _rows(patient: Patient, data: PatientData) -> Iterator[dict[str, Any]]:
    own = {"patient": patient.id, "time_unit": written_unit(data.time)}
    rows = [*_covariates(patient, data), *_records(patient, data)]
    for row in rows or [{"record": PATIENT, "time": 0.0}]:
        yield {**own, **row}


def _covariates(patient: Patient, data: PatientData) -> Iterator[dict[str, Any]]:
    for name, series in patient.covariates.items():
        unit = data.covariates[name]
        own: dict[str, Any] = {
            "record": COVARIATE,
            "name": name,
            "unit": CATEGORY if unit is None else written_unit(unit),
        }
        if (sets := data.parameters.get(name)) is not None:
            own |= {"parameter": sets.parameter, "rule": sets.rule}
        for time, value in zip(series.times, series.values, strict=True):
            yield {"time": time, "value": value, **own}


def _records(patient: Patient, data: PatientData) -> Iterator[dict[str, Any]]:
    before = ""
    for record in patient.records:
        if (occasion := patient.occasion(record)) != before:
            yield {"record": OCCASION, "time": record.time, "name": occasion}
        yield _row(record, data)
        before = occasion


def _row(record: Observation | DoseRecord, data: PatientData) -> dict[str, Any]:
    if isinstance(record, Observation):
        row: dict[str, Any] = {"record": COUNT, "name": record.output, "value": record.value}
        row |= {"unit": written_unit(data.outputs[record.output]), "censored": record.censored}
        return {"time": record.time, "limit": record.limit, "bound": record.bound, **row}
    unit = written_unit(data.drugs[record.drug]) if record.drug else ""
    stated = {
        "rate": record.rate,
        "duration": record.duration,
        "modelled": record.modelled,
        "interval": record.interval,
        "additional": record.additional,
        "steady_state": record.steady_state,
        "reset": int(record.reset),
    }
    named = {heading: value or None for heading, value in stated.items()}
    row = {"record": DOSE, "name": record.drug, "value": record.amount, "unit": unit, **named}
    return {"time": record.time, "compartment": record.compartment, **row}


def is_tidy(header: Sequence[str]) -> bool:
    """Whether a table is one that `PatientData.to_csv` wrote."""
    return tuple(header) == HEADER
