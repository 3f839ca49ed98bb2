"""The file of a time course, checked against its model, regimens and published tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt

from kinetics.figures.base.reading import MAX_CURVES, SpecReader
from kinetics.figures.base.rows import (
    Colour,
    CountPanelRow,
    Label,
    Note,
    PageRow,
    Seed,
    TimedHeaderRow,
    TimeRow,
)
from kinetics.figures.base.style import COLOURS
from kinetics.figures.base.words import shown_label
from kinetics.files.rows import Line
from kinetics.model import Model
from kinetics.model.schema import Row
from kinetics.published import PublishedRow
from kinetics.regimen import Regimen, course_starts
from kinetics.units import parse_unit


class TimeCourseHeaderRow(TimedHeaderRow):
    """``[figure]``: what is simulated, and the published tables beside it."""

    note_published: Note = ""
    note_band: Note = ""
    model: Line
    cohort: Line | None = None
    fit: Line | None = None
    regimen: Line
    draws: Annotated[StrictInt, Field(ge=20, le=100_000)] = 200
    seed: Seed = 0
    tables: tuple[Line, ...] = ()
    bars: Literal["sd", "se"] = "se"
    points: Label | None = None


class RetreatRow(Row):
    """``[retreat]``: courses after the regimen."""

    regimen: Line
    at: Annotated[list[Line], Field(min_length=1)]


class CurveRow(Row):
    """``[[curves]]``: one output in one panel."""

    panel: Line
    output: Line
    label: Label
    colour: Colour | None = None
    limit: StrictBool = True
    published: tuple[Line, ...] = ()


class SpecRows(Row):
    """The rows of a figure file."""

    header: TimeCourseHeaderRow
    retreat: RetreatRow | None
    page: PageRow
    time: TimeRow
    panels: dict[str, CountPanelRow]
    curves: dict[int, CurveRow]


@dataclass(frozen=True, eq=False)
class TimeCourseSpec:
    """A time course that can be drawn.

    ``name`` is the file's; ``regimen`` has the retreatment too; ``published`` are the rows that curves name.
    """

    name: str
    rows: SpecRows
    model: Model
    regimen: Regimen
    published: Mapping[str, PublishedRow]
    path: Path

    @property
    def header(self) -> TimeCourseHeaderRow:
        """``[figure]``."""
        return self.rows.header

    @property
    def curves(self) -> tuple[CurveRow, ...]:
        """The curves, in the order of the file."""
        return tuple(self.rows.curves.values())

    @property
    def page(self) -> PageRow:
        """``[size]`` and ``[look]``."""
        return self.rows.page

    def label(self, row: CurveRow) -> str:
        """Of a curve: the reader's, or the file's."""
        return shown_label(row.output, row.label)

    def panel_curves(self, panel: str) -> tuple[CurveRow, ...]:
        """The curves of a panel, in the order of the file."""
        return tuple(row for row in self.curves if row.panel == panel)


def first_dose(regimen: Regimen, time: str) -> float:
    """When the first dose is given, in a unit of time; zero without any."""
    starts = course_starts(regimen, parse_unit(time))
    return float(starts[0]) if starts.size else 0.0


def read_rows(reader: SpecReader) -> SpecRows | None:
    """The tables of a figure file, checked against each other; None if there is no header to go on with."""
    data = reader.document.data
    header = reader.table(TimeCourseHeaderRow, "figure")
    retreat = reader.table(RetreatRow, "retreat") if "retreat" in data else None
    page = reader.page()
    time = reader.time(header, header.draws if header and header.fit else 1)
    panels = reader.panels(CountPanelRow, "its unit")
    curves = reader.listed(CurveRow, "curves", MAX_CURVES, "panel, output and label")
    _check_curves(reader, curves, data.get("panels", {}))
    if header is None:
        return None
    return SpecRows(header=header, retreat=retreat, page=page, time=time, panels=panels, curves=curves)


def _check_curves(reader: SpecReader, curves: Mapping[int, CurveRow], panels: Any) -> None:
    names = list(panels) if isinstance(panels, dict) else []
    first: dict[tuple[str, str], int] = {}
    for index, row in curves.items():
        if row.panel not in names:
            reader.add(f"no panel '{row.panel}'; there are {', '.join(names) or 'none'}", "curves", index, "panel")
        if first.setdefault((row.panel, row.output), index) != index:
            reader.add(f"output '{row.output}' is in panel '{row.panel}' already", "curves", index)
        if row.colour is None and [c.panel for c in curves.values()].count(row.panel) > len(COLOURS):
            reader.add(f"more than {len(COLOURS)} curves in panel '{row.panel}'", "curves", index)
    for panel in names:
        if not any(row.panel == panel for row in curves.values()):
            reader.add("no curve is drawn in it", "panels", panel)
