"""The file of stacked parts of counts, checked against its model and regimen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kinetics.figures.base.reading import MAX_CURVES, SpecReader
from kinetics.figures.base.rows import Colour, Label, OutputPanelRow, PageRow, TimedHeaderRow, TimeRow
from kinetics.figures.base.words import shown_label
from kinetics.files.documents import Document
from kinetics.files.rows import Line, Row
from kinetics.model import Model
from kinetics.regimen import Regimen, check_accepted
from kinetics.units import conversion, parse_unit


class LineagesHeaderRow(TimedHeaderRow):
    """``[figure]`` of stacked parts: what is simulated for the typical patient."""

    model: Line
    cohort: Line | None = None
    regimen: Line


class StackPanelRow(OutputPanelRow):
    """``[panels.NAME]``: the output that the areas add up to."""

    total: Line


class AreaRow(Row):
    """``[[areas]]``: an output that is a part of the total of its panel, from the lowest upwards."""

    panel: Line
    output: Line
    label: Label
    colour: Colour | None = None


@dataclass(frozen=True, eq=False)
class LineagesSpec:
    """Stacked parts of counts that can be drawn."""

    header: LineagesHeaderRow
    page: PageRow
    time: TimeRow
    panels: dict[str, StackPanelRow]
    areas: tuple[AreaRow, ...]
    model: Model
    regimen: Regimen
    path: Path = Path()

    def of_panel(self, name: str) -> list[AreaRow]:
        """The areas of a panel, from the lowest."""
        return [row for row in self.areas if row.panel == name]

    def label(self, row: AreaRow) -> str:
        """Of an area: the reader's, or the file's."""
        return shown_label(row.output, shown_label(row.label))

    @property
    def labels(self) -> list[str]:
        """The labels of all areas, each once: areas of one label look alike in all panels."""
        return list(dict.fromkeys(row.label for row in self.areas))

    @property
    def outputs(self) -> list[str]:
        """Everything that is drawn, each once."""
        return list(dict.fromkeys([*(row.total for row in self.panels.values()), *(row.output for row in self.areas)]))


def read_lineages(document: Document) -> LineagesSpec:
    """Check a figure file; an `InputError` has every fault of it, and of what it names."""
    reader = SpecReader(document, "time", "panels", "areas")
    header, page = reader.table(LineagesHeaderRow, "figure"), reader.page()
    time, panels = reader.time(header), reader.panels(StackPanelRow, "its unit and total")
    areas = reader.listed(AreaRow, "areas", MAX_CURVES, "panel, output and label")
    if header is None:
        reader.refuse()
    model, regimen = reader.model(header.model), reader.regimen(header.regimen)
    _check_areas(reader, areas, panels)
    if model is not None:
        reader.check_cohort(header.cohort, model)
        for name, row in panels.items():
            _check_output(reader, model, row.total, row, "panels", name, "total")
        for index, area in areas.items():
            if area.panel in panels:
                _check_output(reader, model, area.output, panels[area.panel], "areas", index, "output")
    if model is not None and regimen is not None:
        reader.read(lambda: check_accepted(regimen, model), "figure", "regimen")
    if model is None or regimen is None or reader.faults:
        reader.refuse()
    return LineagesSpec(header, page, time, panels, tuple(areas.values()), model, regimen, document.path)


def _check_areas(reader: SpecReader, areas: dict[int, AreaRow], panels: dict[str, StackPanelRow]) -> None:
    seen: set[tuple[str, str]] = set()
    stated = reader.document.data.get("panels", {})
    names = list(stated) if isinstance(stated, dict) else []
    for index, area in areas.items():
        if area.panel not in names:
            reader.add(f"no panel '{area.panel}'; there are {', '.join(names) or 'none'}", "areas", index, "panel")
        if (area.panel, area.output) in seen:
            reader.add(f"output '{area.output}' is in panel '{area.panel}' already", "areas", index, "output")
        seen.add((area.panel, area.output))
    for name, row in panels.items():
        if not any(area.panel == name for area in areas.values()):
            reader.add("no area is drawn in it", "panels", name)
        if row.scale != "linear":
            reader.add("areas that add up need a linear axis", "panels", name, "scale")


def _check_output(reader: SpecReader, model: Model, name: str, panel: StackPanelRow, *keys: str | int) -> None:
    output = reader.output(model, name, *keys)
    if output is not None:
        with reader.at(*keys):
            conversion(output.unit, parse_unit(panel.unit))
