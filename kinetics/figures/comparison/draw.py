"""Regimens side by side: curves of each output, and beside them what is read off as dots with their numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.comparison import ComparedRow, Reading, compare, course_lengths
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import cohort_label, short_number, time_text, unit_label
from kinetics.figures.base.page import Page, wrapped
from kinetics.figures.base.panels import set_scale, set_time_axes, with_unit
from kinetics.figures.base.rows import FigureHeaderRow, PanelRow, TimeRow
from kinetics.figures.base.style import DOTTED, GREY, LINES, MARKERS, colour, line_width, scale, small
from kinetics.figures.base.time_axis import tick_step
from kinetics.figures.base.words import say, shown_label
from kinetics.figures.comparison.dots import Dot, draw_dots
from kinetics.figures.comparison.spec import ComparisonSpec, read_compared_regimens
from kinetics.figures.treatments import regimen_label, regimen_text
from kinetics.units import conversion, display_unit, parse_unit

_BODY, _DOT = 17.0, 3.8
"""Least height of the axes of a row, and of a dot with its gap, mm."""
_LABELS = 11.5
"""Height of the labels of a row, mm."""
_DOTS = 40.0
"""Width of the dots of a reading with their numbers, mm, about."""
_LEAST_DOTS = 22.0
"""The same, at least."""
_MARKERS = (*MARKERS, "P", "X")
_LINES: tuple[Any, ...] = (*LINES, (0, (1.2, 1.2)), (0, (10, 3)))
"""As many as there may be regimens."""
_FLOOR = 0.01
"""The least percentage of baseline that is drawn, unless a file says otherwise."""
_MARKS = 5
"""Markers along a curve, which tell it apart in grey."""


class ComparedRegimens(Kind[ComparisonSpec]):
    """Regimens side by side.

    Curves have the gid ``simulated-OUTPUT-REGIMEN``, bands ``band-OUTPUT-REGIMEN``, limits ``limit-OUTPUT``, dots
    ``reading-OUTPUT-READING-REGIMEN``.
    """

    name = "comparison"
    load = staticmethod(read_compared_regimens)

    def with_title(self, title: str) -> ComparedRegimens:
        """The same figure with another title of its caption."""
        return ComparedRegimens(self.spec.with_title(title))

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

    def header(self, tree: xr.DataTree) -> FigureHeaderRow:
        """Of the file, or of the comparison."""
        return self.spec.header

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A row an output: its curves, then dots with their numbers."""
        _Drawing(self.spec, tree.to_dataset(), page).draw()


def _reading_label(reading: Reading) -> str:
    """What was read off; a time as "month 24"."""
    match = re.fullmatch(r"at (\S+ (?:day|week|month|year))", reading.label)
    return reading.label if match is None else f"at {time_text(match[1])}"


class _Drawing:
    """One figure under construction."""

    def __init__(self, spec: ComparisonSpec, data: xr.Dataset, page: Page) -> None:
        self.spec, self.data, self.page = spec, data, page
        self.names = [str(name) for name in data["regimen"].values]
        known = {regimen.name: regimen_label(regimen) for regimen in spec.regimens}
        self.labels = [known.get(name) or shown_label(name, name.replace("_", " ")) for name in self.names]
        self.looks = [(colour(i), _MARKERS[i], _LINES[i]) for i in range(len(self.names))]
        time = data["time"]
        self.unit = display_unit(spec.comparison.time)
        self.times = time.values * float(conversion(parse_unit(time.attrs["units"]), spec.comparison.time))
        self.over_patients = "quantile" in data.dims

    def draw(self) -> None:
        """Draw everything: as many readings of each output as the page has room for beside the curves."""
        rows, page, size = self.spec.comparison.rows, self.page, scale()
        room = 0.62 * page.width if page.width > 110 else 0.36 * page.width
        shown = [self._shown(row, max(1, int(room // (_DOTS if page.width > 110 else _LEAST_DOTS)))) for row in rows]
        most = max(map(len, shown))
        body = max(_BODY, size * _DOT * len(self.names) + 3)
        figure = page.blank(len(rows) * (body + size * _LABELS))
        dots = room / most
        grid = GridSpec(len(rows), 1 + most, figure, width_ratios=[page.width - room, *[dots] * most])
        page.columns = 1 if page.width < 110 else 2
        for index, row in enumerate(rows):
            axes = figure.add_subplot(grid[index, 0])
            panel = page.add_panel(axes, len(rows), is_lowest=index == len(rows) - 1)
            self._draw_curves(axes, row)
            self._set_axes(panel, row)
            for column, reading in enumerate(shown[index], 1):
                beside = figure.add_subplot(grid[index, column])
                self._draw_reading(beside, row, reading, dots - 5)
                page.add_axes(panel, beside)
        figure.align_ylabels([panel.axes for panel in page.panels])
        self._explain()

    def _shown(self, row: ComparedRow, most: int) -> list[Reading]:
        """Recovery first, then the deepest or highest value, then what else has room, in the order of the file."""
        other = "nadir" if row.row.percent_of_baseline else "nadir_percent"
        readings = [each for each in row.shown(self.data.sizes["course"]) if each.name != other]
        rank = {each.name: 0 if each.is_recovery else 1 if each.name in ("nadir", "nadir_percent", "mean") else 2
                for each in readings}  # fmt: skip
        kept = sorted(readings, key=lambda each: rank[each.name])[:most]
        return [each for each in readings if each in kept]

    def _factor(self, row: ComparedRow, units: str) -> tuple[float, str]:
        """To the unit that is shown, and its label: of shares percent, if the file says so."""
        if row.row.percent and parse_unit(units) == parse_unit("1"):
            return 100.0, "%"
        return 1.0, unit_label(units)

    def _draw_curves(self, axes: Axes, row: ComparedRow) -> None:
        curves = self._curves(row)
        factor, _ = self._factor(row, curves.attrs["units"])
        set_scale(axes, row.row.scale)
        looks = zip(self.names, self.labels, self.looks, strict=True)
        for index, (name, label, (own, marker, line)) in enumerate(looks):
            values = curves.values[index] * factor
            if self.over_patients:
                area = axes.fill_between(self.times, values[0], values[-1], color=own, alpha=0.13, linewidth=0)
                area.set_gid(f"band-{row.output}-{name}")
                area.set_label(label)
                values = values[len(values) // 2]
            every = max(self.times.size // _MARKS, 1)
            marks = {"marker": marker, "markersize": 2.8, "markevery": (every * (index + 1) // 8, every)}
            (drawn,) = axes.plot(self.times, values, color=own, linestyle=line, linewidth=line_width(0.9), **marks)
            drawn.set_gid(f"simulated-{row.output}-{name}")
            drawn.set_label(label)
        if f"{row.output}_limit" in self.data:
            self._draw_limit(axes, row)

    def _curves(self, row: ComparedRow) -> xr.DataArray:
        return self.data[f"{row.output}_percent" if row.row.percent_of_baseline else row.output]

    def _draw_limit(self, axes: Axes, row: ComparedRow) -> None:
        start = self.data[row.output].values[0]
        baseline = float(start[len(start) // 2, 0] if self.over_patients else start[0])
        limit = float(self.data[f"{row.output}_limit"]) * (100 / baseline if row.row.percent_of_baseline else 1)
        line = axes.axhline(limit, color=GREY, linewidth=line_width(0.8), linestyle=DOTTED, zorder=1)
        line.set_gid(f"limit-{row.output}")

    def _set_axes(self, panel: Any, row: ComparedRow) -> None:
        """Heading, limits and ticks of both axes."""
        axes, curves = panel.axes, self._curves(row)
        factor, unit = self._factor(row, curves.attrs["units"])
        end, highest = float(self.times[-1]), factor * float(np.nanmax(curves.values))
        lower, upper = row.row.lower, row.row.upper
        if row.row.scale == "log" and lower is None:
            least = _FLOOR if curves.attrs["units"] == "percent" else 1e-3 * highest
            lower = max(0.7 * factor * float(np.nanmin(curves.values)), least)
        axes.set_xlim(-0.02 * end, end)
        ends = PanelRow(title=row.row.label, scale=row.row.scale, lower=lower, upper=upper or 1.15 * highest)
        time = TimeRow(unit=self.unit, ticks=f"{tick_step(end, 6):.6g} {self.unit}")
        percent = row.row.percent_of_baseline
        label = f"% {say('of_baseline')}" if percent else unit or say("ratio")
        set_time_axes(self.page, panel, ends, time, label, "1")

    def _draw_reading(self, axes: Axes, row: ComparedRow, reading: Reading, width: float) -> None:
        data = self.data[f"{row.output}_{reading.name}"]
        factor, unit = self._factor(row, data.attrs["units"])
        values = data.values.reshape(len(self.names), -1) * factor
        gid = f"reading-{row.output}-{reading.name}"
        dots = [
            Dot(
                value,
                self._text(value, reading, number),
                own,
                marker,
                f"{gid}-{name}",
                self.labels[number],
                self._window(reading, number),
            )
            for number, (value, name) in enumerate(zip(values, self.names, strict=True))
            for own, marker, _ in [self.looks[number]]
        ]
        draw_dots(axes, dots, width)
        shown = f"% {say('of_baseline')}" if reading.percent else unit
        words = with_unit(shown_label(_reading_label(reading)), shown)
        letters = int(width / (0.353 * small() * 0.56))
        axes.set_xlabel(wrapped(words, letters, break_long_words=False), fontsize=small(), linespacing=1.0)

    def _text(self, values: np.ndarray, reading: Reading, regimen: int) -> str:
        middle = float(values[values.size // 2])
        if np.isnan(middle):
            return say("not_below") if reading.is_recovery else "–"
        if np.isinf(middle):
            return f"> {self._window(reading, regimen):.3g}"
        return short_number(middle).replace("-", "−")

    def _window(self, reading: Reading, regimen: int) -> float:
        """How long the course of a reading was followed."""
        lengths = course_lengths(self.data, regimen, self.spec.comparison.time)
        return float(lengths[0 if reading.name.endswith("_first") else -1]) if lengths.size else 0.0

    def _explain(self) -> None:
        """Key and caption."""
        page, model = self.page, self.spec.comparison.model
        for label, (own, marker, line) in zip(self.labels, self.looks, strict=True):
            look = {"linestyle": line, "marker": marker, "markersize": 3.6, "linewidth": line_width(0.9)}
            page.add_key(Line2D([], [], color=own, **look), label)
        cohort = self.data.attrs.get("cohort")
        whose = say("of_cohort", cohort=cohort_label(model, cohort)) if cohort else ""
        centre = say("typical_patient")
        if self.over_patients:
            centre = say("median_of_patients", n=self.data.attrs["patients"])
            band = say("range_of_patients", n=self.data.attrs["patients"])
            page.add_key(Patch(facecolor=GREY, alpha=0.2), say("range_90"), say("areas_are", what=band))
        page.caption.add(say("lines_are", what=centre, cohort=whose))
        page.caption.add(say("dots_are"))
        if any(f"{row.output}_limit" in self.data for row in self.spec.comparison.rows):
            page.add_limit()
        for regimen in self.spec.regimens:
            doses = regimen_text(regimen, self.unit, model)
            page.caption.add(f"{regimen_label(regimen)}: {doses}" if doses else regimen_label(regimen))
        if labels := [shown_label(row.row.label) for row in self.spec.comparison.rows if row.exploratory]:
            page.caption.add(say("exploratory", what=", ".join(labels)))
