"""Regimens side by side: the course of each output, and beside it the numbers that are read off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, GridSpecFromSubplotSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator

from kinetics.comparison import ComparedRow, Reading, compare, course_lengths
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import patients_text, regimen_text, unit_label
from kinetics.figures.base.page import Entry, add_title_and_legend, blank_page, limit_entry, text_entry, wrapped
from kinetics.figures.base.panels import panel_letter, set_log_minor_ticks, set_scale, set_title
from kinetics.figures.base.style import COLOURS, DOTTED, GREY, LINES, MARKERS, scale, small, text_colour
from kinetics.figures.comparison.spec import ComparisonSpec, read_compared_regimens
from kinetics.units import conversion, display_unit, parse_unit

_ROW, _LINE, _DOT = 22.0, 3.0, 3.6
"""Least height of a row, and heights of a line of its heads and of a dot with its gap, mm."""
_CURVES = 52.0
"""Width of the curves with their axis, mm."""
_MARKERS = (*MARKERS, "P", "X")
_LINES: tuple[Any, ...] = (*LINES, (0, (1.2, 1.2)), (0, (10, 3)))
"""As many as there may be regimens."""
_FLOOR = 0.01
"""The least percentage of baseline that is drawn, unless a file says otherwise."""
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
"""Steps of the ticks of time."""
_MARKS = 5
"""Markers along a curve, which tell it apart in grey."""
_VALUES, _CHARACTERS_PER_MM = 10.0, 0.72
"""Room for the values beside dots, mm, and the letters of their heads."""


class ComparedRegimens(Kind[ComparisonSpec]):
    """Regimens side by side.

    Curves have the gid ``simulated-OUTPUT-REGIMEN``, bands ``band-OUTPUT-REGIMEN``, limits ``limit-OUTPUT``, dots
    ``reading-OUTPUT-READING-REGIMEN``.
    """

    name = "comparison"
    load = staticmethod(read_compared_regimens)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Simulate every regimen; committed estimates are those of the cohort."""
        spec, options = self.spec, {"patients": self.spec.patients, "seed": self.spec.seed}
        return xr.DataTree(compare(spec.regimens, spec.comparison, **options, progress=inputs.progress))

    def required(self) -> Required:
        """Curves and readings of the model, the cohort and the regimens."""
        comparison = self.spec.comparison
        names = [row.output for row in comparison.rows]
        names += [f"{row.output}_{reading.name}" for row in comparison.rows for reading in row.readings]
        hashes = ", ".join(regimen.content_hash for regimen in self.spec.regimens)
        attrs = {"model_hash": comparison.model.content_hash, **({"regimen_hashes": hashes} if hashes else {})}
        return Required({"/": names}, attrs | {"cohort": comparison.header.cohort})

    def picture(self, tree: xr.DataTree) -> Figure:
        """Two columns: curves, and dots with their numbers."""
        return _Drawing(self.spec, tree.to_dataset()).drawn()


class _Drawing:
    """One figure under construction."""

    def __init__(self, spec: ComparisonSpec, data: xr.Dataset) -> None:
        self.spec, self.data = spec, data
        self.names = [str(name) for name in data["regimen"].values]
        self.looks = [(list(COLOURS.values())[i], _MARKERS[i], _LINES[i]) for i in range(len(self.names))]
        time = data["time"]
        self.unit = display_unit(spec.comparison.time)
        self.times = time.values * float(conversion(parse_unit(time.attrs["units"]), spec.comparison.time))
        self.over_patients = "quantile" in data.dims

    def drawn(self) -> Figure:
        """Draw everything and lay it out."""
        rows, page, size = self.spec.comparison.rows, self.spec.page, scale()
        heads = [self._heads(row) for row in rows]
        body = max(_ROW, size * _DOT * len(self.names) + 4)
        repeated = [index > 0 and heads[index] == heads[index - 1] for index in range(len(rows))]
        lines = [max(head.count("\n") for head in row) for row in heads]
        heights = [body + size * (5 + _LINE * lines[i] * (not repeated[i])) for i in range(len(rows))]
        figure = blank_page(page.width, page.height or sum(heights) + size * (26 + 3.2 * len(self.names)))
        grid = GridSpec(len(rows), 2, figure, width_ratios=[_CURVES, page.width - _CURVES], height_ratios=heights)
        for index, row in enumerate(rows):
            axes = figure.add_subplot(grid[index, 0])
            self._draw_curves(axes, row, panel_letter(index, len(rows)))
            axes.tick_params(labelbottom=index == len(rows) - 1)
            if index == len(rows) - 1:
                axes.set_xlabel(f"time since the first dose ({self.unit})")
            self._draw_readings(figure, grid[index, 1], row, [] if repeated[index] else heads[index])
        figure.align_ylabels()
        add_title_and_legend(figure, self.spec.header, self._entries())
        return figure

    def _shown(self, row: ComparedRow) -> list[Reading]:
        """What is drawn: a nadir in the unit of the curves, and the last course if there are several."""
        other = "nadir" if row.row.percent_of_baseline else "nadir_percent"
        return [each for each in row.shown(self.data.sizes["course"]) if each.name != other]

    def _heads(self, row: ComparedRow) -> list[str]:
        """What stands above the dots, broken to their width."""
        width = int(self._width(row) * _CHARACTERS_PER_MM / scale())
        heads = [each.heading(unit_label(self._read(row, each).attrs["units"])) for each in self._shown(row)]
        return [wrapped(head, width, break_long_words=False) for head in heads]

    def _read(self, row: ComparedRow, reading: Reading) -> xr.DataArray:
        return self.data[f"{row.output}_{reading.name}"]

    def _width(self, row: ComparedRow) -> float:
        """Of the dots of one reading with their values, mm."""
        return (self.spec.page.width - _CURVES - 12) / len(self._shown(row))

    def _draw_curves(self, axes: Axes, row: ComparedRow, letter: str) -> None:
        percent = row.row.percent_of_baseline
        curves = self.data[f"{row.output}_percent" if percent else row.output]
        set_scale(axes, row.row.scale)
        for index, (name, (colour, marker, line)) in enumerate(zip(self.names, self.looks, strict=True)):
            values = curves.values[index]
            if self.over_patients:
                area = axes.fill_between(self.times, values[0], values[-1], color=colour, alpha=0.13, linewidth=0)
                area.set_gid(f"band-{row.output}-{name}")
                values = values[len(values) // 2]
            every = max(self.times.size // _MARKS, 1)
            marks = {"marker": marker, "markersize": 2.8, "markevery": (every * (index + 1) // 8, every)}
            (drawn,) = axes.plot(self.times, values, color=colour, linestyle=line, linewidth=1.0, **marks)
            drawn.set_gid(f"simulated-{row.output}-{name}")
        if f"{row.output}_limit" in self.data:
            self._draw_limit(axes, row)
        self._set_axes(axes, row, curves)
        unit = unit_label(curves.attrs["units"])
        axes.set_ylabel("% of baseline" if percent else f"({unit})" if unit else "value")
        set_title(axes, letter, row.label, pad=4)

    def _draw_limit(self, axes: Axes, row: ComparedRow) -> None:
        start = self.data[row.output].values[0]
        baseline = float(start[len(start) // 2, 0] if self.over_patients else start[0])
        limit = float(self.data[f"{row.output}_limit"]) * (100 / baseline if row.row.percent_of_baseline else 1)
        line = axes.axhline(limit, color=GREY, linewidth=0.8, linestyle=DOTTED, zorder=1)
        line.set_gid(f"limit-{row.output}")

    def _set_axes(self, axes: Axes, row: ComparedRow, curves: xr.DataArray) -> None:
        """Limits and ticks of both axes."""
        end, highest = float(self.times[-1]), float(np.nanmax(curves.values))
        lower, upper = row.row.lower, row.row.upper
        if row.row.scale == "log" and lower is None:
            lower = max(0.7 * float(np.nanmin(curves.values)), _FLOOR if curves.attrs["units"] == "percent" else 0.0)
        axes.set_ylim(lower or (1e-3 * highest if row.row.scale == "log" else lower), upper or 1.15 * highest)
        axes.set_xlim(-0.02 * end, end)
        step = next((step for step in _STEPS if end / step <= 6), end / 5)
        axes.xaxis.set_major_locator(MultipleLocator(step))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        if row.row.scale == "log":
            axes.yaxis.set_major_locator(LogLocator(numticks=6))
            set_log_minor_ticks(axes)

    def _draw_readings(self, figure: Figure, cell: Any, row: ComparedRow, heads: list[str]) -> None:
        shown = self._shown(row)
        cells = GridSpecFromSubplotSpec(1, len(shown), cell, wspace=0.06)
        for index, reading in enumerate(shown):
            axes = figure.add_subplot(cells[0, index])
            values = self._read(row, reading).values.reshape(len(self.names), -1)
            gid = f"reading-{row.output}-{reading.name}"
            dots = [
                _Dot(value, self._text(value, reading, number), colour, marker, f"{gid}-{name}")
                for number, (value, name) in enumerate(zip(values, self.names, strict=True))
                for colour, marker, _ in [self.looks[number]]
            ]
            _draw_dots(axes, dots, self._width(row))
            if heads:
                above: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
                axes.annotate(heads[index], (0, 1), (0, 3), **above, fontsize=small(), linespacing=1.1)

    def _text(self, values: np.ndarray, reading: Reading, regimen: int) -> str:
        middle = float(values[values.size // 2])
        if np.isnan(middle):
            return "not below" if reading.is_recovery else "–"
        if np.isinf(middle):
            lengths = course_lengths(self.data, regimen, self.spec.comparison.time)
            return f"> {lengths[0 if reading.name.endswith('_first') else -1]:.3g}"
        return f"{middle:#.3g}".rstrip(".")

    def _entries(self) -> list[Entry]:
        entries: list[Entry] = []
        doses = {regimen.name: f": {regimen_text(regimen, self.unit)}" for regimen in self.spec.regimens}
        for name, (colour, marker, line) in zip(self.names, self.looks, strict=True):
            sample = Line2D([], [], color=colour, linestyle=line, marker=marker, markersize=4, linewidth=1.0)
            entries.append((sample, f"{name}{doses.get(name, '')}"))
        who = "typical patient"
        if self.over_patients:
            who = f"median and 5 to 95 % of {self.data.attrs['patients']} simulated patients"
        whose = patients_text(self.data.attrs.get("cohort"), who)
        entries.append(text_entry(f"model: {whose}; > and an open dot: not by the next course or the end"))
        if any(f"{row.output}_limit" in self.data for row in self.spec.comparison.rows):
            entries.append(limit_entry("lower limit of normal"))
        return entries


@dataclass(frozen=True, eq=False)
class _Dot:
    """One number of a regimen, (quantile,), a bar from the first to the last; ``text`` stands beside it."""

    values: np.ndarray
    text: str
    colour: str
    marker: str
    gid: str


def _draw_dots(axes: Axes, dots: Sequence[_Dot], width: float) -> None:
    """Draw one number of each regimen, along lines from zero, on axes about ``width`` mm wide."""
    table = np.array([dot.values for dot in dots])
    reach = float(np.max(table, where=np.isfinite(table), initial=0.0)) or 1.0
    low = min(float(np.min(table, where=np.isfinite(table), initial=0.0)), 0.0)
    room = max(width - scale() * _VALUES, 0.3 * width)
    axes.set_xlim(low - 0.08 * reach, low + (reach - low) * 1.12 * width / room)
    axes.set_ylim(len(dots) - 0.4, -0.6)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.axvline(0, color="#B0B0B0", linewidth=0.5, zorder=1)
    for y, dot in enumerate(dots):
        _draw_dot(axes, dot, y, 1.05 * reach)


def _draw_dot(axes: Axes, dot: _Dot, y: int, end: float) -> None:
    """A dot in the middle, an open one at the end if it is infinite, none if it is not a number."""
    values, colour, middle = dot.values, dot.colour, float(dot.values[dot.values.size // 2])
    if values.size > 1 and np.isfinite(values[0]):
        axes.plot([values[0], min(values[-1], end)], [y, y], color=colour, linewidth=0.9, zorder=3)
    elif np.isfinite(middle):
        axes.plot([0, middle], [y, y], color="#C8C8C8", linewidth=0.6, zorder=2)
    if not np.isnan(middle):
        shown, face = (middle, colour) if np.isfinite(middle) else (end, "white")
        look = {"marker": dot.marker, "markersize": 4, "markerfacecolor": face, "markeredgecolor": colour}
        (mark,) = axes.plot([shown], [y], linestyle="none", zorder=4, clip_on=False, markeredgewidth=0.8, **look)
        mark.set_gid(dot.gid)
    beside = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center", "fontsize": small()}
    axes.text(1.0, y, dot.text, color=text_colour(colour) if colour != "#000000" else GREY, **beside)
