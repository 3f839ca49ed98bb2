"""Literature keys: the BibTeX file beside a file, then the shipped one. Files are parsed by pybtex, within limits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pybtex.database.input.bibtex import LowLevelParser, UndefinedMacro, month_names
from pybtex.scanner import PybtexSyntaxError, Token

from kinetics.errors import Faults
from kinetics.files.documents import read_text
from kinetics.files.library import library_folder
from kinetics.files.reading import MAX_TEXT

CHOICE = "choice"
MAX_FAULTS = 100
"""Faults of a file after which the rest of it is not read."""
MAX_DEPTH = 16
"""Braces within braces."""
_SPECIAL = re.compile(r'[@{}"]')
_PATTERNS = {"@": LowLevelParser.AT, "{": LowLevelParser.LBRACE, "}": LowLevelParser.RBRACE, '"': LowLevelParser.QUOTE}
# fields that together lead to a publication
_WAYS = ({"doi"}, {"url"}, {"howpublished"}, {"note"}, {"journal", "volume"}, {"journal", "pages"})


@dataclass(frozen=True)
class Source:
    """An entry of a bibliography: its key, its fields such as ``author`` and ``doi``, its line, and if all was read.

    ``entry_type`` is such as article.
    """

    key: str
    fields: dict[str, str]
    line: int = 1
    whole: bool = True
    entry_type: str = "misc"

    @property
    def short(self) -> str:
        """Who wrote it and when, for tables: ``shortauthor``, else the family name of the first author, and the year.

        Without an author, the journal or the title stands there.

        Examples
        --------
        >>> Source("a", {"author": "de Vries, Marie and Roe, Jane", "year": "2012"}).short
        'de Vries 2012'
        >>> Source("b", {"author": "{World Health Organization}", "year": "2020"}).short
        'World Health Organization 2020'
        """
        author = self.fields.get("shortauthor") or self.fields.get("author", "").split(" and ")[0]
        family = author.split(",")[0]
        if "shortauthor" not in self.fields and "," not in author and not author.startswith("{"):
            words = author.split()
            # "Marie de Vries": the family name starts at its particle
            start = next((index for index, word in enumerate(words) if word[0].islower()), -1)
            family = " ".join(words[start:])
        name = family.replace("{", "").replace("}", "") or self.fields.get("journal") or self.fields.get("title", "")
        return f"{name} {self.fields.get('year', '')}".strip() or self.key


class _Parser(LowLevelParser):
    """The parser of pybtex, in linear time and memory, which collects faults with their lines."""

    def __init__(self, text: str) -> None:
        super().__init__(text, macros=dict(month_names))
        self.faults: list[tuple[int, str]] = []
        self.size = 0

    def handle_error(self, error: PybtexSyntaxError) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        reason = f"undefined string '{error.args[0]}'" if isinstance(error, UndefinedMacro) else str(error.args[0])
        self.faults.append((error.lineno, reason))
        if len(self.faults) >= MAX_FAULTS:
            self.pos = self.end_pos

    def skip_to(self, patterns: Any) -> Token | None:
        # pybtex searches for each pattern alone up to the end of the file: quadratic time
        text, end = self.text or "", self.pos
        while match := _SPECIAL.search(text, end):
            end, pattern = match.end(), _PATTERNS[match[0]]
            if pattern in patterns:
                value, self.pos = text[self.pos : end], end
                self.update_lineno(value)
                return Token(value, pattern)
        return None

    def parse_string(self, string_end: Any, level: int = 0, max_level: int = MAX_DEPTH) -> Any:
        return super().parse_string(string_end, level, max_level)

    def parse_value(self) -> None:
        super().parse_value()
        self.size += sum(map(len, self.current_value or ()))  # each @string may double the one before
        if self.size > MAX_TEXT:
            raise PybtexSyntaxError("texts too long in all", self)


def read_bibliography(path: Path) -> dict[str, Source]:
    """The entries of a BibTeX file by key, as it is now; empty if there is no such file."""
    return {source.key: source for source in _read_now(path)[0]} if path.is_file() else {}


def _read_now(path: Path) -> tuple[list[Source], list[tuple[int, str]]]:
    status = path.stat()
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=32)
def _read(path: Path, *_: int) -> tuple[list[Source], list[tuple[int, str]]]:
    """The entries that can be read, and the line and the reason of each fault."""
    text = read_text(path)
    parser: Any = _Parser(text)
    sources, line, start, known = [], 1, 0, 0
    for kind, (key, *fields) in parser:
        line, start = line + text.count("\n", start, parser.command_start), parser.command_start
        if kind.lower() not in ("string", "preamble") and key is not None:
            values = {name.lower(): " ".join("".join(parts).split()) for name, parts in fields[0]}
            sources.append(Source(key, values, line, len(parser.faults) == known, kind.lower()))
        known = len(parser.faults)
    return sources, parser.faults


def find_source(key: str, folder: Path) -> Source | None:
    """The entry of a key in ``folder``/references.bib, then in the folder ``models`` beside it, then in the library."""
    for candidate in (folder, folder.parent / "models", folder.parent, library_folder("models")):
        if source := read_bibliography(candidate / "references.bib").get(key):
            return source
    return None


def cited(key: str, folder: Path) -> str:
    """A source in short, as tables print it: who and when. A key that is in no bibliography, such as `choice`, stays.

    >>> cited(CHOICE, library_folder("models"))
    'choice'
    """
    source = None if key == CHOICE else find_source(key, folder)
    return source.short if source else key


def check_bibliography(path: Path, faults: Faults) -> None:
    """Every entry can be read, has a key of its own, says whose or what it is, and how to find it."""
    sources, unread = _read_now(path) if path.is_file() else ([], [])
    advice = "write @article{key, title = {...}, ...}"
    problems = [(line, "", f"cannot read this entry: {reason}; {advice}") for line, reason in unread]
    keys: set[str] = set()
    for source in sources:
        wrong = ["duplicate key"] if source.key in keys else []
        keys.add(source.key)
        if source.whole and not source.fields.keys() & {"author", "title"}:
            wrong.append("says neither author nor title")
        if source.whole and not any(source.fields.keys() >= way for way in _WAYS):
            ways = "add a doi, url, howpublished or note, or journal and volume or pages"
            wrong.append(f"gives no way to find it; {ways}")
        problems += [(source.line, source.key, message) for message in wrong]
    for line, key, message in sorted(problems, key=lambda fault: fault[0]):
        faults.add(message, f"{path}:{line}", key)
