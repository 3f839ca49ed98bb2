"""Finished searches of a fit, kept in the user's cache so that an interrupted fit can go on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem
    from kinetics.estimate.search import Search

__all__ = ["checkpoint_path", "keep", "kept"]


def checkpoint_path(problem: FitProblem) -> Path:
    """Where the searches of a problem are kept: another file for other data, models, cohort values or engines."""
    from kinetics.compile.cache import cache_folder
    from kinetics.documents import content_hash

    cohorts = sorted({target.row.cohort for target in problem.targets})
    key = content_hash(
        problem.data_hash,
        problem.model.content_hash,
        [problem.cohort(name).content_hash for name in cohorts],
        problem.engine,
    )
    return cache_folder() / "searches" / f"{problem.name}-{key[:24]}.json"


def keep(path: Path, searches: Sequence[Search]) -> None:
    """Write finished searches, atomically."""
    from kinetics.results import write_atomically

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
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(path, lambda temporary: temporary.write_text(json.dumps({"searches": rows}), encoding="utf-8"))


def kept(path: Path, size: int) -> tuple[Search, ...]:
    """The searches of an earlier run; none if there are none, or the file is not one of ours."""
    import numpy as np

    from kinetics.estimate.search import Search

    try:
        searches = tuple(
            Search(
                np.array(row["start"], dtype=float),
                np.array(row["end"], dtype=float),
                float(row["cost"]),
                bool(row["converged"]),
                str(row["message"]),
            )
            for row in json.loads(path.read_text(encoding="utf-8"))["searches"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    usable = all(
        search.start.shape == search.end.shape == (size,)
        and np.isfinite([*search.end, *search.start, search.cost]).all()
        for search in searches
    )
    return searches if usable else ()
