"""Stacked areas: the parts of a count over time, under the line of the whole."""

from __future__ import annotations

from typing import Any

import xarray as xr
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import cohort_label, output_label
from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import (
    count_label,
    draw_limit,
    even_columns,
    explain_courses,
    mark_courses,
    set_time_axes,
    small_row_height,
)
from kinetics.figures.base.style import colour, line_width
from kinetics.figures.base.words import say, shown_label
from kinetics.figures.lineages.compute import check_sums, in_unit, simulated_parts, stacked, with_time_before
from kinetics.figures.lineages.spec import AreaRow, LineagesSpec, read_lineages
from kinetics.figures.treatments import courses_text
from kinetics.units import parse_unit, to_unit

_TOTAL: dict[str, Any] = {"color": "black", "linestyle": "-", "zorder": 4}
_EDGE: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.5}
"""Of areas: what lies upon each other is apart without colour too."""
_BEFORE = 0.06
"""Of the axis of time, left of zero, with the count before treatment."""


class Lineages(Kind[LineagesSpec]):
    """Stacked parts of counts.

    Areas have the gid ``area-PANEL-OUTPUT``, lines of totals ``simulated-PANEL-OUTPUT``, lower limits of normal
    ``limit-PANEL``, courses ``courses-PANEL``.
    """

    name = "lineages"
    load = staticmethod(read_lineages)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Simulate the typical patient of the cohort."""
        return xr.DataTree(simulated_parts(self.spec, inputs.progress))

    def required(self) -> Required:
        """The outputs, of the model, the regimen and the cohort of the file."""
        spec = self.spec
        attrs = {"model_hash": spec.model.content_hash, "regimen_hash": spec.regimen.content_hash}
        if spec.header.cohort:
            attrs["cohort"] = spec.header.cohort
        return Required({"/": ["time", *spec.outputs]}, attrs)

    def check(self, tree: xr.DataTree) -> None:
        """Refuse a result that is not what the figure shows, and parts that are not the whole."""
        super().check(tree)
        check_sums(self.spec, tree.to_dataset())

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A panel a total."""
        spec, data = self.spec, tree.to_dataset()
        columns = even_columns(page, len(spec.panels))
        height = small_row_height(page.width / columns - 14, columns)
        panels = page.grid(len(spec.panels), lambda rows: height * rows, columns)
        limits = [self._draw_panel(page, panel, name, data) for panel, name in zip(panels, spec.panels, strict=True)]
        page.figure.align_ylabels([panel.axes for panel in panels])
        self._explain(page, has_limit=any(limits))

    def _draw_panel(self, page: Page, panel: Panel, name: str, data: xr.Dataset) -> bool:
        """Areas, the line of the total and its axes; whether the total has a limit."""
        spec, row, axes = self.spec, self.spec.panels[name], panel.axes
        end, factor = float(data["time"].values[-1]), to_unit(f"1 {data['time'].attrs['units']}", spec.time.unit)
        data = with_time_before(data, _BEFORE * end)
        times, ends = data["time"].values * factor, stacked(spec, data, name)
        for area, lower, upper in zip(spec.of_panel(name), ends[:-1], ends[1:], strict=True):
            drawn = axes.fill_between(times, lower, upper, zorder=2, facecolor=self._colour(area), **_EDGE)
            drawn.set_gid(f"area-{name}-{area.output}")
            drawn.set_label(spec.label(area))
        label = output_label(spec.model, row.total)
        total = in_unit(data, row.total, row.unit)
        (line,) = axes.plot(times, total, linewidth=line_width(0.9), label=label, **_TOTAL)
        line.set_gid(f"simulated-{name}-{row.total}")
        limit = draw_limit(axes, data[row.total], parse_unit(row.unit), name)
        if limit is not None:
            limit.set(color="black", zorder=5, path_effects=[withStroke(linewidth=2.2, foreground="white")])
        axes.set_xlim(times[0], times[-1])
        set_time_axes(page, panel, row, spec.time, count_label(row, spec.model, [row.total]), row.unit, pad=8)
        mark_courses(axes, data["course_start"].values * factor, name)
        return limit is not None

    def _colour(self, area: AreaRow) -> str:
        first = next(row.colour for row in self.spec.areas if row.label == area.label)
        return colour(self.spec.labels.index(area.label), area.colour or first)

    def _explain(self, page: Page, *, has_limit: bool) -> None:
        spec, cohort = self.spec, self.spec.header.cohort
        whose = say("of_cohort", cohort=cohort_label(spec.model, cohort)) if cohort else ""
        for label in spec.labels:
            area = next(row for row in spec.areas if row.label == label)
            page.add_key(Patch(facecolor=self._colour(area), linewidth=0), shown_label(label))
        totals = ", ".join(output_label(spec.model, row.total) for row in spec.panels.values())
        page.add_key(Line2D([], [], linewidth=line_width(0.9), **_TOTAL), say("total"), say("total_is", what=totals))
        page.caption.add(say("stacked_are", what=say("typical_patient"), cohort=whose))
        page.caption.add(say("before_treatment"))
        if has_limit:
            page.add_limit()
        explain_courses(page, courses_text(spec.regimen, spec.time.unit, spec.model))
        outputs = [name for name in spec.outputs if spec.model.is_exploratory(name)]
        if outputs:
            page.caption.add(say("exploratory", what=", ".join(output_label(spec.model, name) for name in outputs)))
