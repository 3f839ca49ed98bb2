"""The level of a drug over time on a logarithmic axis, with the days above a threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import amount_text, cohort_label, output_label, short_number
from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import even_columns, set_scale, set_time_axes, small_row_height
from kinetics.figures.base.style import COLOURS, LINES, line_width, small
from kinetics.figures.base.words import say, shown_label
from kinetics.figures.exposure.compute import simulated_levels, time_above, with_crossings
from kinetics.figures.exposure.spec import ExposureSpec, read_exposure
from kinetics.figures.treatments import regimen_label, regimen_text
from kinetics.units import conversion, parse_unit, to_unit

_LEVEL: dict[str, Any] = {"color": COLOURS["blue"]}
_ABOVE: dict[str, Any] = {"facecolor": COLOURS["sky"], "alpha": 0.45, "linewidth": 0}
_THRESHOLD: dict[str, Any] = {"color": "black", "linestyle": LINES[3]}
_MARGIN = 0.02
"""Of the axis of time, left of the course."""
_UNDER = 4.0
"""Points from the threshold to the words beneath it."""


class Exposure(Kind[ExposureSpec]):
    """A level after courses.

    Curves have the gid ``simulated-PANEL``, thresholds ``threshold-PANEL``, areas above them ``above-PANEL``.
    """

    name = "exposure"
    load = staticmethod(read_exposure)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Simulate the typical patient of the cohort under the regimen of each panel."""
        tree = simulated_levels(self.spec, inputs.progress)
        tree.attrs = dict(self.required().attrs)
        return tree

    def required(self) -> Required:
        """A group a panel, of the model and the regimens of the file."""
        spec = self.spec
        regimens = ", ".join(f"{each.content_hash} {spec.panels[name].course}" for name, each in spec.regimens.items())
        attrs = {"figure": self.name, "model_hash": spec.model.content_hash, "regimens": regimens}
        groups = {f"panel_{number}": (spec.header.output, "time") for number in range(1, len(spec.panels) + 1)}
        return Required(groups, attrs)

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A panel a course, all with the same marks."""
        spec = self.spec
        columns = even_columns(page, len(spec.panels))
        height = small_row_height(page.width / columns - 14, columns)
        panels = page.grid(len(spec.panels), lambda rows: height * rows, columns)
        for panel, name in zip(panels, spec.panels, strict=True):
            self._draw_panel(page, panel, name, tree[f"panel_{panel.index + 1}"].to_dataset())
        page.figure.align_ylabels([panel.axes for panel in panels])
        self._explain(page)

    def _draw_panel(self, page: Page, panel: Panel, name: str, data: xr.Dataset) -> None:
        spec, row, axes = self.spec, self.spec.panels[name], panel.axes
        array, threshold = data[spec.header.output], spec.threshold(row.unit)
        level = array.values * float(conversion(parse_unit(array.attrs["units"]), parse_unit(row.unit)))
        days, level = with_crossings(data["time"].values, level, threshold)
        times = days * to_unit("1 day", spec.time.unit)
        set_scale(axes, row.scale)
        axes.plot(times, level, zorder=3, **_LEVEL)[0].set_gid(f"simulated-{name}")
        above = axes.fill_between(times, threshold, np.maximum(level, threshold), zorder=1, **_ABOVE)
        above.set_gid(f"above-{name}")
        line = axes.axhline(threshold, linewidth=line_width(0.8), zorder=2, **_THRESHOLD)
        line.set_gid(f"threshold-{name}")
        axes.set_xlim(-_MARGIN * times[-1], times[-1])
        if len({spec.until(each) for each in spec.panels}) > 1:
            panel = replace(panel, is_lowest=True)
        label = shown_label(row.label) if row.label else output_label(spec.model, spec.header.output)
        set_time_axes(page, panel, row, spec.time, label, row.unit)
        _say_how_long(panel, days, level, threshold, to_unit("1 day", spec.time.unit))

    def _explain(self, page: Page) -> None:
        spec, header = self.spec, self.spec.header
        whose = say("of_cohort", cohort=cohort_label(spec.model, header.cohort)) if header.cohort else ""
        lines = say("lines_are", what=say("typical_patient"), cohort=whose)
        page.add_key(Line2D([], [], **_LEVEL), output_label(spec.model, header.output), lines)
        label = shown_label(header.threshold_label) if header.threshold_label else say("threshold")
        unit = next(iter(spec.panels.values())).unit
        value = amount_text(short_number(float(f"{spec.threshold(unit):.2g}")), unit)
        line = Line2D([], [], linewidth=line_width(0.8), **_THRESHOLD)
        page.add_key(line, f"{label}, {value}", say("threshold_is", what=label, value=value))
        page.add_key(Patch(**_ABOVE), say("above_threshold"), say("above_threshold_meaning", what=label))
        for regimen in spec.regimens.values():
            doses = regimen_text(regimen, spec.time.unit, spec.model)
            page.caption.add(f"{regimen_label(regimen)}: {doses}")


def _say_how_long(panel: Panel, days: np.ndarray, level: np.ndarray, threshold: float, factor: float) -> None:
    """The days above a threshold in words, beneath it and from where they begin; with > if they go on."""
    axes, is_above = panel.axes, level > threshold
    if not is_above.any():
        return
    length = time_above(days, level, threshold)
    number = f"{length:.0f}" if length >= 10 else f"{length:.1f}"
    text = say("days_above", n=f"> {number}" if is_above[-1] else number)
    start = float(days[is_above][0]) * factor
    look: dict[str, Any] = {"fontsize": small(), "va": "top", "ha": "left", "zorder": 5}
    axes.annotate(text, (start, threshold), (2, -_UNDER), textcoords="offset points", **look)
