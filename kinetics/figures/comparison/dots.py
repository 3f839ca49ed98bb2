"""Dots: one number a regimen, along a line from zero, with its value beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from kinetics.figures.base.page import wrapped
from kinetics.figures.base.style import GREY, scale, small, text_colour

__all__ = ["Dot", "broken", "draw_dots", "write_above"]

_TEXT = 10.0
"""Room for the values, mm."""
_CHARACTERS_PER_MM = 0.72


@dataclass(frozen=True, eq=False)
class Dot:
    """One number of a regimen, (quantile,): a dot in the middle, and with several a bar from the first to the last.

    An infinite one is an open dot at the end, one that is not a number none. ``text`` stands beside it.
    """

    values: np.ndarray
    text: str
    colour: str
    marker: str
    gid: str


def draw_dots(axes: Axes, dots: Sequence[Dot], width: float) -> None:
    """Draw one number of each regimen, from top to bottom, on axes about ``width`` mm wide."""
    table = np.array([dot.values for dot in dots])
    reach = float(np.max(table, where=np.isfinite(table), initial=0.0)) or 1.0
    low = min(float(np.min(table, where=np.isfinite(table), initial=0.0)), 0.0)
    room = max(width - scale() * _TEXT, 0.3 * width)
    axes.set_xlim(low - 0.08 * reach, low + (reach - low) * 1.12 * width / room)
    axes.set_ylim(len(dots) - 0.4, -0.6)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.axvline(0, color="#B0B0B0", linewidth=0.5, zorder=1)
    for y, dot in enumerate(dots):
        _draw_dot(axes, dot, y, 1.05 * reach)


def _draw_dot(axes: Axes, dot: Dot, y: int, end: float) -> None:
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


def broken(label: str, width: float) -> str:
    """A label in lines no longer than some mm."""
    characters = int(width * _CHARACTERS_PER_MM / scale())
    return wrapped(label, characters, break_long_words=False)


def write_above(axes: Axes, lines: str) -> None:
    """Write what the numbers are above them."""
    offset: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(lines, (0, 1), (0, 3), **offset, fontsize=small(), va="bottom", linespacing=1.1)
