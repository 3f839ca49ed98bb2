"""The file of a forest plot, checked against its fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.figures.base.fit_figure import FitHeaderRow
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import PageRow
from kinetics.files.documents import Document
from kinetics.files.rows import Line

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem


class ForestHeaderRow(FitHeaderRow):
    """``[figure]`` of a forest plot; without ``parameters`` all that differ between studies."""

    parameters: tuple[Line, ...] = ()


@dataclass(frozen=True, eq=False)
class ForestSpec:
    """A forest plot that can be drawn: what the file says, its page, the problem of the fit, the path of the file."""

    header: ForestHeaderRow
    page: PageRow
    problem: FitProblem
    path: Path

    @property
    def parameters(self) -> list[str]:
        """The parameters to draw, by the names that they have in the fit."""
        return list(self.header.parameters) or names_of_effects(self.problem)


def names_of_effects(problem: FitProblem) -> list[str]:
    """The parameters of a fit that differ between studies, by the names that they have there."""
    effects = {effect.of for effect in problem.study_effects}
    return [one.name for one in problem.free if one.flat in effects]


def read_forest(document: Document) -> ForestSpec:
    """Check the file of a forest plot; an `InputError` has every fault of it, and of its fit."""
    reader = SpecReader(document)
    header, page = reader.table(ForestHeaderRow, "figure"), reader.page()
    problem = None if header is None else reader.problem(header.fit)
    if header is not None and problem is not None:
        known = names_of_effects(problem)
        if not known:
            message = f"fit '{problem.name}' has no table [between_studies]: its studies do not differ"
            reader.add(message, "figure", "fit")
        for name in header.parameters if known else ():
            if name not in known:
                message = f"'{name}' does not differ between studies; there are {', '.join(known)}"
                reader.add(message, "figure", "parameters")
    if header is None or problem is None or reader.faults:
        reader.refuse()
    return ForestSpec(header, page, problem, document.path)
