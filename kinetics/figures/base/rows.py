"""What figure files of several kinds say alike: header, page, look, axis of time, panels, curves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from kinetics.comparison.spec import AxisEnd
from kinetics.files.rows import Line, Row

Title = Annotated[StrictStr, Field(max_length=300)]
Note = Annotated[StrictStr, Field(max_length=3000)]
Label = Annotated[StrictStr, Field(min_length=1, max_length=200)]
Seed = Annotated[StrictInt, Field(ge=0)]
Colour = Literal["blue", "vermillion", "green", "purple", "orange", "sky", "black"]
Scale = Literal["log", "linear"]
Millimetres = Annotated[StrictFloat | StrictInt, Field(ge=40, le=400)]
WIDTHS: dict[str, float] = {"single": 85, "one-and-a-half": 120, "double": 174}
"""Columns of journals, mm; a page of 89 or 183 mm is as well a number."""


def _width(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 40 <= value <= 400
    if not is_number and (not isinstance(value, str) or value not in WIDTHS):
        message = f"must be one of {', '.join(WIDTHS)}, or a number of mm from 40 to 400"
        raise PydanticCustomError("width", message)  # pyright: ignore[reportArgumentType]
    return value


Width = Annotated[Any, AfterValidator(_width)]
"""A column of journals, or millimetres."""


class FigureHeaderRow(Row):
    """``[figure]``, as far as every kind has it; ``title`` and ``note`` go into the caption."""

    kind: Line
    title: Title = ""
    note: Note = ""


class TimedHeaderRow(FigureHeaderRow):
    """``[figure]`` of a kind that simulates until a time."""

    until: Line
    every: Line


class TreatmentHeaderRow(FigureHeaderRow):
    """``[figure]`` of a kind that gives a regimen to the typical patient; ``unit`` is that of times."""

    model: Line
    cohort: Line | None = None
    regimen: Line
    until: Line
    unit: Line = "month"


class SizeRow(Row):
    """``[size]``: print size; without a height, what the content needs. Panels stand in columns."""

    width: Width = "double"
    height: Millimetres | None = None
    columns: Annotated[StrictInt, Field(ge=1, le=6)] | None = None

    @property
    def mm(self) -> float:
        """The width in millimetres."""
        return WIDTHS[self.width] if isinstance(self.width, str) else float(self.width)


class LookRow(Row):
    """``[look]``: size of text in points, style, language, whether there is a key, other words and labels."""

    font_size: Annotated[StrictFloat | StrictInt, Field(ge=5, le=30)] = 7
    style: Literal["house", "own"] = "house"
    language: Line = "en"
    key: StrictBool = True
    words: dict[Line, Label] = Field(default_factory=dict, max_length=500)
    labels: dict[Line, Label] = Field(default_factory=dict, max_length=500)


class PageRow(SizeRow):
    """``[size]`` and ``[look]`` of a file together."""

    look: LookRow = LookRow()


class TimeRow(Row):
    """``[time]``: the horizontal axis; without a label, "time since the first dose" in the language of the figure."""

    unit: Line = "month"
    ticks: Line = "12 month"
    label: Label | None = None


class PanelRow(Row):
    """``[panels.NAME]``: one pair of axes; ``lower`` and ``upper`` end the vertical one, in its unit."""

    title: Title = ""
    scale: Scale = "linear"
    lower: AxisEnd | None = None
    upper: AxisEnd | None = None


class OutputPanelRow(PanelRow):
    """``[panels.NAME]`` of outputs over time, in ``unit``."""

    unit: Line
    label: Label | None = None


class CountPanelRow(OutputPanelRow):
    """``[panels.NAME]`` of outputs over time, in ``unit`` or in percent of the value before treatment."""

    percent_of_baseline: StrictBool = False
