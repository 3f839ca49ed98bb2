"""Studies too large for memory: finished chunks go to a Zarr store beside the place of the result, and survive a kill.

What ``NAME.zarr.part`` holds until the study is complete:

store/
    The Zarr store, in the form of the result, with what is finished so far.
progress.json
    The request, so that only the same one goes on, and how many runs are finished. It is replaced after each chunk is
    written: a kill at any time loses the chunk at work and nothing else.
lock
    Held by the process at work.
replaced/
    For a moment at the end, what stood at ``NAME.zarr`` before.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import Any

import xarray as xr
import zarr
from zarr.storage import LocalStore

from kinetics import __version__
from kinetics.errors import InputError, StorageError
from kinetics.runs import CHUNK, Progress
from kinetics.study import Study

try:
    import fcntl
except ImportError:  # Windows, where two processes at one store are not told from one another
    fcntl = None

__all__ = ["CHUNK_BYTES", "check_destination", "stream"]

CHUNK_BYTES = 2**27
"""A chunk of a study with very many output times has fewer runs, so that its values stay below this."""
FORMAT = 2  # of Zarr: the one whose strings and consolidated metadata are part of its specification
_OWN = {"store", "progress.json", "progress.json.new", "lock", "replaced"}


def stream(
    study: Study,
    path: str | Path,
    *,
    chunk: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write a study to a Zarr store, chunk by chunk.

    Parameters
    ----------
    study : Study
        One that has a dim.
    path : str or pathlib.Path
        The store, ``NAME.zarr``. What is there is replaced when the study is complete, and not touched before.
    chunk : int, optional
        Runs that are integrated and written together; 1000, or fewer that take 128 MiB.
    resume : bool
        Go on after the finished chunks of an interrupted run of the same request, if there are any.
    progress : callable, optional
        Called with (done, all) after each chunk.

    Returns
    -------
    int
        How many runs could not be integrated.

    Raises
    ------
    InputError
        If the place cannot be written to, another process writes there, or there are finished chunks of another
        request, or of this one without ``resume``.
    StorageError
        If writing fails on the way, such as on a full disk; finished chunks are kept.
    """
    if study.dim is None:
        raise InputError("one run without patients or draws needs no store; write it as NetCDF")
    path = check_destination(path)
    if chunk is not None and (isinstance(chunk, bool) or not isinstance(chunk, Integral) or chunk < 1):
        raise InputError(f"chunk must be a whole number, at least 1; found {chunk!r:.40}")
    runs = min(int(chunk or 0) or max(1, min(CHUNK, CHUNK_BYTES // study.run.bytes_of_one())), study.size)
    with _locked(_part(path)) as part:
        if (part / "replaced").exists() and not path.exists():  # a kill between the two renames at the end
            os.rename(part / "replaced", path)
        done = _Finished.read(part, _request(study, runs), study.size, resume=resume)
        try:
            if not done.count:
                _begin(study, part, runs)
            failed = _advance(study, part, runs, done, progress)
            _put_in_place(part, path)
        except OSError as error:
            kept = _Finished.read_count(part)
            state = (
                f"{kept} of {study.size} are finished and kept in {part}; with room made, "
                "the same request with --resume (in Python resume=True) goes on from there"
                if kept
                else "nothing was finished"
            )
            raise StorageError(f"{path}: writing stopped: {error.strerror or error}; {state}") from error
        finally:
            if not _Finished.read_count(part):
                shutil.rmtree(part, ignore_errors=True)
    return failed


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
def _locked(part: Path) -> Iterator[Path]:
    """The folder of unfinished work, for this process alone."""
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
        yield part


def _request(study: Study, chunk: int) -> dict[str, Any]:
    """Everything the numbers depend on, as JSON."""
    facts = {name: fact for name, fact in study.facts.items() if fact is not None}
    asked = {f"{study.dim}s": study.size, "chunk": chunk, "version": __version__, "variables": list(study.blank())}
    return json.loads(json.dumps({**facts, **study.request, **asked}, default=lambda number: number.item()))


@dataclass(frozen=True)
class _Finished:
    """How far a request has got: so many runs, of which so many failed."""

    request: dict[str, Any]
    count: int = 0
    failed: int = 0

    @classmethod
    def read(cls, part: Path, request: dict[str, Any], size: int, *, resume: bool) -> _Finished:
        """What is finished of a request; work of another, or work that would be lost, is refused."""
        count = cls.read_count(part)
        if not count:
            return cls(request)
        there = json.loads((part / "progress.json").read_text(encoding="utf-8"))
        if not resume:
            raise InputError(
                f"{part}: holds {count} finished of an interrupted run; "
                "go on with --resume (in Python resume=True), or delete it to start again"
            )
        if differences := _differences(there["request"], request):
            raise InputError(
                f"{part}: is of another request: {'; '.join(differences)}. Ask for the same, or delete it and start"
            )
        if count > size:
            raise InputError(f"{part}: {_DAMAGED}")
        return cls(request, count, int(there["failed"]))

    @staticmethod
    def read_count(part: Path) -> int:
        """How many runs are finished; 0 if there is nothing to go on from."""
        file = part / "progress.json"
        if not file.is_file() or not (part / "store" / ".zgroup").is_file():
            return 0
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            count, failed, request = content["finished"], content["failed"], content["request"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{part}: {_DAMAGED}") from error
        if not (isinstance(request, dict) and all(type(n) is int and n >= 0 for n in (count, failed))):
            raise InputError(f"{part}: {_DAMAGED}")
        return count

    def write(self, part: Path) -> None:
        """Replace what was noted before."""
        content = {"finished": self.count, "failed": self.failed, "request": self.request}
        (part / "progress.json.new").write_text(json.dumps(content, indent=1), encoding="utf-8")
        os.replace(part / "progress.json.new", part / "progress.json")


_DAMAGED = "progress.json was not written by this program; delete the folder to start again"


def _differences(there: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """What two requests do not share, in words."""
    told = []
    for key in dict.fromkeys((*here, *there)):
        if there.get(key) != here.get(key):
            name, one, other = key.replace("_", " "), there.get(key, "not given"), here.get(key, "not given")
            plain = not key.endswith("_hash") and not isinstance(other, list)
            told.append(f"{name} is {one} there and {other} here" if plain else f"other {name.removesuffix(' hash')}")
    return told


def _begin(study: Study, part: Path, chunk: int) -> None:
    """An empty store for all runs, of which the metadata alone takes room."""
    store = part / "store"
    for name in ("store", "replaced"):
        shutil.rmtree(part / name, ignore_errors=True)
    blank = study.blank()
    encoding = {
        str(name): {
            "compressors": None,
            "chunks": tuple(
                chunk if dim == study.dim else max(1, size) for dim, size in zip(array.dims, array.shape, strict=True)
            ),
        }
        for name, array in blank.variables.items()
    }
    blank.to_zarr(LocalStore(store), mode="w-", encoding=encoding, consolidated=False, zarr_format=FORMAT)
    for array in _arrays(study, blank, store).values():
        array.resize((study.size, *array.shape[1:]))
    zarr.consolidate_metadata(LocalStore(store), zarr_format=FORMAT)
    _order(store, list(map(str, blank.variables)))


def _order(store: Path, names: list[str]) -> None:
    """Put the variables into the order of the dataset; readers keep that of the consolidated metadata."""
    file = store / ".zmetadata"
    content = json.loads(file.read_text(encoding="utf-8"))
    place = {name: number for number, name in enumerate(names)}
    rows = sorted(content["metadata"].items(), key=lambda row: place.get(row[0].partition("/")[0], -1))
    file.write_text(json.dumps({**content, "metadata": dict(rows)}, indent=1), encoding="utf-8")


def _arrays(study: Study, dataset: xr.Dataset, store: Path) -> dict[str, Any]:
    """The arrays that every chunk adds to."""
    group = zarr.open_group(LocalStore(store), mode="r+", zarr_format=FORMAT, use_consolidated=False)
    return {str(name): group[str(name)] for name, array in dataset.variables.items() if study.dim in array.dims}


def _advance(study: Study, part: Path, chunk: int, done: _Finished, progress: Progress | None) -> int:
    """The chunks that are left; returns how many runs failed in all."""
    arrays = _arrays(study, study.blank(), part / "store")
    for leftover in (part / "store").rglob("*.partial"):  # of the write that a kill cut off
        leftover.unlink()
    if progress is not None and done.count:
        progress(done.count, study.size)
    for begin in range(done.count, study.size, chunk):
        end = min(begin + chunk, study.size)
        dataset = study.dataset(begin, end)
        _write(arrays, dataset, begin, end)
        done = replace(done, count=end, failed=done.failed + int((dataset["failure"].values != "").sum()))
        done.write(part)
        if progress is not None:
            progress(end, study.size)
    return done.failed


def _write(arrays: dict[str, Any], dataset: xr.Dataset, begin: int, end: int) -> None:
    for name, array in arrays.items():
        array[begin:end] = dataset[name].values


def _put_in_place(part: Path, path: Path) -> None:
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
