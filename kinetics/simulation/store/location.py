"""Where a stream is written: the path of the result, and the locked folder of unfinished work beside it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from kinetics.errors import InputError
from kinetics.files.checksums import paths_in
from kinetics.files.declared import CHUNK_NAME, META, check_zarr
from kinetics.files.reading import read_json, reason_of

_OWN = re.compile(r"store|progress\.json|\.progress-\w+\.json|lock|replaced")
_CUT_OFF = ".partial"
"""Ending of the name of a file of a store while zarr writes it."""


def check_destination(path: str | Path) -> Path:
    """Check, before the work, that a store can be written or replaced at a path; nothing is changed there.

    Returns
    -------
    pathlib.Path
        Absolute, links followed: what stands at the far end of a link is replaced, not the link.

    Raises
    ------
    InputError
        If the name does not end in ``.zarr``, Zarr is not installed, something that no stream has written is there, or
        the folder cannot be written to.
    """
    path = Path(path)
    if path.suffix.lower() != ".zarr":
        raise InputError(f"{path}: a stream is written as a Zarr store; end the name in .zarr")
    check_zarr(path)
    try:
        target = path.resolve()
        if target.exists():
            _check_result(target)
        _part(target).exists()  # tells whether the longer name is still one
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except InputError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: cannot be written: {reason_of(error)}") from error
    return target


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[Path]:
    """The folder of unfinished work on the store ``path``, for this process alone."""
    part = _part(path)
    with contextlib.ExitStack() as stack:
        try:
            part.mkdir(exist_ok=True)
            if foreign := sorted(entry.name for entry in part.iterdir() if not _OWN.fullmatch(entry.name)):
                raise InputError(f"{part}: holds {foreign[0]}, which no stream has written; move it away")
            for name in ("store", "replaced"):
                _check_own(part / name)
            stack.enter_context(FileLock(part / "lock", timeout=0, mode=0o666))
        except Timeout as error:
            raise InputError(f"{part}: another process is writing there") from error
        except OSError as error:
            raise InputError(f"{part}: cannot be written: {reason_of(error)}") from error
        if (part / "replaced").is_dir() and not path.exists():  # a kill between the two renames at the end
            os.rename(part / "replaced", path)
        yield part
    with contextlib.suppress(OSError):  # Windows keeps the lock, and so the folder, until it is released
        part.rmdir()


def put_in_place(part: Path, path: Path) -> None:
    """Move the complete store to its place. If the second of the two renames fails, the old store is put back.

    Raises
    ------
    InputError
        If something that no stream has written has come to the place meanwhile.
    """
    replaced = part / "replaced"
    if path.exists():
        _check_result(path)
        shutil.rmtree(replaced, ignore_errors=True)
        os.rename(path, replaced)
    try:
        os.rename(part / "store", path)
    except OSError:
        if replaced.exists():
            os.rename(replaced, path)
        raise
    clear(part)


def clear(part: Path) -> None:
    """Remove what a stream has written to its folder of unfinished work, and the folder if nothing else is in it."""
    for entry in part.iterdir():
        if _OWN.fullmatch(entry.name):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                with contextlib.suppress(PermissionError):  # the lock, on Windows
                    entry.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        part.rmdir()


def _check_result(store: Path) -> None:
    """Refuse to replace what is no result of a stream."""
    try:
        is_result = (store / ".zgroup").is_file() and read_json(store / ".zattrs").get("package") == "lymphokinetics"
    except InputError:
        is_result = False
    if not is_result:
        raise InputError(f"{store}: is there and is no Zarr store of this program; name another")
    _check_own(store)


def _check_own(store: Path) -> None:
    """Refuse to delete a store with anything in it that no stream has written."""
    grids: dict[str, list[int]] = {}
    for name in paths_in(store) if store.is_dir() else ():
        folder, _, file = name.rpartition("/")
        if (file in META and folder.count("/") == 0) or name == "." or file.endswith(_CUT_OFF):
            continue
        if folder not in grids:
            grids[folder] = _chunks_of(store / folder)
        numbers = [int(number) for number in file.split(".")] if CHUNK_NAME.fullmatch(file) else []
        grid = grids[folder]
        if not grid or len(numbers) != len(grid) or any(n >= end for n, end in zip(numbers, grid, strict=True)):
            raise InputError(f"{store}: holds {name}, which no stream has written; move it away, or name another")


def _chunks_of(folder: Path) -> list[int]:
    """How many chunks an array has along each dim; none if the folder is of no array."""
    try:
        row = read_json(folder / ".zarray")
        pairs = zip(row["shape"], row["chunks"], strict=True)
        return [max(1, -(-int(length) // int(chunk))) for length, chunk in pairs]
    except (ValueError, KeyError, TypeError, ZeroDivisionError):
        return []
