"""Axes of panels: letters, headings, scales, labels and ticks."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullFormatter

from kinetics.figures.base.labels import tick_text, time_label, unit_label
from kinetics.figures.base.page import HEADING, Page, Panel
from kinetics.figures.base.rows import CountPanelRow, PanelRow, TimeRow
from kinetics.figures.base.style import scale
from kinetics.figures.base.words import say, shown_label
from kinetics.units import to_unit

_MM_A_TICK = 6.0
"""Of an axis of time, for a tick with its number, at least."""
_MULTIPLES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 24, 30, 40, 60, 120)


def row_height(panel_width: float) -> float:
    """The height of a row of panels with their labels, mm: flatter where they are wide."""
    return min(max(0.66 * panel_width, 34.0), 62.0) + 12.0


def with_unit(label: str, unit: str) -> str:
    """The label of an axis: its unit in parentheses, if it has one."""
    return f"{label} ({unit})" if unit else label


def set_heading(axes: Axes, letter: str, heading: str, **look: Any) -> None:
    """The letter of a panel in bold, and beside it what it shows, above the left end of the axes."""
    pad = look.pop("pad", 3.0)
    above: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    left = 0.0
    if letter:
        text = axes.annotate(letter, (0, 1), (0, pad), fontweight="bold", fontsize=_larger(), **above)
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
    set_heading(axes, panel.letter, shown_label(row.title) if row.title else "", **look)
    axes.set_ylabel(with_unit(label, unit_label(unit)))
    set_time_ticks(page, axes, time)
    if row.lower is not None or row.upper is not None or row.scale == "linear":
        axes.set_ylim(row.lower if row.lower is not None or row.scale == "log" else 0, row.upper)
    if row.scale == "log":
        set_log_ticks(axes)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.tick_params(labelbottom=panel.is_lowest)
    if panel.is_lowest:
        axes.set_xlabel(time_label(time))


def set_time_ticks(page: Page, axes: Axes, time: TimeRow) -> None:
    """Ticks at the step of the file, or at a multiple of it where these have no room."""
    step = to_unit(time.ticks, time.unit)
    low, high = sorted(axes.get_xlim())
    room = max((high - low) / step * _MM_A_TICK * scale() / page.panel_width, 1e-9)
    multiple = next((each for each in _MULTIPLES if each >= room), math.ceil(room))
    axes.xaxis.set_major_locator(MultipleLocator(step * multiple))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))


def set_log_ticks(axes: Axes) -> None:
    """Numbers at powers of ten, or between them on a short axis; minor ticks at 2 to 9 times, without numbers."""
    lower, upper = axes.get_ylim()
    is_long = math.log10(upper / lower) > 1.7
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if is_long else (1.0, 2.0, 5.0), numticks=8))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.yaxis.set_minor_locator(LogLocator(subs=tuple(map(float, range(2, 10))), numticks=99))
    axes.yaxis.set_minor_formatter(NullFormatter())


def count_label(row: CountPanelRow) -> str:
    """The label of an axis of counts or shares: the file's, or "count", and of what if it is a percentage."""
    if row.percent_of_baseline:
        return shown_label(row.label) if row.label else say("count_of_baseline")
    return shown_label(row.label) if row.label else say("count")
