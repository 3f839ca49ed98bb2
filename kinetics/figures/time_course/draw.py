"""The time course: outputs against time in panels, with limits, published points and courses of treatment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.ticker import LogLocator

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind
from kinetics.figures.base.labels import courses_text, published_text
from kinetics.figures.base.page import Entry, add_title_and_legend, limit_entry
from kinetics.figures.base.panels import panel_grid, set_log_minor_ticks, set_scale, set_time_axes
from kinetics.figures.base.rows import CountPanelRow
from kinetics.figures.base.style import COLOURS, DOTTED, GREY, LINES, MARKERS, small, text_colour
from kinetics.figures.time_course.compute import SimulatedCurve, check_result, simulated_curve, simulated_tree
from kinetics.figures.time_course.placing import pixels_along, place_beside, place_on_line, spread_labels
from kinetics.figures.time_course.points import (
    PublishedPoint,
    draw_point,
    draw_value,
    legend_handle,
    pixels_around,
    published_point,
)
from kinetics.figures.time_course.reading import read_time_course
from kinetics.figures.time_course.spec import CurveRow, TimeCourseSpec
from kinetics.text.escaping import one_line
from kinetics.units import to_unit

PATIENTS = "patients_summarised"
"""Attribute of a result whose curves are medians of so many patients, and whose interval is theirs."""
_MARGIN = 0.02
"""Of the time axis, left of zero, so that the fall from baseline is not hidden by the axis."""
_PUBLISHED = {
    "count": "{statistics}",
    "percent_of_baseline": "{statistics} in percent of baseline, drawn from the model's baseline",
    "time_to_threshold": "recovery time, {statistics}",
}
"""What the legend says of each kind of published row."""


class TimeCourse(Kind[TimeCourseSpec]):
    """Outputs over time.

    Lines of simulated curves have the gid ``simulated-PANEL-OUTPUT``, bands ``band-PANEL-OUTPUT`` and with the
    discrepancy of the model ``outer-band-PANEL-OUTPUT``, limits ``limit-PANEL-OUTPUT``, published points
    ``published-ROW``, courses ``courses-PANEL``.
    """

    name = "time_course"
    from_estimates = True
    load = staticmethod(read_time_course)

    @property
    def fit(self) -> str | None:
        """The name of the fit that it predicts from, if the file names one."""
        return None if self.spec.header.fit is None else Path(self.spec.header.fit).stem

    def on_page(self, **size: float) -> TimeCourse:
        """The same figure on a page whose ``width`` or ``height``, in mm, differs."""
        rows = self.spec.rows
        changed = rows.model_copy(update={"size": rows.size.model_copy(update=size)})
        return TimeCourse(replace(self.spec, rows=changed))

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """A prediction from the fit of the file, or the cohort's typical patient if it names none."""
        return simulated_tree(self.spec, inputs)

    def check(self, tree: xr.DataTree) -> None:
        """Refuse a result that is not what the figure shows, with everything that does not fit."""
        check_result(self.spec, tree)

    def picture(self, tree: xr.DataTree) -> Figure:
        """Panels of curves; published points stand beside those of the regimen of the file only."""
        return _Drawing(self.spec, tree).drawn()


@dataclass
class _Panel:
    """A panel while it is drawn, and what is placed when its size is known."""

    axes: Axes
    name: str
    row: CountPanelRow
    curves: list[tuple[CurveRow, SimulatedCurve]] = field(default_factory=list)
    ends: list[tuple[Text, float]] = field(default_factory=list)
    limits: list[tuple[Text, float]] = field(default_factory=list)
    points: list[tuple[PublishedPoint, Text | None]] = field(default_factory=list)


class _Drawing:
    """One figure under construction."""

    def __init__(self, spec: TimeCourseSpec, tree: xr.DataTree) -> None:
        self.spec, self.tree, self.root = spec, tree, tree.to_dataset()
        own = spec.regimen.content_hash
        self.as_planned = self.root.attrs.get("regimen_hash", own) == own
        self.published: dict[tuple[str, ...], list[tuple[str, Line2D]]] = {}
        self.panels: list[_Panel] = []

    def drawn(self) -> Figure:
        """Draw everything, lay it out, then place the labels that depend on the layout."""
        rows = self.spec.rows
        grid = panel_grid(rows.size, len(rows.panels), lambda lines: 90.0 * lines)
        for cell, (name, row) in zip(grid.panels, rows.panels.items(), strict=True):
            panel = _Panel(cell.axes, name, row)
            self._fill(panel)
            _set_axes(panel, self.spec, self.root, cell.letter)
            cell.axes.tick_params(labelbottom=cell.is_lowest)
            if cell.is_lowest:
                cell.axes.set_xlabel(f"{rows.time.label} ({rows.time.unit})")
            self.panels.append(panel)
        grid.figure.align_ylabels()
        add_title_and_legend(grid.figure, rows.header, self._entries(), self._note())
        grid.figure.draw_without_rendering()
        grid.figure.set_layout_engine("none")
        for panel in self.panels:
            _place_labels(panel)
        return grid.figure

    def _fill(self, panel: _Panel) -> None:
        set_scale(panel.axes, panel.row.scale)
        for index, row in enumerate(self.spec.panel_curves(panel.name)):
            curve = simulated_curve(self.spec, self.tree, row)
            panel.curves.append((row, curve))
            colour = COLOURS[row.colour] if row.colour else list(COLOURS.values())[index]
            self._draw_curve(panel, row, curve, colour, index)
            if curve.limit is not None:
                self._draw_limit(panel, row, curve.limit, colour)
            for name in row.published if self.as_planned else ():
                self._draw_published(panel, name, row, curve, colour, MARKERS[index % len(MARKERS)])

    def _draw_curve(self, panel: _Panel, row: CurveRow, curve: SimulatedCurve, colour: str, index: int) -> None:
        gid = f"{panel.name}-{row.output}"
        if curve.outer is not None:
            area = panel.axes.fill_between(curve.time, *curve.outer, color=colour, alpha=0.1, linewidth=0, zorder=1.5)
            area.set_gid(f"outer-band-{gid}")
        if curve.band is not None:
            area = panel.axes.fill_between(curve.time, *curve.band, color=colour, alpha=0.2, linewidth=0, zorder=2)
            area.set_gid(f"band-{gid}")
        style = LINES[index % len(LINES)]
        label = self.spec.label(row)
        (line,) = panel.axes.plot(curve.time, curve.value, color=colour, linestyle=style, label=label, zorder=4)
        line.set_gid(f"simulated-{gid}")
        if len(self.spec.panel_curves(panel.name)) > 1:
            look: dict[str, Any] = {"color": text_colour(colour), "va": "center"}
            text = panel.axes.text(1.015, 0.5, label, transform=panel.axes.transAxes, **look)
            panel.ends.append((text, float(curve.value[-1])))

    def _draw_limit(self, panel: _Panel, row: CurveRow, limit: float, colour: str) -> None:
        line = panel.axes.axhline(limit, color=text_colour(colour), linewidth=0.8, linestyle=DOTTED, zorder=3)
        line.set_gid(f"limit-{panel.name}-{row.output}")
        look: dict[str, Any] = {"color": text_colour(colour), "fontsize": small(), "zorder": 6}
        if len(self.spec.panel_curves(panel.name)) == 1:
            text, beside = f"LLN\n{limit:.3g}", panel.axes.get_yaxis_transform()
            panel.axes.text(1.02, limit, text, transform=beside, va="center", linespacing=1.0, **look)
            return
        text = f"LLN {self.spec.label(row)} {limit:.3g}"
        label = panel.axes.text(0, 0, text, transform=panel.axes.transAxes, va="bottom", **look)
        label.set_in_layout(False)
        panel.limits.append((label, limit))

    def _draw_published(
        self, panel: _Panel, name: str, row: CurveRow, curve: SimulatedCurve, colour: str, marker: str
    ) -> None:
        published = self.spec.published[name]
        point = published_point(published, self.spec, row, curve)
        draw_point(panel.axes, point, colour, marker).lines[0].set_gid(f"published-{name}")
        panel.points.append((point, draw_value(panel.axes, point, colour)))
        self.published.setdefault((published.source, published.kind, published.statistic), []).append(
            (name, legend_handle(point, colour, marker))
        )

    def _note(self) -> str:
        """What is said beneath, of published numbers and of bands only if they are drawn."""
        header = self.spec.header
        band = any(curve.band is not None for panel in self.panels for _, curve in panel.curves)
        notes = (header.note, header.note_published if self.published else "", header.note_band if band else "")
        return " ".join(filter(None, notes))

    def _entries(self) -> list[Entry]:
        curves = [curve for panel in self.panels for _, curve in panel.curves]
        whose, interval = "typical patient", "95 % interval over parameter uncertainty"
        if patients := self.root.attrs.get(PATIENTS):
            whose, interval = f"median of {patients} patients", "5 to 95 % of patients"
        entries: list[Entry] = [(Line2D([], [], color=GREY), f"simulated with the model: {whose}")]
        if any(curve.band is not None for curve in curves):
            band = Patch(facecolor=GREY, alpha=0.25, linewidth=0)
            entries.append((band, f"simulated with the model: {interval}"))
        if any(curve.outer is not None for curve in curves):
            outer = Patch(facecolor=GREY, alpha=0.12, linewidth=0)
            entries.append((outer, "the same and the discrepancy of the model"))
        if any(curve.limit is not None for curve in curves):
            entries.append(limit_entry("lower limit of normal (LLN)"))
        for drawn in self.published.values():
            samples = {(s.get_marker(), s.get_markerfacecolor()): s for _, s in drawn}
            rows = [self.spec.published[name] for name, _ in drawn]
            text = published_text(rows, self.spec.header.bars, self.spec.path.parent, _PUBLISHED)
            entries.append((tuple(samples.values()), text))
        if "course_start" in self.root:
            mark = Line2D([], [], color="black", marker="v", markersize=3.5, markeredgewidth=0, linestyle="none")
            regimen = one_line(str(self.root.attrs.get("regimen") or "own regimen"))
            known = courses_text(self.spec.regimen, self.spec.rows.time.unit)
            entries.append((mark, known if self.as_planned else f"course of treatment ({regimen})"))
        return entries


def _set_axes(panel: _Panel, spec: TimeCourseSpec, root: xr.Dataset, letter: str) -> None:
    """Give a panel with its curves its axes, its title, and the marks of courses that the result holds."""
    axes, row, time = panel.axes, panel.row, spec.rows.time
    end = min(to_unit(spec.header.until, time.unit), float(panel.curves[0][1].time[-1]))
    axes.set_xlim(-_MARGIN * end, end)
    set_time_axes(axes, row, time, letter, row.label, row.unit, pad=9)
    if row.scale == "log":
        lower, upper = axes.get_ylim()
        is_wide = np.log10(upper / lower) > 1.7
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if is_wide else (1.0, 2.0, 5.0)))
        set_log_minor_ticks(axes)
    if "course_start" in root:
        starts = root["course_start"].values * to_unit(f"1 {root['course_start'].attrs['units']}", time.unit)
        for start in starts:
            axes.axvline(start, color="#C8C8C8", linewidth=0.5, zorder=1)
        look = {"color": "black", "markersize": 3.5, "markeredgewidth": 0, "clip_on": False}
        heights = np.full(starts.size, 1.03)
        (marks,) = axes.plot(starts, heights, "v", transform=axes.get_xaxis_transform(), **look)
        marks.set_gid(f"courses-{panel.name}")


def _place_labels(panel: _Panel) -> None:
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
