"""CSV tables of one row a published fact: the header, then every row, against the class of a row."""

from __future__ import annotations

import csv
import io
import reprlib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar, get_args

from pydantic import ValidationError

from kinetics.documents import read_text
from kinetics.errors import Faults
from kinetics.model.sources import CHOICE, find_source
from kinetics.units import read_number

__all__ = ["TableRow", "header_of", "read_rows"]


class TableRow(Protocol):
    """What every row has."""

    @property
    def name(self) -> str:
        """Unique in the table."""
        ...

    @property
    def source(self) -> str:
        """A key of a bibliography, or `choice`."""
        ...

    def faults(self) -> list[str]:
        """What is wrong between columns."""
        ...


R = TypeVar("R", bound=TableRow)

MAX_ROWS = 10_000
"""Rows of a table."""


def header_of(path: Path) -> list[str]:
    """The names of the columns of a table; empty for a file that has none.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    first = read_text(path).partition("\n")[0]
    try:
        return next(csv.reader([first]), [])
    except csv.Error:
        return []


def read_rows(path: Path, kind: type[R], faults: Faults) -> list[tuple[R, str]]:
    """Read a table.

    Parameters
    ----------
    path : pathlib.Path
        A CSV file with a header.
    kind : type
        The class of a row, a pydantic model whose fields are the columns.
    faults : Faults
        Where everything wrong is noted.

    Returns
    -------
    list of (row, str)
        The rows that are right, each with its ``file:line``.
    """
    rows: list[tuple[R, str]] = []
    with faults.gather(str(path)):
        reader = csv.DictReader(io.StringIO(read_text(path)), strict=True)
        try:
            _check_header(reader.fieldnames or (), kind, path, faults)
            for number, record in enumerate(reader, 1):
                if number > MAX_ROWS:
                    faults.add(f"more than {MAX_ROWS} rows; what follows is not read", f"{path}:{reader.line_num}")
                    break
                rows += _checked_row(record, kind, f"{path}:{reader.line_num}", path, faults)
        except csv.Error as error:
            faults.add(f"not a CSV table: {error}", f"{path}:{reader.line_num}")
    seen: set[str] = set()
    for row, where in rows:
        if row.name in seen:
            faults.add("duplicate name", where, row.name)
        seen.add(row.name)
    return rows


def _check_header(columns: Iterable[str], kind: Any, path: Path, faults: Faults) -> None:
    known = kind.model_fields
    counts = Counter(columns)
    for column, count in counts.items():
        if column not in known:
            faults.add(f"unknown column; there are {', '.join(known)}", f"{path}:1", column)
        if count > 1:
            faults.add("duplicate column", f"{path}:1", column)
    for column, field in known.items():
        if field.is_required() and column not in counts:
            faults.add("missing column", f"{path}:1", column)


@cache
def _numeric(kind: Any) -> frozenset[str]:
    """The columns that hold numbers."""
    return frozenset(key for key, field in kind.model_fields.items() if _has_number(field.annotation))


def _has_number(annotation: Any) -> bool:
    return annotation in (int, float) or any(map(_has_number, get_args(annotation)))


def _checked_row(record: Mapping[Any, Any], kind: Any, place: str, path: Path, faults: Faults) -> list[tuple[Any, str]]:
    """The row, or nothing and its faults; a missing column has been reported with the header."""
    name = str(record.get("name") or "").strip()
    if None in record or None in record.values():
        faults.add("has more or fewer fields than the header; quote a text that holds a comma", place, name)
        return []
    given = {key: text.strip() for key, text in record.items() if key in kind.model_fields and text.strip()}
    unread = [key for key in given.keys() & _numeric(kind) if read_number(given[key]) is None]
    for key in unread:
        faults.add(f"is no finite number: {given.pop(key)!r:.60}", place, f"{name}.{key}")
    try:
        row = kind.model_validate(given)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            column = ".".join(map(str, problem["loc"]))
            found = reprlib.repr(problem["input"])
            message = "missing" if problem["type"] == "missing" else f"{problem['msg'].lower()}, found {found}"
            if problem["type"] != "missing" or column in record:
                faults.add(message, place, f"{name}.{column}")
        return []
    if unread:
        return []
    wrong = row.faults()
    for message in wrong:
        faults.add(message, place, name)
    if row.source != CHOICE and find_source(row.source, path.parent) is None:
        faults.add(f"source '{row.source}' is in no references.bib", place, f"{name}.source")
    return [] if wrong else [(row, place)]
