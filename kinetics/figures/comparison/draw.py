"""Regimens side by side: the course of each output, and beside it the numbers that are read off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec, GridSpecFromSubplotSpec
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MultipleLocator, NullFormatter

from kinetics.comparison import ComparedRow, Reading, compare, course_lengths
from kinetics.figures.base.dot_rows import broken, draw_dots, write_above
from kinetics.figures.base.kind import Kind
from kinetics.figures.base.labels import panel_letter, unit_label
from kinetics.figures.base.legend import Entry, courses_text
from kinetics.figures.base.of_fit import check_groups
from kinetics.figures.base.page import add_title_and_legend, blank_page
from kinetics.figures.base.style import COLOURS, GREY, LINES, MARKERS
from kinetics.figures.comparison.spec import ComparisonSpec, load_comparison
from kinetics.units import conversion, display_unit, parse_unit

if TYPE_CHECKING:
    from kinetics.estimate.estimates import Estimates

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
    """A figure of kind ``comparison``.

    Parameters
    ----------
    spec : ComparisonSpec
        The checked figure file.
    """

    from_estimates = False
    load = staticmethod(load_comparison)

    def compute(
        self,
        progress: Callable[[int, int], None] | None = None,
        estimates: Sequence[Estimates] = (),
        predictions: Sequence[xr.DataTree] = (),
    ) -> xr.DataTree:
        """Simulate every regimen; committed estimates are those of the cohort."""
        spec = self.spec
        found = compare(spec.regimens, spec.comparison, patients=spec.patients, seed=spec.seed, progress=progress)
        return xr.DataTree(found)

    def check(self, tree: xr.DataTree, source: str = "the result") -> None:
        """Refuse a result that is not what the figure shows.

        Raises
        ------
        InputError
            With everything that does not fit.
        """
        comparison = self.spec.comparison
        names = [row.output for row in comparison.rows]
        names += [f"{row.output}_{reading.name}" for row in comparison.rows for reading in row.readings]
        hashes = ", ".join(regimen.content_hash for regimen in self.spec.regimens)
        attrs = {"model_hash": comparison.model.content_hash, "regimen_hashes": hashes}
        check_groups(tree, {"/": names}, attrs | {"cohort": comparison.header.cohort}, source)

    def draw(self, tree: xr.DataTree) -> Figure:
        """Draw a comparison, within `kinetics.figures.base.style.style`.

        Returns
        -------
        matplotlib.figure.Figure
            Curves have the gid ``simulated-OUTPUT-REGIMEN``, bands ``band-OUTPUT-REGIMEN``, limits ``limit-OUTPUT``,
            dots ``reading-OUTPUT-READING-REGIMEN``.
        """
        return _Drawing(self.spec, tree.to_dataset()).finished()


class _Drawing:
    """One figure under construction."""

    def __init__(self, spec: ComparisonSpec, found: xr.Dataset) -> None:
        self.spec, self.found = spec, found
        self.names = [str(name) for name in found["regimen"].values]
        self.looks = [(list(COLOURS.values())[i], _MARKERS[i], _LINES[i]) for i in range(len(self.names))]
        time = found["time"]
        self.unit = display_unit(spec.comparison.time)
        self.times = time.values * float(conversion(parse_unit(time.attrs["units"]), spec.comparison.time))
        self.over_patients = "quantile" in found.dims

    def finished(self) -> Figure:
        """Draw everything and lay it out."""
        rows, page = self.spec.comparison.rows, self.spec.page
        heads = [self._heads(row) for row in rows]
        body = max(_ROW, _DOT * len(self.names) + 4)
        repeated = [index > 0 and heads[index] == heads[index - 1] for index in range(len(rows))]
        lines = [
            0 if same else max(one.count("\n") for one in told) for same, told in zip(repeated, heads, strict=True)
        ]
        heights = [body + 5 + _LINE * count for count in lines]
        figure = blank_page(page.width, page.height or sum(heights) + 26 + 3.2 * len(self.names))
        grid = GridSpec(len(rows), 2, figure, width_ratios=[_CURVES, page.width - _CURVES], height_ratios=heights)
        for index, row in enumerate(rows):
            axes = figure.add_subplot(grid[index, 0])
            self._draw_curves(axes, row, panel_letter(index, len(rows)))
            axes.tick_params(labelbottom=index == len(rows) - 1)
            if index == len(rows) - 1:
                axes.set_xlabel(f"time since the first dose ({self.unit})")
            self._draw_readings(figure, grid[index, 1], row, [] if repeated[index] else heads[index])
        figure.align_ylabels()
        add_title_and_legend(figure, self.spec.title, self._entries(), self.spec.note)
        return figure

    def _shown(self, row: ComparedRow) -> list[Reading]:
        """What is drawn: a nadir in the unit of the curves, and the last course if there are several."""
        other = "nadir" if row.row.percent_of_baseline else "nadir_percent"
        return [one for one in row.shown(self.found.sizes["course"]) if one.name != other]

    def _heads(self, row: ComparedRow) -> list[str]:
        """What stands above the dots, broken to their width."""
        shown, heads = self._shown(row), []
        for reading in shown:
            unit = unit_label(self.found[f"{row.output}_{reading.name}"].attrs["units"])
            heads.append(broken(reading.heading(unit), self._width(row)))
        return heads

    def _width(self, row: ComparedRow) -> float:
        """Of the dots of one reading with their values, mm."""
        return (self.spec.page.width - _CURVES - 12) / len(self._shown(row))

    def _draw_curves(self, axes: Axes, row: ComparedRow, letter: str) -> None:
        percent = row.row.percent_of_baseline
        curves = self.found[f"{row.output}_percent" if percent else row.output]
        axes.set_yscale(row.row.scale, **({"nonpositive": "clip"} if row.row.scale == "log" else {}))
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
        self._furnish(axes, row, curves)
        unit = unit_label(curves.attrs["units"])
        axes.set_ylabel("% of baseline" if percent else f"({unit})" if unit else "value")
        axes.set_title("  ".join(filter(None, (letter, row.label))), loc="left", fontweight="bold", pad=4)

    def _draw_limit(self, axes: Axes, row: ComparedRow, percent: bool) -> None:
        if f"{row.output}_limit" not in self.found:
            return
        start = self.found[row.output].values[0]
        baseline = float(start[len(start) // 2, 0] if self.over_patients else start[0])
        limit = float(self.found[f"{row.output}_limit"]) * (100 / baseline if percent else 1)
        line = axes.axhline(limit, color=GREY, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=1)
        line.set_gid(f"limit-{row.output}")

    def _furnish(self, axes: Axes, row: ComparedRow, curves: xr.DataArray) -> None:
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
            axes.yaxis.set_minor_locator(LogLocator(subs=tuple(map(float, range(2, 10))), numticks=99))
            axes.yaxis.set_minor_formatter(NullFormatter())

    def _draw_readings(self, figure: Figure, place: Any, row: ComparedRow, heads: list[str]) -> None:
        shown = self._shown(row)
        cells = GridSpecFromSubplotSpec(1, len(shown), place, wspace=0.06)
        looks = [(colour, marker) for colour, marker, _ in self.looks]
        for index, reading in enumerate(shown):
            axes = figure.add_subplot(cells[0, index])
            name = f"{row.output}_{reading.name}"
            values = self.found[name].values
            said = [self._said(np.atleast_1d(value), reading, index) for index, value in enumerate(values)]
            gids = [f"reading-{row.output}-{reading.name}-{one}" for one in self.names]
            draw_dots(axes, values, said, looks, gids, self._width(row))
            if heads:
                write_above(axes, heads[index])

    def _said(self, values: np.ndarray, reading: Reading, regimen: int) -> str:
        middle = float(values[values.size // 2])
        if np.isnan(middle):
            return "not below" if reading.is_recovery else "–"
        if np.isinf(middle):
            lengths = course_lengths(self.found, regimen, self.spec.comparison.time)
            return f"> {lengths[0 if reading.name.endswith('_first') else -1]:.3g}"
        return f"{middle:#.3g}".rstrip(".")

    def _entries(self) -> list[Entry]:
        entries: list[Entry] = []
        for regimen, name, (colour, marker, line) in zip(self.spec.regimens, self.names, self.looks, strict=True):
            sample = Line2D([], [], color=colour, linestyle=line, marker=marker, markersize=4, linewidth=1.0)
            given = "; ".join([courses_text(regimen, self.unit), *map(str, regimen.rules)])
            entries.append((sample, f"{name}: {given}"))
        cohort = self.found.attrs.get("cohort")
        whose = f"model: typical patient{f', cohort {cohort}' if cohort else ''}"
        if self.over_patients:
            count = self.found.attrs["patients"]
            whose = f"model: median and 5 to 95 % of {count} simulated patients{f', cohort {cohort}' if cohort else ''}"
        entries.append((Patch(alpha=0), f"{whose}; > and an open dot: not by the next course or the end"))
        if any(f"{row.output}_limit" in self.found for row in self.spec.comparison.rows):
            dotted = Line2D([], [], color=GREY, linewidth=0.8, linestyle=(0, (1, 1.5)))
            entries.append((dotted, "lower limit of normal"))
        return entries
