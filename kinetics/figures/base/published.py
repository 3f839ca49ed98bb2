"""Published numbers in a figure: which may stand beside a simulation, and where they are drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinetics.errors import Faults, InputError
from kinetics.figures.time_course.spec import CurveRow, PanelRow, SpecRows
from kinetics.files.documents import Document
from kinetics.files.library import path_from
from kinetics.files.tables import PlacedRow
from kinetics.model import Model
from kinetics.published import PublishedRow
from kinetics.regimen import Regimen, course_starts
from kinetics.units import conversion, parse_quantity, parse_unit, to_unit

__all__ = ["PublishedPoint", "check_published", "first_dose", "published_point"]

_SAME_DAY = 1e-6


@dataclass(frozen=True)
class PublishedPoint:
    """A published number in the units of the axes.

    Parameters
    ----------
    row : PublishedRow
        As published.
    x, y : float
        Where it stands; ``y`` is NaN for a range.
    x_interval, y_interval : tuple of float or None
        Ends of its bar, if it has one.
    """

    row: PublishedRow
    x: float
    y: float
    x_interval: tuple[float, float] | None
    y_interval: tuple[float, float] | None


def published_point(
    row: PublishedRow, time: str, unit: str, own: Any, scale: float, baseline: float, bars: str, begin: float = 0.0
) -> PublishedPoint:
    """Place a row on the axes.

    Parameters
    ----------
    row : PublishedRow
        The published number.
    time, unit : str
        Units of the axes.
    own : pint.Unit
        The unit of the output.
    scale : float
        From there to the axis.
    baseline : float
        The simulated value before treatment, in ``unit``: what a published percentage of baseline is taken of.
    bars : {"sd", "se"}
        The bar of a mean with a published standard deviation.
    begin : float
        The first dose, in ``time``: what recovery times count from.

    Returns
    -------
    PublishedPoint
        A recovery time stands at its threshold, with its 95 % interval along time.
    """
    if row.kind == "time_to_threshold":
        factor = float(conversion(parse_unit(row.unit), parse_unit(time)))
        level = to_unit(str(row.level), own) * scale
        interval = None
        if row.lower is not None and row.upper is not None:
            interval = (begin + row.lower * factor, begin + row.upper * factor)
        return PublishedPoint(row, begin + (row.value or math.nan) * factor, level, interval, None)
    if row.kind == "percent_of_baseline":
        factor = float(conversion(parse_unit(row.unit), parse_unit("1"))) * baseline
    else:
        factor = float(conversion(parse_unit(row.unit), parse_unit(unit)))
    value = math.nan if row.value is None else row.value * factor
    return PublishedPoint(row, to_unit(str(row.time), time), value, None, _bar(row, factor, bars))


def _bar(row: PublishedRow, factor: float, bars: str) -> tuple[float, float] | None:
    if row.lower is not None and row.upper is not None:
        return row.lower * factor, row.upper * factor
    if row.sd is None or row.value is None or (bars == "se" and row.n is None):
        return None
    half = row.sd if bars == "sd" else row.sd / math.sqrt(row.n or 1)
    return (row.value - half) * factor, (row.value + half) * factor


def check_published(
    document: Document,
    rows: SpecRows,
    table: Mapping[str, PlacedRow[PublishedRow]],
    model: Model | None,
    regimen: Regimen | None,
    faults: Faults,
) -> dict[str, PublishedRow]:
    """The rows that curves name, each checked to be of what is drawn: output, cohort, and doses until then."""
    chosen: dict[str, PublishedRow] = {}
    for index, curve in rows.curves.items():
        for name in curve.published:
            place, key = document.where("curves", index, "published"), f"curves.{index}.published"
            placed = table.get(name)
            if placed is None:
                faults.add(f"no row '{name}' in the tables; there are {', '.join(table) or 'none'}", place, key)
                continue
            chosen[name] = placed.row
            with faults.gather(place, key):
                _check_row(placed, curve, rows, model, regimen)
    return chosen


def _check_row(
    placed: PlacedRow[PublishedRow], curve: CurveRow, rows: SpecRows, model: Model | None, regimen: Regimen | None
) -> None:
    faults, row = Faults(), placed.row
    if row.output != curve.output:
        faults.add(f"row '{row.name}' is of output '{row.output}', the curve of '{curve.output}'")
    if row.cohort != rows.header.cohort:
        faults.add(f"row '{row.name}' is of cohort '{row.cohort}', the figure of '{rows.header.cohort or 'no cohort'}'")
    panel = rows.panels.get(curve.panel)
    if panel is not None:
        with faults.gather():
            _check_scale(row, panel, model)
    with faults.gather():
        until = to_unit(rows.header.until, "day")
        last = _last_day(row, 0.0 if regimen is None else first_dose(regimen, "day"))
        if last > until * (1 + _SAME_DAY):
            faults.add(f"row '{row.name}' lies after the end of the figure, {rows.header.until}")
        own = Regimen.load(path_from(placed.path, row.regimen))
        if regimen is not None and not _same_before(own, regimen, last):
            faults.add(f"row '{row.name}' is of regimen '{row.regimen}', which differs before then from the one drawn")
    faults.raise_if_any()


def _check_scale(row: PublishedRow, panel: PanelRow, model: Model | None) -> None:
    if row.kind == "time_to_threshold":
        conversion(parse_unit(row.unit), parse_unit("day"))
        _, unit = parse_quantity(str(row.level))
        target = model.outputs[row.output].unit if model is not None and row.output in model.outputs else unit
        conversion(unit, target)
    elif row.kind == "percent_of_baseline":
        conversion(parse_unit(row.unit), parse_unit("percent"))
    elif panel.percent_of_baseline:
        raise InputError(
            f"row '{row.name}' is a count, whose baseline is not the model's; the panel is in percent of it"
        )
    else:
        conversion(parse_unit(row.unit), parse_unit(panel.unit))


def first_dose(regimen: Regimen, time: str) -> float:
    """When the first dose is given, in a unit of time; zero without any."""
    starts = course_starts(regimen, parse_unit(time))
    return float(starts[0]) if starts.size else 0.0


def _last_day(row: PublishedRow, begin: float) -> float:
    """The last time a row speaks of; a recovery time does not depend on what is given after it."""
    if row.kind == "time_to_threshold":
        return begin + (row.value or math.nan) * float(conversion(parse_unit(row.unit), parse_unit("day")))
    return to_unit(str(row.time), "day")


def _same_before(one: Regimen, other: Regimen, day: float) -> bool:
    def given(regimen: Regimen) -> str:
        early = [course for course in regimen.courses if course.start.magnitude < day - _SAME_DAY]
        return Regimen(early).content_hash

    return given(one) == given(other) and one.rules == other.rules
