"""Means over a simulated population under several regimens, and the published facts beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from kinetics.figures.base.caption import source_text
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import cohort_label, output_label
from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import count_label, row_height, set_scale, set_time_axes
from kinetics.figures.base.style import GREY, LINES, colour, line_width
from kinetics.figures.base.words import say
from kinetics.figures.facts.compute import population_means
from kinetics.figures.facts.spec import FactCurveRow, FactsSpec, read_facts
from kinetics.figures.treatments import regimen_label, regimen_text
from kinetics.published.facts import EvidenceRow
from kinetics.published.likelihoods import binomial_interval
from kinetics.units import conversion, parse_unit, to_unit

_MARGIN = 0.03
"""Of the axis, beyond its end, for what stands there."""
_ASIDE = 2.6
"""Points from a fact to what studies of its size would find, and on to that of the next fact at the same time."""
_WIDER = 1.9
"""Of the width of a bar, to that of the next fact at the same time, which lies beneath."""


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

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """Panels of curves with the facts that belong to them."""
        spec, names = self.spec, list(self.spec.panels)
        columns = page.columns_for(len(names))
        height = row_height(page.width / columns - 16)
        for panel, name in zip(page.grid(len(names), lambda rows: height * rows, columns), names, strict=True):
            _Panel(spec, tree.to_dataset(), page, panel, name).draw()
        page.figure.align_ylabels([panel.axes for panel in page.panels])
        self._explain(page)

    def _explain(self, page: Page) -> None:
        spec, header = self.spec, self.spec.header
        for index, (label, row) in enumerate(spec.by_label.items()):
            line = Line2D([], [], color=colour(index, row.colour), linestyle=LINES[index % len(LINES)])
            page.add_key(line, label)
        whose = say("of_cohort", cohort=cohort_label(spec.model, header.cohort))
        page.caption.add(say("lines_are", what=say("mean_of_patients", n=header.patients), cohort=whose))
        cohorts = dict.fromkeys(row.cohort for row in spec.curves if row.cohort)
        if cohorts:
            page.caption.add("; ".join(_about(spec, cohort) for cohort in cohorts))
        for regimen in spec.regimens.values():
            doses = regimen_text(regimen, spec.time.unit, spec.model)
            page.caption.add(f"{regimen_label(regimen)}: {doses}")
        sources = dict.fromkeys(source_text(row.source, spec.path.parent) for row in spec.facts.values())
        if sources:
            page.add_key(Line2D([], [], **_look("D", GREY)), say("published"))
            page.caption.add(say("facts_are", sources="; ".join(sources)))
        if any(_has_study(row) for row in spec.facts.values()):
            page.add_key(Line2D([], [], **_look("o", GREY, "white")), say("studies"), say("studies_are"))
        if labels := [output_label(spec.model, row.output) for row in spec.curves if spec.is_exploratory(row)]:
            page.caption.add(say("exploratory", what=", ".join(dict.fromkeys(labels))))


def _about(spec: FactsSpec, cohort: str) -> str:
    row, label = spec.model.cohorts.get(cohort), cohort_label(spec.model, cohort)
    about = row.about.rstrip(".") if row else ""
    return f"{label}: {about}" if about and about != label else label


class _Panel:
    """A panel while it is drawn."""

    def __init__(self, spec: FactsSpec, data: xr.Dataset, page: Page, panel: Panel, name: str) -> None:
        self.spec, self.page, self.panel, self.name = spec, page, panel, name
        self.axes, self.row, self.data = panel.axes, spec.panels[name], data
        self.taken: list[float] = []
        self.times = data["time"].values * to_unit(f"1 {data['time'].attrs['units']}", spec.time.unit)

    def draw(self) -> None:
        """Curves, facts, and axes around them."""
        axes, row, time = self.axes, self.row, self.spec.time
        set_scale(axes, row.scale)
        for curve in self.spec.of_panel(self.name):
            self._draw_curve(curve)
        if row.since == "last":
            time = time.model_copy(update={"label": say("time_since_last_dose")})
        if len({each.since for each in self.spec.panels.values()}) > 1:
            self.panel = replace(self.panel, is_lowest=True)
        right = _MARGIN * (2.5 if self.spec.facts else 1)
        axes.set_xlim(-_MARGIN * self.times[-1], (1 + right) * self.times[-1])
        label = count_label(row, self.spec.model, (curve.output for curve in self.spec.of_panel(self.name)))
        set_time_axes(self.page, self.panel, row, time, label, row.unit)

    def _draw_curve(self, curve: FactCurveRow) -> None:
        values, times = self._values(curve), self.times - self.spec.zero(curve)
        label = self.spec.label(curve)
        index = list(self.spec.by_label).index(label)
        own, line = colour(index, curve.colour), LINES[index % len(LINES)]
        after = times >= 0
        (drawn,) = self.axes.plot(times[after], values[after], color=own, linestyle=line, label=label)
        drawn.set_gid(f"simulated-{self.name}-{curve.output}-{curve.arm}")
        for name in curve.published:
            self._draw_fact(name, times, values, own, label)

    def _draw_fact(self, name: str, times: np.ndarray, values: np.ndarray, own: str, label: str) -> None:
        """A fact at its time, and right of it on paper what a study would find."""
        row, unit = self.spec.facts[name], parse_unit(self.row.unit)
        at = float(times[0]) + to_unit(str(row.time), self.spec.time.unit)
        before = self.taken.count(at)
        self.taken.append(at)
        factor = float(conversion(parse_unit(str(row.unit)), unit))
        ends = None
        if row.lower is not None or row.upper is not None:
            ends = [(0.0 if end is None else end) * factor for end in (row.lower, row.upper)]
        value = None if row.value is None else row.value * factor
        self._draw_number(f"published-{name}", at, value, ends, _look("D", own), before, label)
        if _has_study(row):
            share = float(np.interp(at, times, values))
            whole = float(conversion(parse_unit("1"), unit))
            study = [end * whole for end in binomial_interval(row.n or 0, share / whole)]
            self._draw_number(f"study-{name}", at, share, study, _look("o", own, "white"), before, label)

    def _draw_number(
        self, gid: str, at: float, value: float | None, ends: list[float] | None, look: dict[str, Any], rank: int,
        label: str,
    ) -> None:  # fmt: skip
        """A number with its bar at its time, of several at one time the bars nested; a study right of it on paper."""
        axes = self.axes
        is_study = gid.startswith("study")
        aside = ScaledTranslation((_ASIDE * (rank + 1) if is_study else 0) / 72, 0, axes.figure.dpi_scale_trans)
        place = axes.transData + aside
        if ends is not None:
            width = 1.0 if is_study else 1.0 + _WIDER * rank
            bar = {"color": look["markeredgecolor" if is_study else "markerfacecolor"], "linewidth": line_width(width)}
            bar |= {"linestyle": (0, (1, 1)) if is_study else "-", "solid_capstyle": "butt", "zorder": 5 - 0.1 * rank}
            (drawn,) = axes.plot([at, at], ends, transform=place, **bar)
            drawn.set_gid(f"{gid}-bar")
            drawn.set_label(label)
        if value is not None:
            (point,) = axes.plot([at], [value], zorder=6, clip_on=False, transform=place, **look)
            point.set_gid(gid)
            point.set_label(label)

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
