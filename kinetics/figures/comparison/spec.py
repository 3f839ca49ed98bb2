"""The file of a figure of regimens side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import xarray as xr
from pydantic import Field, StrictInt

from kinetics.comparison import Comparison, comparison_of, load_regimens, read_comparison, regimens_of
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import FigureHeaderRow, PageRow, Seed
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.regimen import Regimen


class ComparisonFigureHeaderRow(FigureHeaderRow):
    """``[figure]`` of regimens side by side; what it leaves out is the comparison's."""

    comparison: Line | None = None
    regimens: Annotated[list[Line], Field(min_length=1)]
    cohort: Line | None = None
    until: Line | None = None
    patients: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    seed: Seed = 0


@dataclass(frozen=True, eq=False)
class ComparisonSpec:
    """A figure of regimens side by side that can be drawn.

    Without ``regimens`` it can only be drawn from a result, whose regimens have no more than names.
    ``title`` and ``note`` are the file's, or those of the comparison; without ``patients`` the typical patient is
    simulated.
    """

    comparison: Comparison
    regimens: tuple[Regimen, ...]
    page: PageRow
    title: str
    note: str
    patients: int | None = None
    seed: int = 0

    @classmethod
    def of(cls, comparison: Comparison, regimens: Sequence[Regimen]) -> ComparisonSpec:
        """Without a file: the comparison's own title and note."""
        header = comparison.header
        return cls(comparison, tuple(regimens), PageRow(), header.title, header.note)

    @classmethod
    def of_result(cls, result: xr.Dataset, model: str | None = None) -> ComparisonSpec:
        """For a result of `kinetics.compare`; an `InputError` if its comparison or model does not ship."""
        return cls.of(comparison_of(result, model), regimens_of(result))

    def with_title(self, title: str) -> ComparisonSpec:
        """The same figure with another title."""
        return replace(self, title=title)

    @property
    def header(self) -> FigureHeaderRow:
        """What stands above and beneath."""
        return FigureHeaderRow(kind="comparison", title=self.title, note=self.note)


def read_compared_regimens(document: Document) -> ComparisonSpec:
    """Check a figure file; an `InputError` has every fault of it, and of what it names."""
    reader = SpecReader(document)
    header, page = reader.table(ComparisonFigureHeaderRow, "figure"), reader.page()
    if header is None:
        reader.refuse()
    path = None if header.comparison is None else document.path.parent / header.comparison
    comparison = reader.read(
        lambda: read_comparison(path, cohort=header.cohort, until=header.until), "figure", "comparison"
    )
    names = [reader.path(name) for name in header.regimens]
    regimens = reader.read(lambda: load_regimens(names, comparison), "figure", "regimens")
    if comparison is None or regimens is None or reader.faults:
        reader.refuse()
    title, note = header.title or comparison.header.title, header.note or comparison.header.note
    return ComparisonSpec(comparison, tuple(regimens), page, title, note, header.patients, header.seed)
