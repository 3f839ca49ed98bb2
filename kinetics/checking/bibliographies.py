"""The check of a bibliography."""

from __future__ import annotations

import re
from pathlib import Path

from kinetics.errors import Faults

__all__ = ["check_bibliography"]

# fields that together lead to a publication
_WAYS = ({"doi"}, {"url"}, {"howpublished"}, {"note"}, {"journal", "volume"}, {"journal", "pages"})


def check_bibliography(path: Path, faults: Faults) -> None:
    """Every entry can be read, has a key of its own, says whose or what it is, and how to find it."""
    from kinetics.files.bibliography import read_bibliography
    from kinetics.files.documents import read_text

    keys: set[str] = set()
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if not text.startswith("@"):
            continue
        entry = re.match(r"@\w+\s*\{\s*([^\s,{}]+)\s*,", text)
        if entry is None:
            faults.add("cannot read this entry; write @article{key,", f"{path}:{line}")
            continue
        key = entry[1]
        if key in keys:
            faults.add("duplicate key", f"{path}:{line}", key)
        keys.add(key)
        source = read_bibliography(path.resolve()).get(key)
        if source is None:
            faults.add("cannot read this entry; write @article{key,", f"{path}:{line}", key)
            continue
        fields = source.fields.keys()
        if not fields & {"author", "title"}:
            faults.add("says neither author nor title", f"{path}:{line}", key)
        if not any(fields >= way for way in _WAYS):
            message = "gives no way to find it; add a doi, url, howpublished or note, or journal and volume or pages"
            faults.add(message, f"{path}:{line}", key)
