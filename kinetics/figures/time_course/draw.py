"""The time course: outputs against time in panels, with limits, published points and courses of treatment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.text import Text

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind
from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import count_label, mark_courses, row_height, set_scale, set_time_axes
from kinetics.figures.base.rows import CountPanelRow, FigureHeaderRow, PageRow
from kinetics.figures.base.style import DOTTED, LINES, MARKERS, colour, curve_width, line_width, small, text_colour
from kinetics.figures.base.words import say
from kinetics.figures.time_course.compute import SimulatedCurve, check_result, simulated_curve, simulated_tree
from kinetics.figures.time_course.explaining import Published, explain, is_as_planned
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
from kinetics.units import to_unit

_MARGIN = 0.02
"""Of the time axis, left of zero, so that the fall from baseline is not hidden by the axis."""


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

    def on_page(self, page: PageRow) -> TimeCourse:
        """The same figure on another page."""
        return TimeCourse(replace(self.spec, rows=self.spec.rows.model_copy(update={"page": page})))

    def with_title(self, title: str) -> TimeCourse:
        """The same figure with another title of its caption."""
        header = self.spec.header.model_copy(update={"title": title})
        return TimeCourse(replace(self.spec, rows=self.spec.rows.model_copy(update={"header": header})))

    def header(self, tree: xr.DataTree) -> FigureHeaderRow:
        """The note speaks of published numbers, and of bands, only if they are drawn."""
        spec, header = self.spec, self.spec.header
        drawn = is_as_planned(spec, tree) and spec.published
        band = any(curve.output in tree["interval"] for curve in spec.curves) if "interval" in tree.children else False
        notes = (header.note, header.note_published if drawn else "", header.note_band if band else "")
        return header.model_copy(update={"note": " ".join(filter(None, notes))})

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """A prediction from the fit of the file, or the cohort's typical patient if it names none."""
        return simulated_tree(self.spec, inputs)

    def check(self, tree: xr.DataTree) -> None:
        """Refuse a result that is not what the figure shows, with everything that does not fit."""
        check_result(self.spec, tree)

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """Panels of curves; published points stand beside those of the regimen of the file only."""
        _Drawing(self.spec, tree, page).draw()


@dataclass
class _Panel:
    """A panel while it is drawn, and what is placed when its size is known."""

    place: Panel
    name: str
    row: CountPanelRow
    curves: list[tuple[CurveRow, SimulatedCurve]] = field(default_factory=list)
    ends: list[tuple[Text, float]] = field(default_factory=list)
    limits: list[tuple[Text, float]] = field(default_factory=list)
    points: list[tuple[PublishedPoint, Text | None]] = field(default_factory=list)

    @property
    def axes(self) -> Axes:
        """Of the panel."""
        return self.place.axes


class _Drawing:
    """One figure under construction."""

    def __init__(self, spec: TimeCourseSpec, tree: xr.DataTree, page: Page) -> None:
        self.spec, self.tree, self.page, self.root = spec, tree, page, tree.to_dataset()
        self.as_planned = is_as_planned(spec, tree)
        self.published: Published = {}

    def draw(self) -> None:
        """Draw everything; labels that depend on the layout are placed after it."""
        rows, page = self.spec.rows, self.page
        columns = page.columns_for(len(rows.panels))
        height = row_height(0.85 * page.width / columns - 12)
        panels = page.grid(len(rows.panels), lambda lines: height * lines, columns)
        for cell, (name, row) in zip(panels, rows.panels.items(), strict=True):
            panel = _Panel(cell, name, row)
            self._fill(panel)
            self._set_axes(panel)
            page.when_laid_out(partial(_place_labels, panel))
        page.figure.align_ylabels([panel.axes for panel in panels])
        explain(self.spec, self.tree, page, self.published)

    def _fill(self, panel: _Panel) -> None:
        set_scale(panel.axes, panel.row.scale)
        if panel.row.lower is not None or panel.row.upper is not None:
            panel.axes.set_ylim(panel.row.lower, panel.row.upper)
        for index, row in enumerate(self.spec.panel_curves(panel.name)):
            curve = simulated_curve(self.spec, self.tree, row)
            panel.curves.append((row, curve))
            own = colour(index, row.colour)
            self._draw_curve(panel, row, curve, own, index)
            if curve.limit is not None:
                self._draw_limit(panel, row, curve.limit, own)
            for name in row.published if self.as_planned else ():
                self._draw_published(panel, name, row, curve, own, MARKERS[index % len(MARKERS)])

    def _draw_curve(self, panel: _Panel, row: CurveRow, curve: SimulatedCurve, own: str, index: int) -> None:
        gid, axes, label = f"{panel.name}-{row.output}", panel.axes, self.spec.label(row)
        for ends, alpha, name, behind in ((curve.outer, 0.1, "outer-band", 1.5), (curve.band, 0.2, "band", 2)):
            if ends is not None:
                look: dict[str, Any] = {"color": own, "alpha": alpha, "linewidth": 0, "zorder": behind, "label": label}
                axes.fill_between(curve.time, *ends, **look).set_gid(f"{name}-{gid}")
        style = LINES[index % len(LINES)]
        width = curve_width(in_band=curve.band is not None)
        (line,) = axes.plot(curve.time, curve.value, color=own, linestyle=style, linewidth=width, label=label, zorder=4)
        line.set_gid(f"simulated-{gid}")
        if len(self.spec.panel_curves(panel.name)) > 1:
            beside: dict[str, Any] = {"color": text_colour(own), "va": "center", "transform": axes.transAxes}
            panel.ends.append((axes.text(1.015, 0.5, label, **beside), float(curve.value[-1])))

    def _draw_limit(self, panel: _Panel, row: CurveRow, limit: float, own: str) -> None:
        look: dict[str, Any] = {"color": text_colour(own), "linewidth": line_width(0.8), "linestyle": DOTTED}
        panel.axes.axhline(limit, zorder=3, **look).set_gid(f"limit-{panel.name}-{row.output}")
        text = say("limit_of", label=self.spec.label(row)) if len(self.spec.panel_curves(panel.name)) > 1 else ""
        beside: dict[str, Any] = {"color": text_colour(own), "fontsize": small(), "zorder": 6, "va": "bottom"}
        label = panel.axes.text(0, 0, text or say("limit"), transform=panel.axes.transAxes, **beside)
        label.set_in_layout(False)
        panel.limits.append((label, limit))

    def _draw_published(
        self, panel: _Panel, name: str, row: CurveRow, curve: SimulatedCurve, own: str, marker: str
    ) -> None:
        published = self.spec.published[name]
        point = published_point(published, self.spec, row, curve)
        drawn = draw_point(panel.axes, point, own, marker).lines[0]
        drawn.set_gid(f"published-{name}")
        drawn.set_label(self.spec.label(row))
        panel.points.append((point, draw_value(panel.axes, point, own)))
        self.published.setdefault((published.source, published.kind, published.statistic), []).append(
            (name, legend_handle(point, own, marker))
        )

    def _set_axes(self, panel: _Panel) -> None:
        """Axes, heading, and the marks of courses that the result holds."""
        axes, time = panel.axes, self.spec.rows.time
        end = min(to_unit(self.spec.header.until, time.unit), float(panel.curves[0][1].time[-1]))
        axes.set_xlim(-_MARGIN * end, end)
        has_courses = "course_start" in self.root
        label = count_label(panel.row, self.spec.model, (curve.output for curve, _ in panel.curves))
        set_time_axes(self.page, panel.place, panel.row, time, label, panel.row.unit, pad=8 if has_courses else 3)
        if has_courses:
            starts = self.root["course_start"].values * to_unit(
                f"1 {self.root['course_start'].attrs['units']}", time.unit
            )
            mark_courses(axes, starts, panel.name)


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
