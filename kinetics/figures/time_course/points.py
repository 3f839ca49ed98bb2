"""Published points of a time course: where they stand, their markers and bars, and the room they take."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.markers import CARETDOWNBASE
from matplotlib.text import Text

from kinetics.figures.base.style import small, text_colour
from kinetics.figures.time_course.compute import SimulatedCurve
from kinetics.figures.time_course.placing import pixels_along
from kinetics.figures.time_course.spec import CurveRow, TimeCourseSpec, first_dose
from kinetics.published import PublishedRow
from kinetics.units import conversion, parse_unit, to_unit

_SIZE = 3.6
_EDGE = 0.5


@dataclass(frozen=True)
class PublishedPoint:
    """A published number in the units of the axes, with the ends of its bars; ``y`` is NaN for a range."""

    row: PublishedRow
    x: float
    y: float
    x_interval: tuple[float, float] | None
    y_interval: tuple[float, float] | None


def published_point(row: PublishedRow, spec: TimeCourseSpec, drawn: CurveRow, curve: SimulatedCurve) -> PublishedPoint:
    """Place a row on the axes of its curve.

    A recovery time stands at its threshold, counted from the first dose, with its 95 % interval along time. A
    percentage of baseline is taken of the simulated value before treatment.
    """
    time, unit = spec.rows.time.unit, spec.rows.panels[drawn.panel].unit
    if row.kind == "time_to_threshold":
        begin, factor = first_dose(spec.regimen, time), float(conversion(parse_unit(row.unit), parse_unit(time)))
        level = to_unit(str(row.level), spec.model.outputs[row.output].unit) * curve.scale
        interval = None
        if row.lower is not None and row.upper is not None:
            interval = (begin + row.lower * factor, begin + row.upper * factor)
        return PublishedPoint(row, begin + (row.value or math.nan) * factor, level, interval, None)
    if row.kind == "percent_of_baseline":
        factor = float(conversion(parse_unit(row.unit), parse_unit("1"))) * float(curve.value[0])
    else:
        factor = float(conversion(parse_unit(row.unit), parse_unit(unit)))
    value = math.nan if row.value is None else row.value * factor
    return PublishedPoint(row, to_unit(str(row.time), time), value, None, _bar(row, factor, spec.header.bars))


def _bar(row: PublishedRow, factor: float, bars: str) -> tuple[float, float] | None:
    if row.lower is not None and row.upper is not None:
        return row.lower * factor, row.upper * factor
    if row.sd is None or row.value is None or (bars == "se" and row.n is None):
        return None
    half = row.sd if bars == "sd" else row.sd / math.sqrt(row.n or 1)
    return (row.value - half) * factor, (row.value + half) * factor


def draw_point(axes: Axes, point: PublishedPoint, colour: str, marker: str) -> ErrorbarContainer:
    """Draw a point with its bars; a range has a bar and no marker, a bar that would leave a log axis ends there."""
    middle, shown, ends = point.y, marker, point.y_interval
    if np.isnan(middle) and ends is not None:
        middle, shown = sum(ends) / 2, "none"
    floor = axes.get_ylim()[0]
    if ends is not None and axes.get_yscale() == "log" and ends[0] < floor < middle:
        ends = floor, ends[1]
        look = {"marker": CARETDOWNBASE, "markersize": 3.0, "color": "black", "markeredgewidth": 0, "clip_on": False}
        axes.plot([point.x], [floor], zorder=7, **look)
    return axes.errorbar(
        [point.x],
        [middle],
        xerr=_ends(point.x, point.x_interval),
        yerr=_ends(middle, ends),
        color=colour,
        ecolor="black",
        marker=shown,
        markersize=_SIZE,
        markeredgecolor="black",
        markeredgewidth=_EDGE,
        elinewidth=0.8,
        capsize=1.4,
        capthick=0.8,
        linestyle="none",
        zorder=7,
    )


def draw_value(axes: Axes, point: PublishedPoint, colour: str) -> Text | None:
    """Write a recovery time, to be placed beside its point; nothing for a count, which its axis gives."""
    if point.row.kind != "time_to_threshold":
        return None
    look = {"va": "bottom", "fontsize": small(), "color": text_colour(colour), "zorder": 8}
    text = axes.text(0, 0, f"{point.x:.3g}", transform=axes.transAxes, **look)
    text.set_in_layout(False)
    return text


def _ends(value: float, interval: tuple[float, float] | None) -> np.ndarray | None:
    return None if interval is None else np.abs(np.array(interval)[:, None] - value)


def legend_handle(point: PublishedPoint, colour: str, marker: str) -> Line2D:
    """The marker of a legend: with a bar if the point has one along time, a bar alone for a range."""
    return Line2D(
        [],
        [],
        color="black",
        linewidth=0.8,
        linestyle="-" if point.x_interval else "none",
        marker="|" if np.isnan(point.y) else marker,
        markersize=2 * _SIZE if np.isnan(point.y) else _SIZE,
        markerfacecolor=colour,
        markeredgecolor="black",
        markeredgewidth=_EDGE,
    )


def pixels_around(axes: Axes, point: PublishedPoint) -> np.ndarray:
    """A point with its bars, (pixel, 2), weighted so that a label rather covers a curve."""
    x = np.array([point.x, *(point.x_interval or ())])
    y = np.array([point.y, *(point.y_interval or ())])
    middle = float(np.nanmean(y))
    across, up = np.meshgrid(np.linspace(-4, 4, 9), np.linspace(-4, 4, 9))
    marker = axes.transData.transform([[point.x, middle]]) + np.column_stack([across.ravel(), up.ravel()])
    horizontal = pixels_along(axes, np.array([x.min(), x.max()]), np.full(2, middle))
    vertical = pixels_along(axes, np.full(2, point.x), np.array([np.nanmin(y), np.nanmax(y)]))
    return np.repeat(np.concatenate([horizontal, vertical, marker]), 3, axis=0)
