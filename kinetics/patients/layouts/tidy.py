"""The tidy table of patients, which `PatientData.to_csv` wrote, to entries."""

from __future__ import annotations

from typing import Any

from kinetics.errors import Fault, Faults, InputError
from kinetics.patients.data.tidy import CATEGORY, COUNT, COVARIATE, DOSE, OCCASION, PATIENT
from kinetics.patients.layouts.columns import ColumnReader
from kinetics.patients.layouts.entries import CountEntry, CovariateEntry, DoseEntry, Entries
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.mapping.schema import AnalyteRow, CovariateRow, DrugRow, MomentColumns, TimeRow
from kinetics.patients.tables import CensoredNumber, RawTable
from kinetics.regimen.covariates import RULES
from kinetics.text.escaping import unescaped_spreadsheet_text
from kinetics.units import Unit


class TidyColumns(MomentColumns):
    """The headings of a tidy table."""

    time: str | None = "time"
    unit: str | None = "unit"
    record: str = "record"
    name: str = "name"
    value: str = "value"
    censored: str = "censored"
    limit: str = "limit"
    bound: str = "bound"
    rate: str = "rate"
    duration: str = "duration"
    modelled: str = "modelled"
    interval: str = "interval"
    additional: str = "additional"
    steady_state: str = "steady_state"
    reset: str = "reset"
    compartment: str = "compartment"
    parameter: str = "parameter"
    rule: str = "rule"


def tidy_mapping(table: RawTable) -> DataMapping:
    """The mapping that a tidy table needs: every name is an output, a dose or a covariate of the same name."""
    columns = (map(_text, table.column(heading)) for heading in ("record", "name", "unit", "parameter", "rule"))
    kinds = dict.fromkeys(zip(*columns, strict=True))
    units = table.texts("time_unit")
    if len(units) != 1:
        listed = ", ".join(units)
        raise InputError(Fault(f"must be one unit in all rows, found {listed:.100}", table.where(0), "time_unit"))
    return DataMapping(
        time=TimeRow(unit=units[0]),
        analytes={name: AnalyteRow(output=name, signed=True) for kind, name, *_ in kinds if kind == COUNT},
        drugs={name: DrugRow(dose=name) for kind, name, *_ in kinds if kind == DOSE and name},
        covariates={
            name: _covariate(unit, parameter, rule, table)
            for kind, name, unit, parameter, rule in kinds
            if kind == COVARIATE
        },
    )


def _covariate(unit: str, parameter: str, rule: str, table: RawTable) -> CovariateRow:
    if rule and rule not in RULES:
        raise InputError(
            Fault(f"must be empty or one of {', '.join(RULES)}, found '{rule:.40}'", table.where(0), "rule")
        )
    known: Any = rule or None
    return CovariateRow(unit=None if unit == CATEGORY else unit, parameter=parameter or None, rule=known)


def tidy_entries(table: RawTable, mapping: DataMapping, time: Unit, faults: Faults) -> Entries:
    """The entries of a tidy table, whose rows stand in order."""
    reader, entries = ColumnReader(table, TidyColumns(), mapping, time, faults), Entries(keeps_order=True)
    occasions: dict[str, str] = {}
    for row, entry in reader.entries():
        patient = _text(entry.patient)
        entries.patients.setdefault(patient, entry.where)
        common: dict[str, Any] = {**vars(entry), "patient": patient, "heading": "value"}
        common["occasion"] = occasions.get(patient, "")
        kind, name = reader.text(row, "record"), _text(reader.text(row, "name"))
        if kind == COUNT:
            entries.counts.append(_count(reader, row, name, common))
        elif kind == DOSE:
            entries.doses.append(_dose(reader, row, name, common))
        elif kind == COVARIATE:
            is_category = reader.text(row, "unit") == CATEGORY
            value = _text(reader.text(row, "value")) if is_category else reader.number(row, "value")
            if value is not None:
                entries.covariates.append(CovariateEntry(name=name, value=value, **common))
        elif kind == OCCASION:
            occasions[patient] = name
        elif kind != PATIENT:
            reader.fault(row, "record", f"must be one of patient, count, dose, covariate, occasion, found '{kind}'")
    return entries


def _text(cell: object) -> str:
    return unescaped_spreadsheet_text("" if cell is None else str(cell).strip())


def _count(reader: ColumnReader, row: int, name: str, common: dict[str, Any]) -> CountEntry:
    censored = reader.text(row, "censored")
    if censored not in ("", "below", "above"):
        reader.fault(row, "censored", f"must be empty, below or above, found '{censored}'")
    value = reader.number(row, "value")
    if value is None and reader.cell(row, "value") is None:
        reader.fault(row, "value", "is empty")
    side: Any = censored if censored in ("below", "above") else ""
    return CountEntry(
        analyte=name,
        number=CensoredNumber(0.0 if value is None else value, side),
        unit=reader.text(row, "unit"),
        limit=reader.number(row, "limit"),
        bound=reader.number(row, "bound"),
        **common,
    )


def _dose(reader: ColumnReader, row: int, name: str, common: dict[str, Any]) -> DoseEntry:
    modelled: Any = reader.text(row, "modelled")
    if modelled not in ("", "rate", "duration"):
        reader.fault(row, "modelled", f"must be empty, rate or duration, found '{modelled}'")
    numbers = {role: reader.number(row, role) or 0.0 for role in ("rate", "duration", "interval")}
    return DoseEntry(
        drug=name,
        amount=reader.number(row, "value") or 0.0,
        unit=reader.text(row, "unit"),
        rate=numbers["rate"] / float(reader.per_unit),
        duration=numbers["duration"] * float(reader.per_unit),
        interval=numbers["interval"] * float(reader.per_unit),
        modelled=modelled,
        additional=reader.whole(row, "additional"),
        steady_state=reader.whole(row, "steady_state"),
        reset=reader.whole(row, "reset") == 1,
        compartment=None if reader.cell(row, "compartment") is None else reader.whole(row, "compartment"),
        **common,
    )
