"""Checksums of what a stream has written: damage is found when it is resumed, not when its result is read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["checksum", "checksums", "files_of"]

_GONE = "gone"


def checksum(store: Path, files: Iterable[str]) -> str:
    """The SHA-256 of some files, their names included; that one is not there, as of a chunk of fill values, counts too.

    Parameters
    ----------
    store : pathlib.Path
        The folder of the store.
    files : iterable of str
        Paths from there.
    """
    return hashlib.sha256("\n".join(f"{name}\0{_of_file(store / name)}" for name in files).encode()).hexdigest()


def checksums(store: Path, without: Iterable[str] = ()) -> dict[str, str]:
    """The SHA-256 of each file of a store by its path from there, without those of some names."""
    left_out = set(without)
    return {name: _of_file(store / name) for name in sorted(files_of(store)) if name not in left_out}


def files_of(store: Path) -> Iterator[str]:
    """Everything in a store that is no folder, and the folders that are empty, by the path from there."""
    for folder, folders, names in os.walk(store):
        place = Path(folder)
        links = [name for name in folders if (place / name).is_symlink()]
        yield from ((place / name).relative_to(store).as_posix() for name in (*names, *links))
        if not folders and not names:
            yield place.relative_to(store).as_posix()


def _of_file(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return _GONE
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return _GONE
