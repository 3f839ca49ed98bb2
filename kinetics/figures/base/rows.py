"""What figure files of several kinds say alike: header, page, axis of time, panels, curves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from kinetics.comparison.spec import AxisEnd
from kinetics.files.rows import Line, Row

Title = Annotated[StrictStr, Field(max_length=300)]
Note = Annotated[StrictStr, Field(max_length=3000)]
Label = Annotated[StrictStr, Field(min_length=1, max_length=200)]
Seed = Annotated[StrictInt, Field(ge=0)]
Colour = Literal["blue", "vermillion", "green", "purple", "orange", "sky", "black"]
Scale = Literal["log", "linear"]
Millimetres = Annotated[StrictFloat | StrictInt, Field(ge=40, le=400)]


class FigureHeaderRow(Row):
    """``[figure]``, as far as every kind has it."""

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


class PageRow(Row):
    """``[size]``: print size in millimetres; without a height, what the content needs. Panels stand in columns."""

    width: Millimetres = 170
    height: Millimetres | None = None
    columns: Annotated[StrictInt, Field(ge=1, le=6)] | None = None


class TimeRow(Row):
    """``[time]``: the horizontal axis."""

    unit: Line = "month"
    ticks: Line = "12 month"
    label: Label = "time since the first dose"


class PanelRow(Row):
    """``[panels.NAME]``: one pair of axes; ``lower`` and ``upper`` end the vertical one, in its unit."""

    title: Title = ""
    scale: Scale = "linear"
    lower: AxisEnd | None = None
    upper: AxisEnd | None = None


class CountPanelRow(PanelRow):
    """``[panels.NAME]`` of outputs over time, in ``unit`` or in percent of the value before treatment."""

    unit: Line
    label: Label = "count"
    percent_of_baseline: StrictBool = False
