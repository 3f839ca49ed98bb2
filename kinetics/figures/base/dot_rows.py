"""Dot rows: one number a regimen, a dot along a line from zero and its value beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from kinetics.figures.base.style import GREY, SMALL, text_colour

__all__ = ["broken", "draw_dots", "write_above"]

_TEXT = 10.0
"""Room for the values, mm."""
_CHARACTERS_PER_MM = 0.72


def draw_dots(
    axes: Axes,
    values: np.ndarray,
    said: Sequence[str],
    looks: Sequence[tuple[str, str]],
    gids: Sequence[str],
    width: float,
) -> None:
    """Draw one number of each regimen, from top to bottom.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Becomes bare but for a line at zero.
    values : ndarray, (regimen,) or (regimen, quantile)
        A dot, and with quantiles a bar from the first to the last. An infinite one is an open dot at the end, one that
        is not a number none.
    said : sequence of str
        What is written beside each.
    looks : sequence of (str, str)
        Colour and marker of each regimen.
    gids : sequence of str
        Of the dots.
    width : float
        Of the axes, about, in mm.
    """
    table = values[:, None] if values.ndim == 1 else values
    reach = float(np.max(table, where=np.isfinite(table), initial=0.0)) or 1.0
    low = min(float(np.min(table, where=np.isfinite(table), initial=0.0)), 0.0)
    room = max(width - _TEXT, 0.3 * width)
    axes.set_xlim(low - 0.08 * reach, low + (reach - low) * 1.12 * width / room)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.axvline(0, color="#B0B0B0", linewidth=0.5, zorder=1)
    for y, (row, text, (colour, marker), gid) in enumerate(zip(table, said, looks, gids, strict=True)):
        middle = float(row[row.size // 2])
        if row.size > 1 and np.isfinite(row[0]):
            axes.plot([row[0], min(row[-1], 1.05 * reach)], [y, y], color=colour, linewidth=0.9, zorder=3)
        elif np.isfinite(middle):
            axes.plot([0, middle], [y, y], color="#C8C8C8", linewidth=0.6, zorder=2)
        if not np.isnan(middle):
            shown = middle if np.isfinite(middle) else 1.05 * reach
            face = colour if np.isfinite(middle) else "white"
            look = {"marker": marker, "markersize": 4, "markerfacecolor": face, "markeredgecolor": colour}
            (dot,) = axes.plot([shown], [y], linestyle="none", zorder=4, clip_on=False, markeredgewidth=0.8, **look)
            dot.set_gid(gid)
        beside = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center", "fontsize": SMALL}
        axes.text(1.0, y, text, color=text_colour(colour) if colour != "#000000" else GREY, **beside)


def broken(label: str, width: float) -> str:
    """A label in lines no longer than some mm."""
    characters = int(width * _CHARACTERS_PER_MM)
    return "\n".join(textwrap.wrap(label, characters, break_on_hyphens=False, break_long_words=False))


def write_above(axes: Axes, lines: str) -> None:
    """Write what the numbers are above them."""
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(lines, (0, 1), (0, 3), **place, fontsize=SMALL, va="bottom", linespacing=1.1)
