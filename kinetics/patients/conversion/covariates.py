"""Values of covariates to series over time, with the unit of each."""

from __future__ import annotations

from collections.abc import Mapping

from kinetics.errors import Faults
from kinetics.patients.conversion.times import TimeOf
from kinetics.patients.data.records import CovariateSeries
from kinetics.patients.layouts.entries import CovariateEntry, Entries
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.tables import cell_text
from kinetics.units import Unit, laboratory_unit


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
