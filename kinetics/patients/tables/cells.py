"""`RawTable`: a table as it stands in a file, before anything is understood of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeAlias

from kinetics.errors import Fault, InputError
from kinetics.text.escaping import character_name, forbidden_character, is_formula
from kinetics.text.lists import listed
from kinetics.text.suggestions import did_you_mean

Cell: TypeAlias = str | float | int | bool | datetime | date | time | None
"""What a cell holds. All cells of a text file are text."""

MAX_COLUMNS = 2000
MAX_CELLS = 10**8
MAX_TEXT = 200
"""Characters of a heading, and of a cell that names something."""
_MISSING = frozenset(("", ".", "-", "--", "na", "n/a", "nan", "null", "none", "#n/a", "nd", "n.d."))


@dataclass(frozen=True)
class RawTable:
    """Rows of cells under a header, each with its line in the file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    header : tuple of str
        The headings, stripped.
    rows : list of tuple of Cell
        Each as long as the header.
    lines : list of int
        The line of each row: of a text file the line, of a sheet the row, from 1.
    header_line : int
        That of the header.
    decimals : tuple of str
        Of each column of a text file the decimal sign, ``"."`` or ``","``; ``"?"`` if both could be meant.
    sheet : str
        Of a workbook the name of the sheet.
    notes : tuple of str
        What was understood of the file, to be said.
    checksum : str
        SHA-256 of the file.
    faults : tuple of Fault
        Rows that cannot be read, to be raised with the faults of the others.
    """

    path: Path
    header: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(repr=False)
    lines: list[int] = field(repr=False)
    header_line: int = 1
    decimals: tuple[str, ...] = ()
    sheet: str = ""
    notes: tuple[str, ...] = ()
    checksum: str = ""
    faults: tuple[Fault, ...] = ()

    @cached_property
    def name(self) -> str:
        """The file, with the sheet in brackets."""
        return f"{self.path}[{self.sheet}]" if self.sheet else str(self.path)

    def where(self, row: int) -> str:
        """``file:line`` of a row, by its number from 0."""
        return f"{self.name}:{self.lines[row]}"

    @property
    def where_header(self) -> str:
        """``file:line`` of the header."""
        return f"{self.name}:{self.header_line}"

    def index(self, heading: str) -> int:
        """The column of a heading, whose capitals and outer spaces do not count; `InputError` if there is none."""
        plain = [own.casefold() for own in self.header]
        name = heading.strip().casefold()
        if name not in plain:
            hint = did_you_mean(heading, self.header) or f"; there are {', '.join(self.header):.300}"
            raise InputError(Fault(f"there is no column '{heading}'{hint}", self.where_header))
        return self.header.index(heading) if heading in self.header else plain.index(name)

    def column(self, heading: str) -> list[Cell]:
        """The cells of a column."""
        index = self.index(heading)
        return [row[index] for row in self.rows]

    def texts(self, heading: str) -> list[str]:
        """The distinct texts of a column that are not missing, in order of appearance."""
        index = self.index(heading)
        return list(dict.fromkeys(cell_text(row[index]) for row in self.rows if not is_missing(row[index])))


def is_missing(cell: Cell) -> bool:
    """Whether a cell holds nothing, or one of the usual signs for it, such as ``.`` and ``NA``.

    Examples
    --------
    >>> [is_missing(cell) for cell in (None, " ", ".", "NA", float("nan"), "0", 0.0)]
    [True, True, True, True, True, False, False]
    """
    if cell is None or (isinstance(cell, float) and cell != cell):
        return True
    return isinstance(cell, str) and cell.strip().casefold() in _MISSING


def cell_text(cell: Cell) -> str:
    """A cell as text: a whole number without its decimals, so that 7 and 7.0 are one patient.

    Examples
    --------
    >>> cell_text(7.0), cell_text("7.0"), cell_text(" P07 "), cell_text(None)
    ('7', '7', 'P07', '')
    """
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, bool):
        return str(cell).lower()
    text = "" if cell is None else cell.isoformat() if isinstance(cell, date | time) else str(cell).strip()
    whole, point, decimals = text.partition(".")
    return whole if point and whole.isdecimal() and decimals and not decimals.strip("0") else text


@lru_cache(maxsize=65536, typed=True)
def checked_text(cell: Cell) -> str:
    """The text of a cell that names something: no formula, and no character that acts on a display; `InputError`.

    Examples
    --------
    >>> checked_text("=1+1")
    Traceback (most recent call last):
    kinetics.errors.InputError: is a formula, '=1+1'; write the text itself
    """
    text = cell_text(cell)
    if character := forbidden_character(text):
        raise InputError(f"holds {character_name(character)}; remove it")
    if is_formula(text):
        raise InputError(f"is a formula, '{text[:40]}'; write the text itself")
    if len(text) > MAX_TEXT:
        raise InputError(f"is longer than {MAX_TEXT} characters: '{text[:40]}...'")
    return text


def first_columns(header: Sequence[str]) -> str:
    """The headings of a table, for a message."""
    return listed(map(repr, header), 20)
