"""The file of a figure of a population beside published facts, checked against the models and the facts it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.errors import InputError
from kinetics.figures.base.reading import MAX_CURVES, SpecReader
from kinetics.figures.base.rows import Colour, CountPanelRow, Label, PageRow, Seed, TimedHeaderRow, TimeRow
from kinetics.figures.base.words import shown_label
from kinetics.files.documents import Document
from kinetics.files.library import library_folder, path_from
from kinetics.files.rows import Line, Row
from kinetics.files.tables import PlacedRow, read_table
from kinetics.model import Model
from kinetics.published import EvidenceRow
from kinetics.regimen import Regimen, check_accepted
from kinetics.units import conversion, parse_unit, to_unit

_KINDS = ("count", "percent_of_baseline", "event_share")
"""Facts that are a number of a population at a time."""


class FactsHeaderRow(TimedHeaderRow):
    """``[figure]`` of a population beside published facts."""

    model: Line
    cohort: Line
    every: Line = "1 month"
    patients: Annotated[StrictInt, Field(ge=2, le=100_000)] = 256
    seed: Seed = 1
    evidence: Line | None = None


class FactPanelRow(CountPanelRow):
    """``[panels.NAME]``: time counts from the first dose, or from the last one that is scheduled."""

    since: Literal["first", "last"] = "first"


class FactCurveRow(Row):
    """``[[curves]]``: the mean over patients of one output under one regimen, of the figure's cohort or its own."""

    panel: Line
    output: Line
    regimen: Line
    cohort: Line | None = None
    label: Label
    colour: Colour | None = None
    published: tuple[Line, ...] = ()
    exploratory: StrictBool = False

    @property
    def arm(self) -> str:
        """The simulation it is of, in a word for identifiers."""
        return self.regimen if self.cohort is None else f"{self.regimen}-{self.cohort}"


@dataclass(frozen=True, eq=False)
class FactsSpec:
    """A figure of a population beside published facts that can be drawn.

    ``regimens`` are by their name in the file, ``facts`` those that are drawn.
    """

    header: FactsHeaderRow
    page: PageRow
    time: TimeRow
    panels: dict[str, FactPanelRow]
    curves: tuple[FactCurveRow, ...]
    model: Model
    regimens: dict[str, Regimen] = field(default_factory=dict)
    facts: dict[str, EvidenceRow] = field(default_factory=dict)
    path: Path = Path()

    @property
    def arms(self) -> dict[str, tuple[Regimen, str]]:
        """What is simulated, a regimen and a cohort each, in the order of the curves."""
        return {row.arm: (self.regimens[row.regimen], row.cohort or self.header.cohort) for row in self.curves}

    def of_panel(self, name: str) -> list[FactCurveRow]:
        """The curves of a panel."""
        return [row for row in self.curves if row.panel == name]

    def label(self, curve: FactCurveRow) -> str:
        """Of a curve: the reader's, or the file's."""
        return shown_label(curve.label)

    def is_exploratory(self, curve: FactCurveRow) -> bool:
        """Whether the file or the model calls a curve exploratory."""
        return curve.exploratory or self.model.is_exploratory(curve.output)

    @property
    def by_label(self) -> dict[str, FactCurveRow]:
        """The first curve of each label, in the order of the file: curves of one label look alike in all panels."""
        rows: dict[str, FactCurveRow] = {}
        for row in self.curves:
            rows.setdefault(self.label(row), row)
        return rows

    def zero(self, curve: FactCurveRow) -> float:
        """When the time of a curve begins to count, in the unit of the axis."""
        if self.panels[curve.panel].since == "first":
            return 0.0
        starts = (dose.start.to(self.time.unit).magnitude for dose in self.regimens[curve.regimen].doses)
        return max(starts, default=0.0)


def read_facts(document: Document) -> FactsSpec:
    """Check a figure file; an `InputError` has every fault of it, and of what it names."""
    reader = SpecReader(document, "time", "panels", "curves")
    header, page = reader.table(FactsHeaderRow, "figure"), reader.page()
    time, panels = reader.time(header, header.patients if header else 1), reader.panels(FactPanelRow, "its unit")
    curves = reader.listed(FactCurveRow, "curves", MAX_CURVES, "panel, output, regimen and label")
    if header is None:
        reader.refuse()
    model = reader.model(header.model)
    if model is not None:
        with reader.at("figure", "cohort"):
            cohort_parameters(model, header.cohort)
    facts = _facts(reader, header)
    regimens: dict[str, Regimen] = {}
    for index, curve in curves.items():
        _check_curve(reader, index, curve, panels, model, regimens)
        for name in curve.published:
            with reader.at("curves", index):
                _check_fact(name, curve, curve.cohort or header.cohort, facts, document.path)
    if model is None or reader.faults:
        reader.refuse()
    shown = {name: facts[name].row for curve in curves.values() for name in curve.published}
    spec = FactsSpec(header, page, time, panels, tuple(curves.values()), model, regimens, shown, document.path)
    _check_within(reader, spec)
    reader.faults.raise_if_any()
    return spec


def _facts(reader: SpecReader, header: FactsHeaderRow) -> dict[str, PlacedRow[EvidenceRow]]:
    with reader.at("figure", "evidence") as noted:
        shipped = library_folder("fits") / "evidence.csv"
        path = shipped if header.evidence is None else reader.document.path.parent / header.evidence
        return {placed.row.name: placed for placed in read_table(path, EvidenceRow, noted)}
    return {}


def _check_curve(
    reader: SpecReader,
    index: int,
    curve: FactCurveRow,
    panels: Mapping[str, FactPanelRow],
    model: Model | None,
    regimens: dict[str, Regimen],
) -> None:
    panel = panels.get(curve.panel)
    if panel is None:
        reader.add(f"no panel '{curve.panel}'; there are {', '.join(panels) or 'none'}", "curves", index)
    with reader.at("curves", index):
        if curve.regimen not in regimens:
            regimens[curve.regimen] = Regimen.load(reader.path(curve.regimen))
        if model is not None:
            check_accepted(regimens[curve.regimen], model)
    if model is None:
        return
    if curve.cohort is not None:
        with reader.at("curves", index):
            cohort_parameters(model, curve.cohort)
    if panel is not None and not panel.percent_of_baseline:
        with reader.at("curves", index):
            conversion(model.quantity(curve.output).unit, parse_unit(panel.unit))


def _check_fact(
    name: str, curve: FactCurveRow, cohort: str, facts: Mapping[str, PlacedRow[EvidenceRow]], path: Path
) -> None:
    if name not in facts:
        raise InputError(f"the evidence has no fact '{name}'")
    row = facts[name].row
    if row.kind not in _KINDS or row.since is not None or row.is_direction:
        raise InputError(f"fact '{name}' is not a number of a population at a time; such are {', '.join(_KINDS)}")
    same = _file(facts[name].path, str(row.regimen)) == _file(path, curve.regimen)
    if (row.output, row.cohort) != (curve.output, cohort) or not same:
        raise InputError(f"fact '{name}' is of {row.output} of {row.cohort} under {row.regimen}, the curve of another")


def _file(file: Path, name: str) -> Path | str:
    """What a name inside a file stands for, whatever folder the file is in."""
    path_or_name = path_from(file, name)
    return path_or_name.resolve() if isinstance(path_or_name, Path) else path_or_name


def _check_within(reader: SpecReader, spec: FactsSpec) -> None:
    """Facts stand on the axis: not before the dose that time counts from, and not after the end."""
    end = to_unit(spec.header.until, spec.time.unit)
    for index, curve in enumerate(spec.curves):
        for name in curve.published:
            at = to_unit(str(spec.facts[name].time), spec.time.unit)
            if not spec.zero(curve) <= at <= end * (1 + 1e-9):
                message = f"fact '{name}' at {spec.facts[name].time} is not within the axis of panel '{curve.panel}'"
                reader.add(message, "curves", index, "published")
