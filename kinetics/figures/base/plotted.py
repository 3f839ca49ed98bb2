"""The numbers of a picture, read off what was drawn: what a reader of the figure can take from it, as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, LineCollection
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

COLUMNS = ("panel", "series", "kind", "x", "y", "lower", "upper", "unit", "x_lower", "x_upper", "x_unit", "value")
_UNIT = re.compile(r"\(([^()]*)\)\s*$")
Row = dict[str, Any]


def plotted_numbers(panels: Sequence[tuple[str, Axes]], more: Sequence[Row] = ()) -> pd.DataFrame:
    """Every artist with a gid, panel by panel: ``KIND-SERIES`` gives the kind, and the series unless it has a label.

    Areas have ``lower`` and ``upper`` at each ``x``; points with bars have them, or ``x_lower`` and ``x_upper``, beside
    their value. Units are those of the axes. ``more`` are rows of what does not stand on axes of numbers, such as what
    is coloured, whose number is ``value``: of their kinds nothing is read off.
    """
    given = {row["kind"] for row in more}
    rows = [row for letter, axes in panels for row in _of_axes(letter, axes) if row["kind"] not in given]
    table = pd.DataFrame([*rows, *more], columns=list(COLUMNS))
    for name in ("x", "y", "lower", "upper", "x_lower", "x_upper", "value"):
        table[name] = table[name].astype(float)
    return table


def unit_of(label: str) -> str:
    """The unit in parentheses at the end of a label of an axis.

    Examples
    --------
    >>> unit_of("count (10⁹/L)"), unit_of("ratio")
    ('10⁹/L', '')
    """
    match = _UNIT.search(label)
    return match[1] if match else ""


def _of_axes(letter: str, axes: Axes) -> Iterator[Row]:
    units = {"unit": unit_of(axes.get_ylabel()), "x_unit": unit_of(axes.get_xlabel() or _label_below(axes))}
    bars = {id(each.lines[0]): each for each in axes.containers if isinstance(each, ErrorbarContainer)}
    for artist in axes.get_children():
        gid = artist.get_gid()
        if gid is None:
            continue
        kind, _, series = gid.partition("-")
        label = str(artist.get_label())
        common = {"panel": letter, "series": series if label.startswith("_") else label, "kind": kind, **units}
        for row in _numbers(axes, artist, bars.get(id(artist))):
            yield common | row


def _label_below(axes: Axes) -> str:
    """The label of the time axis that panels above one another share."""
    figure = axes.get_figure()
    return next((each.get_xlabel() for each in (figure.axes if figure else ()) if each.get_xlabel()), "")


def _numbers(axes: Axes, artist: Artist, bars: Any) -> Iterator[Row]:
    if isinstance(artist, Line2D):
        yield from _of_line(axes, artist, bars)
    elif isinstance(artist, FillBetweenPolyCollection):
        yield from _of_area(artist)
    elif isinstance(artist, Rectangle):
        yield {"x": artist.get_x() + artist.get_width(), "y": artist.get_y() + artist.get_height() / 2}


def _of_line(axes: Axes, line: Line2D, bars: Any) -> Iterator[Row]:
    """Points in data; of what stands at a height of the axes, or along them, only the other coordinate."""
    if not line.get_transform().contains_branch_seperately(axes.transData)[0]:
        along_x = line.get_transform() == axes.get_xaxis_transform()
        along_y = line.get_transform() == axes.get_yaxis_transform()
        values = line.get_xdata() if along_x else line.get_ydata() if along_y else ()
        for value in dict.fromkeys(np.asarray(values, dtype=float).tolist()):
            yield {"x" if along_x else "y": value}
        return
    ends = _bar_ends(bars) if bars is not None else {}
    for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):  # pyright: ignore[reportArgumentType]
        yield {"x": float(x), "y": float(y), **ends}


def _bar_ends(bars: Any) -> Row:
    ends: Row = {}
    for lines in bars.lines[2]:
        if not isinstance(lines, LineCollection) or not lines.get_segments():
            continue
        segment = np.asarray(lines.get_segments()[0])
        upright = bool(segment[0, 0] == segment[-1, 0])
        low, high = sorted(segment[:, 1 if upright else 0].tolist())
        ends |= {"lower": low, "upper": high} if upright else {"x_lower": low, "x_upper": high}
    return ends


def _of_area(area: FillBetweenPolyCollection) -> Iterator[Row]:
    """The ends of an area at each of its times."""
    for path in area.get_paths():
        by_time: dict[float, list[float]] = {}
        for x, y in np.asarray(path.vertices).tolist():
            by_time.setdefault(x, []).append(y)
        for x in sorted(by_time):
            if len(by_time[x]) > 1:
                yield {"x": x, "lower": min(by_time[x]), "upper": max(by_time[x])}
