"""Patients in the units of a model: what they were counted as and given must be outputs and doses of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kinetics.errors import Faults, InputError
from kinetics.model import Model
from kinetics.patients.data.model_covariates import model_covariates
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.records import CovariateSeries, DoseRecord, Observation, Patient
from kinetics.text.suggestions import did_you_mean
from kinetics.units import conversion


def in_model_units(data: PatientData, model: Model) -> PatientData:
    """The same patients, with times in the model's unit and values in those of its outputs and doses.

    Raises
    ------
    InputError
        For every analyte that is no output of the model, every drug that it has no dose of, every covariate that cannot
        set its parameter, and every unit that cannot be converted.
    """
    faults = Faults()
    counts, amounts = {}, {}
    for name in _counted(data):
        with faults.gather(name=name):
            counts[name] = _of_output(data, model, name)
    for name in _given(data):
        with faults.gather(name=name):
            amounts[name] = _of_drug(data, model, name)
    faults.attempt("", lambda: model_covariates(data, model))
    time = faults.attempt("time", lambda: float(conversion(data.time, model.time)))
    faults.raise_if_any()
    assert time is not None
    if {time, *counts.values(), *amounts.values()} == {1.0}:
        return data
    patients = {one.id: _converted(one, _Factors(counts, amounts, time)) for one in data}
    outputs = {name: model.outputs[name].unit for name in counts}
    drugs = {name: model.doses[name].unit for name in amounts}
    return replace(data, patients=patients, time=model.time, outputs=outputs, drugs=drugs)


@dataclass(frozen=True)
class _Factors:
    """From the units of the data to those of the model: of each output, of each drug, and of time."""

    counts: dict[str, float]
    amounts: dict[str, float]
    time: float


def _counted(data: PatientData) -> list[str]:
    return sorted({row.output for patient in data for row in patient.observations})


def _given(data: PatientData) -> list[str]:
    return sorted({dose.drug for patient in data for dose in patient.given})


def _of_output(data: PatientData, model: Model, name: str) -> float:
    if name not in model.outputs:
        hint = did_you_mean(name, model.outputs) or f"; there are {', '.join(model.outputs)}"
        raise InputError(f"model '{model.name}' has no such output{hint}; map the analyte to one, or leave it out")
    return float(conversion(data.outputs[name], model.outputs[name].unit))


def _of_drug(data: PatientData, model: Model, name: str) -> float:
    if name not in model.doses:
        hint = did_you_mean(name, model.doses) or f"; there are {', '.join(model.doses) or 'none'}"
        raise InputError(f"model '{model.name}' has no dose of this drug{hint}; map the drug to one")
    return float(conversion(data.drugs[name], model.doses[name].unit))


def _converted(patient: Patient, by: _Factors) -> Patient:
    series = {
        name: CovariateSeries(tuple(by.time * at for at in own.times), own.values)
        for name, own in patient.covariates.items()
    }
    return Patient(patient.id, tuple(_counts(patient, by)), tuple(_doses(patient, by)), series, patient.occasions)


def _counts(patient: Patient, by: _Factors) -> Iterator[Observation]:
    for row in patient.observations:
        factor = by.counts[row.output]
        ends = {"value": factor * row.value, "limit": factor * row.limit, "bound": factor * row.bound}
        yield replace(row, time=by.time * row.time, **ends)


def _doses(patient: Patient, by: _Factors) -> Iterator[DoseRecord]:
    for dose in patient.doses:
        factor = by.amounts.get(dose.drug, 1.0)
        lengths = {key: by.time * getattr(dose, key) for key in ("time", "duration", "interval")}
        yield replace(dose, amount=factor * dose.amount, rate=factor / by.time * dose.rate, **lengths)
