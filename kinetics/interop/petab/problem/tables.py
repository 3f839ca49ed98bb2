"""The tables of a problem: tab-separated text, each cell with its line and column for messages."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kinetics.errors import Faults
from kinetics.files.reading import read_bytes
from kinetics.text.escaping import character_name, forbidden_character
from kinetics.text.suggestions import did_you_mean
from kinetics.units import read_number

MAX_TABLE = 20_000_000
"""Bytes."""
MAX_ROWS = 200_000
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Row:
    """A row of a table; what is wrong with a cell is noted in ``faults``."""

    where: str
    cells: dict[str, str]
    faults: Faults

    def refuse(self, message: str, column: str) -> None:
        """Note a fault of a cell."""
        self.faults.add(message, self.where, column)

    def text(self, column: str) -> str:
        """A cell; empty if the table has no such column."""
        return self.cells.get(column, "")

    def identifier(self, column: str) -> str:
        """A cell that names something, which must not be empty."""
        if not _ID.fullmatch(text := self.text(column)):
            said = "must be a name of letters, digits and _ that begins with no digit"
            self.refuse(f"{said}; found '{text:.40}'" if text else "missing", column)
        return text

    def number(self, column: str, default: float = math.nan, infinite: Sequence[str] = ()) -> float:
        """A cell with a number, or one of the ``infinite`` that it may be; an empty one is the default, if any."""
        text = self.text(column)
        if not text and not math.isnan(default):
            return default
        if text.lower() in infinite:
            return float(text)
        value = read_number(text)
        if value is None:
            also = f", or {' or '.join(infinite)}" if infinite else ""
            self.refuse(f"must be a number{also}; found '{text:.40}'" if text else "missing", column)
            return math.nan
        return value

    def choice(self, column: str, choices: Collection[str], default: str) -> str:
        """A cell that is one of several words; an empty one is the default."""
        text = self.text(column) or default
        if text not in choices:
            self.refuse(f"unknown '{text:.40}'{did_you_mean(text, choices)}; there are {', '.join(choices)}", column)
            return default
        return text

    def listed(self, column: str) -> tuple[str, ...]:
        """The parts of a cell between semicolons."""
        text = self.text(column)
        return tuple(part.strip() for part in text.split(";")) if text else ()

    def numbers(self, column: str) -> tuple[float, ...]:
        """The numbers of a cell between semicolons."""
        values = [read_number(part) for part in self.listed(column)]
        if None in values:
            self.refuse(f"must be numbers separated by semicolons; found '{self.text(column):.40}'", column)
        return tuple(math.nan if value is None else value for value in values)


def read_rows(paths: Sequence[Path], required: Sequence[str], faults: Faults) -> Iterator[Row]:
    """The rows of tables of one kind; a missing column, a ragged row, a table too large are faults."""
    for path in paths:
        with faults.gather(str(path)):
            yield from _rows(path, required, faults)


def _rows(path: Path, required: Sequence[str], faults: Faults) -> Iterator[Row]:
    try:
        text = read_bytes(path, MAX_TABLE, "a table").decode("utf-8-sig")
    except UnicodeDecodeError:
        faults.add("is no text in UTF-8", str(path))
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
    try:
        header = [cell.strip() for cell in next(reader, [])]
        missing = [column for column in required if column not in header]
        for column in missing:
            faults.add(f"missing column; there are {', '.join(header):.200}", f"{path}:1", column)
        twice = [column for column, count in Counter(header).items() if count > 1]
        for column in twice:
            faults.add("duplicate column", f"{path}:1", column)
        if missing or twice:
            return
        for number, cells in enumerate(reader, 1):
            where = f"{path}:{reader.line_num}"
            if number > MAX_ROWS:
                faults.add(f"more than {MAX_ROWS} rows; what follows is not read", where)
                return
            if any(map(str.strip, cells)) and _is_whole(cells, header, where, faults):
                values = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
                yield Row(where, dict(zip(header, values, strict=True)), faults)
    except csv.Error as error:
        faults.add(f"not a table: {error}", f"{path}:{reader.line_num}")


def _is_whole(cells: list[str], header: list[str], where: str, faults: Faults) -> bool:
    if len(cells) > len(header):
        faults.add(f"has {len(cells)} cells, but the table has {len(header)} columns", where)
        return False
    for column, cell in zip(header, cells, strict=False):
        if character := forbidden_character(cell.strip()):
            faults.add(f"holds {character_name(character)}; remove it", where, column)
            return False
    return True
