"""Regimens side by side: the course of each output, and beside it the numbers that are read off."""

from __future__ import annotations

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
from kinetics.figures.base.labels import regimen_text, typical_patient, unit_label
from kinetics.figures.base.page import Entry, add_title_and_legend, blank_page, limit_entry, text_entry
from kinetics.figures.base.panels import panel_letter, set_log_minor_ticks, set_scale, set_title
from kinetics.figures.base.style import COLOURS, DOTTED, GREY, LINES, MARKERS, scale
from kinetics.figures.comparison.dots import Dot, broken, draw_dots, write_above
from kinetics.figures.comparison.spec import ComparisonSpec, read_compared_regimens
from kinetics.units import conversion, display_unit, parse_unit

__all__ = ["ComparedRegimens"]

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


class ComparedRegimens(Kind[ComparisonSpec]):
    """Regimens side by side.

    Curves have the gid ``simulated-OUTPUT-REGIMEN``, bands ``band-OUTPUT-REGIMEN``, limits ``limit-OUTPUT``, dots
    ``reading-OUTPUT-READING-REGIMEN``.
    """

    name = "comparison"
    load = staticmethod(read_compared_regimens)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Simulate every regimen; committed estimates are those of the cohort."""
        spec, progress = self.spec, inputs.progress
        return xr.DataTree(
            compare(spec.regimens, spec.comparison, patients=spec.patients, seed=spec.seed, progress=progress)
        )

    def required(self) -> Required:
        """Curves and readings of the model, the cohort and the regimens."""
        comparison = self.spec.comparison
        names = [row.output for row in comparison.rows]
        names += [f"{row.output}_{reading.name}" for row in comparison.rows for reading in row.readings]
        hashes = ", ".join(regimen.content_hash for regimen in self.spec.regimens)
        attrs = {"model_hash": comparison.model.content_hash, "regimen_hashes": hashes}
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
        lines = [
            0 if same else max(head.count("\n") for head in row) for same, row in zip(repeated, heads, strict=True)
        ]
        heights = [body + size * (5 + _LINE * count) for count in lines]
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
        return [
            broken(reading.heading(unit_label(self._read(row, reading).attrs["units"])), self._width(row))
            for reading in self._shown(row)
        ]

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
        self._draw_limit(axes, row, percent)
        self._set_axes(axes, row, curves)
        unit = unit_label(curves.attrs["units"])
        axes.set_ylabel("% of baseline" if percent else f"({unit})" if unit else "value")
        set_title(axes, letter, row.label, pad=4)

    def _draw_limit(self, axes: Axes, row: ComparedRow, percent: bool) -> None:
        if f"{row.output}_limit" not in self.data:
            return
        start = self.data[row.output].values[0]
        baseline = float(start[len(start) // 2, 0] if self.over_patients else start[0])
        limit = float(self.data[f"{row.output}_limit"]) * (100 / baseline if percent else 1)
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
                Dot(value, self._text(value, reading, number), colour, marker, f"{gid}-{name}")
                for number, (value, name, (colour, marker, _)) in enumerate(
                    zip(values, self.names, self.looks, strict=True)
                )
            ]
            draw_dots(axes, dots, self._width(row))
            if heads:
                write_above(axes, heads[index])

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
        for regimen, name, (colour, marker, line) in zip(self.spec.regimens, self.names, self.looks, strict=True):
            sample = Line2D([], [], color=colour, linestyle=line, marker=marker, markersize=4, linewidth=1.0)
            entries.append((sample, f"{name}: {regimen_text(regimen, self.unit)}"))
        cohort = self.data.attrs.get("cohort")
        whose = typical_patient(cohort)
        if self.over_patients:
            count = self.data.attrs["patients"]
            whose = f"median and 5 to 95 % of {count} simulated patients{f', cohort {cohort}' if cohort else ''}"
        entries.append(text_entry(f"model: {whose}; > and an open dot: not by the next course or the end"))
        if any(f"{row.output}_limit" in self.data for row in self.spec.comparison.rows):
            entries.append(limit_entry("lower limit of normal"))
        return entries
