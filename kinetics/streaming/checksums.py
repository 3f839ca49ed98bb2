"""Checksums of what a stream has written: damage is found when it is resumed, and when its result is checked."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kinetics.declared import SEAL
from kinetics.errors import InputError
from kinetics.files import read_json, write_atomically

__all__ = ["checksum", "checksums", "damaged_files", "files_of", "seal"]

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


def seal(store: Path, layout: Mapping[str, str], chunks: Iterable[tuple[str, list[str]]]) -> None:
    """Write the checksums of a finished store into it, as they were when each part was written.

    Parameters
    ----------
    store : pathlib.Path
        Its folder.
    layout : mapping of str to str
        The SHA-256 of each file that is no chunk of runs.
    chunks : iterable of (str, list of str)
        Of each chunk of runs the `checksum` of its files, and their paths from the store.
    """
    content = {"files": dict(layout), "chunks": [[one, files] for one, files in chunks]}
    write_atomically(store / SEAL, json.dumps(content))


def damaged_files(store: Path) -> list[str]:
    """What in a finished store is not as its stream wrote it: changed, gone, or not of it; nothing without checksums.

    Raises
    ------
    InputError
        If the checksums cannot be read.
    """
    if not os.path.lexists(store / SEAL):
        return []
    content = read_json(store / SEAL)
    try:
        layout, chunks = dict(content["files"]), [(str(one), list(map(str, files))) for one, files in content["chunks"]]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{store / SEAL}: is damaged: holds no checksums") from error
    known = {SEAL, *layout, *(name for _, files in chunks for name in files)}
    changed = [name for name, one in layout.items() if _of_file(store / name) != one]
    changed += [", ".join(files) for one, files in chunks if checksum(store, files) != one]
    return changed + sorted(set(files_of(store)) - known)


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
