"""Values of covariates to series over time, with the unit of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kinetics.errors import Faults
from kinetics.patients.conversion.times import TimeOf
from kinetics.patients.data.records import CovariateParameter, CovariateSeries
from kinetics.patients.layouts.entries import CovariateEntry, Entries
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.mapping.schema import CovariateRow
from kinetics.patients.tables import cell_text
from kinetics.units import Unit, laboratory_unit


def covariates_of(
    entries: Entries, mapping: DataMapping, time_of: TimeOf, faults: Faults
) -> tuple[dict[str, dict[str, CovariateSeries]], dict[str, Unit | None]]:
    """The covariates of each patient over time, and the unit of each; None for one of categories.

    One that sets a parameter of the model is no category, and has a value.
    """
    by_name: dict[str, list[CovariateEntry]] = {}
    for entry in entries.covariates:
        by_name.setdefault(entry.name, []).append(entry)
    rows = {row.name or heading: row for heading, row in mapping.covariates.items()}
    for heading, row in mapping.covariates.items():
        if row.parameter is not None and (row.name or heading) not in by_name:
            message = f"no patient has a value, and it sets the parameter '{row.parameter}' of the model"
            faults.add(message, mapping.where("covariates", heading), f"covariates.{heading}")
    units: dict[str, Unit | None] = {}
    series: dict[str, dict[str, CovariateSeries]] = {}
    for name, own in by_name.items():
        texts = [entry for entry in own if isinstance(entry.value, str)]
        if texts and (reason := _why_a_number(rows[name])):
            for entry in texts:
                faults.add(f"is no number, and {reason}: '{entry.value}'", entry.where, entry.heading)
            continue
        units[name] = None if texts else laboratory_unit(rows[name].unit or "1")
        for patient, values in _points(own, time_of, faults, as_text=bool(texts)).items():
            series.setdefault(patient, {})[name] = _series(values)
    return series, units


def _why_a_number(row: CovariateRow) -> str:
    """Why a covariate must be a number; empty if it may be a category."""
    if row.unit is not None:
        return f"its unit is {row.unit}"
    return "" if row.parameter is None else f"it sets the parameter '{row.parameter}' of the model"


def parameters_of(mapping: DataMapping, names: Collection[str]) -> dict[str, CovariateParameter]:
    """The parameters that some covariates set."""
    rows = {row.name or heading: row for heading, row in mapping.covariates.items()}
    return {
        name: CovariateParameter(row.parameter, row.rule)
        for name, row in rows.items()
        if row.parameter is not None and name in names
    }


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
