"""What a figure file may say: rows, and the checks that need no model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from kinetics.comparison.spec import FARTHEST, ends_apart
from kinetics.errors import Faults
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
from kinetics.figures.base.style import COLOURS
from kinetics.files.documents import Document
from kinetics.files.rows import Row, read_row
from kinetics.units import conversion, parse_quantity, parse_unit

__all__ = [
    "CurveRow",
    "HeaderRow",
    "PanelRow",
    "RetreatRow",
    "SizeRow",
    "SpecRows",
    "TimeRow",
    "check_panel",
    "check_time",
    "read_rows",
]

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
Number = Annotated[StrictFloat | StrictInt, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]
Millimetres = Annotated[StrictFloat | StrictInt, Field(ge=40, le=400)]


class HeaderRow(Row):
    """``[figure]``: what is simulated, and the published tables beside it."""

    kind: Text
    title: Title = ""
    note: Note = ""
    note_published: Note = ""
    note_band: Note = ""
    model: Text
    cohort: Text | None = None
    fit: Text | None = None
    regimen: Text
    until: Text
    every: Text
    draws: Annotated[StrictInt, Field(ge=20, le=100_000)] = 200
    seed: Annotated[StrictInt, Field(ge=0)] = 0
    tables: tuple[Text, ...] = ()
    bars: Literal["sd", "se"] = "se"


class RetreatRow(Row):
    """``[retreat]``: courses after the regimen."""

    regimen: Text
    at: Annotated[list[Text], Field(min_length=1)]


class SizeRow(Row):
    """``[size]``: print size in millimetres, and how panels are arranged."""

    width: Millimetres = 170
    height: Millimetres = 90
    columns: Annotated[StrictInt, Field(ge=1, le=6)] = 1


class TimeRow(Row):
    """``[time]``: the horizontal axis."""

    unit: Text = "month"
    ticks: Text = "12 month"
    label: Label = "time since the first dose"


class PanelRow(Row):
    """``[panels.NAME]``: one pair of axes; ``lower`` and ``upper`` are in ``unit``."""

    unit: Text
    title: Title = ""
    label: Label = "count"
    scale: Literal["log", "linear"] = "linear"
    lower: Number | None = None
    upper: Number | None = None
    percent_of_baseline: StrictBool = False


class CurveRow(Row):
    """``[[curves]]``: one output in one panel."""

    panel: Text
    output: Text
    label: Label
    colour: Literal["blue", "vermillion", "green", "purple", "orange", "sky", "black"] | None = None
    limit: StrictBool = True
    published: tuple[Text, ...] = ()


class SpecRows(Row):
    """The rows of a figure file."""

    header: HeaderRow
    retreat: RetreatRow | None
    size: SizeRow
    time: TimeRow
    panels: dict[str, PanelRow]
    curves: dict[int, CurveRow]


def read_rows(document: Document, faults: Faults) -> SpecRows | None:
    """Read the tables of a figure file and check them against each other.

    Parameters
    ----------
    document : Document
        The file.
    faults : Faults
        Where everything wrong is noted.

    Returns
    -------
    SpecRows or None
        The rows that are right; None if there is no header to go on with.
    """
    data = document.data
    known = ("figure", "retreat", "size", "time", "panels", "curves")
    for key in data.keys() - set(known):
        faults.add(f"unknown table; there are {', '.join(known)}", document.where(key), key)
    header = read_row(HeaderRow, data.get("figure", {}), document, ("figure",), faults)
    retreat = read_row(RetreatRow, data["retreat"], document, ("retreat",), faults) if "retreat" in data else None
    size = read_row(SizeRow, data.get("size", {}), document, ("size",), faults)
    time = read_row(TimeRow, data.get("time", {}), document, ("time",), faults)
    panels = _panels(data.get("panels", {}), document, faults)
    curves = _curves(data.get("curves", []), document, faults)
    for key, most in (("panels", MAX_PANELS), ("curves", MAX_CURVES)):
        check_number(data.get(key), most, document, key, faults)
    _check_times(header, time, document, faults)
    _check_curves(curves, data.get("panels", {}), document, faults)
    if header is None:
        return None
    return SpecRows(
        header=header, retreat=retreat, size=size or SizeRow(), time=time or TimeRow(), panels=panels, curves=curves
    )


def _panels(data: Any, document: Document, faults: Faults) -> dict[str, PanelRow]:
    if not isinstance(data, dict) or not data:
        faults.add("no panels; add [panels.NAME] with its unit", document.where("panels"), "panels")
        return {}
    rows: dict[str, PanelRow] = {}
    for name, table in data.items():
        row = read_row(PanelRow, table, document, ("panels", name), faults)
        if row is not None:
            rows[name] = row
            check_panel(name, row, document, faults)
    return rows


def check_panel(name: str, row: PanelRow, document: Document, faults: Faults) -> None:
    """Note what is wrong between the values of a panel."""
    place = document.where("panels", name, "unit")
    with faults.gather(place, f"panels.{name}.unit"):
        unit = parse_unit(row.unit)
        if row.percent_of_baseline and unit != parse_unit("percent"):
            faults.add("percent_of_baseline is in percent", place, f"panels.{name}.unit")
    if row.lower is not None and row.upper is not None and not ends_apart(row.lower, row.upper):
        faults.add("lower is not below upper", document.where("panels", name, "lower"), f"panels.{name}.lower")
    for key in ("lower", "upper"):
        end = getattr(row, key)
        if row.scale == "log" and end is not None and end < 1 / FARTHEST:
            faults.add("must be positive on a log scale", document.where("panels", name, key), f"panels.{name}.{key}")


def _curves(data: Any, document: Document, faults: Faults) -> dict[int, CurveRow]:
    if not isinstance(data, list) or not data:
        faults.add("no curves; add [[curves]] with panel, output and label", document.where("curves"), "curves")
        return {}
    rows = {index: read_row(CurveRow, table, document, ("curves", index), faults) for index, table in enumerate(data)}
    return {index: row for index, row in rows.items() if row is not None}


def _check_curves(curves: dict[int, CurveRow], panels: Any, document: Document, faults: Faults) -> None:
    names = list(panels) if isinstance(panels, dict) else []
    seen: dict[tuple[str, str], int] = {}
    for index, row in curves.items():
        place, name = document.where("curves", index), f"curves.{index}"
        if row.panel not in names:
            there = ", ".join(names) or "none"
            faults.add(
                f"no panel '{row.panel}'; there are {there}", document.where("curves", index, "panel"), f"{name}.panel"
            )
        if seen.setdefault((row.panel, row.output), index) != index:
            faults.add(f"output '{row.output}' is in panel '{row.panel}' already", place, name)
        if row.colour is None and [c.panel for c in curves.values()].count(row.panel) > len(COLOURS):
            faults.add(f"more than {len(COLOURS)} curves in panel '{row.panel}'", place, name)
    for panel in names:
        if not any(row.panel == panel for row in curves.values()):
            faults.add("no curve is drawn in it", document.where("panels", panel), f"panels.{panel}")


def _check_times(header: HeaderRow | None, time: TimeRow | None, document: Document, faults: Faults) -> None:
    for key in ("until", "every") if header else ():
        with faults.gather(document.where("figure", key), f"figure.{key}"):
            if parse_quantity(getattr(header, key), "day")[0] <= 0:
                faults.add("must be positive", document.where("figure", key), f"figure.{key}")
    if time is not None:
        check_time(time, document, faults)
    if header is not None:
        check_times(header.until, header.every, header.draws if header.fit else 1, document, faults)
        check_ticks(header.until, (time or TimeRow()).ticks, document, faults)


def check_time(time: TimeRow, document: Document, faults: Faults) -> None:
    """Note what is wrong with the axis of time."""
    with faults.gather(document.where("time", "unit"), "time.unit"):
        conversion(parse_unit("day"), parse_unit(time.unit))
    with faults.gather(document.where("time", "ticks"), "time.ticks"):
        if parse_quantity(time.ticks, "day")[0] <= 0:
            faults.add("must be positive", document.where("time", "ticks"), "time.ticks")
