"""Excel workbooks (.xlsx) to cells, by openpyxl: values alone, no formula is evaluated."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from kinetics.errors import MAX_LINES, Fault, Faults, InputError
from kinetics.files.capacity import size_text
from kinetics.patients.tables.cells import MAX_CELLS, MAX_COLUMNS, Cell
from kinetics.patients.tables.delimited import HEADER_WITHIN, IsHeader, header_index
from kinetics.text.extras import needs
from kinetics.text.suggestions import did_you_mean

MAX_ROWS = 1_048_576
"""Of a sheet, in Excel."""
UNPACKED = 20
"""How many times its size a workbook may have unpacked: more is no table but an attack."""


def read_workbook(
    raw: bytes, path: str, sheet: str | None, is_header: IsHeader, also_read: str | None = None
) -> tuple[str, list[tuple[int, tuple[Cell, ...]]], list[str]]:
    """The sheet that is read, its rows from the header on with their numbers, and what is to be said.

    Raises
    ------
    InputError
        If openpyxl is not installed, the file is no workbook, there is no such sheet, or formulas have no values.
    """
    books = [_open(raw, path, data_only=data_only) for data_only in (True, False)]
    name = _sheet_name(books[0].sheetnames, sheet, path)
    with _damaged(path):
        values, formulas = (_rows(book[name], f"{path}[{name}]") for book in books)
        rows, notes = _checked(values, formulas, f"{path}[{name}]")
    texts = [["" if cell is None else str(cell) for cell in row] for _, row in rows[:HEADER_WITHIN]]
    start = header_index(texts, is_header) if texts else 0
    if not rows:
        raise InputError(Fault("is empty; a table has a header and rows", f"{path}[{name}]"))
    if start:
        notes.append(f"the header is row {rows[start][0]}; what is above is not read")
    if len(books[0].sheetnames) > 1:
        others = ", ".join(other for other in books[0].sheetnames if other not in (name, also_read))
        notes.append(f"sheet '{name}' is read" + (f"; not read: {others:.200}" if others else ""))
    return name, rows[start:], notes


def sheet_names(raw: bytes, path: str) -> list[str]:
    """The names of the sheets of a workbook, in order; `InputError` as `read_workbook`."""
    return list(_open(raw, path, data_only=True).sheetnames)


def _open(raw: bytes, path: str, *, data_only: bool) -> Any:
    try:
        import openpyxl
    except ImportError as error:
        message = f"{needs('openpyxl', 'excel')}; or save the sheet as CSV (UTF-8)"
        raise InputError(Fault(message, path)) from error
    _check_unpacked(raw, path)
    with _damaged(path):
        return openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=data_only)


@contextmanager
def _damaged(path: str) -> Generator[None, None, None]:
    """Turn what openpyxl raises of a damaged workbook, which is anything, into an `InputError`."""
    with warnings.catch_warnings():  # of parts that are no cells, such as validations
        warnings.simplefilter("ignore")
        try:
            yield
        except InputError:
            raise
        except Exception as error:
            raise InputError(Fault(f"no Excel workbook: {type(error).__name__}: {error!s:.200}", path)) from error


def _check_unpacked(raw: bytes, path: str) -> None:
    """Refuse what is no archive, and one that declares far more than it is; zipfile reads no more than declared."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(Fault(f"no Excel workbook (.xlsx): {error}", path)) from error
    if unpacked > max(UNPACKED * len(raw), 10**7):
        raise InputError(Fault(f"unpacks to {size_text(unpacked)}, {UNPACKED} times its size; no table does", path))


def _sheet_name(names: Sequence[str], sheet: str | None, path: str) -> str:
    if sheet is None:
        return names[0]
    if sheet not in names:
        hint = did_you_mean(sheet, names) or f"; there are {', '.join(names):.200}"
        raise InputError(Fault(f"there is no sheet '{sheet}'{hint}", path))
    return sheet


def _rows(sheet: Any, where: str) -> list[tuple[int, tuple[Any, ...]]]:
    """Rows that hold anything, by number; what a sheet declares of its size may be wrong."""
    sheet.reset_dimensions()
    rows: list[tuple[int, tuple[Any, ...]]] = []
    n_cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        width = max((column for column, cell in enumerate(row, 1) if cell is not None and cell != ""), default=0)
        n_cells += width
        if number > MAX_ROWS or width > MAX_COLUMNS or n_cells > MAX_CELLS:
            limits = f"a sheet has at most {MAX_ROWS} rows, {MAX_COLUMNS} columns and {MAX_CELLS} cells"
            raise InputError(
                Fault(f"is beyond what is read: {limits}", f"{where}:{number}", _letter(max(width - 1, 0)))
            )
        if width:
            rows.append((number, row[:width]))
    return rows


def _checked(
    values: list[tuple[int, tuple[Any, ...]]], formulas: list[tuple[int, tuple[Any, ...]]], where: str
) -> tuple[list[tuple[int, tuple[Cell, ...]]], list[str]]:
    """Typed cells; a formula counts as the value that was stored with it, which is said, and must have one."""
    faults, number_of_formulas, stored = Faults(), 0, dict(values)
    for number, cells in formulas:
        for column, cell in enumerate(cells):
            if isinstance(cell, str) and cell.startswith("="):
                number_of_formulas += 1
                own = stored.get(number, ())
                if column >= len(own) or own[column] is None:
                    message = "is a formula without a stored value; save the values in its place"
                    faults.add(message, f"{where}:{number}", _letter(column))
    faults.raise_if_any(MAX_LINES)
    notes = [f"{number_of_formulas} cells are formulas; the values stored with them are read"]
    return [(number, tuple(map(_typed, cells))) for number, cells in values], notes if number_of_formulas else []


def _typed(cell: Any) -> Cell:
    if isinstance(cell, Decimal):
        return float(cell)
    return cell if cell is None or isinstance(cell, str | int | float | datetime | date | time) else str(cell)


def _letter(column: int) -> str:
    """The letters over a column of a sheet.

    >>> _letter(0), _letter(27)
    ('A', 'AB')
    """
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
