"""The waterfall of searches: how far below the best each ended."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kinetics.estimate.petab.result import SAME
from kinetics.figures.base.labels import tick_text
from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import set_heading
from kinetics.figures.base.style import COLOURS, DOTTED, GREY, line_width
from kinetics.figures.base.words import say

_LOOK = {"linestyle": "none", "marker": "o", "markersize": 3.0, "markeredgewidth": 0.7}
_ROOM = 3.0
"""Above the lowest end, as a factor."""


def draw_searches(page: Page, panel: Panel, searches: xr.Dataset) -> None:
    """The searches from the highest to the lowest; the axis is linear up to `SAME` and logarithmic above.

    Those that ended where nothing can be simulated are not drawn.
    """
    axes, heights = panel.axes, searches["log_posterior"].values
    ended = np.isfinite(heights)
    order = np.argsort(-heights[ended], kind="stable")
    below = heights[ended].max() - heights[ended][order]
    converged = searches["converged"].values[ended][order].astype(bool)
    places = np.arange(1, below.size + 1)
    axes.set_yscale("symlog", linthresh=SAME)
    axes.axhline(SAME, color=GREY, linewidth=line_width(0.8), linestyle=DOTTED, zorder=1)
    for kept, face, name in ((converged, COLOURS["blue"], "converged"), (~converged, "white", "not-converged")):
        if kept.any():
            (points,) = axes.plot(
                places[kept], below[kept], markerfacecolor=face, markeredgecolor=COLOURS["blue"], zorder=3, **_LOOK
            )
            points.set_gid(f"searches-{name}")
    highest = max(float(below.max()), 10 * SAME)
    axes.set_ylim(-0.3 * SAME, _ROOM * highest)
    powers = np.arange(np.log10(SAME), np.log10(_ROOM * highest))
    axes.set_yticks([0.0, *10.0 ** powers[:: -(-powers.size // 5)]])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    axes.minorticks_off()
    axes.set_xlim(0.5, max(places.size, 2) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    set_heading(axes, panel.letter, say("searches"), pad=2.5)
    axes.set_xlabel(say("search_rank"))
    axes.set_ylabel(say("below_best"))
    page.caption.add(say("searches_are", same=f"{SAME:g}"))
    if not converged.all():
        page.caption.add(say("searches_open"))
    if not ended.all():
        page.caption.add(say("searches_failed", n=int((~ended).sum())))
