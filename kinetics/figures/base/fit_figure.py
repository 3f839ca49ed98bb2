"""What figures of a fit share: a file that names the fit, and the estimates that they are drawn at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.cohorts.fit_results import result_path, warn_if_older
from kinetics.errors import InputError
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import FigureHeaderRow, PageRow
from kinetics.files.documents import Document
from kinetics.files.rows import Line

if TYPE_CHECKING:
    from kinetics.estimate import Estimates, FitProblem


class FitHeaderRow(FigureHeaderRow):
    """``[figure]`` of a figure of a fit."""

    fit: Line


@dataclass(frozen=True, eq=False)
class FitFigureSpec:
    """A figure of a fit: what the file says, its page, the problem of the fit, the path of the file."""

    header: FitHeaderRow
    page: PageRow
    problem: FitProblem
    path: Path

    @classmethod
    def of(cls, problem: FitProblem, kind: str) -> FitFigureSpec:
        """Without a file."""
        header = FitHeaderRow(kind=kind, fit=problem.name)
        return cls(header, PageRow(), problem, problem.path)


def read_fit_figure(document: Document) -> FitFigureSpec:
    """Check a figure file that says no more than which fit it is of; an `InputError` has every fault."""
    reader = SpecReader(document)
    header, page = reader.table(FitHeaderRow, "figure"), reader.page()
    problem = None if header is None else reader.problem(header.fit)
    if header is None or problem is None or reader.faults:
        reader.refuse()
    return FitFigureSpec(header, page, problem, document.path)


def chosen_estimates(problem: FitProblem, estimates: Sequence[Estimates]) -> Estimates:
    """Fresh estimates of a problem if there are some, else its committed result.

    An `InputError` if there are neither, or they are not of the parameters that are free.
    """
    fresh = {each.fit: each for each in estimates}
    chosen = fresh.get(problem.name)
    if chosen is None and fresh and not result_path(problem.path).is_file():
        raise InputError(f"the estimates are of {', '.join(fresh)}; the figure is of fit '{problem.name}'")
    if chosen is None:
        chosen = _committed(problem)
    if sorted(chosen.names) != sorted(free.name for free in problem.free):
        message = f"the estimates of '{problem.name}' are not of its free parameters; run 'kinetics fit --save'"
        raise InputError(message)
    return chosen


def _committed(problem: FitProblem) -> Estimates:
    """The committed result of a problem; warns if it is older than the problem or the model."""
    from kinetics.estimate import Estimates

    path = result_path(problem.path)
    committed = Estimates.read(path)
    warn_if_older(path, problem.model, committed.model, committed.facts["model_hash"])
    if sorted(committed.names) == sorted(free.name for free in problem.free):
        committed.warn_of_problem(path, problem)
    return committed
