"""Where a stream is written: the place of the result, and the locked folder of unfinished work beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kinetics.errors import InputError

try:
    import fcntl
except ImportError:  # Windows, where two processes at one store are not told from one another
    fcntl = None

__all__ = ["check_destination", "locked", "put_in_place"]

_OWN = {"store", "progress.json", "progress.json.new", "lock", "replaced"}


def check_destination(path: str | Path) -> Path:
    """Check, before the work, that a store can be written or replaced at a path; nothing is changed there.

    Returns
    -------
    pathlib.Path
        Absolute, links followed: what stands at the far end of a link is replaced, not the link.

    Raises
    ------
    InputError
        If the name does not end in ``.zarr``, something that is no Zarr store is there, or the folder cannot be written
        to.
    """
    path = Path(path)
    if path.suffix.lower() != ".zarr":
        raise InputError(f"{path}: a stream is written as a Zarr store; end the name in .zarr")
    try:
        place = path.resolve()
        if place.exists() and not any((place / name).is_file() for name in (".zgroup", "zarr.json")):
            raise InputError(f"{path}: is there and is no Zarr store; name another")
        _part(place).exists()  # tells whether the longer name is still one
        with tempfile.TemporaryFile(dir=place.parent):
            pass
    except InputError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from error
    return place


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[Path]:
    """The folder of unfinished work on the store ``path``, for this process alone."""
    part = _part(path)
    with contextlib.ExitStack() as held:
        try:
            part.mkdir(exist_ok=True)
            if foreign := {entry.name for entry in part.iterdir()} - _OWN:
                raise InputError(f"{part}: is there and holds {sorted(foreign)[0]}, not ours; move it away")
            if fcntl is not None:
                fcntl.flock(held.enter_context((part / "lock").open("a")), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"{part}: another process is writing there") from error
        except OSError as error:
            raise InputError(f"{part}: cannot be written: {error.strerror or error}") from error
        if (part / "replaced").exists() and not path.exists():  # a kill between the two renames at the end
            os.rename(part / "replaced", path)
        yield part


def put_in_place(part: Path, path: Path) -> None:
    """The complete store to its place; until the second of two renames what was there can come back."""
    replaced = part / "replaced"
    if path.exists():
        os.rename(path, replaced)
    try:
        os.rename(part / "store", path)
    except OSError:
        if replaced.exists():
            os.rename(replaced, path)
        raise
    shutil.rmtree(part, ignore_errors=True)
