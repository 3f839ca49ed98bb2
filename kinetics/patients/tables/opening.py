"""A file of a user, by its suffix, to a `RawTable`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from kinetics.errors import Fault, Faults, InputError
from kinetics.files.capacity import check_memory, free_memory
from kinetics.files.foreign import check_not_foreign
from kinetics.files.reading import check_regular, read_bytes
from kinetics.patients.tables.cells import MAX_TEXT, RawTable, cell_text
from kinetics.patients.tables.delimited import IsHeader, even_rows, read_delimited
from kinetics.patients.tables.encoding import decoded
from kinetics.patients.tables.numbers import decimal_sign
from kinetics.text.escaping import character_name, forbidden_character, one_line

MAX_BYTES = 50_000_000
"""The largest file that is read without being allowed to be larger."""
TEXT = (".csv", ".tsv", ".tab", ".txt", ".dat")
WORKBOOK = (".xlsx", ".xlsm")
PARQUET = (".parquet", ".pq")
SUFFIXES = (*TEXT, *WORKBOOK, *PARQUET)
_ADVICE = {
    ".xls": "save it as .xlsx",
    ".ods": "save it as .xlsx or CSV (UTF-8)",
    ".xpt": "convert it to CSV or Parquet",
    ".sas7bdat": "convert it to CSV or Parquet",
    ".gz": "unpack it first",
    ".zip": "unpack it first",
}
_MEMORY = 20
"""Bytes of memory a byte of a table takes, about, once it is read."""


def read_raw_table(
    path: str | Path,
    is_header: IsHeader,
    *,
    sheet: str | None = None,
    also_read: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    allow_large: bool = False,
) -> RawTable:
    """Read a table as it stands.

    Parameters
    ----------
    path : str or pathlib.Path
        A regular file: text with separators (.csv, .tsv, .tab, .txt, .dat), a workbook (.xlsx) or Parquet (.parquet).
    is_header : callable
        Recognises the header among the first lines.
    sheet, encoding, decimal : str, optional
        Of a workbook the sheet, of a text its encoding and decimal sign; else they are found out.
    also_read : str, optional
        Another sheet of the workbook that is read as well, of which no note says that it is not.
    allow_large : bool
        Whether it may have more than 50 MB.

    Raises
    ------
    InputError
        If it cannot be read, has another format, or is too large.
    """
    path = Path(path)
    check_not_foreign(path, "a table of patients")
    suffix = path.suffix.casefold()
    if suffix not in SUFFIXES:
        advice = _ADVICE.get(suffix, "save it as CSV (UTF-8), .xlsx or .parquet")
        shown = one_line(suffix) or "no suffix"
        raise InputError(Fault(f"is no table that can be read ({shown}); {advice}", str(path)))
    raw = _bytes(path, allow_large)
    if suffix in PARQUET:
        table = _of_parquet(raw, path)
    elif suffix in WORKBOOK:
        table = _of_workbook(raw, path, is_header, sheet, also_read, decimal)
    else:
        table = _of_text(raw, path, is_header, encoding, decimal)
    header = tuple(heading.strip().lstrip("\ufeff") for heading in table.header)
    table = replace(table, header=header, checksum=hashlib.sha256(raw).hexdigest())
    _check_header(table)
    return table


def _of_parquet(raw: bytes, path: Path) -> RawTable:
    from kinetics.patients.tables.parquet import read_parquet

    header, rows = read_parquet(raw, str(path))
    return RawTable(path, header, rows, list(range(2, len(rows) + 2)))


def _of_workbook(
    raw: bytes, path: Path, is_header: IsHeader, sheet: str | None, also_read: str | None, decimal: str | None
) -> RawTable:
    from kinetics.patients.tables.workbook import read_workbook

    name, numbered, notes = read_workbook(raw, str(path), sheet, is_header, also_read)
    (first, header), width = numbered[0], len(numbered[0][1])
    rows = [(*cells[:width], *[None] * (width - len(cells))) for _, cells in numbered[1:]]
    lines = [number for number, _ in numbered[1:]]
    # numbers may be stored as text
    texts = ([row[column] for row in rows if isinstance(row[column], str)] for column in range(width))
    decimals = tuple(decimal or decimal_sign(map(str, cells), ";") for cells in texts)
    return RawTable(path, tuple(map(cell_text, header)), rows, lines, first, decimals, name, tuple(notes))


def _of_text(raw: bytes, path: Path, is_header: IsHeader, encoding: str | None, decimal: str | None) -> RawTable:
    text, said = decoded(raw, encoding, str(path))
    records, decimals, notes = read_delimited(text, str(path), is_header, decimal)
    lines, rows, faults = even_rows(records, str(path))
    first, header = records[0]
    return RawTable(
        path, tuple(header), rows, lines, first, tuple(decimals), notes=(*said, *notes), faults=tuple(faults)
    )


def workbook_sheets(path: Path, *, allow_large: bool = False) -> list[str]:
    """The names of the sheets of a workbook, in order."""
    from kinetics.patients.tables.workbook import sheet_names

    return sheet_names(_bytes(path, allow_large), str(path))


def _bytes(path: Path, allow_large: bool) -> bytes:
    size = check_regular(path)
    if not allow_large and size > MAX_BYTES:
        limit = f"larger than {MAX_BYTES // 10**6} MB, the limit for a table of patients"
        raise InputError(Fault(f"{limit}; allow it with --allow-large, in Python allow_large=True", str(path)))
    check_memory(float(_MEMORY * size), str(path), "read a part of it")
    return read_bytes(path, free_memory() if allow_large else MAX_BYTES, "a table of patients")


def _check_header(table: RawTable) -> None:
    faults, names = Faults(), set[str]()
    for heading in table.header:
        if character := forbidden_character(heading):
            faults.add(f"a heading holds {character_name(character)}; remove it", table.where_header)
        elif len(heading) > MAX_TEXT:
            faults.add(f"a heading is longer than {MAX_TEXT} characters: '{heading[:40]}...'", table.where_header)
        elif heading and heading in names:
            faults.add("two columns have this heading; rename one", table.where_header, heading)
        names.add(heading)
    if not table.rows and not table.faults:
        faults.add("has a header and no rows", table.where_header)
    faults.raise_if_any()
