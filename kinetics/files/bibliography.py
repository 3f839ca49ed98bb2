"""Literature keys: the BibTeX file beside a file, then the shipped one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kinetics.files.documents import read_text
from kinetics.files.library import library_folder

__all__ = ["CHOICE", "Source", "find_source", "read_bibliography"]

CHOICE = "choice"
# scripts of one line each, so that a hostile file is scanned in linear time
_ENTRY = re.compile(r"^@(\w++)[ \t]*+\{[ \t]*+([^\s,{}]++)[ \t]*+,", re.MULTILINE)
_FIELD = re.compile(r"^[ \t]*+(\w++)[ \t]*+=[ \t]*+[{\"](.*)[}\"][ \t]*+,?[ \t]*+\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """An entry of a bibliography.

    Parameters
    ----------
    key : str
        Its key.
    fields : dict of str to str
        Its fields, such as ``author``, ``year``, ``doi``.
    """

    key: str
    fields: dict[str, str]

    @property
    def short(self) -> str:
        """Family name of the first author, or without one the journal or title, and the year; for tables."""
        author = self.fields.get("author", "").split(" and ")[0]
        words = author.split()
        # "Marie de Vries": the family name starts at its particle
        start = next((place for place, word in enumerate(words) if word[0].islower()), -1)
        family = author.split(",")[0] if "," in author else " ".join(words[start:])
        name = family.strip("{}") or self.fields.get("journal") or self.fields.get("title", "")
        return f"{name} {self.fields.get('year', '')}".strip() or self.key


def read_bibliography(path: Path) -> dict[str, Source]:
    """The entries of a BibTeX file by key, as it is now; empty if there is no such file."""
    if not path.is_file():
        return {}
    status = path.stat()
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=32)
def _read(path: Path, *_: int) -> dict[str, Source]:
    text = read_text(path)
    entries = list(_ENTRY.finditer(text))
    ends = [*(entry.start() for entry in entries), len(text)][1:]
    return {
        entry[2]: Source(entry[2], dict(_FIELD.findall(text[entry.end() : end])))
        for entry, end in zip(entries, ends, strict=True)
    }


def find_source(key: str, folder: Path) -> Source | None:
    """The entry of a key in ``folder``/references.bib, then in the folder ``models`` beside it, then in the library."""
    for place in (folder, folder.parent / "models", folder.parent, library_folder("models")):
        if source := read_bibliography(place / "references.bib").get(key):
            return source
    return None
