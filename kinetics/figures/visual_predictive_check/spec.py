"""The file of a visual predictive check: panels, each of one type, checked against the targets of a population fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictFloat, StrictInt, StrictStr

from kinetics.comparison.spec import FARTHEST, ends_apart
from kinetics.errors import Faults, InputError
from kinetics.figures.base.limits import MAX_PANELS, Label, Title, check_number, check_ticks
from kinetics.figures.base.of_fit import FitFigureRow, PageRow, problem_of, read_tables
from kinetics.figures.time_course.spec import TimeRow
from kinetics.files.documents import Document
from kinetics.files.rows import Row, read_row
from kinetics.published import PopulationTarget, PublishedRow
from kinetics.units import conversion, parse_unit, to_unit
from kinetics.units.levels import read_level

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem

__all__ = ["CheckPanelRow", "CheckSpec", "load_check"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
Number = Annotated[StrictFloat | StrictInt, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]

TYPES = {
    "counts": ("count", "percent_of_baseline", "ratio"),
    "share": ("share_below", "share_above"),
    "recovery": ("time_to_threshold", "share_recovered"),
}
"""Kinds of published row that each type of panel shows."""

MAX_TIMES = 2000


class CheckHeaderRow(FitFigureRow):
    """``[figure]`` of a visual predictive check."""

    until: Text
    every: Text = "1 month"


class CheckPanelRow(Row):
    """``[panels.NAME]``: one pair of axes; ``unit``, ``scale``, ``lower`` and ``upper`` are of a panel of counts."""

    type: Literal["counts", "share", "recovery"]
    rows: Annotated[tuple[Text, ...], Field(min_length=1)]
    title: Title = ""
    unit: Text | None = None
    label: Label | None = None
    scale: Literal["log", "linear"] = "linear"
    lower: Number | None = None
    upper: Number | None = None


@dataclass(frozen=True, eq=False)
class CheckSpec:
    """A visual predictive check that can be drawn.

    Parameters
    ----------
    header : CheckHeaderRow
        What the file says.
    page : PageRow
        Its size.
    time : TimeRow
        The horizontal axis.
    panels : dict of str to CheckPanelRow
        In the order of the file.
    targets : dict of str to list of PopulationTarget
        Of each panel.
    problem : FitProblem
        The population fit.
    path : pathlib.Path
        The file.
    """

    header: CheckHeaderRow
    page: PageRow
    time: TimeRow
    panels: dict[str, CheckPanelRow]
    targets: dict[str, list[PopulationTarget]]
    problem: FitProblem
    path: Path


def load_check(document: Document) -> CheckSpec:
    """Check the file of a visual predictive check.

    Raises
    ------
    InputError
        With every fault of the file, and of the fit it names.
    """
    faults = Faults()
    header, page = read_tables(document, CheckHeaderRow, ("time", "panels"), faults)
    time = read_row(TimeRow, document.data.get("time", {}), document, ("time",), faults)
    panels = _panels(document, faults)
    check_number(document.data.get("panels"), MAX_PANELS, document, "panels", faults)
    if header is not None and time is not None:
        _check_times(header, time, document, faults)
    problem = None if header is None else problem_of(document, header.fit, faults)
    if problem is not None and problem.population is None:
        message = f"fit '{problem.name}' is of the typical patient; name a fit with a table [population]"
        faults.add(message, document.where("figure", "fit"), "figure.fit")
        problem = None
    targets: dict[str, list[PopulationTarget]] = {}
    if header is not None and problem is not None:
        targets = {name: _targets(name, row, header, problem, document, faults) for name, row in panels.items()}
    faults.raise_if_any()
    assert header is not None
    assert page is not None
    assert time is not None
    assert problem is not None
    return CheckSpec(header, page, time, panels, targets, problem, document.path)


def _panels(document: Document, faults: Faults) -> dict[str, CheckPanelRow]:
    data = document.data.get("panels", {})
    if not isinstance(data, dict) or not data:
        faults.add("no panels; add [panels.NAME] with its type and rows", document.where("panels"), "panels")
        return {}
    read = {name: read_row(CheckPanelRow, table, document, ("panels", name), faults) for name, table in data.items()}
    panels = {name: row for name, row in read.items() if row is not None}
    for name, row in panels.items():
        if row.lower is not None and row.upper is not None and not ends_apart(row.lower, row.upper):
            faults.add("lower is not below upper", document.where("panels", name, "lower"), f"panels.{name}.lower")
        for key in ("lower", "upper"):
            end = getattr(row, key)
            if row.scale == "log" and end is not None and end < 1 / FARTHEST:
                place = document.where("panels", name, key)
                faults.add("must be positive on a log scale", place, f"panels.{name}.{key}")
        for key in ("unit", "scale", "lower", "upper"):
            if row.type != "counts" and key in row.model_fields_set:
                place = document.where("panels", name, key)
                faults.add(
                    "is for a panel of counts; this one is in percent of patients", place, f"panels.{name}.{key}"
                )
    return panels


def _check_times(header: CheckHeaderRow, time: TimeRow, document: Document, faults: Faults) -> None:
    spans = {("figure", "until"): header.until, ("figure", "every"): header.every, ("time", "ticks"): time.ticks}
    spans[("time", "unit")] = f"1 {time.unit}"
    days = {}
    for keys, text in spans.items():
        with faults.gather(document.where(*keys), ".".join(keys)):
            days[keys] = to_unit(text, "day")
            if not days[keys] > 0:
                faults.add("must be positive", document.where(*keys), ".".join(keys))
    until, every = days.get(("figure", "until"), 0.0), days.get(("figure", "every"), 0.0)
    if every > 0 and until / every > MAX_TIMES:
        faults.add(f"gives more than {MAX_TIMES} times", document.where("figure", "every"), "figure.every")
    check_ticks(header.until, time.ticks, document, faults)


def _targets(
    name: str, panel: CheckPanelRow, header: CheckHeaderRow, problem: FitProblem, document: Document, faults: Faults
) -> list[PopulationTarget]:
    """The targets that a panel names, of one type and one quantity."""
    known = {target.row.name: target for target in problem.targets if isinstance(target, PopulationTarget)}
    place, key = document.where("panels", name, "rows"), f"panels.{name}.rows"
    found = []
    for wanted in panel.rows:
        target = known.get(wanted)
        if target is None:
            faults.add(f"fit '{problem.name}' has no row '{wanted}'; there are {', '.join(known)}", place, key)
            continue
        with faults.gather(place, key):
            _check_row(target.row, panel, header)
            if found and _quantity(target) != _quantity(found[0]):
                raise InputError(f"row '{wanted}' is not of the same quantity and patients as '{found[0].row.name}'")
            found.append(target)
    if found and panel.unit is not None:
        with faults.gather(document.where("panels", name, "unit"), f"panels.{name}.unit"):
            conversion(parse_unit(found[0].row.unit), parse_unit(panel.unit))
    return found


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
