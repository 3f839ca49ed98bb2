"""Tables with one row a count, and those with one column an analyte, to entries."""

from __future__ import annotations

from collections.abc import Mapping

from kinetics.errors import InputError
from kinetics.patients.layouts.columns import Column, ColumnReader
from kinetics.patients.layouts.entries import CountEntry, CovariateEntry, Entries, Entry
from kinetics.patients.layouts.selection import covariate_columns
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.tables import CensoredNumber, is_missing, read_moment, read_number_cell
from kinetics.text.lists import listed

_YES = ("y", "yes", "1", "true")
Values = list[tuple[str, CensoredNumber, str, float | None, str]]
"""Analyte, number, unit, limit, and the heading of the column."""


def count_entries(reader: ColumnReader, entries: Entries) -> None:
    """Add the counts and covariates of a table of counts, long or wide."""
    mapping, faults = reader.mapping, reader.faults
    wide = list[Column]() if mapping.patients.layout == "long" else _analyte_columns(reader, mapping)
    if mapping.patients.layout == "long":
        for role in ("analyte", "value"):
            if not reader.has(role):
                message = f"no column has the {role}; state [columns] {role}"
                faults.add(message, reader.table.where_header)
    if not reader.is_readable or not (wide or (reader.has("analyte") and reader.has("value"))):
        return
    covariates, empty = covariate_columns(reader, mapping), list[int]()
    for row, entry in reader.entries(("value", "limit"), ("analyte", "unit")):
        entries.patients.setdefault(entry.patient, entry.where)
        _add_origin(reader, row, entry.patient, entries)
        add_covariates(reader, row, entry, covariates, entries)
        found = _wide_counts(reader, row, wide) if wide else _long_count(reader, row)
        if not found:
            empty.append(row)
        for analyte, number, unit, limit, heading in found:
            count = CountEntry(**vars(entry), analyte=analyte, number=number, unit=unit, limit=limit, heading=heading)
            entries.counts.append(count)
    if empty:
        lines = listed(reader.table.lines[row] for row in empty)
        entries.notes.append(f"{reader.table.path.name}: rows without a value: {len(empty)} (lines {lines})")


def _long_count(reader: ColumnReader, row: int) -> Values:
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
    if reader.cell(row, "analyte") is None:
        reader.fault(row, "analyte", "is empty; say what was measured")
    if not analyte:
        return []
    return [(analyte, number, reader.text(row, "unit"), limit, reader.heading("value"))]


def _analyte_columns(reader: ColumnReader, mapping: DataMapping) -> list[Column]:
    header = {heading.casefold(): heading for heading in reader.table.header}
    absent = [name for name in mapping.analytes if name.casefold() not in header]
    for name in absent:
        reader.faults.add("is no column of the table", mapping.where("analytes", name), f"analytes.{name}")
    return [reader.column(header[name.casefold()]) for name in mapping.analytes if name not in absent]


def _wide_counts(reader: ColumnReader, row: int, columns: list[Column]) -> Values:
    found: Values = []
    for column in columns:
        cell = reader.table.rows[row][column.index]
        if not is_missing(cell):
            with reader.faults.gather(reader.table.where(row), column.heading):
                found.append((column.heading, read_number_cell(cell, column.decimal), "", None, column.heading))
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
    reader: ColumnReader, row: int, entry: Entry, columns: Mapping[str, Column], entries: Entries
) -> None:
    """Add the covariates of a row."""
    for name, column in columns.items():
        value = reader.value_of(row, column)
        if value is not None:
            own = CovariateEntry(**vars(entry), name=name, value=value, heading=column.heading)
            entries.covariates.append(own)
