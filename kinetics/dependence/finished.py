"""Results of the fits that an interrupted call of `fit_all` had finished, in the user's cache."""

from __future__ import annotations

from pathlib import Path

from kinetics.errors import InputError, StorageError
from kinetics.estimate import Estimates, FitProblem
from kinetics.estimate.checkpoint import checkpoint_path
from kinetics.estimate.evaluations import warn_not_recorded


class FinishedFits:
    """Keeps the result of each fit until all are done. With ``resume``, those of an earlier call are used."""

    def __init__(self, *, resume: bool) -> None:
        self.resume = resume
        self._kept: list[Path] = []

    def result(self, problem: FitProblem) -> Estimates | None:
        """The result of an earlier call, of the same problem to the last number."""
        path = _path(problem)
        if not self.resume or not path.is_file():
            return None
        self._kept.append(path)
        try:
            return Estimates.read(path)
        except InputError:
            return None

    def keep(self, problem: FitProblem, estimates: Estimates) -> None:
        """Keep the result of a fit."""
        path = _path(problem)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            estimates.save(path)
            self._kept.append(path)
        except (OSError, InputError, StorageError) as error:
            warn_not_recorded(error)

    def forget(self) -> None:
        """Remove what is kept: all fits are done."""
        for path in self._kept:
            path.unlink(missing_ok=True)


def _path(problem: FitProblem) -> Path:
    path = checkpoint_path(problem)
    return path.with_name(f"{path.name}.result.toml")
