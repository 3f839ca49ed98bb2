"""The file of a figure of goodness of fit: what it says, and the outputs that it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import FigureHeaderRow, PageRow
from kinetics.files.documents import Document
from kinetics.files.rows import Line

NAME = "goodness_of_fit"


class GoodnessHeaderRow(FigureHeaderRow):
    """``[figure]``; without ``outputs`` all that were measured."""

    outputs: Annotated[list[Line], Field(min_length=1, max_length=8)] | None = None


@dataclass(frozen=True, eq=False)
class GoodnessSpec:
    """A figure of goodness of fit: what the file says, its page, the path of the file."""

    header: GoodnessHeaderRow
    page: PageRow
    path: Path

    @classmethod
    def of_result(cls, title: str, outputs: list[str] | None) -> GoodnessSpec:
        """Without a file."""
        return cls(GoodnessHeaderRow(kind=NAME, title=title, outputs=outputs), PageRow(), Path())


def read_goodness(document: Document) -> GoodnessSpec:
    """Check a figure file; an `InputError` has every fault."""
    reader = SpecReader(document)
    header, page = reader.table(GoodnessHeaderRow, "figure"), reader.page()
    if header is None or reader.faults:
        reader.refuse()
    return GoodnessSpec(header, page, document.path)
