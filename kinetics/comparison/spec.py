"""A comparison: which model and cohort, which outputs, and what is read off each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from kinetics.comparison.readings import Reading
from kinetics.files.rows import Line, Reader, Row
from kinetics.model import Model
from kinetics.results import marked
from kinetics.text.tables import html_table
from kinetics.units import parse_unit

FARTHEST, CLOSEST = 1e30, 1e-6
"""The greatest end of an axis, and the least relative distance of its two ends."""
AxisEnd = Annotated[StrictFloat | StrictInt, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]


class ComparisonHeaderRow(Row):
    """``[comparison]``."""

    title: Line
    model: Line
    cohort: Line | None = None
    until: Line
    every: Line
    unit: Line = "month"
    note: Annotated[StrictStr, Field(max_length=3000)] = ""


class OutputRow(Row):
    """``[[rows]]``: an output, what is read off it, and how its curve is drawn; ``percent``, a share as percent."""

    output: Line
    label: Annotated[StrictStr, Field(min_length=1, max_length=200)]
    measures: Annotated[list[Line], Field(min_length=1, max_length=20)]
    exploratory: StrictBool = False
    percent_of_baseline: StrictBool = False
    percent: StrictBool = False
    scale: Literal["log", "linear"] = "linear"
    lower: AxisEnd | None = None
    upper: AxisEnd | None = None


@dataclass(frozen=True, eq=False)
class ComparedRow:
    """An output of a comparison: its row of the file, what is read off it, and its lower limit of normal, as a level.

    ``exploratory`` if the file or the model says so.
    """

    row: OutputRow
    limit: str | None
    readings: tuple[Reading, ...]
    exploratory: bool

    @property
    def output(self) -> str:
        """Of the model."""
        return self.row.output

    @property
    def label(self) -> str:
        """In words, with the mark of what is exploratory."""
        return marked(self.row.label, self.exploratory)

    def shown(self, courses: int) -> list[Reading]:
        """What is shown of regimens of at most so many courses: times after the last only if there are several."""
        return [
            reading
            for reading in self.readings
            if courses > 1 or not reading.is_recovery or reading.name.endswith("_first")
        ]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What is compared, in which model and cohort, and for how long; `read_comparison` reads one.

    Parameters
    ----------
    name : str
        The file's.
    header : ComparisonHeaderRow
        With what replaces parts of it: model, cohort, end.
    rows : tuple of ComparedRow
        In the order of the file.
    model : Model
        What is simulated.
    path : pathlib.Path
        The file.

    Examples
    --------
    >>> from kinetics.comparison import read_comparison
    >>> read_comparison(until="2 year").header.until
    '2 year'
    """

    name: str
    header: ComparisonHeaderRow
    rows: tuple[ComparedRow, ...]
    model: Model
    path: Path

    @property
    def time(self) -> Any:
        """The unit of the times that are shown."""
        return parse_unit(self.header.unit)

    def __repr__(self) -> str:
        outputs = ", ".join(row.output for row in self.rows)
        return f"<Comparison '{self.name}' of model '{self.model.name}' until {self.header.until}: {outputs}>"

    def _repr_html_(self) -> str:
        rows = [[row.output, row.label, ", ".join(row.row.measures)] for row in self.rows]
        return html_table(repr(self)[1:-1], ["output", "label", "measures"], rows)


class _WithEnds(Protocol):
    @property
    def lower(self) -> float | None: ...
    @property
    def upper(self) -> float | None: ...
    @property
    def scale(self) -> str: ...


def check_axis_ends(reader: Reader, row: _WithEnds, *keys: str | int) -> None:
    """Note ends of an axis that are out of order, closer than its numbers can show, or impossible on its scale."""
    lower, upper = row.lower, row.upper
    if lower is not None and upper is not None and not upper - lower > CLOSEST * max(abs(lower), abs(upper)):
        reader.add("lower is not below upper", *keys, "lower")
    for key, end in (("lower", lower), ("upper", upper)):
        if row.scale == "log" and end is not None and end < 1 / FARTHEST:
            reader.add("must be positive on a log scale", *keys, key)
