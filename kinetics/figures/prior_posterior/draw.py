"""Prior and posterior: a small panel a free parameter, with what was known of it before and after a fit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.base.fit_figure import FitFigureSpec, chosen_estimates, read_fit_figure
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import short_number
from kinetics.figures.base.page import Entry, add_title_and_legend
from kinetics.figures.base.panels import panel_grid, with_unit
from kinetics.figures.base.style import COLOURS, GREY, small
from kinetics.figures.prior_posterior.compute import GROUPS, Knowledge, knowledge, knowledge_tree

_PRIOR, _POSTERIOR, _SAMPLE = GREY, COLOURS["blue"], COLOURS["vermillion"]
_COLUMNS = 4
_ROW = 27.0
"""Height of a row of panels, mm."""
_POINTS = 71
"""Of a curve over the panel, and again where the posterior is."""


class PriorPosterior(Kind[FitFigureSpec]):
    """What a fit learned of each free parameter.

    Abscissas are natural logarithms of the parameters, ordinates densities of these. The curves of a panel have the
    gids ``prior-PARAMETER``, ``posterior-PARAMETER`` and ``sample-PARAMETER``.
    """

    name = "prior_posterior"
    load = staticmethod(read_fit_figure)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Priors with fresh estimates if given, else with the committed ones."""
        return knowledge_tree(self.spec.problem, chosen_estimates(self.spec.problem, inputs.estimates))

    def required(self) -> Required:
        """The tree of the fit."""
        return Required(GROUPS, {"fit": self.spec.problem.name})

    def picture(self, tree: xr.DataTree) -> Figure:
        """A panel a parameter."""
        rows = knowledge(tree)
        grid = panel_grid(self.spec.page, len(rows), lambda lines: _ROW * lines + 30, _COLUMNS)
        for panel, row in zip(grid.panels, rows, strict=True):
            _draw_panel(panel.axes, row)
        held = str(tree.attrs.get("builds_on", ""))
        other = f"Other parameters are held at the estimates of {held}." if held else ""
        note = " ".join(filter(None, (self.spec.header.note, other)))
        add_title_and_legend(grid.figure, self.spec.header, _entries(rows), note)
        return grid.figure


def _draw_panel(axes: Axes, row: Knowledge) -> None:
    middle, reach = math.log(row.value), 4 * row.log_se
    close = np.linspace(middle - reach, middle + reach, _POINTS)
    x = np.unique(np.concatenate([np.linspace(*row.span(), _POINTS), close]))
    area = axes.fill_between(x, row.prior(x), color=_PRIOR, alpha=0.18, linewidth=0, zorder=1)
    area.set_gid(f"prior-area-{row.name}")
    (line,) = axes.plot(x, row.prior(x), color=_PRIOR, linestyle=(0, (5, 1.6)), linewidth=0.9, zorder=2)
    line.set_gid(f"prior-{row.name}")
    if row.log_se > 0:
        (line,) = axes.plot(x, row.posterior(x), color=_POSTERIOR, zorder=4)
    else:
        line = axes.axvline(math.log(row.value), color=_POSTERIOR, zorder=4)
    line.set_gid(f"posterior-{row.name}")
    if row.sample is not None:
        steps = axes.stairs(*row.histogram(), color=_SAMPLE, linewidth=0.9, zorder=3)
        steps.set_gid(f"sample-{row.name}")
    axes.set_xlim(*row.span())
    axes.set_ylim(0, 1.3 * axes.dataLim.y1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    ticks = _ticks(row.span())
    axes.set_xticks(np.log(ticks), [short_number(tick) for tick in ticks])
    axes.set_title(with_unit(row.name, row.unit), loc="left", fontsize=small(), pad=2)
    axes.text(0.99, 0.99, _narrowing(row), transform=axes.transAxes, ha="right", va="top", fontsize=small())


def _narrowing(row: Knowledge) -> str:
    """How much narrower the posterior is than the prior."""
    if row.log_se == 0:
        return "at a bound"
    return f"SD {row.log_se:.2g}, flat prior" if row.is_flat else f"SD {row.log_se:.2g} of {row.log_sd:.2g}"


def _ticks(span: tuple[float, float]) -> list[float]:
    """Two to four round numbers within a span of logarithms."""
    low, high = math.exp(span[0]), math.exp(span[1])
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low < tick < high]
        if len(ticks) >= 2:
            return ticks[:: -(-len(ticks) // 4)]
    step = 10.0 ** math.floor(math.log10((high - low) / 2))
    step *= next(factor for factor in (5, 2, 1) if (high - low) / (factor * step) >= 2)
    ticks = [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return ticks[:: -(-len(ticks) // 4)]


def _entries(rows: Sequence[Knowledge]) -> list[Entry]:
    prior = Patch(facecolor=(*to_rgb(_PRIOR), 0.18), edgecolor=_PRIOR, linestyle=(0, (5, 1.6)), linewidth=0.9)
    entries: list[Entry] = [
        (prior, "prior: log-normal, or flat within the bounds of the search"),
        (Line2D([], [], color=_POSTERIOR), "posterior: normal approximation of the logarithm"),
    ]
    if any(row.sample is not None for row in rows):
        entries.append((Line2D([], [], color=_SAMPLE, linewidth=0.9), "posterior: sampled"))
    text = "SD: standard deviation of the natural logarithm after the fit, of that before it; axes are logarithmic"
    return [*entries, (Line2D([], [], linestyle="none"), text)]
