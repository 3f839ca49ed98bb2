"""The key of a figure: few words beneath the axes, in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.legend_handler import HandlerTuple

from kinetics.figures.base.style import MM, small

Handle = Artist | tuple[Artist, ...]
EDGE = 1.0
"""White space around a page, mm."""
_MOST_COLUMNS = 8
_ROOM = 0.96
"""Of the width, for the key: letters are a little wider at other resolutions."""


def place_key(figure: Figure, entries: Sequence[tuple[Handle, str]]) -> Legend:
    """Put a key at the lower left corner of a page."""
    handles, labels = zip(*entries, strict=True)
    look: dict[str, Any] = {
        "loc": "lower left",
        "frameon": False,
        "fontsize": small(),
        "handlelength": 2.2,
        "handletextpad": 0.5,
        "columnspacing": 1.3,
        "labelspacing": 0.3,
        "borderaxespad": 0,
        "borderpad": 0.1,
        "handler_map": {tuple: HandlerTuple(ndivide=None, pad=0.6)},
        "bbox_to_anchor": (2 * EDGE * MM, EDGE * MM),
        "bbox_transform": figure.dpi_scale_trans,
    }
    room = _ROOM * (figure.bbox.width - 4 * EDGE * MM * figure.dpi)
    columns = min(len(labels), _MOST_COLUMNS)
    legend = figure.legend(handles, labels, ncols=columns, **look)
    while columns > 1 and legend.get_window_extent().width > room:
        legend.remove()
        columns -= 1
        legend = figure.legend(handles, labels, ncols=columns, **look)
    legend.set_in_layout(False)
    return legend
