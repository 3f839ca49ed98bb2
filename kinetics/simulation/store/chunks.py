"""Simulations too large for memory: finished chunks go to a Zarr store beside the result, and survive a kill.

What ``NAME.zarr.part`` holds until the simulation is complete:

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
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from kinetics import __version__
from kinetics.errors import InputError, StorageError, warn
from kinetics.files.arguments import Progress, whole_number
from kinetics.files.checksums import files_checksum, seal_store, store_checksums
from kinetics.files.reading import reason_of
from kinetics.simulation.runs import CHUNK
from kinetics.simulation.simulation import Simulation
from kinetics.simulation.store.layout import arrays_of, begin_store, chunk_files, write
from kinetics.simulation.store.location import check_destination, clear, locked, put_in_place
from kinetics.simulation.store.record import StreamRecord

CHUNK_BYTES = 2**27
"""A chunk of a simulation with very many output times has fewer runs, so that its values stay below this."""


def stream(
    simulation: Simulation,
    path: str | Path,
    *,
    chunk: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write a simulation that has a dim to a Zarr store, chunk by chunk.

    ``path``, ``chunk`` and ``resume`` are as of `kinetics.simulation.SimulationRequest`; ``progress`` is called with
    (done, all) after each chunk. What is at the path is replaced when the simulation is complete, not before.

    Raises
    ------
    InputError
        If the path cannot be written to or holds what no stream has written, another process writes there, or there
        are finished chunks of another request, or of this one without ``resume``, or in a store that is damaged.
    StorageError
        If writing fails on the way, such as on a full disk; finished chunks are kept.

    Warns
    -----
    UserWarning
        If finished chunks are damaged and are done again.
    """
    path, runs = check_destination(path), _chunk_size(simulation, chunk)
    with locked(path) as part:
        request, record = _request(simulation, runs), StreamRecord.read(part)
        if record is not None:
            record.check(part, request, simulation.size, resume=resume)
        elif resume and (part / "store").exists():
            warn(f"{part}: nothing in it is known to be finished; starting from the beginning")
        try:
            if record is None:
                begin_store(simulation, part, runs)
                record = StreamRecord(request)
            _advance(simulation, part, runs, record, progress)
            put_in_place(part, path)
        except OSError as error:
            raise StorageError(f"{path}: writing stopped: {reason_of(error)}; {_finished(part, simulation)}") from error
        finally:
            if part.is_dir() and StreamRecord.read(part) is None:
                clear(part)


def _chunk_size(simulation: Simulation, chunk: int | None) -> int:
    """Runs that are integrated and written together."""
    if simulation.dim is None:
        raise InputError("one run without patients or draws needs no store; write it as NetCDF")
    fitting = max(1, min(CHUNK, CHUNK_BYTES // simulation.run.bytes_of_one()))
    return min(fitting if chunk is None else whole_number("chunk", chunk, 1), simulation.size)


def _finished(part: Path, simulation: Simulation) -> str:
    """What is left of a stream that could not be written, in words."""
    record = StreamRecord.read(part)
    if record is None:
        return "nothing was finished"
    return (
        f"{record.runs(simulation.size)} of {simulation.size} are finished and kept in {part}; with room made, "
        "the same request with --resume (in Python resume=True) goes on from there"
    )


def _request(simulation: Simulation, chunk: int) -> dict[str, Any]:
    """Everything the numbers depend on, as JSON."""
    facts = {name: fact for name, fact in simulation.facts.items() if fact is not None}
    size = {f"{simulation.dim}s": simulation.size, "chunk": chunk, "version": __version__}
    request = {**facts, **simulation.settings, **size, "variables": list(simulation.blank())}
    return json.loads(json.dumps(request, default=lambda number: number.item()))


def _advance(simulation: Simulation, part: Path, chunk: int, record: StreamRecord, progress: Progress | None) -> None:
    """Do the chunks that are left, and those that are damaged, and seal the finished store."""
    store, size = part / "store", simulation.size
    arrays = arrays_of(simulation, simulation.blank(), store)
    for leftover in store.rglob("*.partial"):  # of the write that a kill cut off
        leftover.unlink()
    files = [chunk_files(arrays, number) for number in range(-(-size // chunk))]
    if not record.layout:
        record = replace(record, layout=store_checksums(store, without=chain.from_iterable(files)))
    recorded = list(zip(record.chunks, files, strict=False))
    sound = {number for number, (checksum, names) in enumerate(recorded) if checksum == files_checksum(store, names)}
    if lost := len(record.chunks) - len(sound):
        again = f"{lost} of {len(record.chunks)} finished chunks are gone or damaged; they are done again"
        warn(f"{part}: {again}")
    record = replace(record, chunks=record.chunks[: len(files)])
    finished = sum(min(chunk, size - number * chunk) for number in sound)
    if progress is not None and finished:
        progress(finished, size)
    for number, names in enumerate(files):
        if number in sound:
            continue
        begin, end = number * chunk, min((number + 1) * chunk, size)
        dataset = simulation.dataset(begin, end)
        for name in names:
            (store / name).unlink(missing_ok=True)
        write(arrays, dataset, begin, end)
        record = record.with_chunk(number, files_checksum(store, names))
        record.write(part)
        finished += end - begin
        if progress is not None:
            progress(finished, size)
    seal_store(store, record.layout, zip(record.chunks, files, strict=True))
