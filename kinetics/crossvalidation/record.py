"""The folds of a cross-validation that are done, in a file that is written as they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from kinetics.crossvalidation.folds import Fold
from kinetics.crossvalidation.left_out import FoldResult
from kinetics.errors import InputError
from kinetics.estimate import FitProblem
from kinetics.files.checksums import content_hash
from kinetics.files.reading import read_json
from kinetics.files.writing import write_atomically

_RESULTS = TypeAdapter(list[FoldResult])


class FoldRecord:
    """Results by fold, in a file unless ``path`` is None.

    With ``resume`` they begin with those of an earlier call for the same problem, seed and optimum; an `InputError` if
    the file holds anything else.
    """

    def __init__(self, path: str | Path | None, problem: FitProblem, optimum: np.ndarray, *, resume: bool) -> None:
        self.path = None if path is None else Path(path)
        settings = [problem.discrepancy, problem.seed, problem.engine, problem.reduce]
        rounded = [f"{value:.6g}" for value in optimum]
        self._key = content_hash(problem.data_hash, problem.model.content_hash, settings, rounded)
        self._results: dict[Fold, FoldResult] = {}
        if resume and self.path is not None and self.path.exists():
            self._results = self._read(self.path)

    def __contains__(self, fold: Fold) -> bool:
        return fold in self._results

    def add(self, result: FoldResult) -> None:
        """Keep a result."""
        self._results[result.fold] = result
        if self.path is not None:
            rows = _RESULTS.dump_python(list(self._results.values()), mode="json")
            write_atomically(self.path, json.dumps({"key": self._key, "folds": rows}))

    def same_rows(self, fold: Fold) -> FoldResult | None:
        """The result of another fold of the same rows, for this one: a visit may be all that a source has."""
        results = (one for one in self._results.values() if set(one.fold.rows) == set(fold.rows))
        same = next(results, None)
        if same is None:
            return None
        return replace(same, fold=fold, numbers=tuple(replace(one, steps=fold.steps) for one in same.numbers))

    def of(self, folds: Sequence[Fold]) -> tuple[FoldResult, ...]:
        """Those of folds that are done, in order."""
        return tuple(self._results[fold] for fold in folds if fold in self._results)

    def _read(self, path: Path) -> dict[Fold, FoldResult]:
        try:
            data = read_json(path)
            results, is_same = _RESULTS.validate_python(data["folds"]), data["key"] == self._key
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: not the folds of an earlier call: {error}") from error
        if not is_same:
            advice = "name another file, or leave out --resume (in Python resume=True)"
            raise InputError(f"{path}: has folds of another problem, seed or optimum; {advice}")
        return {result.fold: result for result in results}
