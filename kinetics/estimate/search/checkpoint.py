"""Searches and evaluations of a fit, kept in the user's cache so that an interrupted fit can go on."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinetics import __version__
from kinetics.errors import InputError
from kinetics.files.reading import reason_of

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem
    from kinetics.estimate.search.search import AnyObjective, Search

__all__ = ["checkpoint_path", "evaluations_kept", "keep", "kept", "write_rows"]

MAX_EVALUATIONS = 2**31


def checkpoint_path(problem: FitProblem) -> Path:
    """Where the searches of a problem are kept: another file for other data, models, cohort values or engines."""
    from kinetics.compile.cache import cache_folder
    from kinetics.files.checksums import content_hash

    cohorts = sorted({target.row.cohort for target in problem.targets})
    key = content_hash(
        __version__,
        problem.data_hash,
        problem.model.content_hash,
        [problem.cohort(name).content_hash for name in cohorts],
        problem.engine,
    )
    return cache_folder() / "searches" / f"{problem.name}-{key[:24]}.json"


def keep(path: Path, searches: Sequence[Search]) -> None:
    """Write finished searches, atomically."""
    rows = [
        {
            "start": search.start.tolist(),
            "end": search.end.tolist(),
            "cost": search.cost,
            "converged": search.converged,
            "message": search.message,
        }
        for search in searches
    ]
    write_rows(path, {"searches": rows})


def write_rows(path: Path, content: Any) -> None:
    """Write what is to be kept as JSON, atomically; where it cannot be written, say so and go on."""
    from kinetics.files.writing import write_atomically

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, json.dumps(content))
    except (OSError, InputError) as error:
        _tell_not_kept(error)


def kept(path: Path, size: int) -> tuple[Search, ...]:
    """The searches of an earlier run; none if there are none, or the file is not one of ours."""
    import numpy as np

    from kinetics.estimate.search.search import Search
    from kinetics.files.reading import read_json

    try:
        searches = tuple(
            Search(
                np.array(row["start"], dtype=float),
                np.array(row["end"], dtype=float),
                float(row["cost"]),
                bool(row["converged"]),
                str(row["message"]),
            )
            for row in read_json(path)["searches"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    usable = all(
        search.start.shape == search.end.shape == (size,)
        and np.isfinite([*search.end, *search.start, search.cost]).all()
        for search in searches
    )
    return searches if usable else ()


@contextmanager
def evaluations_kept(path: Path, objective: AnyObjective, *, resume: bool) -> Iterator[None]:
    """Keep every evaluation of a population fit while it runs: they take seconds each, and a search repeats itself.

    Parameters
    ----------
    path : pathlib.Path
        Of `checkpoint_path`; the evaluations stand beside it, and go when the block ends well.
    objective : Objective or PopulationObjective
        What is searched; of the typical patient nothing is kept.
    resume : bool
        Begin with those of an earlier run.
    """
    from kinetics.estimate.objective.population import PopulationObjective

    if not isinstance(objective, PopulationObjective):
        yield
        return
    file = path.with_suffix(".evaluations.jsonl")
    if resume:
        objective.known.update(_read_evaluations(file, objective.start.size))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # written anew: a line that a kill cut off would swallow the next one
        file.unlink(missing_ok=True)
        opened = file.open("xb", buffering=0)
    except OSError as error:
        _tell_not_kept(error)
        yield
        return
    with opened as lines:
        for key, one in objective.known.items():
            _write_evaluation(lines, key, one)
        objective.found = lambda key, one: _write_evaluation(lines, key, one)
        yield
    file.unlink(missing_ok=True)


def _tell_not_kept(error: Exception) -> None:
    warnings.warn(f"work is not kept for --resume: {reason_of(error)}", stacklevel=3)


def _write_evaluation(lines: Any, key: bytes, one: Any) -> None:
    row = {
        "at": key.hex(),
        "log_likelihood": one.log_likelihood,
        "gradient": one.gradient.tolist(),
        "errors": [error.tolist() for error in one.errors],
        "covariances": [covariance.tolist() for covariance in one.covariances],
        "jacobians": [jacobian.tolist() for jacobian in one.jacobians],
    }
    try:
        lines.write(f"{json.dumps(row)}\n".encode())
    except OSError as error:
        _tell_not_kept(error)


def _read_evaluations(file: Path, size: int) -> dict[bytes, Any]:
    """The evaluations of an earlier run; a line that was cut off, or is not ours, ends them."""
    import numpy as np

    from kinetics.estimate.objective.population import Linearised
    from kinetics.files.reading import read_bytes

    found: dict[bytes, Any] = {}
    try:
        for line in read_bytes(file, MAX_EVALUATIONS, "evaluations that are kept").decode().splitlines():
            row = json.loads(line)
            key = bytes.fromhex(row["at"])
            arrays = {name: [np.array(part) for part in row[name]] for name in ("errors", "covariances", "jacobians")}
            one = Linearised(float(row["log_likelihood"]), np.array(row["gradient"]), **arrays)
            if len(key) != 8 * size or one.gradient.shape != (size,):
                break
            found[key] = one
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return found
