"""What of a table is read: rows that are left out, columns that are personal or unknown, those of covariates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from kinetics.errors import Faults
from kinetics.patients.layouts.columns import Column, ColumnReader
from kinetics.patients.mapping.headings import is_personal
from kinetics.patients.mapping.mapping import DataMapping, personal_columns
from kinetics.patients.tables import RawTable, cell_text, is_missing
from kinetics.text.lists import listed
from kinetics.text.numbers import count_text
from kinetics.text.suggestions import did_you_mean


def prepared(table: RawTable, mapping: DataMapping, used: Collection[str]) -> RawTable:
    """The table without the rows that are left out and the empty ones, with notes on rows and columns not read."""
    notes = list(table.notes)
    chosen = [row for row, cells in enumerate(table.rows) if not all(map(is_missing, cells))]
    if len(chosen) < len(table.rows):
        notes.append(f"{count_text(len(table.rows) - len(chosen), 'empty row')} left out")
    for heading, texts in mapping.leave_out.items():
        if heading.casefold() not in map(str.casefold, table.header):
            continue
        index, left_out = table.index(heading), set(texts)
        stay = [row for row in chosen if cell_text(table.rows[row][index]) not in left_out]
        if len(stay) < len(chosen):
            such = f"{count_text(len(chosen) - len(stay), 'row')} left out, whose {heading} is {_quoted(texts)}"
            notes.append(such)
        chosen = stay
    personal = [heading for heading in table.header if is_personal(heading)]
    if personal:
        notes.append(f"personal columns are dropped: {_quoted(personal)}")
    known = {heading.casefold() for heading in (*used, *mapping.covariates, *mapping.leave_out, *personal)}
    unknown = [heading for heading in table.header if heading and heading.casefold() not in known]
    if unknown:
        notes.append(f"columns that are not read: {_quoted(unknown)}")
    rows, lines = [table.rows[row] for row in chosen], [table.lines[row] for row in chosen]
    return replace(table, rows=rows, lines=lines, notes=tuple(f"{table.path.name}: {note}" for note in notes))


def check_headings(tables: Sequence[RawTable], mapping: DataMapping, faults: Faults) -> None:
    """Note personal columns that are named; headings of covariates, and of rows to leave out, that no table has."""
    for message, keys in personal_columns(mapping):
        faults.add(message, mapping.where(*keys), ".".join(keys))
    header = [heading for table in tables for heading in table.header]
    known = set(map(str.casefold, header))
    for name in ("covariates", "leave_out"):
        for heading in getattr(mapping, name):
            if heading.casefold() not in known:
                message = f"there is no column '{heading}'{did_you_mean(heading, header)}"
                faults.add(message, mapping.where(name, heading), name)


def covariate_columns(reader: ColumnReader, mapping: DataMapping) -> Mapping[str, Column]:
    """The columns of the covariates that the table has, by the names of these."""
    header = set(map(str.casefold, reader.table.header))
    return {
        row.name or heading: reader.column(heading)
        for heading, row in mapping.covariates.items()
        if heading.casefold() in header
    }


def _quoted(names: Iterable[str]) -> str:
    return listed((f"'{name}'" for name in names), 12)
