"""CSV tables of one row a published fact: the header, then every row, against the class of a row."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_args

from pydantic import ValidationError

from kinetics.errors import Faults
from kinetics.files.bibliography import CHOICE, find_source
from kinetics.files.documents import PROSE, read_text
from kinetics.files.foreign import check_not_foreign
from kinetics.files.reading import MAX_TEXT, check_regular, read_bytes
from kinetics.files.rows import problem_text
from kinetics.text.escaping import character_name, forbidden_character
from kinetics.units import read_number


class TableRow(Protocol):
    """What every row has."""

    table: ClassVar[str]
    """What a table of such rows is called, in messages."""
    filled: ClassVar[Mapping[str, tuple[str, ...]]]
    """Columns that a table may leave out, by the column that it has in their place."""

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


@dataclass(frozen=True)
class PlacedRow(Generic[R]):
    """A row and where it was read: ``file:line``, and the file."""

    row: R
    where: str
    path: Path


MAX_ROWS = 10_000
"""Rows of a table."""


def header_of(path: Path) -> list[str]:
    """The names of the columns of a table; empty for a file that has none."""
    first = read_text(path).partition("\n")[0]
    try:
        return next(csv.reader([first]), [])
    except csv.Error:
        return []


def read_table(path: Path, kind: type[R], faults: Faults) -> list[PlacedRow[R]]:
    """The rows of a CSV table that are right, by the pydantic class of a row; what is wrong is noted in ``faults``."""
    rows: list[PlacedRow[R]] = []
    with faults.gather(str(path)):
        check_not_foreign(path, "a table in CSV")
        reader = csv.DictReader(io.StringIO(read_text(path)), strict=True)
        try:
            if not _check_header(reader.fieldnames or (), kind, path, faults):
                return []
            for number, record in enumerate(reader, 1):
                if number > MAX_ROWS:
                    faults.add(f"more than {MAX_ROWS} rows; what follows is not read", f"{path}:{reader.line_num}")
                    break
                rows += _checked_row(record, kind, f"{path}:{reader.line_num}", path, faults)
        except csv.Error as error:
            faults.add(f"not a CSV table: {error}", f"{path}:{reader.line_num}")
    names: set[str] = set()
    for placed in rows:
        if placed.row.name in names:
            faults.add("duplicate name", placed.where, placed.row.name)
        names.add(placed.row.name)
    return rows


def _check_header(columns: Iterable[str], kind: Any, path: Path, faults: Faults) -> bool:
    """Note what is wrong with the names of the columns; whether the rows are worth reading."""
    known = kind.model_fields
    counts = Counter(columns)
    filled = {column for key, columns in kind.filled.items() if key in counts for column in columns}
    required = [column for column, field in known.items() if field.is_required() and column not in filled]
    if sum(column in counts for column in required) < len(required) / 2:
        said = f"is no {kind.table}, which has at least the columns {', '.join(required)}"
        faults.add(f"{said}; {_likely_content(counts)}", f"{path}:1")
        return False
    for column, count in counts.items():
        if column not in known:
            faults.add(f"unknown column; there are {', '.join(known)}", f"{path}:1", column)
        if count > 1:
            faults.add("duplicate column", f"{path}:1", column)
    for column in required:
        if column not in counts:
            faults.add("missing column", f"{path}:1", column)
    return True


PERSON = frozenset(
    (
        *("id", "patient", "patientid", "patid", "patno", "patientno", "patientnumber", "pid", "patnr", "patientennr"),
        *("patientennummer", "subject", "subjectid", "subjid", "subjectno", "usubjid", "case", "caseid"),
    )
)
"""Headings of columns that say whose a row is, without capitals, spaces and signs."""
_OURS = {"kind", "statistic", "mark", "statement"}


def holds_patients(path: Path) -> bool:
    """Whether a CSV file looks like measurements of patients rather than published numbers.

    It does if a heading among its first lines says whose the rows are, or if it is no text that published numbers
    have: larger than 1 MB, or not UTF-8.
    """
    if check_regular(path) > MAX_TEXT:
        return True
    try:
        lines = read_bytes(path, MAX_TEXT).decode("utf-8-sig").splitlines()[:30]
    except UnicodeDecodeError:
        return True
    cells = [_plain(re.split(r"[,;\t|]", line)) for line in lines]
    return not any(headings & _OURS for headings in cells[:1]) and any(headings & PERSON for headings in cells)


def _plain(columns: Iterable[str]) -> set[str]:
    """Headings without capitals, spaces and signs."""
    return {re.sub(r"[\W_]+", "", column).casefold() for column in columns}


def _likely_content(columns: Collection[str]) -> str:
    """What a file with these columns looks like."""
    plain = {column.strip().lower() for column in columns}
    listed = ", ".join(columns)
    if {"mark", "statement"} <= plain:
        return "it looks like evidence, which 'kinetics evidence FILE' reads"
    if {"use", "kind", "statistic"} <= plain:
        return "it looks like a published table, which a fit names among its tables"
    if any(column.rstrip().endswith("]") for column in columns):
        return "it looks like a table of known patients, which 'kinetics simulate MODEL --covariates FILE' reads"
    if _plain(columns) & PERSON:
        return "it looks like measurements of patients, which 'kinetics data read FILE' reads"
    return f"its columns are {listed:.200}" if columns else "it has no line of names of columns"


@cache
def _numeric(kind: Any) -> frozenset[str]:
    """The columns that hold numbers."""
    return frozenset(key for key, field in kind.model_fields.items() if _has_number(field.annotation))


def _has_number(annotation: Any) -> bool:
    return annotation in (int, float) or any(map(_has_number, get_args(annotation)))


def _checked_row(record: Mapping[Any, Any], kind: Any, where: str, path: Path, faults: Faults) -> list[PlacedRow[Any]]:
    """The row, or nothing and its faults; a missing column has been reported with the header."""
    name = str(record.get("name") or "").strip()
    if None in record or None in record.values():
        faults.add("has more or fewer fields than the header; quote a text that holds a comma", where, name)
        return []
    for column, text in record.items():
        # a field in quotes may go over several lines
        if column not in PROSE and (character := forbidden_character(text.strip())):
            faults.add(f"holds {character_name(character)}; remove it", where, f"{name}.{column}")
            return []
    cells = {key: text.strip() for key, text in record.items() if key in kind.model_fields and text.strip()}
    unread = [key for key in cells.keys() & _numeric(kind) if read_number(cells[key]) is None]
    for key in unread:
        faults.add(f"is no finite number: {cells.pop(key)!r:.60}", where, f"{name}.{key}")
    for key, filled in kind.filled.items():
        if key in record and key not in cells and (absent := [column for column in filled if column not in record]):
            faults.add(f"missing: the table has it in place of {', '.join(absent)}", where, f"{name}.{key}")
            return []
    try:
        row = kind.model_validate(cells)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            column = ".".join(map(str, problem["loc"]))
            missing = problem["type"] == "missing"
            if not missing or column in record:
                faults.add("missing" if missing else problem_text(problem), where, f"{name}.{column}")
        return []
    if unread:
        return []
    between_columns = row.faults()
    for message in between_columns:
        faults.add(message, where, name)
    if record.get("source") and row.source != CHOICE and find_source(row.source, path.parent) is None:
        faults.add(f"source '{row.source}' is in no references.bib", where, f"{name}.source")
    return [] if between_columns else [PlacedRow(row, where, path)]
