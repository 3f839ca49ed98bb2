"""The tables of counts and doses that a mapping is for: read once, for guessing and for reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kinetics.errors import InputError
from kinetics.patients.mapping.headings import COUNTS, DOSES, has_events, is_header, roles
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.mapping.schema import MomentColumns
from kinetics.patients.tables import RawTable, read_raw_table
from kinetics.patients.tables.opening import WORKBOOK, workbook_sheets

MAX_SHEETS = 20


@dataclass(frozen=True)
class Tables:
    """A table of counts, and one of doses if there is one."""

    counts: RawTable
    doses: RawTable | None = None

    @cached_property
    def sources(self) -> dict[str, str]:
        """The SHA-256 of each file, by its name without folders."""
        return {table.path.name: table.checksum for table in (self.counts, self.doses) if table is not None}

    @property
    def is_events(self) -> bool:
        """Whether the one table has doses among its rows."""
        return self.doses is None and has_events(self.counts.header)


def read_tables(
    counts: str | Path, doses: str | Path | None, mapping: DataMapping | None, *, allow_large: bool = False
) -> Tables:
    """Read the table of counts and that of doses; of a workbook, the sheets that are stated or look like them."""
    source = None if mapping is None else mapping.patients
    sheet, dose_sheet = (None, None) if source is None else (source.sheet, source.dose_sheet)
    if doses is None and sheet is None and Path(counts).suffix.casefold() in WORKBOOK:
        sheet, dose_sheet = _sheets(Path(counts), allow_large)
    columns = (None, None) if mapping is None else (mapping.columns, mapping.dose_columns)
    encoding, decimal = (None, None) if source is None else (source.encoding, source.decimal)

    def read(path: str | Path, sheet: str | None, also_read: str | None, columns: MomentColumns | None) -> RawTable:
        return read_raw_table(
            path,
            is_header if columns is None else _has(columns),
            sheet=sheet,
            also_read=also_read,
            encoding=encoding,
            decimal=decimal,
            allow_large=allow_large,
        )

    counted = read(counts, sheet, dose_sheet, columns[0])
    if doses is None and dose_sheet is not None:
        doses = counts
    return Tables(counted, None if doses is None else read(doses, dose_sheet, counted.sheet, columns[1]))


def _has(columns: MomentColumns) -> Callable[[Sequence[str]], bool]:
    """Whether cells are the header that a mapping describes: with the patient's heading and another of it."""
    names = {heading.casefold() for heading in columns.model_dump(exclude_none=True).values()}
    patient = columns.patient.casefold()

    def is_described(cells: Sequence[str]) -> bool:
        plain = {cell.strip().casefold() for cell in cells}
        return patient in plain and len(plain & names) > 1

    return is_described


def _sheets(path: Path, allow_large: bool) -> tuple[str | None, str | None]:
    """The sheet with counts, or events, and that with doses, of a workbook with several; None if it is not clear."""
    names = workbook_sheets(path, allow_large=allow_large)[:MAX_SHEETS]
    if len(names) < 2:
        return None, None
    headers: dict[str, tuple[str, ...]] = {}
    for name in names:
        with suppress(InputError):  # a sheet that is no table
            headers[name] = read_raw_table(path, is_header, sheet=name, allow_large=allow_large).header
    dosing = [name for name, header in headers.items() if {"patient", "drug", "amount"} <= roles(header, DOSES).keys()]
    counting = [name for name, header in headers.items() if name not in dosing and "patient" in roles(header, COUNTS)]
    return (counting[0] if counting else None), (dosing[0] if dosing and counting else None)
