"""What a population estimate keeps in the user's cache while it runs, so that an interrupted one can go on."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kinetics import __version__
from kinetics.compile.cache import cache_folder
from kinetics.errors import InputError, warn
from kinetics.estimate.checkpoint import FitInterrupted
from kinetics.estimate.exclusive import exclusive
from kinetics.files.checksums import content_hash
from kinetics.files.reading import read_json
from kinetics.files.writing import write_atomically
from kinetics.patients.clinic.problem.clinic_problem import ClinicProblem

LOG = logging.getLogger("kinetics.estimate")

KEEP_EVERY = 5.0
"""Seconds between two writings."""

Arrays = Mapping[str, np.ndarray]


class ClinicCheckpoint:
    """The file of one problem, with the state of its search; ``path`` is None where nothing can be kept."""

    def __init__(self, path: Path | None, *, resume: bool) -> None:
        self.path, self.resume = path, resume
        self.done = "nothing is"
        """What is finished, in words."""
        self._unwritten: Arrays | None = None
        self._written = time.monotonic()

    def read(self) -> dict[str, np.ndarray] | None:
        """The arrays of an interrupted run; None if there are none, or they are not to be used."""
        if not self.resume or self.path is None or not self.path.exists():
            return None
        try:
            content = read_json(self.path)
            if content["seal"] != content_hash(content["arrays"]):
                raise ValueError
            return {str(name): _array(row) for name, row in content["arrays"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            warn(f"{self.path}: damaged, or not of this program: the estimate begins anew")
            return None

    def keep(self, arrays: Arrays, done: str, *, now: bool = False) -> None:
        """Keep a state, to the last bit; now or later."""
        self.done, self._unwritten = done, arrays
        if now or time.monotonic() - self._written > KEEP_EVERY:
            self.write()

    def write(self) -> None:
        """Write the last state, if it is not written."""
        if self.path is None or self._unwritten is None:
            return
        rows = {
            name: {"shape": array.shape, "kind": array.dtype.kind, "values": array.ravel().tolist()}
            for name, array in self._unwritten.items()
        }
        content = json.loads(json.dumps(rows))
        try:
            write_atomically(self.path, json.dumps({"arrays": content, "seal": content_hash(content)}))
        except (OSError, InputError) as error:
            warn(f"what is done is not kept: {error}")
        self._unwritten, self._written = None, time.monotonic()

    def forget(self) -> None:
        """Remove the file: the estimate is finished."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


@contextmanager
def checkpoint_of(problem: ClinicProblem, *, resume: bool) -> Iterator[ClinicCheckpoint]:
    """The checkpoint of an estimate that is running; a block that ends well forgets what was kept.

    `InputError` if another process works on the same problem, whose work cannot be resumed. `FitInterrupted` in place
    of a KeyboardInterrupt of the block.
    """
    key = content_hash(__version__, problem.content_hash)
    path = cache_folder() / "clinics" / f"{problem.name}-{key[:24]}.json"
    with exclusive(path, problem.name, resume=resume) as own:
        checkpoint = ClinicCheckpoint(own, resume=resume)
        try:
            yield checkpoint
        except KeyboardInterrupt:
            checkpoint.write()
            done = f"{checkpoint.done} done and {'kept' if own is not None else 'not kept'}"
            raise FitInterrupted(done, is_resumable=own is not None) from None
        checkpoint.forget()


def _array(row: Mapping[str, Any]) -> np.ndarray:
    kinds = {"f": float, "i": np.int64, "b": bool}
    return np.array(row["values"], dtype=kinds[row["kind"]]).reshape(row["shape"])
