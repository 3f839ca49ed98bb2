"""Panels of a group: everybody's counts on the median and the range of simulated patients with the same doses."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.markers import TICKDOWN
from matplotlib.patches import Patch

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Required
from kinetics.figures.base.outputs_figure import OutputsFigure, OutputsSpec, chosen_outputs, is_wide
from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import draw_limit, row_height, set_scale, set_time_axes
from kinetics.figures.base.rows import PanelRow, TimeRow
from kinetics.figures.base.style import COLOURS, GREY, line_width
from kinetics.figures.base.time_axis import readable_time, time_axis
from kinetics.figures.base.words import say, shown_label
from kinetics.figures.population_prediction.spec import GroupHeaderRow, GroupSpec, read_group_figure
from kinetics.files.documents import Document
from kinetics.results import LIMIT_LEVEL, MEDIAN_AND_90
from kinetics.units import conversion, parse_unit

NAME = "population_prediction"
VISITS = ("output", "unit", "time", "censored", "value")
_BLUE = COLOURS["blue"]
_COUNT: dict[str, Any] = {"marker": "o", "markersize": 1.6, "markeredgewidth": 0, "color": "#707070"}
_BEYOND: dict[str, Any] = {
    "marker": "v", "markersize": 2.8, "markerfacecolor": "white", "markeredgecolor": "#707070", "markeredgewidth": 0.5,
}  # fmt: skip
_DOSE: dict[str, Any] = {"marker": TICKDOWN, "markersize": 4.5, "markeredgewidth": 0.8, "color": GREY}
_BAND: dict[str, Any] = {"facecolor": _BLUE, "alpha": 0.22, "linewidth": 0}
_MM_A_TICK = 9.0
_MARGIN = 0.02
_BELOW_COUNTS = 2.0
"""By so much a logarithmic axis goes below the lowest count: the band may fall much further."""


class PopulationPrediction(OutputsFigure):
    """A panel for each output of a clinic.

    Counts have the gid ``counts-OUTPUT``, those beyond a limit ``censored-OUTPUT``, the median ``median-OUTPUT``, the
    range of measured counts ``measured-OUTPUT``, lower limits of normal ``limit-OUTPUT``, doses ``doses-OUTPUT``.
    """

    name = NAME
    header_row = GroupHeaderRow

    @classmethod
    def load(cls, document: Document) -> OutputsSpec:
        """Check a figure file; an `InputError` has every fault."""
        return read_group_figure(document)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """What the cohort of the file says of the patients of its data."""
        spec = self.spec
        if not isinstance(spec, GroupSpec):
            return super().compute(inputs)
        tree = spec.predicted()
        inputs.progress(1, 1)
        return tree

    def required(self) -> Required:
        """Counts, and the range of the population."""
        return Required({NAME: ("time", "dose_time"), "visits": VISITS})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """Panels of outputs, on one axis of time."""
        visits, predicted = tree["visits"].to_dataset(), tree[NAME].to_dataset()
        names = chosen_outputs(visits, self.spec.header.outputs)
        columns = page.columns_for(len(names))
        panels = page.grid(len(names), lambda rows: row_height(page.width / columns - 16) * rows, columns)
        unit, factor = readable_time(predicted["time"])
        times = predicted["time"].values * factor
        days = float(times[-1] - times[0]) * float(conversion(parse_unit(unit), parse_unit("day")))
        time = time_axis(days, page.panel_width / _MM_A_TICK, unit=unit, label=say("time"))
        for panel, name in zip(panels, names, strict=True):
            own = visits.isel(visit=np.flatnonzero(visits["output"].values == name))
            margin = _MARGIN * float(times[-1] - times[0])
            panel.axes.set_xlim(float(times[0]) - margin, float(times[-1]) + margin)
            _set_axes(page, panel, own, predicted[name], time)
            _draw_prediction(panel.axes, predicted, name, factor)
            _draw_counts(panel.axes, own, name, factor)
        page.figure.align_ylabels([panel.axes for panel in panels])
        is_beyond = bool((visits["censored"].values != 0).any())
        has_limit = any(LIMIT_LEVEL in predicted[name].attrs for name in names)
        _explain(page, is_beyond=is_beyond, has_limit=has_limit)


def _set_axes(page: Page, panel: Panel, visits: xr.Dataset, predicted: xr.DataArray, time: TimeRow) -> None:
    counts, along = visits["value"].values, predicted.values
    highest = float(max(counts.max(initial=0.0), along.max(initial=0.0))) or 1.0
    kind, lower = "linear", None
    if is_wide(counts):
        kind, lower = "log", float(counts.min()) / _BELOW_COUNTS
    set_scale(panel.axes, kind)
    row = PanelRow(title=shown_label(str(predicted.name)), scale=kind, lower=lower, upper=1.3 * highest)
    set_time_axes(page, panel, row, time, say("count"), str(predicted.attrs["units"]), pad=4)


def _draw_prediction(axes: Axes, predicted: xr.Dataset, name: str, factor: float) -> None:
    times, array = predicted["time"].values * factor, predicted[name]
    lowest, middle, highest = MEDIAN_AND_90
    lower, upper = (array.sel(count="measured", quantile=share).values for share in (lowest, highest))
    axes.fill_between(times, lower, upper, zorder=1, **_BAND).set_gid(f"measured-{name}")
    median = array.sel(count="true", quantile=middle).values
    axes.plot(times, median, color=_BLUE, linewidth=1.4, zorder=4)[0].set_gid(f"median-{name}")
    draw_limit(axes, array, parse_unit(array.attrs["units"]), name)
    doses = predicted["dose_time"].values * factor
    across = axes.get_xaxis_transform()
    marks = axes.plot(doses, np.ones(doses.size), transform=across, linestyle="none", zorder=5, **_DOSE)
    marks[0].set_gid(f"doses-{name}")


def _draw_counts(axes: Axes, visits: xr.Dataset, name: str, factor: float) -> None:
    times, values, sides = visits["time"].values * factor, visits["value"].values, visits["censored"].values
    for own, look, gid in ((sides == 0, _COUNT, "counts"), (sides != 0, _BEYOND, "censored")):
        axes.plot(times[own], values[own], linestyle="none", zorder=2, **look)[0].set_gid(f"{gid}-{name}")


def _explain(page: Page, *, is_beyond: bool, has_limit: bool) -> None:
    page.add_key(Line2D([], [], linestyle="none", **{**_COUNT, "markersize": 3.0}), say("counts_of_all"))
    if is_beyond:
        where = say("beyond")
        mark = Line2D([], [], linestyle="none", **_BEYOND)
        page.add_key(mark, say("beyond_limit", where=where), say("beyond_limit_meaning", where=where))
    page.add_key(Line2D([], [], color=_BLUE, linewidth=line_width(1.4)), say("median"), say("median_same_doses"))
    page.add_key(Patch(**_BAND), say("measured_90"), say("measured_90_meaning"))
    page.add_key(Line2D([], [], linestyle="none", **{**_DOSE, "marker": "|"}), say("dose"), say("dose_of_half"))
    if has_limit:
        page.add_limit()
