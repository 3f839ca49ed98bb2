"""The file of a figure of regimens side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from kinetics.comparison import Comparison, load_regimens, read_comparison
from kinetics.errors import Faults, InputError
from kinetics.figures.base.limits import Note, Title
from kinetics.figures.base.of_fit import PageRow, read_tables
from kinetics.files.documents import Document
from kinetics.files.library import path_from
from kinetics.files.rows import Row
from kinetics.regimen import Regimen

__all__ = ["ComparisonSpec", "load_comparison"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]


class HeaderRow(Row):
    """``[figure]`` of regimens side by side; what it leaves out is the comparison's."""

    kind: Text
    title: Title = ""
    note: Note = ""
    comparison: Text | None = None
    regimens: Annotated[list[Text], Field(min_length=1)]
    cohort: Text | None = None
    until: Text | None = None
    patients: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    seed: Annotated[StrictInt, Field(ge=0)] = 0


@dataclass(frozen=True, eq=False)
class ComparisonSpec:
    """A figure of regimens side by side that can be drawn.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    regimens : tuple of Regimen
        Under what.
    page : PageRow
        Its size.
    title, note : str
        Above and beneath.
    patients : int or None
        Virtual patients; None for the typical patient.
    seed : int
        The study they belong to.
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


def load_comparison(document: Document) -> ComparisonSpec:
    """Check a figure file.

    Raises
    ------
    InputError
        With every fault of the file, and of what it names.
    """
    faults = Faults()
    header, page = read_tables(document, HeaderRow, (), faults)
    if header is None:
        raise InputError(*faults)
    comparison, regimens = None, []
    with faults.gather(document.where("figure", "comparison"), "figure.comparison"):
        path = None if header.comparison is None else document.path.parent / header.comparison
        comparison = read_comparison(path, cohort=header.cohort, until=header.until)
    with faults.gather(document.where("figure", "regimens"), "figure.regimens"):
        names = [path_from(document.path, name) for name in header.regimens]
        regimens = load_regimens(names, comparison)
    faults.raise_if_any()
    assert comparison is not None
    assert page is not None
    title, note = header.title or comparison.header.title, header.note or comparison.header.note
    return ComparisonSpec(comparison, tuple(regimens), page, title, note, header.patients, header.seed)
