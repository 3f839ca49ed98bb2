"""Simulations too large for memory: finished chunks go to a Zarr store beside the result, and survive a kill.

What ``NAME.zarr.part`` holds until the simulation is complete:

store/
    The Zarr store, in the form of the result, with what is finished so far. At the end its checksums go into it.
progress.json
    The request, so that only the same one goes on, and a checksum of every finished chunk. It is replaced after each
    of the first `RECORDED` chunks, and then whenever the number of finished chunks has grown by a thousandth. A kill
    loses that thousandth and the chunks at work. A chunk whose files no longer have its checksum is done again.
lock
    Held by the process at work. On a cluster that is the client, which alone writes the record; workers write chunks.
replaced/
    For a moment at the end, what stood at ``NAME.zarr`` before.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path

from kinetics.cluster import results
from kinetics.errors import ClusterError, InputError, StorageError, warn
from kinetics.files.arguments import Progress, whole_number
from kinetics.files.checksums import seal_store, store_checksums
from kinetics.files.reading import reason_of
from kinetics.simulation.runs import CHUNK
from kinetics.simulation.simulation import Simulation
from kinetics.simulation.store.layout import begin_store
from kinetics.simulation.store.location import check_destination, clear, locked, put_in_place
from kinetics.simulation.store.record import StreamRecord
from kinetics.simulation.store.regions import Regions, request_facts

CHUNK_BYTES = 2**27
"""A chunk of a simulation with very many output times has fewer runs, so that its values stay below this."""


RECORDED = 1000
"""Chunks after each of which the whole record is written; that of a hundred thousand has seven megabytes."""


def stream(simulation: Simulation, path: str | Path, *, progress: Progress | None = None) -> None:
    """Write a simulation that has a dim to a Zarr store, chunk by chunk, here or on the cluster of its request.

    ``progress`` is called with (done, all) after each chunk. What is at the path is replaced when the simulation is
    complete, not before.

    Raises
    ------
    InputError
        If the path cannot be written to or holds what no stream has written, another process writes there, or there
        are finished chunks of another request, or of this one without ``resume``, or in a store that is damaged; if a
        worker has another version of this package.
    StorageError
        If writing fails on the way, such as on a full disk; finished chunks are kept.
    ClusterError
        If the cluster goes away; finished chunks are kept.

    Warns
    -----
    UserWarning
        If finished chunks are damaged and are done again.
    """
    path, request = check_destination(path), simulation.request
    chunk = _chunk_size(simulation)
    with locked(path) as part:
        facts, record = request_facts(simulation, chunk), StreamRecord.read(part)
        if record is not None:
            record.check(part, facts, simulation.size, resume=request.resume)
        elif request.resume and (part / "store").exists():
            warn(f"{part}: nothing in it is known to be finished; starting from the beginning")
        try:
            if record is None:
                begin_store(simulation, part, chunk)
                record = StreamRecord(facts)
            _advance(Regions(simulation, part / "store", chunk), part, record, progress)
            put_in_place(part, path)
        except ClusterError as error:
            raise ClusterError(f"{error}; {_finished(part, simulation, 'with or without a cluster')}") from error
        except OSError as error:
            finished = _finished(part, simulation, "with room made")
            raise StorageError(f"{path}: writing stopped: {reason_of(error)}; {finished}") from error
        finally:
            if part.is_dir() and StreamRecord.read(part) is None:
                clear(part)


def _chunk_size(simulation: Simulation) -> int:
    """Runs that are integrated and written together."""
    chunk = simulation.request.chunk
    if simulation.dim is None:
        raise InputError("one run without patients or draws needs no store; write it as NetCDF")
    fitting = max(1, min(CHUNK, CHUNK_BYTES // simulation.run.bytes_of_one()))
    return min(fitting if chunk is None else whole_number("chunk", chunk, 1), simulation.size)


def _finished(part: Path, simulation: Simulation, how: str) -> str:
    """What is left of a stream that stopped, and how it goes on, in words."""
    record = StreamRecord.read(part)
    if record is None:
        return "nothing was finished"
    return (
        f"{record.runs(simulation.size)} of {simulation.size} are finished and kept in {part}; {how}, "
        "the same request with --resume (in Python resume=True) goes on from there"
    )


def _advance(regions: Regions, part: Path, record: StreamRecord, progress: Progress | None) -> None:
    """Do the chunks that are left, and those that are damaged, and seal the finished store."""
    store = regions.store
    for leftover in store.rglob("*.partial"):  # of the write that a kill cut off
        leftover.unlink()
    numbers = range(len(regions))
    if not record.layout:
        files = chain.from_iterable(map(regions.files, numbers))
        record = replace(record, layout=store_checksums(store, without=files))
    recorded = zip(numbers, record.chunks, strict=False)
    sound = {number for number, checksum in recorded if checksum and checksum == regions.checksum(number)}
    if lost := record.finished - len(sound):
        warn(f"{part}: {lost} of {record.finished} finished chunks are gone or damaged; they are done again")
    record = _fill(regions, sound, part, record.of_chunks(len(regions)), progress)
    seal_store(store, record.layout, zip(record.chunks, map(regions.files, numbers), strict=True))


def _fill(
    regions: Regions, sound: set[int], part: Path, record: StreamRecord, progress: Progress | None
) -> StreamRecord:
    """Do all chunks but the sound ones; returns the record of all."""
    size, done, unwritten = regions.simulation.size, sum(len(regions.runs(number)) for number in sound), 0
    if progress is not None and done:
        progress(done, size)
    left = [number for number in range(len(regions)) if number not in sound]
    with closing(results(regions, left, regions.simulation.request.client)) as finished:
        try:
            for checksums in finished:
                record = record.with_chunks(checksums)
                unwritten += len(checksums)
                if unwritten >= record.finished / RECORDED:
                    record.write(part)
                    unwritten = 0
                done += sum(len(regions.runs(number)) for number in checksums)
                if progress is not None:
                    progress(done, size)
        finally:
            if unwritten:
                record.write(part)
    return record
