"""Evaluations of a population fit in a file of their own: a line each, written as soon as it is computed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from kinetics.errors import warn
from kinetics.estimate.objective.base import LikelihoodObjective, Linearised
from kinetics.estimate.search import AnyObjective
from kinetics.files.reading import read_bytes, reason_of

MAX_BYTES = 2**31


@contextmanager
def recording(file: Path | None, objective: AnyObjective, *, resume: bool) -> Iterator[None]:
    """Keep every evaluation of a population fit: they take seconds each, and a search repeats itself.

    Those of a typical patient take milliseconds: nothing is kept, as where there is no file. With ``resume`` it begins
    with the evaluations of an interrupted fit.
    """
    if not isinstance(objective, LikelihoodObjective) or file is None:
        yield
        return
    if resume:
        objective.evaluations.update(_read(file, objective.start.size))
    try:
        # written anew: a line that a kill cut off would swallow the next one
        file.unlink(missing_ok=True)
        lines = file.open("xb", buffering=0)
    except OSError as error:
        warn_not_recorded(error)
        yield
        return

    def write(key: bytes, evaluation: Linearised) -> None:
        row = {"at": key.hex(), **vars(evaluation)}
        try:
            lines.write(f"{json.dumps(row, default=np.ndarray.tolist)}\n".encode())
        except OSError as error:
            warn_not_recorded(error)

    with lines:
        for key, evaluation in objective.evaluations.items():
            write(key, evaluation)
        objective.on_evaluation = write
        try:
            yield
        finally:
            objective.on_evaluation = lambda key, evaluation: None


def _read(file: Path, size: int) -> dict[bytes, Linearised]:
    """The evaluations of an interrupted fit; a line that was cut off, or is not ours, ends them."""
    evaluations: dict[bytes, Linearised] = {}
    try:
        for line in read_bytes(file, MAX_BYTES, "evaluations that are kept").decode().splitlines():
            row = json.loads(line)
            key = bytes.fromhex(row["at"])
            arrays = {name: [np.array(part) for part in row[name]] for name in ("errors", "covariances", "jacobians")}
            evaluation = Linearised(float(row["log_likelihood"]), np.array(row["gradient"]), **arrays)
            if len(key) != 8 * size or evaluation.gradient.shape != (size,):
                break
            evaluations[key] = evaluation
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return evaluations


def warn_not_recorded(error: Exception) -> None:
    """Say that work goes on, but is not kept."""
    warn(f"the fit is not kept, and cannot be resumed if it is interrupted: {reason_of(error)}")
