"""What figures of a clinic's result have in common: their file, which they need not have, and the outputs shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import xarray as xr
from pydantic import Field

from kinetics.errors import Fault, InputError
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import FigureHeaderRow, PageRow
from kinetics.figures.base.words import say
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

    header: Any
    page: PageRow
    path: Path = Path()


class OutputsFigure(Kind[OutputsSpec]):
    """A kind of figure that is drawn from a result of patients, and needs no file: its name stands for it."""

    header_row: ClassVar[type[OutputsHeaderRow]] = OutputsHeaderRow
    """``[figure]`` of its files."""

    @classmethod
    def load(cls, document: Document) -> OutputsSpec:
        """Check a figure file; an `InputError` has every fault."""
        reader = SpecReader(document)
        header, page = reader.table(cls.header_row, "figure"), reader.page()
        if header is None or reader.faults:
            reader.refuse()
        return OutputsSpec(header, page, document.path)

    @classmethod
    def without_file(cls, outputs: Sequence[str] = ()) -> OutputsFigure:
        """The figure of some outputs, of all by default."""
        return cls(OutputsSpec(cls.header_row(kind=cls.name, outputs=[*outputs] or None), PageRow()))

    def own_title(self, tree: xr.DataTree) -> str:
        """What the figure shows, and of which result."""
        return ": ".join(filter(None, (say(f"title_{self.name}"), _result_title(tree))))

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Nothing: it is drawn from a result."""
        raise InputError(Fault("is drawn from a result, such as of 'kinetics fit-population'; give one", name="input"))


def _result_title(tree: xr.DataTree) -> str:
    """The title of a result; without one, its model and the population, which is a clinic's own or a cohort."""
    facts = tree.attrs
    # a model that does not ship is named by its path
    parts = [Path(str(facts.get("model", ""))).name.removesuffix(".toml")]
    parts += [
        f"{of} {facts[key]}" for key, of in (("clinic", "population of"), ("cohort", "cohort")) if facts.get(key)
    ][:1]
    return str(facts.get("title") or ", ".join(filter(None, parts)))


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
