"""The file of a visual predictive check: panels, each of one type, checked against the targets of a population fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from kinetics.errors import InputError
from kinetics.figures.base.fit_figure import FitHeaderRow
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import Label, PageRow, PanelRow, TimedHeaderRow, TimeRow
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.published import PopulationTarget, PublishedRow
from kinetics.units import conversion, parse_unit, to_unit
from kinetics.units.levels import read_level

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem

TYPES = {
    "counts": ("count", "percent_of_baseline", "ratio"),
    "share": ("share_below", "share_above"),
    "recovery": ("time_to_threshold", "share_recovered"),
}
"""Kinds of published row that each type of panel shows."""
MAX_TIMES = 2000


class CheckHeaderRow(FitHeaderRow, TimedHeaderRow):
    """``[figure]`` of a visual predictive check."""

    every: Line = "1 month"


class CheckPanelRow(PanelRow):
    """``[panels.NAME]``: one pair of axes; ``unit``, ``scale``, ``lower`` and ``upper`` are of a panel of counts."""

    type: Literal["counts", "share", "recovery"]
    rows: Annotated[tuple[Line, ...], Field(min_length=1)]
    unit: Line | None = None
    label: Label | None = None


@dataclass(frozen=True, eq=False)
class CheckSpec:
    """A visual predictive check that can be drawn: ``targets`` are those of each panel, of the population fit."""

    header: CheckHeaderRow
    page: PageRow
    time: TimeRow
    panels: dict[str, CheckPanelRow]
    targets: dict[str, list[PopulationTarget]]
    problem: FitProblem
    path: Path


def read_check(document: Document) -> CheckSpec:
    """Check the file of a visual predictive check; an `InputError` has every fault of it, and of the fit it names."""
    reader = SpecReader(document, "time", "panels")
    header, page = reader.table(CheckHeaderRow, "figure"), reader.page()
    time, panels = reader.time(header, most=MAX_TIMES), reader.panels(CheckPanelRow, "its type and rows")
    for name, row in panels.items():
        for key in ("unit", "scale", "lower", "upper"):
            if row.type != "counts" and key in row.model_fields_set:
                reader.add("is for a panel of counts; this one is in percent of patients", "panels", name, key)
    if header is None:
        reader.refuse()
    problem = reader.problem(header.fit)
    if problem is not None and problem.population is None:
        message = f"fit '{problem.name}' has no table [population]; name a fit with one"
        reader.add(message, "figure", "fit")
        problem = None
    if problem is not None and problem.population is not None and problem.population.likelihood == "normal":
        reader.add(f"fit '{problem.name}' is of normal measurements; draw its agreement", "figure", "fit")
        problem = None
    targets: dict[str, list[PopulationTarget]] = {}
    if problem is not None:
        targets = {name: _targets(reader, name, row, header, problem) for name, row in panels.items()}
    if problem is None or reader.faults:
        reader.refuse()
    return CheckSpec(header, page, time, panels, targets, problem, document.path)


def _targets(
    reader: SpecReader, name: str, panel: CheckPanelRow, header: CheckHeaderRow, problem: FitProblem
) -> list[PopulationTarget]:
    """The targets that a panel names, of one type and one quantity."""
    known = {target.row.name: target for target in problem.targets if isinstance(target, PopulationTarget)}
    targets: list[PopulationTarget] = []
    for key in panel.rows:
        with reader.at("panels", name, "rows"):
            target = known.get(key)
            if target is None:
                raise InputError(f"fit '{problem.name}' has no row '{key}'; there are {', '.join(known)}")
            _check_row(target.row, panel, header)
            if targets and _quantity(target) != _quantity(targets[0]):
                raise InputError(f"row '{key}' is not of the same quantity and patients as '{targets[0].row.name}'")
            targets.append(target)
    if targets and panel.unit is not None:
        with reader.at("panels", name, "unit"):
            conversion(parse_unit(targets[0].row.unit), parse_unit(panel.unit))
    return targets


def _check_row(row: PublishedRow, panel: CheckPanelRow, header: CheckHeaderRow) -> None:
    kinds = TYPES[panel.type]
    if row.kind not in kinds:
        raise InputError(f"row '{row.name}' is a {row.kind}; a panel of type '{panel.type}' shows {', '.join(kinds)}")
    if row.since is not None:
        raise InputError(
            f"row '{row.name}' counts recoveries since {row.since}; the curve counts them from the first dose"
        )
    last = row.time if row.time is not None else f"{row.value} {row.unit}" if row.kind == "time_to_threshold" else None
    if last is not None and to_unit(last, "day") > to_unit(header.until, "day") * (1 + 1e-9):
        raise InputError(f"row '{row.name}' lies after the end of the figure, {header.until}")


def _quantity(target: PopulationTarget) -> tuple[Any, ...]:
    """What a panel shows one of: output, level, visits, and whose."""
    row = target.row
    kind = "" if row.kind in TYPES["recovery"] else row.kind
    level = None if row.level is None else read_level(row.level).text
    return row.output, kind, row.over, level, target.visits, row.cohort, target.regimen.content_hash
