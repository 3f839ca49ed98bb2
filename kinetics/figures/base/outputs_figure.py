"""The file of a figure of a clinic's result: what it says, and the outputs that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from kinetics.errors import Fault, InputError
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import FigureHeaderRow, PageRow
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.text.suggestions import did_you_mean

WIDE = 20.0
"""A ratio of the largest to the smallest count beyond which axes are logarithmic."""


class OutputsHeaderRow(FigureHeaderRow):
    """``[figure]``; without ``outputs`` all that were measured."""

    outputs: Annotated[list[Line], Field(min_length=1, max_length=8)] | None = None


@dataclass(frozen=True, eq=False)
class OutputsSpec:
    """A figure of a clinic's result: what the file says, its page, the path of the file."""

    header: OutputsHeaderRow
    page: PageRow
    path: Path

    @classmethod
    def of_result(cls, kind: str, title: str, outputs: list[str] | None) -> OutputsSpec:
        """Without a file."""
        return cls(OutputsHeaderRow(kind=kind, title=title, outputs=outputs), PageRow(), Path())


def read_outputs_figure(document: Document) -> OutputsSpec:
    """Check a figure file; an `InputError` has every fault."""
    reader = SpecReader(document)
    header, page = reader.table(OutputsHeaderRow, "figure"), reader.page()
    if header is None or reader.faults:
        reader.refuse()
    return OutputsSpec(header, page, document.path)


def chosen_outputs(rows: xr.Dataset, names: Sequence[str] | None) -> list[str]:
    """The outputs that are drawn, of a group with one row a count or bin; an `InputError` for one that is not there."""
    measured = sorted({str(name) for name in rows["output"].values})
    faults = [
        Fault(f"no count of '{name}'; there are {', '.join(measured)}{did_you_mean(name, measured)}", name="outputs")
        for name in names or ()
        if name not in measured
    ]
    if faults:
        raise InputError(*faults)
    return [*(names or measured)]


def is_wide(values: np.ndarray) -> bool:
    """Whether an axis of counts is logarithmic: all are positive, and they differ much."""
    return bool(values.size and values.min() > 0 and values.max() > WIDE * values.min())
