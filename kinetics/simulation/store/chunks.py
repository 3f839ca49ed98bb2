"""Studies too large for memory: finished chunks go to a Zarr store beside the place of the result, and survive a kill.

What ``NAME.zarr.part`` holds until the study is complete:

store/
    The Zarr store, in the form of the result, with what is finished so far. At the end its checksums go into it.
progress.json
    The request, so that only the same one goes on, and a checksum of every finished chunk. It is replaced after each
    chunk is written: a kill at any time loses the chunk at work and nothing else. A chunk whose files no longer have
    its checksum is done again.
lock
    Held by the process at work.
replaced/
    For a moment at the end, what stood at ``NAME.zarr`` before.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from kinetics import __version__
from kinetics.errors import InputError, StorageError
from kinetics.files.arguments import whole_number
from kinetics.files.checksums import files_checksum, store_checksums
from kinetics.files.reading import reason_of
from kinetics.files.seal import seal_store
from kinetics.simulation.request import Study
from kinetics.simulation.runs import CHUNK, Progress
from kinetics.simulation.store.finished import Finished
from kinetics.simulation.store.layout import arrays_of, begin_store, chunk_files, write
from kinetics.simulation.store.location import check_destination, clear, locked, put_in_place

__all__ = ["stream"]

CHUNK_BYTES = 2**27
"""A chunk of a study with very many output times has fewer runs, so that its values stay below this."""


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
        If the place cannot be written to or holds what no stream has written, another process writes there, or there
        are finished chunks of another request, or of this one without ``resume``, or in a store that is damaged.
    StorageError
        If writing fails on the way, such as on a full disk; finished chunks are kept.

    Warns
    -----
    UserWarning
        If finished chunks are damaged and are done again.
    """
    if study.dim is None:
        raise InputError("one run without patients or draws needs no store; write it as NetCDF")
    path = check_destination(path)
    fitting = max(1, min(CHUNK, CHUNK_BYTES // study.run.bytes_of_one()))
    runs = min(fitting if chunk is None else whole_number("chunk", chunk, 1), study.size)
    with locked(path) as part:
        request = _request(study, runs)
        done = Finished.read(part)
        if done is not None:
            done.check(part, request, study.size, resume=resume)
        elif resume and (part / "store").exists():
            warnings.warn(f"{part}: nothing in it is known to be finished; starting from the beginning", stacklevel=3)
        try:
            if done is None:
                begin_store(study, part, runs)
                done = Finished(request)
            done = _advance(study, part, runs, done, progress)
            put_in_place(part, path)
        except OSError as error:
            finished = Finished.read(part)
            state = (
                f"{finished.runs(study.size)} of {study.size} are finished and kept in {part}; with room made, "
                "the same request with --resume (in Python resume=True) goes on from there"
                if finished
                else "nothing was finished"
            )
            raise StorageError(f"{path}: writing stopped: {reason_of(error)}; {state}") from error
        finally:
            if part.is_dir() and Finished.read(part) is None:
                clear(part)
    return done.failed


def _request(study: Study, chunk: int) -> dict[str, Any]:
    """Everything the numbers depend on, as JSON."""
    facts = {name: fact for name, fact in study.facts.items() if fact is not None}
    asked = {f"{study.dim}s": study.size, "chunk": chunk, "version": __version__, "variables": list(study.blank())}
    return json.loads(json.dumps({**facts, **study.request, **asked}, default=lambda number: number.item()))


def _advance(study: Study, part: Path, chunk: int, done: Finished, progress: Progress | None) -> Finished:
    """The chunks that are left, and those that are damaged, and the finished store's seal; returns what is finished."""
    store = part / "store"
    arrays = arrays_of(study, study.blank(), store)
    for leftover in store.rglob("*.partial"):  # of the write that a kill cut off
        leftover.unlink()
    if not done.layout:
        of_runs = (name for number in range(-(-study.size // chunk)) for name in chunk_files(arrays, number))
        done = replace(done, layout=store_checksums(store, without=of_runs))
    known = [
        index for index, (one, _) in enumerate(done.chunks) if one == files_checksum(store, chunk_files(arrays, index))
    ]
    if lost := len(done.chunks) - len(known):
        told = f"{lost} of {len(done.chunks)} finished chunks are gone or damaged; they are done again"
        warnings.warn(f"{part}: {told}", stacklevel=4)
    finished = sum(min(chunk, study.size - index * chunk) for index in known)
    if progress is not None and finished:
        progress(finished, study.size)
    for number, begin in enumerate(range(0, study.size, chunk)):
        if number in known:
            continue
        end = min(begin + chunk, study.size)
        dataset, files = study.dataset(begin, end), chunk_files(arrays, number)
        for name in files:
            (store / name).unlink(missing_ok=True)
        write(arrays, dataset, begin, end)
        one = files_checksum(store, files), int((dataset["failure"].values != "").sum())
        done = replace(done, chunks=(*done.chunks[:number], one, *done.chunks[number + 1 :]))
        done.write(part)
        finished += end - begin
        if progress is not None:
            progress(finished, study.size)
    seal_store(store, done.layout, [(one, chunk_files(arrays, number)) for number, (one, _) in enumerate(done.chunks)])
    return done
