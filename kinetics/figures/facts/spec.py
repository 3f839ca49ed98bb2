"""The file of a figure of a population beside published facts, checked against the models and the facts it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.errors import Faults, InputError
from kinetics.figures.base.limits import (
    MAX_CURVES,
    MAX_PANELS,
    Label,
    Note,
    Title,
    check_number,
    check_ticks,
    check_times,
)
from kinetics.figures.base.of_fit import PageRow, read_tables
from kinetics.figures.base.style import COLOURS
from kinetics.figures.time_course.spec import PanelRow, TimeRow, check_panel, check_time
from kinetics.files.documents import Document
from kinetics.files.library import library_folder, path_from
from kinetics.files.rows import Row, read_row
from kinetics.files.tables import PlacedRow, read_table
from kinetics.model import Model
from kinetics.published import EvidenceRow
from kinetics.regimen import Regimen, check_given
from kinetics.results import marked
from kinetics.units import conversion, parse_unit, to_unit

__all__ = ["FactCurveRow", "FactPanelRow", "FactsSpec", "load_facts"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
_KINDS = ("count", "percent_of_baseline", "event_share")
"""Facts that are a number of a population at a time."""


class HeaderRow(Row):
    """``[figure]`` of a population beside published facts."""

    kind: Text
    title: Title = ""
    note: Note = ""
    model: Text
    cohort: Text
    until: Text
    every: Text = "1 month"
    patients: Annotated[StrictInt, Field(ge=2, le=100_000)] = 256
    seed: Annotated[StrictInt, Field(ge=0)] = 1
    evidence: Text | None = None


class FactPanelRow(PanelRow):
    """``[panels.NAME]``: time counts from the first dose, or from the last one that is scheduled."""

    since: Literal["first", "last"] = "first"


class FactCurveRow(Row):
    """``[[curves]]``: the mean over patients of one output under one regimen, of the figure's cohort or its own."""

    panel: Text
    output: Text
    regimen: Text
    cohort: Text | None = None
    label: Label
    colour: Literal["blue", "vermillion", "green", "purple", "orange", "sky", "black"] | None = None
    published: tuple[Text, ...] = ()
    exploratory: StrictBool = False

    @property
    def arm(self) -> str:
        """The simulation it is of, in a word for identifiers."""
        return self.regimen if self.cohort is None else f"{self.regimen}-{self.cohort}"


@dataclass(frozen=True, eq=False)
class FactsSpec:
    """A figure of a population beside published facts that can be drawn.

    Parameters
    ----------
    header : HeaderRow
        What is simulated.
    page : PageRow
        Its size.
    time : TimeRow
        The horizontal axis.
    panels : dict of str to FactPanelRow
        In the order of the file.
    curves : tuple of FactCurveRow
        In the order of the file.
    model : Model
        The model.
    regimens : dict of str to Regimen
        By the name in the file.
    facts : dict of str to EvidenceRow
        Those that are drawn, by name.
    path : pathlib.Path
        The file.
    """

    header: HeaderRow
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
        """Of a curve, with the mark of what the file or the model calls exploratory."""
        return marked(curve.label, curve.exploratory or self.model.is_exploratory(curve.output))

    def zero(self, curve: FactCurveRow) -> float:
        """When the time of a curve begins to count, in the unit of the axis."""
        if self.panels[curve.panel].since == "first":
            return 0.0
        starts = (dose.start.to(self.time.unit).magnitude for dose in self.regimens[curve.regimen].doses)
        return max(starts, default=0.0)


def load_facts(document: Document) -> FactsSpec:
    """Check a figure file.

    Raises
    ------
    InputError
        With every fault of the file, and of what it names.
    """
    faults, data = Faults(), document.data
    header, page = read_tables(document, HeaderRow, ("time", "panels", "curves"), faults)
    time = read_row(TimeRow, data.get("time", {}), document, ("time",), faults)
    if time is not None:
        check_time(time, document, faults)
    panels = _named(FactPanelRow, "panels", document, faults)
    for name, panel in panels.items():
        check_panel(name, panel, document, faults)
    curves = _named(FactCurveRow, "curves", document, faults)
    for key, most in (("panels", MAX_PANELS), ("curves", MAX_CURVES)):
        check_number(data.get(key), most, document, key, faults)
    if header is None:
        raise InputError(*faults)
    for key in ("until", "every"):
        with faults.gather(document.where("figure", key), f"figure.{key}"):
            if not to_unit(getattr(header, key), "day") > 0:
                raise InputError("must be positive")
    check_times(header.until, header.every, header.patients, document, faults)
    if time is not None:
        check_ticks(header.until, time.ticks, document, faults)
    model = None
    with faults.gather(document.where("figure", "model"), "figure.model"):
        model = Model.load(path_from(document.path, header.model))
    facts = _facts(header, document, faults)
    regimens: dict[str, Regimen] = {}
    for index, curve in curves.items():
        with faults.gather(document.where("curves", index), f"curves.{index}"):
            _check_curve(curve, panels, model, regimens, facts, curve.cohort or header.cohort, document)
    if model is not None:
        with faults.gather(document.where("figure", "cohort"), "figure.cohort"):
            cohort_parameters(model, header.cohort)
    for key in ("panels", "curves"):
        if not data.get(key):
            faults.add(f"a figure needs {key}", document.where(key), key)
    faults.raise_if_any()
    assert page is not None
    assert time is not None
    assert model is not None
    shown = {name: facts[name].row for curve in curves.values() for name in curve.published}
    spec = FactsSpec(header, page, time, panels, tuple(curves.values()), model, regimens, shown, document.path)
    _check_within(spec, document, faults)
    faults.raise_if_any()
    return spec


def _named(kind: type[Any], key: str, document: Document, faults: Faults) -> dict[Any, Any]:
    """The rows of ``[key.NAME]`` or ``[[key]]`` that are right, by name or number."""
    tables = document.data.get(key, {})
    pairs = tables.items() if isinstance(tables, dict) else enumerate(tables)
    rows = {name: read_row(kind, table, document, (key, name), faults) for name, table in pairs}
    return {name: row for name, row in rows.items() if row is not None}


def _facts(header: HeaderRow, document: Document, faults: Faults) -> dict[str, PlacedRow[EvidenceRow]]:
    with faults.gather(document.where("figure", "evidence"), "figure.evidence") as noted:
        own = header.evidence
        path = library_folder("fits") / "evidence.csv" if own is None else document.path.parent / own
        return {placed.row.name: placed for placed in read_table(path, EvidenceRow, noted)}
    return {}


def _check_curve(
    curve: FactCurveRow,
    panels: dict[str, FactPanelRow],
    model: Model | None,
    regimens: dict[str, Regimen],
    facts: dict[str, PlacedRow[EvidenceRow]],
    cohort: str,
    document: Document,
) -> None:
    faults = Faults()
    if curve.panel not in panels:
        faults.add(f"no panel '{curve.panel}'; there are {', '.join(panels) or 'none'}")
    with faults.gather():
        regimens[curve.regimen] = Regimen.load(path_from(document.path, curve.regimen))
        if model is not None:
            check_given(regimens[curve.regimen], model)
    if model is not None and curve.cohort is not None:
        with faults.gather():
            cohort_parameters(model, curve.cohort)
    if model is not None and curve.panel in panels and not panels[curve.panel].percent_of_baseline:
        with faults.gather():
            conversion(model.quantity(curve.output).unit, parse_unit(panels[curve.panel].unit))
    for name in curve.published:
        with faults.gather():
            _check_fact(name, curve, cohort, facts, document)
    faults.raise_if_any()


def _check_fact(
    name: str, curve: FactCurveRow, cohort: str, facts: dict[str, PlacedRow[EvidenceRow]], document: Document
) -> None:
    if name not in facts:
        raise InputError(f"the evidence has no fact '{name}'")
    row = facts[name].row
    if row.kind not in _KINDS or row.since is not None or row.is_direction:
        raise InputError(f"fact '{name}' is not a number of a population at a time; such are {', '.join(_KINDS)}")
    same = _file(facts[name].path, str(row.regimen)) == _file(document.path, curve.regimen)
    if (row.output, row.cohort) != (curve.output, cohort) or not same:
        raise InputError(f"fact '{name}' is of {row.output} of {row.cohort} under {row.regimen}, the curve of another")


def _file(file: Path, name: str) -> Path | str:
    """What a name inside a file stands for, whatever folder the file is in."""
    found = path_from(file, name)
    return found.resolve() if isinstance(found, Path) else found


def _check_within(spec: FactsSpec, document: Document, faults: Faults) -> None:
    """Facts stand on the axis: not before the dose that time counts from, and not after the end."""
    for index, curve in enumerate(spec.curves):
        for name in curve.published:
            at = to_unit(str(spec.facts[name].time), spec.time.unit)
            end = to_unit(spec.header.until, spec.time.unit)
            if not spec.zero(curve) <= at <= end * (1 + 1e-9):
                message = f"fact '{name}' at {spec.facts[name].time} is not within the axis of panel '{curve.panel}'"
                faults.add(message, document.where("curves", index, "published"), f"curves.{index}.published")


def colour_of(curve: FactCurveRow, index: int) -> str:
    """The colour of a curve: its own, or the next of the palette."""
    return COLOURS[curve.colour] if curve.colour else list(COLOURS.values())[index % len(COLOURS)]
