"""Axes of panels: letters, headings, scales, labels and ticks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullFormatter

from kinetics.figures.base.labels import output_label, tick_text, time_label, unit_label
from kinetics.figures.base.page import HEADING, Page, Panel, wrapped
from kinetics.figures.base.rows import CountPanelRow, OutputPanelRow, PanelRow, TimeRow
from kinetics.figures.base.style import DOTTED, GREY, line_width, scale
from kinetics.figures.base.words import say, shown_label
from kinetics.model import Model
from kinetics.results import LIMIT_LEVEL
from kinetics.units import Unit, parse_unit, to_unit
from kinetics.units.levels import read_level

_MM_A_TICK = 6.0
"""Of an axis of time, for a tick with its number, at least."""
_LINE = 1.4
"""Height of a line of text, of the size of its letters."""
_SMALL_PANEL = 39.0
"""Width of a small panel with its labels, mm, at least."""
_MM_A_LETTER = 1.28
"""Of a heading, about, at the default size of text."""
_TOGETHER = re.compile(r"\S+ [×/] \S+|% \S+|\([^()]{1,24}\)|\b[^\W\d]+ \d+\b(?=$|[ ,])")
_COURSE: dict[str, Any] = {
    "marker": "v", "color": "black", "markersize": 3.5, "markeredgewidth": 0, "linestyle": "none",
}  # fmt: skip
_UNITS = {"count": "1/L", "concentration": "mg/L", "rate": "1/day", "time": "day", "ratio_or_share": "1"}
"""What an axis without a label shows, by a unit that can be converted to its own."""
_LEAST_HEIGHT = 34.0
"""Of axes with a label of one or two lines, mm."""
_MULTIPLES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 24, 30, 40, 60, 120)


def row_height(panel_width: float) -> float:
    """The height of a row of panels with their labels, mm: flatter where they are wide."""
    return min(max(0.66 * panel_width, 34.0), 62.0) + 12.0


def small_row_height(panel_width: float, columns: int) -> float:
    """The height of a row of small panels, mm: beside each other they need room for labels of two lines."""
    return row_height(panel_width) + (6.0 if columns > 1 else 0.0)


def with_unit(label: str, unit: str) -> str:
    """The label of an axis: its unit in parentheses, if it has one."""
    return f"{label} ({unit})" if unit else label


def set_heading(axes: Axes, letter: str, heading: str, **look: Any) -> None:
    """The letter of a panel in bold, and beside the first line what it shows, above the left end of the axes."""
    pad = look.pop("pad", 3.0)
    above: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    left, up = 0.0, heading.count("\n") * _LINE * float(mpl.rcParams["font.size"])
    if letter:
        text = axes.annotate(letter, (0, 1), (0, pad + up), fontweight="bold", fontsize=_larger(), **above)
        left = text.get_window_extent().width * 72 / text.get_figure(root=True).dpi + 4  # pyright: ignore[reportOptionalMemberAccess]
    if heading:
        axes.annotate(heading, (0, 1), (left, pad), **above, **look).set_gid(f"{HEADING}{letter}")


def _larger() -> float:
    """The size of letters of panels, points: a little more than that of labels, within 8."""
    return max(min(8.0, 8.0 * scale()), 7.0 * scale())


def set_scale(axes: Axes, kind: str) -> None:
    """Make the vertical axis linear or logarithmic; what is not positive is at the lower end of the latter."""
    axes.set_yscale(kind, **({"nonpositive": "clip"} if kind == "log" else {}))


def set_time_axes(page: Page, panel: Panel, row: PanelRow, time: TimeRow, label: str, unit: str, **look: Any) -> None:
    """Heading, labels and ticks of a panel of numbers over time; a linear axis is from zero, with few numbers."""
    axes = panel.axes
    heading = in_lines(shown_label(row.title), page.panel_width - 3) if row.title else ""
    set_heading(axes, panel.letter, heading, **look)
    axes.set_ylabel(with_unit(label, unit_label(unit)))
    set_time_ticks(page, axes, time)
    _set_ends(axes, row)
    if row.scale == "log":
        set_log_ticks(axes)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.tick_params(labelbottom=panel.is_lowest)
    if panel.is_lowest:
        axes.set_xlabel(in_lines(time_label(time), page.panel_width + 8))


def _set_ends(axes: Axes, row: PanelRow) -> None:
    """The ends of the vertical axis: the file's, or as far as the numbers go; of numbers that are all zero, one."""
    lower, upper = row.lower, row.upper
    if lower is None or upper is None:
        axes.autoscale(axis="y")
    if row.scale == "linear":
        lower = 0 if lower is None else lower
        upper = 1 if upper is None and axes.dataLim.y1 <= 0 else upper
    if lower is not None or upper is not None:
        axes.set_ylim(lower, upper)


def in_lines(text: str, width: float) -> str:
    """A text at the size of headings in lines of about so many mm at most, none much shorter than the others.

    What belongs together stays on one line: a product, a source in parentheses, a unit of time and its number.
    """
    letters = max(int(width / (_MM_A_LETTER * scale())), 12)
    joined = _TOGETHER.sub(lambda match: match[0].replace(" ", "\u00a0"), text)
    lines = wrapped(joined, letters, break_long_words=False)
    even = (wrapped(joined, least, break_long_words=False) for least in range(letters // 2, letters))
    return next((each for each in even if _size(each) <= _size(lines)), lines).replace("\u00a0", " ")


def _size(lines: str) -> tuple[int, int]:
    return lines.count("\n"), max(map(len, lines.split("\n")))


def set_time_ticks(page: Page, axes: Axes, time: TimeRow) -> None:
    """Ticks at the step of the file, or at a multiple of it where these have no room."""
    step = to_unit(time.ticks, time.unit)
    low, high = sorted(axes.get_xlim())
    room = max((high - low) / step * _MM_A_TICK * scale() / page.panel_width, 1e-9)
    multiple = next((each for each in _MULTIPLES if each >= room), math.ceil(room))
    axes.xaxis.set_major_locator(MultipleLocator(step * multiple))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))


def set_log_ticks(axes: Axes, which: Literal["x", "y"] = "y") -> None:
    """Numbers at powers of ten, or between them on a short axis; minor ticks at 2 to 9 times, without numbers.

    All numbers of an axis are plain, or all are powers.
    """
    axis = axes.yaxis if which == "y" else axes.xaxis
    lower, upper = sorted(axis.get_view_interval())
    is_long = math.log10(upper / lower) > 1.7
    powers = lower <= (1.001e-4 if is_long else 0.999e-3) or upper >= 0.999e5
    most = 8 if which == "y" else 4
    axis.set_major_locator(LogLocator(subs=(1.0,) if is_long else (1.0, 2.0, 5.0), numticks=most))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value, powers=powers)))
    axis.set_minor_locator(LogLocator(subs=tuple(map(float, range(2, 10))), numticks=99))
    axis.set_minor_formatter(NullFormatter())


def count_label(row: OutputPanelRow, model: Model, outputs: Iterable[str]) -> str:
    """The label of an axis of outputs: the file's, or what their unit is of, and of what if it is a percentage.

    Where the units of the model are unchecked, 1 says nothing: the label is the name of the output, if there is one.
    """
    if row.label:
        return shown_label(row.label)
    if isinstance(row, CountPanelRow) and row.percent_of_baseline:
        return say("count_of_baseline")
    if model.is_unchecked:
        names = {output_label(model, name) for name in outputs}
        return in_lines(names.pop(), _LEAST_HEIGHT) if len(names) == 1 else say("value")
    unit = parse_unit(row.unit)
    return say(next((what for what, typical in _UNITS.items() if unit.is_compatible_with(typical)), "amount"))


def even_columns(page: Page, count: int) -> int:
    """In how many columns small panels stand: the file's number, else at most three, so that every row is full.

    Of more panels than four the last row may be shorter.
    """
    most = page.columns_for(count, 3, _SMALL_PANEL)
    if page.row.columns or count > 4:
        return most
    return max(columns for columns in range(1, most + 1) if count % columns == 0)


def draw_limit(axes: Axes, output: xr.DataArray, unit: Unit, name: str) -> Line2D | None:
    """The lower limit of normal of a simulated output, in the unit of the axes, if it has one; gid ``limit-NAME``."""
    if (level := output.attrs.get(LIMIT_LEVEL)) is None:
        return None
    height = read_level(str(level)).value(unit, math.nan)
    line = axes.axhline(height, color=GREY, linewidth=line_width(0.8), linestyle=DOTTED, zorder=3)
    line.set_gid(f"limit-{name}")
    return line


def mark_courses(axes: Axes, starts: np.ndarray, name: str) -> None:
    """Triangles above the axes where courses start, (course,) in the unit of the axis; the gid is ``courses-NAME``."""
    for start in starts:
        axes.axvline(start, color="#C8C8C8", linewidth=line_width(0.5), zorder=1)
    heights = np.full(starts.size, 1.03)
    (marks,) = axes.plot(starts, heights, transform=axes.get_xaxis_transform(), clip_on=False, **_COURSE)
    marks.set_gid(f"courses-{name}")


def explain_courses(page: Page, courses: str) -> None:
    """What the triangles of `mark_courses` are, in the key; ``courses`` says what is given when, for the caption."""
    page.add_key(Line2D([], [], **_COURSE), say("course"), say("courses_are", what=courses))
