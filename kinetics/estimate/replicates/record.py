"""The record of a simulation study: its refits so far, in a file that is written as they are done."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from kinetics.cluster import results
from kinetics.errors import InputError
from kinetics.estimate.replicates.refits import Refit, Replicates
from kinetics.files.arguments import Progress
from kinetics.files.checksums import content_hash
from kinetics.files.reading import read_json
from kinetics.files.writing import write_atomically

if TYPE_CHECKING:
    from distributed import Client

_REFITS = TypeAdapter(list[Refit])


class RefitRecord:
    """Refits of synthetic replicates by the number of the replicate, in a file unless ``path`` is None.

    With ``resume`` they begin with those of an earlier call of the same problem, truth and seed; an `InputError` if the
    file holds anything else.
    """

    def __init__(self, path: str | Path | None, replicates: Replicates, *, resume: bool) -> None:
        self._path, self._replicates = None if path is None else Path(path), replicates
        problem, truth = replicates.problem, sorted(replicates.truth.items())
        self._key = content_hash(problem.data_hash, problem.model.content_hash, truth, replicates.seed)
        self._refits: dict[int, Refit] = self._read(self._path) if resume and self._path is not None else {}

    def complete(self, number: int, client: Client | None, progress: Progress | None) -> None:
        """Do those of the first ``number`` replicates that are missing, here or on a cluster."""
        missing = [replicate for replicate in range(number) if replicate not in self._refits]
        with closing(results(self._replicates, missing, client)) as finished:
            if progress is not None:
                progress(self._done(number), number)
            for some in finished:
                self._refits |= some
                self._write()
                if progress is not None:
                    progress(self._done(number), number)

    def first(self, number: int) -> tuple[Refit, ...]:
        """Those of the first ``number`` replicates, in order."""
        return tuple(self._refits[replicate] for replicate in range(number))

    def summary(self, number: int) -> str:
        """How many of ``number`` are done, and where they are kept, in words."""
        nowhere = "not kept; name a file for them with --out (in Python out)"
        where = nowhere if self._path is None else f"kept in {self._path}"
        return f"{self._done(number)} of {number} refits are done and {where}"

    @property
    def advice(self) -> str:
        """How to go on from what is kept, for the end of a message; empty if nothing is."""
        return "" if self._path is None else "; the same call with --resume (in Python resume=True) goes on from there"

    def _done(self, number: int) -> int:
        return sum(replicate < number for replicate in self._refits)

    def _write(self) -> None:
        if self._path is not None:
            rows = _REFITS.dump_python([self._refits[number] for number in sorted(self._refits)], by_alias=True)
            write_atomically(self._path, json.dumps({"key": self._key, "refits": rows}))

    def _read(self, path: Path) -> dict[int, Refit]:
        if not path.exists():
            return {}
        try:
            data = read_json(path)
            refits, is_same = _REFITS.validate_python(data["refits"]), data["key"] == self._key
        except (ValueError, KeyError) as error:
            raise InputError(f"{path}: not the refits of an earlier call: {error}") from error
        if not is_same:
            advice = "name another file, or leave out --resume (in Python resume=True)"
            raise InputError(f"{path}: has refits of another problem, truth or seed; {advice}")
        return {refit.replicate: refit for refit in refits}
