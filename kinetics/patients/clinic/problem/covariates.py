"""Covariates of patients, centred: rows of ``[covariates]`` against the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.errors import Faults, InputError
from kinetics.files.rows import Reader, as_table
from kinetics.model import Model
from kinetics.patients.clinic.problem.parameters import ONE, EstimatedParameter, quantity_or_number
from kinetics.patients.clinic.problem.schema import CovariateRow
from kinetics.patients.data.patient_data import PatientData
from kinetics.text.lists import listed
from kinetics.text.suggestions import did_you_mean
from kinetics.units import Unit, display_unit


@dataclass(frozen=True, eq=False)
class CovariateEffect:
    """A number of each patient that is added, times a coefficient, to parameters on their normal scales.

    Parameters
    ----------
    name : str
        The covariate, or ``NAME=CATEGORY``.
    parameters : tuple of str
        The flat names of the parameters that it changes.
    values : ndarray, (patient,)
        Zero for a patient at the centre, or of the reference category.
    start : float
        Where the coefficients start.
    about : str
        What a coefficient is multiplied by, in words.
    unit : pint.Unit
        The unit of that.
    """

    name: str
    parameters: tuple[str, ...]
    values: np.ndarray
    start: float
    about: str
    unit: Unit = ONE


def read_covariates(
    reader: Reader,
    model: Model | None,
    parameters: Sequence[EstimatedParameter],
    data: PatientData | None,
    patients: Sequence[str],
) -> tuple[CovariateEffect, ...]:
    """The rows of ``[covariates]``, each at once for all patients; a category has an effect for each but one."""
    effects: list[CovariateEffect] = []
    estimated = {one.flat for one in parameters}
    for name, content in as_table(reader.document.data.get("covariates", {})).items():
        row = reader.row(CovariateRow, content, "covariates", name)
        if row is None:
            continue
        flats = _parameters(reader, model, estimated, name, row)
        if data is not None:
            with reader.at("covariates", name):
                effects += _effects(data, patients, name, row, flats)
    return tuple(effects)


def _parameters(
    reader: Reader, model: Model | None, estimated: set[str], name: str, row: CovariateRow
) -> tuple[str, ...]:
    """The flat names of ``on``; those that are not estimated are faults."""
    flats: list[str] = []
    for written in row.on if model is not None else ():
        assert model is not None
        with reader.at("covariates", name, "on"):
            flat = model.flat_name(written)
            if flat in flats:
                raise InputError(f"'{written}' is named twice")
            if flat not in estimated:
                raise InputError(f"'{written}' is not estimated; add it to [parameters]{did_you_mean(flat, estimated)}")
            flats.append(flat)
    return tuple(flats)


def _effects(
    data: PatientData, patients: Sequence[str], name: str, row: CovariateRow, flats: tuple[str, ...]
) -> list[CovariateEffect]:
    if name not in data.covariates:
        known = ", ".join(data.covariates) or "none"
        raise InputError(f"the data have no such covariate; there are {known}{did_you_mean(name, data.covariates)}")
    values, unit = _values(data, patients, name), data.covariates[name]
    if unit is None or any(isinstance(value, str) for value in values):
        return _categories(name, [str(value) for value in values], row, flats)
    if row.reference is not None:
        raise InputError("is a number and has no reference; state a centre")
    return [_number(name, np.array(values, dtype=float), unit, row, flats)]


def _values(data: PatientData, patients: Sequence[str], name: str) -> list[float | str]:
    """The one value of each patient; every patient without one is a fault."""
    missing, changing, values = list[str](), list[str](), list[float | str]()
    for id in patients:
        series = data.patient(id).covariates.get(name)
        if series is None or not series.values or series.first in ("", None) or series.first != series.first:
            missing.append(id)
        elif len({*series.values}) > 1:
            changing.append(id)
        else:
            values.append(series.first)
    faults = Faults()
    if missing:
        faults.add(f"has no value of {_patients(missing)}; add it to the data, or leave the patient out")
    if changing:
        faults.add(f"changes over time in {_patients(changing)}; here a covariate has one value of a patient")
    faults.raise_if_any()
    return values


def _number(name: str, values: np.ndarray, unit: Unit, row: CovariateRow, flats: tuple[str, ...]) -> CovariateEffect:
    centre, shown = float(np.median(values)), display_unit(unit)
    if row.centre is not None:
        centre = quantity_or_number(row.centre, unit)
    at = f"{centre:.6g} {shown}".rstrip()
    if row.form == "linear":
        about = f"{name} less {at}, in {shown or '1'}"
        return CovariateEffect(name, flats, values - centre, float(row.start), about, unit)
    if not (values > 0).all() or centre <= 0:
        raise InputError("has a value or centre that is not positive: its logarithm is no number; use form = 'linear'")
    return CovariateEffect(name, flats, np.log(values / centre), float(row.start), f"logarithm of {name} over {at}")


def _categories(name: str, values: list[str], row: CovariateRow, flats: tuple[str, ...]) -> list[CovariateEffect]:
    if row.centre is not None or row.form != "linear":
        raise InputError("has categories, and neither a centre nor a logarithm; state a reference, or nothing")
    categories = sorted(set(values))
    usual = max(categories, key=lambda one: (values.count(one), one))
    reference = usual if row.reference is None else row.reference
    if reference not in categories:
        raise InputError(
            f"no patient has '{reference}'; there are {', '.join(categories)}{did_you_mean(reference, categories)}"
        )
    return [
        CovariateEffect(
            f"{name}={category}", flats, np.array([1.0 * (value == category) for value in values]), float(row.start),
            f"1 if {name} is {category}, 0 if it is {reference}",
        )
        for category in categories
        if category != reference
    ]  # fmt: skip


def _patients(ids: Sequence[str]) -> str:
    return f"patient{'s' * (len(ids) != 1)} {listed(ids)}"
