"""The visual predictive check: what studies of the simulated population would show, beside what studies showed."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator

from kinetics.figures.base.caption import published_text
from kinetics.figures.base.fit_figure import chosen_estimates
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import row_height, set_scale, set_time_axes
from kinetics.figures.base.style import COLOURS, line_width
from kinetics.figures.base.words import say, shown_label
from kinetics.figures.visual_predictive_check.compute import PANEL, ROW, check_tree, patients_of
from kinetics.figures.visual_predictive_check.spec import CheckPanelRow, CheckSpec, read_check
from kinetics.published import PublishedRow
from kinetics.units import to_unit

_MODEL, _PUBLISHED = COLOURS["blue"], COLOURS["vermillion"]
_MARGIN = 0.035
"""Of the axis, beyond its ends, for what stands there."""
_RIGHT = 0.02
"""Of the axis, from the published number at its time to the model's."""
_BELOW = 6.0
"""The same downwards for recovery times, percent of patients."""


class VisualPredictiveCheck(Kind[CheckSpec]):
    """Published summaries on the percentiles of simulated populations.

    Lines of the population have the gid ``simulated-PANEL``, areas ``population-PANEL`` and ``study-PANEL``, points
    ``published-ROW`` and ``model-ROW``.
    """

    name = "visual_predictive_check"
    from_estimates = True
    load = staticmethod(read_check)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Simulate the population at fresh estimates if given, else at the committed ones."""
        tree = check_tree(self.spec, chosen_estimates(self.spec.problem, inputs.estimates))
        tree.attrs.update(self.required().attrs)
        inputs.progress(1, 1)
        return tree

    def required(self) -> Required:
        """A group a panel, of the fit."""
        panels = enumerate(self.spec.panels.values(), 1)
        groups = {f"panel_{n}": (*PANEL, *(["population"] if row.type == "counts" else [])) for n, row in panels}
        return Required(groups, {"figure": self.name, "fit": self.spec.problem.name})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A curve with its bands a panel, and the rows that belong to it."""
        spec = self.spec
        columns = page.columns_for(len(spec.panels))
        height = row_height(page.width / columns - 16)
        for panel, (name, row) in zip(
            page.grid(len(spec.panels), lambda rows: height * rows, columns), spec.panels.items(), strict=True
        ):
            data = tree[f"panel_{panel.index + 1}"].to_dataset()
            self._set_axes(page, panel, row, str(data["value"].attrs["units"]))
            _draw_curve(panel.axes, data, name, row.type)
            self._draw_rows(panel.axes, data)
        page.figure.align_ylabels([panel.axes for panel in page.panels])
        self._explain(page)

    def _set_axes(self, page: Page, panel: Panel, row: CheckPanelRow, unit: str) -> None:
        axes = panel.axes
        end = to_unit(self.spec.header.until, self.spec.time.unit)
        axes.set_xlim(-_MARGIN * end, end * (1 + _MARGIN))
        set_scale(axes, row.scale)
        label = shown_label(row.label) if row.label else say(f"label_{row.type}")
        set_time_axes(page, panel, row, self.spec.time, label, unit)
        if row.type != "counts":
            axes.set_ylim(-2, 102)
            axes.yaxis.set_major_locator(MultipleLocator(25))

    def _draw_rows(self, axes: Axes, data: xr.Dataset) -> None:
        right = _RIGHT * to_unit(self.spec.header.until, self.spec.time.unit)
        for index, name in enumerate(map(str, data["row"].values)):
            own = {key: float(data[key].values[index]) for key in ROW}
            along_time = bool(np.isnan(own["at"]))
            for who, aside in (("published", 0), ("model", 1)):
                position = own["height"] - _BELOW * aside if along_time else own["at"] + right * aside
                number = own[who], own[f"{who}_lower"], own[f"{who}_upper"]
                _draw_number(axes, f"{who}-{name}", position, number, published=not aside, along_time=along_time)

    def _explain(self, page: Page) -> None:
        types = {row.type for row in self.spec.panels.values()}
        if "counts" in types:
            light = Patch(facecolor=_MODEL, alpha=0.16, linewidth=0)
            page.add_key(light, say("measured_90"), say("measured_90_meaning"))
        curve = "; ".join(say(f"curve_{kind}") for kind in ("counts", "share", "recovery") if kind in types)
        page.add_key(Line2D([], [], color=_MODEL), say("model"), say("model_curve", what=curve))
        numbers = map(patients_of, self.spec.targets.values())
        if sizes := sorted({number for number in numbers if number is not None}):
            dark = Patch(facecolor=_MODEL, alpha=0.45, linewidth=0)
            page.add_key(dark, say("studies_95"), say("studies_95_meaning", n=f" {say('or')} ".join(map(str, sizes))))
        page.add_key(_sample_number(False), say("model_statistic"), say("model_statistic_meaning"))
        page.add_key(_sample_number(True), say("published"))
        groups: dict[tuple[str, str], dict[str, PublishedRow]] = {}
        for row in (target.row for targets in self.spec.targets.values() for target in targets):
            groups.setdefault((row.source, row.kind), {})[row.name] = row
        for rows in groups.values():
            page.caption.add(published_text(rows.values(), "sd", self.spec.path.parent))


def _draw_curve(axes: Axes, data: xr.Dataset, name: str, kind: str) -> None:
    """Draw the curve of a panel with its bands; one of recovery goes up in steps, at visits."""
    step = "post" if kind == "recovery" else None
    if step:  # the last step goes on to the end of the axis
        data = xr.concat(
            [data, data.isel(time=[-1]).assign_coords(time=[axes.get_xlim()[1]])], "time", data_vars="minimal"
        )
    time = data["time"].values
    if "population" in data:
        area = axes.fill_between(time, *data["population"].values, color=_MODEL, alpha=0.16, linewidth=0, zorder=1)
        area.set_gid(f"population-{name}")
    if np.isfinite(data["study"].values).any():
        area = axes.fill_between(time, *data["study"].values, color=_MODEL, alpha=0.3, linewidth=0, zorder=2, step=step)
        area.set_gid(f"study-{name}")
    drawn = "steps-post" if kind == "recovery" else "default"
    (line,) = axes.plot(time, data["value"].values, color=_MODEL, zorder=3, drawstyle=drawn)
    line.set_gid(f"simulated-{name}")


def _draw_number(
    axes: Axes, gid: str, at: float, number: tuple[float, float, float], *, published: bool, along_time: bool
) -> None:
    """A number with its bar, along time at a height, or upright at a time; a range has a bar and no marker."""
    colour = _PUBLISHED if published else _MODEL
    value, lower, upper = number
    look = {"color": colour, "zorder": 6 if published else 5}
    if np.isfinite([lower, upper]).all():
        bar = ((lower, upper), (at, at)) if along_time else ((at, at), (lower, upper))
        axes.plot(*bar, linewidth=line_width(1.1), solid_capstyle="butt", **look)[0].set_gid(f"{gid}-bar")
    position = (value, at) if along_time else (at, value)
    (point,) = axes.plot(*position, linestyle="none", **_marker(published), **look)
    point.set_gid(gid)


def _sample_number(published: bool) -> Line2D:
    """A number with its bar, for the legend."""
    return Line2D([], [], color=_PUBLISHED if published else _MODEL, linewidth=line_width(1.1), **_marker(published))


def _marker(published: bool) -> dict[str, Any]:
    if published:
        return {"marker": "D", "markersize": 4.2, "markeredgecolor": "black", "markeredgewidth": 0.5}
    return {"marker": "o", "markersize": 3.8, "markerfacecolor": "white", "markeredgewidth": 1.0}
