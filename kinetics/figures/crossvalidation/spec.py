"""The file of a figure of a cross-validation: which fit, and what is left out together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from kinetics.figures.base.fit_figure import FitHeaderRow
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import PageRow
from kinetics.files.documents import Document

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem


class CrossValidationHeaderRow(FitHeaderRow):
    """``[figure]`` of a cross-validation; without ``by`` what its log score is of."""

    by: Literal["row", "visit", "source"] | None = None


@dataclass(frozen=True, eq=False)
class CrossValidationSpec:
    """A figure of a cross-validation: what the file says, its page, the problem of the fit, the path of the file."""

    header: CrossValidationHeaderRow
    page: PageRow
    problem: FitProblem
    path: Path

    @classmethod
    def of(cls, problem: FitProblem, kind: str) -> CrossValidationSpec:
        """Without a file."""
        return cls(CrossValidationHeaderRow(kind=kind, fit=problem.name), PageRow(), problem, problem.path)


def read_crossvalidation(document: Document) -> CrossValidationSpec:
    """Check the file of a figure of a cross-validation; an `InputError` has every fault of it."""
    reader = SpecReader(document)
    header, page = reader.table(CrossValidationHeaderRow, "figure"), reader.page()
    problem = None if header is None else reader.problem(header.fit)
    if header is None or problem is None or reader.faults:
        reader.refuse()
    return CrossValidationSpec(header, page, problem, document.path)
