"""TOML documents: read within limits, every key traceable to its line, content hashed."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kinetics.errors import InputError

__all__ = ["MAX_BYTES", "Document", "content_hash", "read_document", "read_text"]

MAX_BYTES = 1_000_000
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_PART = re.compile(r"[\w-]+|\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True)
class Document:
    """A TOML file that has been read.

    Parameters
    ----------
    path : pathlib.Path
        Where it was read from.
    data : dict
        Its content.
    """

    path: Path
    data: Mapping[str, Any]
    _lines: Mapping[tuple[str, ...], int] = field(repr=False, default_factory=dict)

    def where(self, *keys: str | int) -> str:
        """``file:line`` of a key, or of the nearest table around it.

        Examples
        --------
        >>> Document(Path("a.toml"), {}, {("states", "A"): 4}).where("states", "A", "rate")
        'a.toml:4'
        """
        path = tuple(map(str, keys))
        while path and path not in self._lines:
            path = path[:-1]
        return f"{self.path}:{self._lines.get(path, 1)}"


def read_text(path: Path) -> str:
    """Read a UTF-8 file of at most 1 MB.

    Raises
    ------
    InputError
        If there is no such file, it is too large, or it is not UTF-8 text.
    """
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; name a file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path}: larger than {MAX_BYTES // 1000} kB, the limit for a text file")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})") from error


def read_document(path: str | Path) -> Document:
    """Read a TOML file.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.

    Returns
    -------
    Document

    Raises
    ------
    InputError
        If it cannot be read, is too large, or is not TOML.
    """
    path = Path(path)
    text = read_text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise InputError(f"{path}:{line[1] if line else 1}: not valid TOML: {error}") from error
    except RecursionError as error:
        raise InputError(f"{path}: nested beyond reason") from error
    return Document(path, data, _line_map(text))


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _line_map(text: str) -> dict[tuple[str, ...], int]:
    """Where each key stands: a scan of lines, good enough to point with, never used to read values."""
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                index = counts[table] = counts.get(table, -1) + 1
                table = (*table, str(index))
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            path = (*table, *_parts(key[1]))
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], number)
    return lines


def content_hash(*parts: Any) -> str:
    """The SHA-256 of some JSON-like content, independent of the order of keys.

    Examples
    --------
    >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
