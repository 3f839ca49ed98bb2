"""The file of a figure of models that compete: a fit, and its variants."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.figures.base.fit_figure import FitHeaderRow
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import PageRow
from kinetics.files.documents import Document
from kinetics.files.library import path_from
from kinetics.files.rows import Line
from kinetics.variants.loading import load_variants

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem


class ModelComparisonHeaderRow(FitHeaderRow):
    """``[figure]`` of models that compete; without ``variants`` all that are beside the fit."""

    variants: tuple[Line, ...] = ()


@dataclass(frozen=True, eq=False)
class ModelComparisonSpec:
    """A figure of models that compete: what the file says, its page, the fit, its variants, the path of the file."""

    header: ModelComparisonHeaderRow
    page: PageRow
    problem: FitProblem
    variants: tuple[FitProblem, ...]
    path: Path

    @classmethod
    def of(cls, problems: tuple[FitProblem, ...], kind: str) -> ModelComparisonSpec:
        """Without a file; the first problem is the fit."""
        first, *variants = problems
        header = ModelComparisonHeaderRow(kind=kind, fit=first.name)
        return cls(header, PageRow(), first, tuple(variants), first.path)


def read_model_comparison(document: Document) -> ModelComparisonSpec:
    """Check the file of a figure of models that compete; an `InputError` has every fault of it, and of the variants."""
    reader = SpecReader(document)
    header, page = reader.table(ModelComparisonHeaderRow, "figure"), reader.page()
    problem = None if header is None else reader.problem(header.fit)
    if header is None or problem is None:
        reader.refuse()
    named = [name if "/" not in name else path_from(document.path, name) for name in header.variants]
    variants = reader.read(lambda: load_variants(problem, named or None), "figure", "variants")
    if variants is None or reader.faults:
        reader.refuse()
    return ModelComparisonSpec(header, page, problem, tuple(variants), document.path)
