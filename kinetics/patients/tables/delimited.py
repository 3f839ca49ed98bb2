"""Text files with separators: which separator, which decimal sign, and where the header stands."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from kinetics.errors import Fault, InputError
from kinetics.patients.tables.cells import MAX_COLUMNS, MAX_TEXT, Cell, is_missing
from kinetics.patients.tables.numbers import decimal_sign
from kinetics.text.lists import listed
from kinetics.units import read_number

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SPACES = " "
HEADER_WITHIN = 30
"""Lines among which the header is looked for: exports have a title above it."""
_HINT = re.compile(r"sep=(.)")
Lines = list[tuple[int, list[str]]]
IsHeader = Callable[[Sequence[str]], bool]


def read_delimited(
    text: str, where: str, is_header: IsHeader, decimal: str | None
) -> tuple[Lines, list[str], list[str]]:
    """The lines of a table from its header on, the decimal sign of each column, and what is to be said.

    ``is_header`` recognises the header among the first lines; else the first that is no comment is it.
    """
    notes: list[str] = []
    separator = separator_of(text)
    if separator != ",":
        named = SEPARATORS.get(separator, "spaces")
        notes.append(f"columns are separated by {named}")
    if "\r\n" in text:
        notes.append("lines end in CR LF, as Windows writes them")
    lines = [(number, cells) for number, cells in _records(text, separator, where) if any(map(str.strip, cells))]
    for number, cells in lines:
        if len(cells) > MAX_COLUMNS:
            raise InputError(Fault(f"has {len(cells)} columns; at most {MAX_COLUMNS}", f"{where}:{number}"))
    if not lines:
        raise InputError(Fault("is empty; a table has a header and rows", where))
    start = header_index([cells for _, cells in lines[:HEADER_WITHIN]], is_header)
    if lines[start][0] > 1 and start:
        notes.append(f"the header is line {lines[start][0]}; what is above is not read")
    lines, comments = without_comments(lines[start:])
    if comments:
        notes.append(f"comments are left out: {_lines_text(comments)}")
    decimals = _decimals(lines, separator, decimal)
    if "," in decimals:
        headings = [heading.strip() for heading, sign in zip(lines[0][1], decimals, strict=False) if sign == ","]
        notes.append(f"decimal commas are read in {', '.join(headings):.200}")
    return lines, decimals, notes


def separator_of(text: str) -> str:
    r"""The separator of a text: that which stands most evenly on its first lines; a space if none stands there.

    Examples
    --------
    >>> separator_of("a;b\n0,5;1,2\n"), separator_of("id time dv\n1 0 2.5\n")
    (';', ' ')
    """
    head = [line for line in islice(io.StringIO(text, newline=None), 60) if line.strip() and not line.startswith("#")]
    if head and (hint := _HINT.fullmatch(head[0].strip())):
        return hint[1]
    best, most = SPACES, 0.0
    for separator in SEPARATORS if head else ():
        widths = Counter[int]()
        with suppress(csv.Error):  # which is raised when the records are read
            for row in csv.reader(head, delimiter=separator):
                widths[len(row)] += 1
        ranked = ((width > 1) * lines * (1 + width / 1000) for width, lines in widths.items())
        if (even := max(ranked, default=0.0)) > most:
            best, most = separator, even
    return best


def _records(text: str, separator: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """The records of a text, each with its first line; equal cells are one object, since a column has few values."""
    known: dict[str, str] = {}
    stream = io.StringIO(text, newline=None)
    if separator == SPACES:
        for number, line in enumerate(stream, 1):
            yield number, line.split()
        return
    reader, before = csv.reader(stream, delimiter=separator, strict=True), 0
    try:
        for cells in reader:
            if not (before == 0 and _HINT.fullmatch(separator.join(cells).strip())):
                yield before + 1, [known.setdefault(cell, cell) for cell in cells]
            before = reader.line_num
    except csv.Error as error:
        raise InputError(Fault(_reason(str(error)), f"{where}:{before + 1}")) from error


def _reason(error: str) -> str:
    """What is wrong with a record that the reader of the standard library refuses."""
    if "unexpected end" in error:
        return 'a quote (") opens a cell here and none closes it'
    if "field limit" in error:
        return f'a cell is longer than {csv.field_size_limit()} characters; perhaps no quote (") closes it'
    return f"no row of a table: {error}"


def header_index(lines: Sequence[Sequence[str]], is_header: IsHeader) -> int:
    """The first of some lines that is a header; else the first that is no comment; else 0."""
    found = next((index for index, cells in enumerate(lines) if is_header([cell[:MAX_TEXT] for cell in cells])), None)
    if found is None:
        found = next((index for index, cells in enumerate(lines) if not cells[0].strip().startswith("#")), 0)
    return found


def without_comments(lines: Lines) -> tuple[Lines, list[int]]:
    """The lines that NONMEM reads, and the numbers of those it leaves out: with ``#`` or ``C`` in front.

    A cell ``C`` is a mark where the other cells of the first column are numbers or missing: it may be a group else.
    """
    first = {number: cells[0].strip() for number, cells in lines[1:]}
    hashed = {number for number, cell in first.items() if cell.startswith("#")}
    marked = {number for number, cell in first.items() if cell == "C"}
    others = [cell for number, cell in first.items() if number not in hashed | marked]
    if not others or not all(is_missing(cell) or read_number(cell.replace(",", ".")) is not None for cell in others):
        marked = set[int]()
    left_out = (hashed if others or marked else set[int]()) | marked
    return [line for line in lines if line[0] not in left_out], sorted(left_out)


def _decimals(lines: Lines, separator: str, decimal: str | None) -> list[str]:
    if decimal is not None:
        return [decimal] * len(lines[0][1])
    return [
        decimal_sign((cells[column] for _, cells in lines[1:] if column < len(cells)), separator)
        for column in range(len(lines[0][1]))
    ]


def even_rows(lines: Lines, name: str) -> tuple[list[int], list[tuple[Cell, ...]], list[Fault]]:
    """The rows below the header, each as long as it, by their lines; a fault for each that has more or fewer cells.

    What is left out at the end of a line, and empty cells beyond the header, do not count.
    """
    faults, width = list[Fault](), len(lines[0][1])
    numbers: list[int] = []
    rows: list[tuple[Cell, ...]] = []
    for number, cells in lines[1:]:
        further = [cell for cell in cells[width:] if cell.strip()]
        if further or len(cells) < width - 1:
            more = "; a decimal comma needs semicolons between cells, or quotes" if further else ""
            faults.append(Fault(f"has {len(cells)} cells, and the header {width}{more}", f"{name}:{number}"))
            continue
        numbers.append(number)
        rows.append((*cells[:width], *[""] * (width - len(cells))))
    return numbers, rows, faults


def _lines_text(numbers: Sequence[int]) -> str:
    return f"line{'s' * (len(numbers) > 1)} {listed(numbers)}"
