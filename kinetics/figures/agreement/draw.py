"""A forest of lines: every published number of a fit over the model's, with a table beside them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.agreement.compute import NUMBERS, agreement_lines
from kinetics.figures.base.caption import source_text
from kinetics.figures.base.fit_figure import FitFigureSpec, chosen_estimates, read_fit_figure
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import short_number
from kinetics.figures.base.page import Page
from kinetics.figures.base.style import COLOURS, line_width, scale, small
from kinetics.figures.base.words import say
from kinetics.files.bibliography import CHOICE

_LOOKS = {1: (COLOURS["blue"], "o"), 0: (COLOURS["vermillion"], "D"), -1: ("white", "s")}
"""Colour and shape of the published number: inside, outside, cannot be judged."""
_EDGE = {"markersize": 4.2, "markeredgecolor": "black", "markeredgewidth": 0.5}
_GROUPS = ("fit", "calibrate", "validate")
_FARTHEST = math.log(20)
"""The axis goes no further to either side of the model, whatever was published."""
_LEAST = math.log(1.35)
"""Nor less far."""
_LINE = 3.7
"""Height of a line, mm."""
_RATIOS = {
    math.log(2): (0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5),
    math.log(20): (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10),
    math.inf: (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20),
}
"""Ticks, by the length of the axis that is just too long for them."""
_COLUMNS = {"published": (0.24, "right"), "model": (0.48, "right"), "range": (0.51, "left"), "unit": (0.86, "left")}
"""Of the table beside the axes."""


class Agreement(Kind[FitFigureSpec]):
    """Every published number of a fit over the model's, one line each.

    Abscissas are natural logarithms of ratios to the model. The published number of a line has the gid
    ``published-LINE``, its interval ``interval-LINE``, the model's interval ``model-LINE``; a number that the axis does
    not reach is an arrow at its end.
    """

    name = "agreement"
    from_estimates = True
    load = staticmethod(read_fit_figure)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """The lines, at fresh estimates if given, else at the committed ones."""
        lines = agreement_lines(self.spec.problem, chosen_estimates(self.spec.problem, inputs.estimates))
        inputs.progress(1, 1)
        return xr.DataTree(lines.assign_attrs(self.required().attrs))

    def required(self) -> Required:
        """Lines of the fit."""
        names = (*NUMBERS, "inside", "is_range", "label", "unit", "use", "source")
        return Required({"/": names}, {"figure": self.name, "fit": self.spec.problem.name})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A forest of lines, with a table beside them."""
        AgreementLines(self.spec.path.parent, tree.to_dataset(), page).draw()


class AgreementLines:
    """Lines of published numbers over the model's, with a table beside them; sources are looked for in ``folder``."""

    def __init__(self, folder: Path, lines: xr.Dataset, page: Page) -> None:
        self.folder, self.lines, self.page = folder, lines, page
        uses = [str(use) for use in lines["use"].values]
        self.order = [(use, index) for use in _GROUPS for index, own in enumerate(uses) if own == use]
        self.ends = _ends(lines)

    def draw(self) -> None:
        """Lines from top to bottom, a heading before each group."""
        groups = list(dict.fromkeys(use for use, _ in self.order))
        rows = len(self.order) + 1.6 * len(groups) - 0.6
        figure = self.page.blank(scale() * (_LINE * rows + 16))
        axes, table = figure.subplots(1, 2, sharey=True, width_ratios=(1.0, 1.0))
        self.page.add_panel(axes, 1)
        self._set_axes(axes, table, rows)
        beside = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "ha": "right", "va": "center"}
        y, ticks = 0.0, {}
        for use in groups:
            axes.annotate(say(f"use_{use}"), (0, y), (-4, 0), fontweight="bold", fontsize=small(), **beside)
            for each in (axes, table):
                each.axhline(y, color="#C8C8C8", linewidth=0.5)
            for _, index in (each for each in self.order if each[0] == use):
                y += 1
                ticks[y] = str(self.lines["label"].values[index])
                self._draw_line(axes, table, index, y)
            y += 1.6
        axes.set_yticks(list(ticks), list(ticks.values()), fontsize=small())
        self._explain()

    def _set_axes(self, axes: Axes, table: Axes, rows: float) -> None:
        axes.set_ylim(rows - 0.4, -0.6)
        axes.set_xlim(*self.ends)
        ratios = next(ratios for length, ratios in _RATIOS.items() if self.ends[1] - self.ends[0] < length)
        ratios = [ratio for ratio in ratios if self.ends[0] <= math.log(ratio) <= self.ends[1]]
        axes.set_xticks(np.log(ratios), [f"{ratio:g}" for ratio in ratios])
        axes.set_xlabel(say("published_over_model"))
        axes.axvline(0, color="black", linewidth=0.8, zorder=2)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        table.set_axis_off()
        table.set_xlim(0, 1)
        judged = np.isfinite(self.lines["model_lower"].values).any()
        above = {"xycoords": table.transAxes, "textcoords": "offset points", "va": "bottom"}
        for text, (x, side) in _COLUMNS.items():
            if text != "range" or judged:
                table.annotate(
                    say(f"column_{text}"), (x, 1), (0, 2), ha=side, fontsize=small(), fontweight="bold", **above
                )

    def _draw_line(self, axes: Axes, table: Axes, index: int, y: float) -> None:
        name = str(self.lines["line"].values[index])
        numbers = {key: float(self.lines[key].values[index]) for key in NUMBERS}
        own, (low, high) = numbers["model"], self.ends
        colour, marker = _LOOKS[int(self.lines["inside"].values[index])]
        grey = {"color": "#B8B8B8", "linewidth": 5, "solid_capstyle": "butt", "zorder": 1}
        black = {"color": "black", "linewidth": 0.9, "zorder": 3}
        ticked = black | {"marker": "|", "markersize": 5}
        value, half = numbers["published"], numbers["rounding"]
        spans = {
            "model": (numbers["model_lower"], numbers["model_upper"], grey),
            "interval": (numbers["published_lower"], numbers["published_upper"], ticked),
            "rounding": (max(value - half, 0.0), value + half, black),
        }
        for what, (lower, upper, look) in spans.items():
            ratios = np.array([_log_ratio(lower, own), _log_ratio(upper, own)])
            if not np.isnan(ratios).any():
                (bar,) = axes.plot(np.clip(ratios, low - 1, high + 1), [y, y], **look)
                bar.set_gid(f"{what}-{name}")
        at = _log_ratio(value, own)
        if not math.isnan(at):
            if not low <= at <= high:
                at, marker = (low, "<") if at < low else (high, ">")
            (point,) = axes.plot([at], [y], marker, color=colour, **_EDGE, zorder=4, clip_on=False)
            point.set_gid(f"published-{name}")
        self._write(table, index, numbers, y)

    def _write(self, table: Axes, index: int, numbers: dict[str, float], y: float) -> None:
        unit = str(self.lines["unit"].values[index])
        if self.lines["is_range"].values[index]:
            published = _range_text(numbers["published_lower"], numbers["published_upper"])
        else:
            published = short_number(numbers["published"])
        within = ""
        if not math.isnan(numbers["model_lower"]):
            within = f"{_model_text(numbers['model_lower'])}–{_model_text(numbers['model_upper'])}"
        texts = (published, _model_text(numbers["model"]), within, unit)
        for text, (x, side) in zip(texts, _COLUMNS.values(), strict=True):
            table.text(x, y, text, ha=side, va="center", fontsize=small())

    def _explain(self) -> None:
        """Key and caption."""
        page, lines = self.page, self.lines
        verdicts = set(lines["inside"].values.tolist())
        for key, word in ((1, "inside"), (0, "outside"), (-1, "unjudged")):
            if key in verdicts:
                page.add_key(_legend_handle(*_LOOKS[key]), say(word), say(f"{word}_meaning"))
        if np.isfinite(lines["published_lower"].values).any():
            bar = Line2D([], [], color="black", marker="|", markersize=4, linewidth=line_width(0.9))
            page.add_key(bar, say("published_interval"), say("published_interval_meaning"))
        if np.isfinite(lines["rounding"].values).any():
            page.caption.add(say("rounding_meaning"))
        if np.isfinite(lines["model_lower"].values).any():
            page.add_key(Patch(facecolor="#B8B8B8"), say("model_studies"), say("model_studies_meaning"))
        else:
            page.caption.add(say("model_typical_meaning"))
        sources = dict.fromkeys(map(str, lines["source"].values))
        names = [source_text(key, self.folder) for key in sources if key != CHOICE]
        names += [say("chosen_values")] if CHOICE in sources else []
        page.caption.add(say("published_by", sources=", ".join(names)))


def _ends(lines: xr.Dataset) -> tuple[float, float]:
    """The ends of the axis: as far as numbers and intervals, within reason."""
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.array([np.log(lines[name].values / lines["model"].values) for name in NUMBERS if name != "rounding"])
    finite = np.clip(each[np.isfinite(each)], -_FARTHEST, _FARTHEST)
    low, high = min(finite.min(initial=0.0), -_LEAST), max(finite.max(initial=0.0), _LEAST)
    margin = 0.05 * (high - low)
    return float(low - margin), float(high + margin)


def _log_ratio(value: float, model: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.log(np.float64(value) / np.float64(model)))


def _range_text(lower: float, upper: float) -> str:
    if math.isinf(upper):
        return f"≥ {short_number(lower)}"
    return f"≤ {short_number(upper)}" if lower <= 0 else f"{short_number(lower)}–{short_number(upper)}"


def _model_text(value: float) -> str:
    if math.isnan(value):
        return say("not_below")
    return say("not_reached") if math.isinf(value) else short_number(value)


def _legend_handle(colour: str, marker: str) -> Line2D:
    return Line2D([], [], color=colour, marker=marker, linestyle="none", **_EDGE)
