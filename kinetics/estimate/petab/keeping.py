"""What a fit of a PEtab problem keeps while it runs: finished searches, by their numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from kinetics import __version__
from kinetics.compile.cache import cache_folder
from kinetics.estimate.checkpoint import Checkpoint, checkpoint_at, finite, stages_done
from kinetics.files.checksums import content_hash
from kinetics.interop.petab.fitting import PetabFitProblem
from kinetics.interop.petab.fitting.search import PetabSearch


def checkpoint_of_petab(problem: PetabFitProblem, *, resume: bool) -> AbstractContextManager[Checkpoint]:
    """The checkpoint of a fit that is running, as of `kinetics.estimate.checkpoint.checkpoint_at`.

    Other files, settings or versions have another one.
    """
    settings = [str(problem.tables.path.resolve()), problem.seed, problem.engine]
    key = content_hash(__version__, problem.data_hash, problem.plan.assembled.model.content_hash, settings)
    path: Path = cache_folder() / "searches" / f"{problem.name}-{key[:24]}"
    return checkpoint_at(path, problem.name, stages_done, resume=resume)


def kept_searches(checkpoint: Checkpoint, problem: PetabFitProblem) -> dict[int, PetabSearch]:
    """The searches of an interrupted fit by number, of as many as the problem has."""
    size = len(problem.names)

    def parse(content: dict[str, Any]) -> dict[int, PetabSearch]:
        rows = {int(row["number"]): _search(row, size) for row in content["searches"]}
        return {number: rows[number] for number in sorted(rows) if 0 <= number < problem.starts}

    return checkpoint.read("searches.json", parse) or {}


def keep(checkpoint: Checkpoint, searches: Mapping[int, PetabSearch]) -> None:
    """Keep finished searches."""
    rows = [
        vars(search) | {"number": number, "log_posterior": _or_none(search.log_posterior)}
        for number, search in sorted(searches.items())
    ]
    checkpoint.write("searches.json", {"searches": rows})


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _search(row: dict[str, Any], size: int) -> PetabSearch:
    value = row["log_posterior"]
    return PetabSearch(
        start=finite(row["start"], size),
        end=finite(row["end"], size),
        log_posterior=-math.inf if value is None else float(finite(value)),
        converged=bool(row["converged"]),
        evaluations=int(row["evaluations"]),
        message=str(row["message"]),
    )
