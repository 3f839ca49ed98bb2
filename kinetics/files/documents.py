"""TOML documents: read within limits, every key traceable to its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from kinetics.errors import Fault, Faults, InputError
from kinetics.files.foreign import check_not_foreign
from kinetics.files.read_cache import ReadCache
from kinetics.files.reading import MAX_TEXT, read_bytes
from kinetics.text.escaping import character_name, forbidden_character, forbidden_lines

MAX_DEPTH = 32
MAX_LINES = 20
"""The most lines with forbidden characters that are reported one by one."""
PROSE = ("about", "note", "note_published", "note_band", "statement", "reason")
"""Keys and columns whose text may have several lines."""
# possessive throughout: no line can make them go back, so a hostile file is scanned in linear time
_PART = re.compile(r"""[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'""")
_PATH = rf"(?>{_PART.pattern})(?:[ \t]*+\.[ \t]*+(?>{_PART.pattern}))*+"
_HEADER = re.compile(rf"[ \t]*+(\[\[?+)[ \t]*+({_PATH})[ \t]*+\]")
_KEY = re.compile(rf"[ \t]*+({_PATH})[ \t]*+=")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LONG_NUMBER = re.compile(r"(?<![\w])[0-9][0-9_]{4000,}+")
_STRING = r"""['"]([^'"]*)['"]"""
# comments, strings, dotted keys and the rest, each taken whole: none is scanned from every place inside it
_WORDS = re.compile(
    r"#[^\n]*+"
    r"""|(?P<multiline>\"""(?:[^"\\]|\\(?s:.)|"(?!""))*+(?:\"{3,5}+|\Z)|\'\'\'(?:[^']|'(?!\'\'))*+(?:\'{3,5}+|\Z))"""
    rf"|(?P<path>{_PATH})"
    r"""|["'][^\n]*+|[^\w"'#-]++"""
)


@dataclass(frozen=True)
class Document:
    """A TOML file that has been read: its path, its content, and the lines of its keys."""

    path: Path
    data: Mapping[str, Any]
    _lines: Mapping[tuple[str, ...], int] = field(repr=False, default_factory=dict)

    def where(self, *keys: str | int) -> str:
        """``file:line`` of a key, or of the nearest table around it.

        >>> Document(Path("a.toml"), {}, {("states", "A"): 4}).where("states", "A", "rate")
        'a.toml:4'
        """
        path = tuple(map(str, keys))
        while path and path not in self._lines:
            path = path[:-1]
        return f"{self.path}:{self._lines.get(path, 1)}"

    def file(self, *keys: str | int) -> Path:
        """The file that says a key, from whose folder its relative paths count: here that of every key."""
        return self.path


def read_text(path: Path) -> str:
    """Read a UTF-8 file of at most 1 MB; `InputError` also for characters that act on a display."""
    if character := forbidden_character(path.name):  # a file's name becomes the name of the model or fit in it
        raise InputError(Fault(f"the file's name holds {character_name(character)}; rename it", str(path)))
    raw = read_bytes(path, MAX_TEXT)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if raw.startswith(_HDF5):
            message = "is NetCDF, and a text file is needed; 'kinetics show', 'figure' and 'report' take results"
            raise InputError(Fault(message, str(path))) from error
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(Fault(f"not UTF-8 text (byte {error.start}, line {line})", str(path))) from error
    _check_characters(text, path)
    return text


def _check_characters(text: str, path: Path) -> None:
    faults = Faults()
    for line, character in islice(forbidden_lines(text), MAX_LINES):
        faults.add(f"holds {character_name(character)}; remove it", f"{path}:{line}")
    faults.raise_if_any()


def read_document(path: str | Path) -> Document:
    """Read a TOML file; `InputError` if it cannot be read, is too large, or is not TOML."""
    return _CACHE.read(Path(path), _read)


def _read(path: Path) -> tuple[Document, tuple[Path, ...]]:
    check_not_foreign(path, "a file in TOML")
    text = read_text(path)
    document = Document(path, _parsed(text, path), _line_map(text))
    _check_values(document)
    return document, (path,)


_CACHE = ReadCache[Document](most=256)


def _parsed(text: str, path: Path) -> dict[str, Any]:
    def fault(message: str, line: int, name: str = "") -> InputError:
        return InputError(Fault(message, f"{path}:{line}", name))

    # tomllib takes cubic time over dotted keys, and Python refuses numbers of thousands of digits
    for match, message in ((_long_path(text), "nested beyond reason"), (_LONG_NUMBER.search(text), "number too large")):
        if match:
            raise fault(message, text.count("\n", 0, match.start()) + 1)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"at line (\d+)", str(error))
        lines = text.split("\n")
        line = int(match[1]) if match else len(text.rstrip().split("\n"))
        key = _HEADER.match(lines[line - 1]) or _KEY.match(lines[line - 1])
        raise fault(f"not valid TOML: {_in_words(error)}", line, key[key.re.groups] if key else "") from error
    except RecursionError as error:
        raise InputError(Fault("nested beyond reason", str(path))) from error


def _long_path(text: str) -> re.Match[str] | None:
    paths = (word for word in _WORDS.finditer(text) if word["path"] and word["path"].count(".") >= MAX_DEPTH)
    return next((word for word in paths if len(_PART.findall(word["path"])) > MAX_DEPTH), None)


def _in_words(error: tomllib.TOMLDecodeError) -> str:
    """What tomllib says, with the table or key it shows as a tuple of Python written as in the file."""
    match = re.match(r"Cannot (?:declare|redefine namespace|mutate immutable namespace) \((.*)\)", str(error))
    if match is None:
        return str(error)
    return f"[{'.'.join(re.findall(_STRING, match[1]))}] is declared twice; put all its keys under one header"


def _check_values(document: Document) -> None:
    """Refuse values that later code need not handle: deep nesting, whole numbers beyond the 64 bits of TOML, and
    characters that act on a display, in keys and texts; only prose has several lines.
    """
    faults = Faults()
    level: list[tuple[tuple[str, ...], Any]] = [((), document.data)]
    while level:
        path, value = level.pop()
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            faults.add("number too large", document.where(*path), ".".join(path))
        elif isinstance(value, str) and (character := forbidden_character(value, lines=path[-1] in PROSE)):
            faults.add(f"holds {character_name(character)}; remove it", document.where(*path), ".".join(path))
        elif isinstance(value, dict | list) and len(path) > MAX_DEPTH:
            faults.add("nested beyond reason", document.where(*path), path[0])
        elif isinstance(value, dict | list):
            rows = value.items() if isinstance(value, dict) else enumerate(value)
            for key in value if isinstance(value, dict) else ():
                if character := forbidden_character(key):
                    message = f"a key holds {character_name(character)}; remove it"
                    faults.add(message, document.where(*path, key), ".".join((*path, key)))
            level.extend(((*path, str(key)), row) for key, row in rows)
    faults.raise_if_any()


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(
        tomllib.loads(f"part = {part}")["part"] if part[0] in "\"'" else part for part in _PART.findall(dotted)
    )


def _line_map(text: str) -> dict[tuple[str, ...], int]:
    """Where each key stands: a scan of lines, good enough to point with, never used to read values."""
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    text = _WORDS.sub(lambda word: "\n" * word[0].count("\n") if word["multiline"] else word[0], text)
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if len(header[1]) == 2:
                index = counts[table] = counts.get(table, -1) + 1
                table = (*table, str(index))
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            path = (*table, *_parts(key[1]))
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], number)
    return lines
