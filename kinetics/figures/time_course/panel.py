"""A panel of a time course: its axes, marks of courses, and the labels that wait for its size."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator, NullFormatter

from kinetics.figures.base.placing import pixels_along, place_beside, place_on_line, spread_labels
from kinetics.figures.base.points import pixels_around
from kinetics.figures.base.published import PublishedPoint
from kinetics.figures.time_course.compute import FigureSpec
from kinetics.figures.time_course.simulated import SimulatedCurve
from kinetics.figures.time_course.spec import CurveRow, PanelRow
from kinetics.units import display_unit, parse_unit, to_unit

__all__ = ["Panel", "place_labels", "set_axes"]

MARGIN = 0.02
"""Of the time axis, left of zero, so that the fall from baseline is not hidden by the axis."""


@dataclass
class Panel:
    """A panel while it is drawn, and what is placed when its size is known."""

    axes: Axes
    name: str
    row: PanelRow
    curves: list[tuple[CurveRow, SimulatedCurve]] = field(default_factory=list)
    ends: list[tuple[Text, float]] = field(default_factory=list)
    limits: list[tuple[Text, float]] = field(default_factory=list)
    points: list[tuple[PublishedPoint, Text | None]] = field(default_factory=list)


def set_axes(panel: Panel, spec: FigureSpec, root: xr.Dataset, letter: str) -> None:
    """Give a panel its axes, title and marks of courses.

    Parameters
    ----------
    panel : Panel
        With its curves.
    spec : FigureSpec
        The figure.
    root : xarray.Dataset
        The typical patient.
    letter : str
        Of the panel, or nothing.
    """
    axes, row, time = panel.axes, panel.row, spec.rows.time
    unit = {"percent": "%"}.get(row.unit, display_unit(parse_unit(row.unit)))
    axes.set_ylabel(f"{row.label} ({unit})" if unit else row.label)
    axes.set_title("  ".join(filter(None, (letter, row.title))), loc="left", fontweight="bold", pad=9)
    end = min(to_unit(spec.rows.header.until, time.unit), float(panel.curves[0][1].time[-1]))
    axes.set_xlim(-MARGIN * end, end)
    axes.xaxis.set_major_locator(MultipleLocator(to_unit(time.ticks, time.unit)))
    _set_values(axes, panel)
    if "course_start" in root:
        starts = root["course_start"].values * to_unit(f"1 {root['course_start'].attrs['units']}", time.unit)
        for start in starts:
            axes.axvline(start, color="#C8C8C8", linewidth=0.5, zorder=1)
        (marks,) = axes.plot(
            starts,
            np.full(starts.size, 1.03),
            "v",
            color="black",
            markersize=3.5,
            markeredgewidth=0,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
        )
        marks.set_gid(f"courses-{panel.name}")


def _set_values(axes: Axes, panel: Panel) -> None:
    row = panel.row
    if row.lower is not None or row.upper is not None or row.scale == "linear":
        axes.set_ylim(row.lower if row.lower is not None or row.scale == "log" else 0, row.upper)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if row.scale == "log":
        lower, upper = axes.get_ylim()
        wide = np.log10(upper / lower) > 1.7
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_locator(LogLocator(subs=tuple(map(float, range(2, 10))), numticks=99))
        axes.yaxis.set_minor_formatter(NullFormatter())


def place_labels(panel: Panel) -> None:
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
