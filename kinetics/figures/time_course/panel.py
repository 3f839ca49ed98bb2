"""A panel of a time course: its axes, marks of courses, and the labels that wait for its size."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.ticker import LogLocator

from kinetics.figures.base.labels import unit_label
from kinetics.figures.base.panels import set_log_minor_ticks, set_time_ticks, set_title, set_values, with_unit
from kinetics.figures.base.rows import CountPanelRow
from kinetics.figures.time_course.compute import SimulatedCurve
from kinetics.figures.time_course.placing import pixels_along, place_beside, place_on_line, spread_labels
from kinetics.figures.time_course.points import PublishedPoint, pixels_around
from kinetics.figures.time_course.spec import CurveRow, TimeCourseSpec
from kinetics.units import to_unit

__all__ = ["CurvePanel", "place_labels", "set_axes"]

MARGIN = 0.02
"""Of the time axis, left of zero, so that the fall from baseline is not hidden by the axis."""


@dataclass
class CurvePanel:
    """A panel while it is drawn, and what is placed when its size is known."""

    axes: Axes
    name: str
    row: CountPanelRow
    curves: list[tuple[CurveRow, SimulatedCurve]] = field(default_factory=list)
    ends: list[tuple[Text, float]] = field(default_factory=list)
    limits: list[tuple[Text, float]] = field(default_factory=list)
    points: list[tuple[PublishedPoint, Text | None]] = field(default_factory=list)


def set_axes(panel: CurvePanel, spec: TimeCourseSpec, root: xr.Dataset, letter: str) -> None:
    """Give a panel with its curves its axes, its title, and the marks of courses that the result holds."""
    axes, row, time = panel.axes, panel.row, spec.rows.time
    axes.set_ylabel(with_unit(row.label, unit_label(row.unit)))
    set_title(axes, letter, row.title, pad=9)
    end = min(to_unit(spec.header.until, time.unit), float(panel.curves[0][1].time[-1]))
    axes.set_xlim(-MARGIN * end, end)
    set_time_ticks(axes, time)
    set_values(axes, row)
    if row.scale == "log":
        _set_log_ticks(axes)
    if "course_start" in root:
        starts = root["course_start"].values * to_unit(f"1 {root['course_start'].attrs['units']}", time.unit)
        for start in starts:
            axes.axvline(start, color="#C8C8C8", linewidth=0.5, zorder=1)
        look = {"color": "black", "markersize": 3.5, "markeredgewidth": 0, "clip_on": False}
        heights = np.full(starts.size, 1.03)
        (marks,) = axes.plot(starts, heights, "v", transform=axes.get_xaxis_transform(), **look)
        marks.set_gid(f"courses-{panel.name}")


def _set_log_ticks(axes: Axes) -> None:
    lower, upper = axes.get_ylim()
    is_wide = np.log10(upper / lower) > 1.7
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if is_wide else (1.0, 2.0, 5.0)))
    set_log_minor_ticks(axes)


def place_labels(panel: CurvePanel) -> None:
    """Place the labels beside lines, limits and points, when the size of the panel is known."""
    axes = panel.axes
    spread_labels(axes, [text for text, _ in panel.ends], [y for _, y in panel.ends])
    taken = [pixels_along(axes, curve.time, curve.value) for _, curve in panel.curves]
    taken += [pixels_along(axes, curve.time, end) for _, curve in panel.curves for end in curve.band or ()]
    taken += [pixels_around(axes, point) for point, _ in panel.points]
    taken += [pixels_along(axes, np.array(axes.get_xlim()), np.full(2, height)) for _, height in panel.limits]
    for point, text in panel.points:
        if text is not None:
            taken.append(place_beside(axes, text, (point.x, point.y), taken))
    for label, height in panel.limits:
        taken.append(place_on_line(axes, label, height, taken))
