"""The visual predictive check: what studies of the simulated population would show, beside what studies showed."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator

from kinetics.figures.base.fit_figure import chosen_estimates
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import published_text
from kinetics.figures.base.page import Entry, add_title_and_legend
from kinetics.figures.base.panels import panel_grid, set_scale, set_time_axes
from kinetics.figures.base.style import COLOURS
from kinetics.figures.visual_predictive_check.compute import PANEL, ROW, check_tree, patients_of
from kinetics.figures.visual_predictive_check.spec import TYPES, CheckPanelRow, CheckSpec, read_check
from kinetics.published import PublishedRow
from kinetics.units import to_unit

_MODEL, _PUBLISHED = COLOURS["blue"], COLOURS["vermillion"]
_MARGIN = 0.035
"""Of the axis, beyond its ends, for what stands there."""
_RIGHT = 0.02
"""Of the axis, from the published number at its time to the model's."""
_BELOW = 6.0
"""The same downwards for recovery times, percent of patients."""
_ROW = 48.0
"""Height of a row of panels, mm."""
_SAID = {
    **dict.fromkeys((*TYPES["counts"], *TYPES["share"]), "{statistics}"),
    "time_to_threshold": "recovery time, at half of the patients it is of: {statistics}",
    "share_recovered": "share of patients seen back",
}
"""What the legend says of each kind of published row."""
_LABELS = {"counts": "count", "share": "patients", "recovery": "patients seen back"}


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

    def picture(self, tree: xr.DataTree) -> Figure:
        """A curve with its bands a panel, and the rows that belong to it."""
        spec = self.spec
        grid = panel_grid(spec.page, len(spec.panels), lambda rows: _ROW * rows + 40)
        for panel, (name, row) in zip(grid.panels, spec.panels.items(), strict=True):
            data = tree[f"panel_{panel.index + 1}"].to_dataset()
            self._set_axes(panel.axes, row, str(data["value"].attrs["units"]), panel.letter)
            _draw_curve(panel.axes, data, name, row.type)
            self._draw_rows(panel.axes, data)
            if panel.is_lowest:
                panel.axes.set_xlabel(f"{spec.time.label} ({spec.time.unit})")
        grid.figure.align_ylabels()
        add_title_and_legend(grid.figure, spec.header, self._entries())
        return grid.figure

    def _set_axes(self, axes: Axes, row: CheckPanelRow, unit: str, letter: str) -> None:
        end = to_unit(self.spec.header.until, self.spec.time.unit)
        axes.set_xlim(-_MARGIN * end, end * (1 + _MARGIN))
        set_scale(axes, row.scale)
        set_time_axes(axes, row, self.spec.time, letter, row.label or _LABELS[row.type], unit)
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

    def _entries(self) -> list[Entry]:
        types = {row.type for row in self.spec.panels.values()}
        curves = {
            "counts": "median of patients",
            "share": "share of patients",
            "recovery": "share of patients seen back by a visit, of those seen below",
        }
        curve = "; ".join(text for kind, text in curves.items() if kind in types)
        marks: list[tuple[Artist, str]] = [(Line2D([], [], color=_MODEL), curve)]
        if "counts" in types:
            light = Patch(facecolor=_MODEL, alpha=0.16, linewidth=0)
            marks.insert(0, (light, "5 to 95 % of patients as a visit would measure them"))
        numbers = map(patients_of, self.spec.targets.values())
        if sizes := sorted({number for number in numbers if number is not None}):
            dark = Patch(facecolor=_MODEL, alpha=0.45, linewidth=0)
            summaries = [*(["medians"] if "counts" in types else []), *(["shares"] if types - {"counts"} else [])]
            studies = f"in studies of {' or '.join(map(str, sizes))} patients"
            marks.append((dark, f"95 % of {' or '.join(summaries)} {studies}"))
        marks.append((_sample_number(False), "the published statistic with its SD, or with 95 % of studies"))
        return [*((mark, f"simulated with the model: {text}") for mark, text in marks), *self._published()]

    def _published(self) -> list[Entry]:
        """All published rows in one entry, chosen ones in another."""
        groups: dict[tuple[str, str], dict[str, PublishedRow]] = {}
        for row in (target.row for targets in self.spec.targets.values() for target in targets):
            groups.setdefault((row.source, _SAID[row.kind]), {})[row.name] = row
        texts = [published_text(rows.values(), "sd", self.spec.path.parent, _SAID) for rows in groups.values()]
        parts = [text.partition(": ")[::2] for text in texts]
        heads = dict.fromkeys(head for head, _ in parts)
        return [
            (_sample_number(True), f"{head}: " + "; ".join(rest for own, rest in parts if own == head))
            for head in heads
        ]


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
        axes.plot(*bar, linewidth=1.1, solid_capstyle="butt", **look)[0].set_gid(f"{gid}-bar")
    position = (value, at) if along_time else (at, value)
    (point,) = axes.plot(*position, linestyle="none", **_marker(published), **look)
    point.set_gid(gid)


def _sample_number(published: bool) -> Line2D:
    """A number with its bar, for the legend."""
    return Line2D([], [], color=_PUBLISHED if published else _MODEL, linewidth=1.1, **_marker(published))


def _marker(published: bool) -> dict[str, Any]:
    if published:
        return {"marker": "D", "markersize": 4.2, "markeredgecolor": "black", "markeredgewidth": 0.5}
    return {"marker": "o", "markersize": 3.8, "markerfacecolor": "white", "markeredgewidth": 1.0}
