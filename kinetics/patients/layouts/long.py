"""Tables with one row a count, and those with one column an analyte, to entries."""

from __future__ import annotations

from collections.abc import Mapping

from kinetics.errors import InputError
from kinetics.patients.layouts.columns import Column, ColumnReader
from kinetics.patients.layouts.entries import CountEntry, CovariateEntry, Entries, Moment
from kinetics.patients.layouts.preparing import covariate_columns
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.tables import CensoredNumber, is_missing, read_moment, read_number_cell

_YES = ("y", "yes", "1", "true")


def count_entries(reader: ColumnReader, entries: Entries) -> None:
    """Add the counts and covariates of a table of counts, long or wide."""
    mapping, faults = reader.mapping, reader.faults
    wide = list[str]() if mapping.patients.layout == "long" else _analyte_columns(reader, mapping)
    if mapping.patients.layout == "long":
        for role in ("analyte", "value"):
            if not reader.has(role):
                message = f"no column has the {role}; state [columns] {role}"
                faults.add(message, reader.table.where_header)
    if not reader.is_readable or not (wide or (reader.has("analyte") and reader.has("value"))):
        return
    covariates, empty = covariate_columns(reader, mapping), list[int]()
    for row in range(len(reader.table.rows)):
        patient, moment = reader.patient(row), reader.moment(row)
        if not patient or moment is None:
            continue
        where = reader.table.where(row)
        entries.patients.setdefault(patient, where)
        _add_origin(reader, row, patient, entries)
        add_covariates(reader, row, patient, moment, covariates, entries)
        found = _wide_counts(reader, row, wide) if wide else _long_count(reader, row)
        if not found:
            empty.append(row)
        for analyte, number, unit, limit, heading in found:
            count = CountEntry(
                patient=patient,
                moment=moment,
                where=where,
                order=row,
                analyte=analyte,
                number=number,
                unit=unit,
                limit=limit,
                heading=heading,
            )
            entries.counts.append(count)
    if empty:
        lines = ", ".join(str(reader.table.lines[row]) for row in empty[:5]) + (", ..." if len(empty) > 5 else "")
        entries.notes.append(f"{reader.table.path.name}: rows without a value: {len(empty)} (lines {lines})")


Found = list[tuple[str, CensoredNumber, str, float | None, str]]


def _long_count(reader: ColumnReader, row: int) -> Found:
    analyte, limit = reader.text(row, "analyte"), reader.number(row, "limit")
    number = reader.censored_number(row, "value")
    below = reader.text(row, "below").casefold() in _YES or reader.text(row, "censored").casefold() in _YES
    if below and limit is not None:
        number = CensoredNumber(limit, "below")
    elif below and number is not None and number.value > 0:
        number = CensoredNumber(number.value, "below")
    elif below:
        reader.fault(row, "below", "says that the value is below a limit, and no column has the limit")
        return []
    if number is None:
        return []
    if not analyte:
        reader.fault(row, "analyte", "is empty; say what was measured")
        return []
    return [(analyte, number, reader.text(row, "unit"), limit, reader.heading("value"))]


def _analyte_columns(reader: ColumnReader, mapping: DataMapping) -> list[str]:
    header = {heading.casefold(): heading for heading in reader.table.header}
    absent = [name for name in mapping.analytes if name.casefold() not in header]
    for name in absent:
        reader.faults.add("is no column of the table", mapping.where("analytes", name), f"analytes.{name}")
    return [header[name.casefold()] for name in mapping.analytes if name not in absent]


def _wide_counts(reader: ColumnReader, row: int, headings: list[str]) -> Found:
    found: Found = []
    for heading in headings:
        column = reader.column(heading)
        cell = reader.table.rows[row][column.index]
        if not is_missing(cell):
            with reader.faults.gather(reader.table.where(row), heading):
                found.append((heading, read_number_cell(cell, column.decimal), "", None, heading))
    return found


def _add_origin(reader: ColumnReader, row: int, patient: str, entries: Entries) -> None:
    cell = reader.cell(row, "origin")
    if cell is None:
        return
    with reader.faults.gather(reader.table.where(row), reader.heading("origin")):
        origin = read_moment(cell, reader.dates)
        if entries.origins.setdefault(patient, origin) != origin:
            raise InputError(f"patient '{patient}' has another above: {entries.origins[patient].date()}; write one")


def add_covariates(
    reader: ColumnReader, row: int, patient: str, moment: Moment, columns: Mapping[str, Column], entries: Entries
) -> None:
    """Add the covariates of a row."""
    for name, column in columns.items():
        value = reader.value_of(row, column)
        if value is not None:
            entry = CovariateEntry(
                patient=patient,
                moment=moment,
                where=reader.table.where(row),
                order=row,
                name=name,
                value=value,
                heading=column.heading,
            )
            entries.covariates.append(entry)
