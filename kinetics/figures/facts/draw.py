"""Means over a simulated population under several regimens, and the published facts beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import regimen_text, source_text
from kinetics.figures.base.page import Entry, add_title_and_legend, text_entry
from kinetics.figures.base.panels import panel_grid, set_scale, set_time_axes
from kinetics.figures.base.style import COLOURS, GREY, LINES
from kinetics.figures.facts.compute import population_means
from kinetics.figures.facts.spec import FactCurveRow, FactsSpec, read_facts
from kinetics.published.facts import EvidenceRow
from kinetics.published.likelihoods import binomial_interval
from kinetics.units import conversion, parse_unit, to_unit

_PANEL = 62.0
"""Height of a panel with its labels, mm, if the file gives none."""
_APART = 0.03
"""Of the axis, beyond its end, for what studies of a last fact would find."""
_WIDER = 1.9
"""Points, from the bar of a fact to that of the next at the same time, which lies beneath."""


class Facts(Kind[FactsSpec]):
    """A simulated population beside published facts.

    Curves have the gid ``simulated-PANEL-OUTPUT-ARM``, facts ``published-FACT`` and what a study of their size would
    show ``study-FACT``; bars end in ``-bar``.
    """

    name = "facts"
    load = staticmethod(read_facts)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Means over the population of every arm."""
        means = population_means(self.spec, inputs.progress)
        return xr.DataTree(means.assign_attrs(self.required().attrs))

    def required(self) -> Required:
        """Outputs of the model, the arms and the patients."""
        spec, header = self.spec, self.spec.header
        arms = ", ".join(f"{cohort} {regimen.content_hash}" for regimen, cohort in spec.arms.values())
        attrs: dict[str, Any] = {"figure": self.name, "model_hash": spec.model.content_hash, "arms": arms}
        attrs |= {"patients": header.patients, "seed": header.seed, "until": header.until}
        return Required({"/": [row.output for row in spec.curves]}, attrs)

    def picture(self, tree: xr.DataTree) -> Figure:
        """Panels of curves with the facts that belong to them."""
        spec, names, facts = self.spec, list(self.spec.panels), 3.2 * len(self.spec.facts)
        grid = panel_grid(spec.page, len(names), lambda rows: rows * _PANEL + 24 + facts)
        for panel, name in zip(grid.panels, names, strict=True):
            _Panel(spec, tree.to_dataset(), panel.axes, name).draw(panel.letter)
        add_title_and_legend(grid.figure, spec.header, self._entries())
        return grid.figure

    def _entries(self) -> list[Entry]:
        spec, header = self.spec, self.spec.header
        whose = f"simulated: mean of {header.patients} patients, cohort {header.cohort}"
        entries: list[Entry] = [(Line2D([], [], color=GREY), whose)]
        for name, regimen in spec.regimens.items():
            entries.append(text_entry(f"{name}: {regimen_text(regimen, spec.time.unit)}"))
        sources = dict.fromkeys(source_text(row.source, spec.path.parent) for row in spec.facts.values())
        if sources:
            text = f"published, with the interval of the evidence ({'; '.join(sources)})"
            entries.append((Line2D([], [], **_look("D", GREY)), text))
        if any(_has_study(row) for row in spec.facts.values()):
            text = "what 95 % of studies of that many patients would find, by the model"
            entries.append((Line2D([], [], **_look("o", GREY, "white")), text))
        return entries


class _Panel:
    """A panel while it is drawn."""

    def __init__(self, spec: FactsSpec, data: xr.Dataset, axes: Axes, name: str) -> None:
        self.spec, self.axes, self.name, self.row = spec, axes, name, spec.panels[name]
        self.data = data
        self.taken: list[float] = []
        self.times = data["time"].values * to_unit(f"1 {data['time'].attrs['units']}", spec.time.unit)

    def draw(self, letter: str) -> None:
        """Curves, facts, and axes around them."""
        axes, row, time = self.axes, self.row, self.spec.time
        set_scale(axes, row.scale)
        for index, curve in enumerate(self.spec.of_panel(self.name)):
            self._draw_curve(curve, index)
        since = time.label if row.since == "first" else "time since the last scheduled dose"
        axes.set_xlabel(f"{since} ({time.unit})")
        axes.set_xlim(0, (1 + _APART) * self.times[-1])
        set_time_axes(axes, row, time, letter, row.label, row.unit)
        axes.legend(frameon=False, loc="best", handlelength=2.4, borderaxespad=0.2)

    def _draw_curve(self, curve: FactCurveRow, index: int) -> None:
        values, times = self._values(curve), self.times - self.spec.zero(curve)
        colour = COLOURS[curve.colour] if curve.colour else list(COLOURS.values())[index % len(COLOURS)]
        after, line = times >= 0, LINES[index % len(LINES)]
        label = self.spec.label(curve)
        (drawn,) = self.axes.plot(times[after], values[after], color=colour, linestyle=line, label=label)
        drawn.set_gid(f"simulated-{self.name}-{curve.output}-{curve.arm}")
        for name in curve.published:
            self._draw_fact(name, times, values, colour)

    def _draw_fact(self, name: str, times: np.ndarray, values: np.ndarray, colour: str) -> None:
        """A fact at its time, and to the right of it what a study would find; of facts at one time bars are nested."""
        row, axes, unit = self.spec.facts[name], self.axes, parse_unit(self.row.unit)
        at = float(times[0]) + to_unit(str(row.time), self.spec.time.unit)
        before = self.taken.count(at)
        right = at + _APART / 3 * (before + 1) * self.times[-1]
        self.taken.append(at)
        factor = float(conversion(parse_unit(str(row.unit)), unit))
        if row.lower is not None or row.upper is not None:
            ends = [(0.0 if end is None else end) * factor for end in (row.lower, row.upper)]
            nested = {"linewidth": 1.1 + _WIDER * before, "zorder": 5 - 0.1 * before, "solid_capstyle": "butt"}
            axes.plot([at, at], ends, color=colour, **nested)[0].set_gid(f"published-{name}-bar")
        if row.value is not None:
            (point,) = axes.plot([at], [row.value * factor], **_look("D", colour), zorder=6, clip_on=False)
            point.set_gid(f"published-{name}")
        if _has_study(row):
            share = float(np.interp(at, times, values))
            whole = float(conversion(parse_unit("1"), unit))
            ends = [end * whole for end in binomial_interval(row.n or 0, share / whole)]
            (bar,) = axes.plot([right] * 2, ends, color=colour, linewidth=1.1, linestyle=(0, (1, 1)), zorder=5)
            bar.set_gid(f"study-{name}-bar")
            (ring,) = axes.plot([right], [share], **_look("o", colour, "white"), zorder=6, clip_on=False)
            ring.set_gid(f"study-{name}")

    def _values(self, curve: FactCurveRow) -> np.ndarray:
        """The mean over patients, (time,), in the unit of the panel."""
        data = self.data.sel(arm=curve.arm)
        if self.row.percent_of_baseline:
            return data[f"{curve.output}_of_baseline"].values * 100
        factor = float(conversion(self.spec.model.quantity(curve.output).unit, parse_unit(self.row.unit)))
        return data[curve.output].values * factor


def _has_study(row: EvidenceRow) -> bool:
    return row.kind == "event_share" and row.n is not None


def _look(marker: str, colour: str, face: str = "") -> dict[str, Any]:
    edge = {"markeredgecolor": colour if face else "black", "markeredgewidth": 0.8 if face else 0.5}
    return {"marker": marker, "markersize": 4.0, "markerfacecolor": face or colour, "linestyle": "none", **edge}
