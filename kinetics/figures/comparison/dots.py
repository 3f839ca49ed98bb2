"""Numbers of regimens as dots along an axis with its scale, one line a regimen, each with its number beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kinetics.figures.base.labels import tick_text
from kinetics.figures.base.style import GREY, line_width, small, text_colour


@dataclass(frozen=True, eq=False)
class Dot:
    """One number of a regimen, (quantile,), a bar from the first to the last; ``text`` stands beside it."""

    values: np.ndarray
    text: str
    colour: str
    marker: str
    gid: str
    label: str
    until: float
    """Where the axis ends at least if the number is infinite."""


def draw_dots(axes: Axes, dots: Sequence[Dot], width: float) -> None:
    """Draw one number of each regimen, on axes about ``width`` mm wide; their numbers stand at the right end."""
    table = np.array([dot.values for dot in dots])
    beyond = [dot.until for dot in dots if np.isposinf(dot.values[dot.values.size // 2])]
    reach = max(float(np.max(table, where=np.isfinite(table), initial=0.0)), *beyond, 0.0) or 1.0
    low = min(float(np.min(table, where=np.isfinite(table), initial=0.0)), 0.0)
    letters = max(len(dot.text) for dot in dots)
    room = max(width - 0.33 * small() * 0.62 * letters - 1.5, 0.4 * width)  # mm of a letter: a third of its points
    axes.set_xlim(low - 0.06 * reach, low + (reach - low) * 1.12 * width / room)
    axes.set_ylim(len(dots) - 0.4, -0.6)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_bounds(low, reach * 1.06)
    axes.set_xticks(_ticks(low, 1.06 * reach, 3 if width < 30 else 4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    if low < 0:
        axes.axvline(0, color="#B0B0B0", linewidth=line_width(0.5), zorder=1)
    for y, dot in enumerate(dots):
        _draw_dot(axes, dot, y, 1.06 * reach)


def _ticks(low: float, high: float, intervals: int) -> list[float]:
    """Round numbers of an axis, in about so many intervals; two at least, so that it has a scale."""
    ticks = list[float]()
    while len(ticks) < 2:
        every = MaxNLocator(intervals, steps=[1, 2, 5, 10]).tick_values(low, high)
        slack = 0.01 * (high - low)
        ticks = [float(tick) for tick in every if low - slack <= tick <= high + slack]
        intervals += 1
    return ticks


def _draw_dot(axes: Axes, dot: Dot, y: int, end: float) -> None:
    """A dot in the middle, an open one at the end if it is infinite, none if it is not a number."""
    values, colour, middle = dot.values, dot.colour, float(dot.values[dot.values.size // 2])
    if values.size > 1 and np.isfinite(values[0]):
        axes.plot([values[0], min(values[-1], end)], [y, y], color=colour, linewidth=line_width(0.9), zorder=3)
    elif np.isfinite(middle):
        axes.plot([0, middle], [y, y], color="#C8C8C8", linewidth=line_width(0.6), zorder=2)
    if not np.isnan(middle):
        shown, face = (middle, colour) if np.isfinite(middle) else (end, "white")
        look = {"marker": dot.marker, "markersize": 3.8, "markerfacecolor": face, "markeredgecolor": colour}
        (mark,) = axes.plot([shown], [y], linestyle="none", zorder=4, clip_on=False, markeredgewidth=0.8, **look)
        mark.set_gid(dot.gid)
        mark.set_label(dot.label)
    beside = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center", "fontsize": small()}
    axes.text(1.0, y, dot.text, color=text_colour(colour) if colour != "#000000" else GREY, **beside)
