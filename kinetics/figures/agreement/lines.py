"""A forest of lines: published numbers over the model's, with a table beside them."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.agreement.compute import NUMBERS, OUTER
from kinetics.figures.agreement.table import Column, Table
from kinetics.figures.agreement.wording import Wording, wording_of_agreement
from kinetics.figures.base.caption import source_text
from kinetics.figures.base.labels import short_number, three_digits
from kinetics.figures.base.page import Page
from kinetics.figures.base.panels import in_lines
from kinetics.figures.base.style import COLOURS, line_width, scale, small, text_width
from kinetics.figures.base.words import say
from kinetics.files.bibliography import CHOICE

_LOOKS = {1: (COLOURS["blue"], "o"), 0: (COLOURS["vermillion"], "D"), -1: ("white", "s")}
"""Colour and shape of the published number: inside, outside, cannot be judged."""
_BAR, _OUTER_BAR = "#B8B8B8", "#E2E2E2"
_EDGE = {"markersize": 4.2, "markeredgecolor": "black", "markeredgewidth": 0.5}
_FARTHEST = math.log(20)
"""The axis goes no further to either side of the model, whatever was published."""
_LEAST = math.log(1.35)
"""Nor less far."""
_LINE = 3.7
"""Height of a line, mm."""
_RATIOS = (
    (0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5),
    (0.5, 0.7, 1, 1.5, 2),
    (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10),
    (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20),
    (0.5, 1, 2),
    (0.2, 1, 5),
    (0.1, 1, 10),
)
"""Ticks, from close ones to far ones: those are taken that have room and reach far enough along the axis."""
_REACH = 0.55
"""How far is enough, of the axis."""
_OF_LABELS = 0.55
"""Of the room for labels and axes, for labels, at most."""
_LEAST_WITH_RANGE = 24.0
"""Width of axes, mm, below which the table says nothing of the interval that the axes show."""
_MORE_LINES = 0.75
"""Height of every further line of a label, of that of the first."""


class AgreementLines:
    """Lines of published numbers over the model's, with a table beside them; sources are looked for in ``folder``.

    Lines may have the wider interval `OUTER` too.
    """

    def __init__(self, folder: Path, lines: xr.Dataset, page: Page, wording: Wording | None = None) -> None:
        self.folder, self.lines, self.page = folder, lines, page
        self.wording = wording or wording_of_agreement()
        uses = [str(use) for use in lines["use"].values]
        self.order = [(use, index) for use in self.wording.groups for index, own in enumerate(uses) if own == use]
        self.ends = _ends(lines)
        self.table = Table(_columns(lines, self.wording))
        if (1 - _OF_LABELS) * self.table.room(page.width) < _LEAST_WITH_RANGE * scale():
            columns = [column for column in self.table.columns if column.heading != self.wording.column_range]
            self.table = Table(columns)
        width = _OF_LABELS * self.table.room(page.width) * mpl.rcParams["font.size"] / small()
        self.labels = [in_lines(str(label), width) for label in lines["label"].values]

    def draw(self) -> None:
        """Lines from top to bottom, a heading before each group."""
        groups, places, rows = self._places()
        figure = self.page.blank(scale() * (_LINE * rows + 16))
        ratios = self.table.width_ratios(self.page.width, self.labels)
        axes, table = figure.subplots(1, 2, sharey=True, width_ratios=ratios)
        self.page.add_panel(axes, 1)
        self._set_axes(axes, table, rows, ratios[0])
        beside = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "ha": "right", "va": "center"}
        for use, y in groups.items():
            axes.annotate(self.wording.groups[use], (0, y), (-4, 0), fontweight="bold", fontsize=small(), **beside)
            for each in (axes, table):
                each.axhline(y, color="#C8C8C8", linewidth=0.5)
        for index, y in places.items():
            self._draw_line(axes, index, y)
            self.table.write(table, index, y)
        axes.set_yticks(list(places.values()), [self.labels[index] for index in places], fontsize=small())
        self._explain()

    def _places(self) -> tuple[dict[str, float], dict[int, float], float]:
        """The heights of headings and of lines, and of all: a label of several lines needs more."""
        groups, places, y, half = dict[str, float](), dict[int, float](), 0.0, 0.5
        for use, index in self.order:
            if use not in groups:
                y += half + 1.1 if groups else 0.0
                groups[use], half = y, 0.5
            own = 0.5 + 0.5 * _MORE_LINES * self.labels[index].count("\n")
            y, half = y + half + own, own
            places[index] = y
        return groups, places, y + half + 0.5

    def _set_axes(self, axes: Axes, table: Axes, rows: float, width: float) -> None:
        axes.set_ylim(rows - 0.4, -0.6)
        axes.set_xscale("log")
        axes.set_xlim(*np.exp(self.ends))
        ratios = _ticks(self.ends, width)
        axes.set_xticks(ratios, [f"{ratio:g}" for ratio in ratios])
        axes.minorticks_off()
        axes.set_xlabel(in_lines(self.wording.axis, 1.6 * width))
        axes.axvline(1, color="black", linewidth=0.8, zorder=2)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        self.table.set_axes(table)
        self.table.write_headings(table)

    def _draw_line(self, axes: Axes, index: int, y: float) -> None:
        name = str(self.lines["line"].values[index])
        numbers = {key: float(self.lines[key].values[index]) for key in (*NUMBERS, *OUTER) if key in self.lines}
        own, (low, high) = numbers["model"], np.exp(self.ends)
        colour, marker = _LOOKS[int(self.lines["inside"].values[index])]
        grey = {"color": _BAR, "linewidth": 5, "solid_capstyle": "butt", "zorder": 1}
        black = {"color": "black", "linewidth": 0.9, "zorder": 3}
        ticked = black | {"marker": "|", "markersize": 5}
        value, half = numbers["published"], numbers["rounding"]
        spans = {
            "outer": (*(numbers.get(key, math.nan) for key in OUTER), grey | {"color": _OUTER_BAR, "zorder": 0.9}),
            "model": (numbers["model_lower"], numbers["model_upper"], grey),
            "interval": (numbers["published_lower"], numbers["published_upper"], ticked),
            "rounding": (max(value - half, 0.0), value + half, black),
        }
        for what, (lower, upper, look) in spans.items():
            ratios = np.array([_ratio(lower, own), _ratio(upper, own)])
            if not np.isnan(ratios).any():
                (bar,) = axes.plot(np.clip(ratios, low / math.e, high * math.e), [y, y], **look)
                bar.set_gid(f"{what}-{name}")
        at = _ratio(value, own)
        if not math.isnan(at):
            if not low <= at <= high:
                at, marker = (low, "<") if at < low else (high, ">")
            (point,) = axes.plot([at], [y], marker, color=colour, **_EDGE, zorder=4, clip_on=False)
            point.set_gid(f"published-{name}")

    def _explain(self) -> None:
        """Key and caption."""
        page, lines, wording = self.page, self.lines, self.wording
        verdicts = set(lines["inside"].values.tolist())
        for key, words in wording.verdicts.items():
            if key in verdicts:
                page.add_key(_legend_handle(*_LOOKS[key]), *words)
        if np.isfinite(lines["published_lower"].values).any():
            bar = Line2D([], [], color="black", marker="|", markersize=4, linewidth=line_width(0.9))
            page.add_key(bar, say("published_interval"), say("published_interval_meaning"))
        if np.isfinite(lines["rounding"].values).any():
            page.caption.add(say("rounding_meaning"))
        if np.isfinite(lines["model_lower"].values).any():
            page.add_key(Patch(facecolor=_BAR), *wording.bars)
        else:
            page.caption.add(wording.alone)
        if OUTER[0] in lines and np.isfinite(lines[OUTER[0]].values).any():
            page.add_key(Patch(facecolor=_OUTER_BAR), *wording.outer)
        sources = dict.fromkeys(map(str, lines["source"].values))
        names = [source_text(key, self.folder) for key in sources if key != CHOICE]
        names += [say("chosen_values")] if CHOICE in sources else []
        page.caption.add(say("published_by", sources=", ".join(names)))
        self._say_verdicts()

    def _say_verdicts(self) -> None:
        """How many numbers are inside, and which are not, in words."""
        verdicts, labels = self.lines["inside"].values.tolist(), map(str, self.lines["label"].values)
        counts = {word: verdicts.count(key) for key, word in ((1, "inside"), (0, "outside"), (-1, "unjudged"))}
        self.page.caption.seen.append(say("alt_lines", n=len(verdicts), **counts))
        if outside := [label for label, verdict in zip(labels, verdicts, strict=True) if verdict == 0]:
            self.page.caption.seen.append(say("alt_outside", lines="; ".join(outside)))


def _ends(lines: xr.Dataset) -> tuple[float, float]:
    """The ends of the axis: as far as numbers and intervals, within reason."""
    names = [name for name in (*NUMBERS, *OUTER) if name in lines and name != "rounding"]
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.array([np.log(lines[name].values / lines["model"].values) for name in names])
    finite = np.clip(each[np.isfinite(each)], -_FARTHEST, _FARTHEST)
    low, high = min(finite.min(initial=0.0), -_LEAST), max(finite.max(initial=0.0), _LEAST)
    margin = 0.05 * (high - low)
    return float(low - margin), float(high + margin)


def _ticks(ends: tuple[float, float], width: float) -> list[float]:
    """Ratios to write along an axis of so many mm."""
    low, high = ends
    chosen = list[float]()
    for ratios in _RATIOS:
        chosen = [ratio for ratio in ratios if low <= math.log(ratio) <= high]
        if len(chosen) > 1 and math.log(chosen[-1] / chosen[0]) >= _REACH * (high - low):
            widths = [text_width(f"{ratio:g}", small()) for ratio in chosen]
            gaps = np.diff(np.log(chosen)) / (high - low) * width
            if (gaps > np.convolve(widths, (0.5, 0.5), "valid") + 1.0).all():
                break
    return chosen


def _columns(lines: xr.Dataset, wording: Wording) -> list[Column]:
    """The table: published numbers, those of the model, its intervals if there are any, units."""
    numbers = {name: lines[name].values.astype(float).tolist() for name in NUMBERS}
    published = [
        _range_text(lower, upper) if is_range else short_number(value)
        for value, lower, upper, is_range in zip(
            numbers["published"], numbers["published_lower"], numbers["published_upper"],
            lines["is_range"].values, strict=True,
        )
    ]  # fmt: skip
    ends = list(zip(numbers["model_lower"], numbers["model_upper"], strict=True))
    within = ["" if math.isnan(lower) else f"{_model_text(lower)}–{_model_text(upper)}" for lower, upper in ends]
    columns = [
        Column(say("column_published"), published),
        Column(wording.column_model, [_model_text(value) for value in numbers["model"]]),
        Column(wording.column_range, within, "left"),
        Column(say("column_unit"), [str(unit) for unit in lines["unit"].values], "left"),
    ]
    return [column for column in columns if column.heading != wording.column_range or any(within)]


def _ratio(value: float, model: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(value) / np.float64(model))


def _range_text(lower: float, upper: float) -> str:
    if math.isinf(upper):
        return f"≥ {short_number(lower)}"
    return f"≤ {short_number(upper)}" if lower <= 0 else f"{short_number(lower)}–{short_number(upper)}"


def _model_text(value: float) -> str:
    if math.isnan(value):
        return say("not_below")
    return say("not_reached") if math.isinf(value) else three_digits(value)


def _legend_handle(colour: str, marker: str) -> Line2D:
    return Line2D([], [], color=colour, marker=marker, linestyle="none", **_EDGE)
