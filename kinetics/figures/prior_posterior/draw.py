"""Prior and posterior: a small panel a free parameter, with what was known of it before and after a fit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.base.fit_figure import FitFigureSpec, chosen_estimates, read_fit_figure
from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import parameter_label, short_number
from kinetics.figures.base.page import Page
from kinetics.figures.base.panels import in_lines, set_heading
from kinetics.figures.base.rows import FigureHeaderRow
from kinetics.figures.base.style import COLOURS, GREY, line_width, small
from kinetics.figures.base.words import say
from kinetics.figures.prior_posterior.compute import GROUPS, Knowledge, knowledge, knowledge_tree

_PRIOR, _POSTERIOR, _SAMPLE = GREY, COLOURS["blue"], COLOURS["vermillion"]
_COLUMNS = 4
_ROW = 32.0
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

    def header(self, tree: xr.DataTree) -> FigureHeaderRow:
        """The note says too at which estimates other parameters are held."""
        held = str(tree.attrs.get("builds_on", ""))
        other = say("held_at", fits=held) if held else ""
        return self.spec.header.model_copy(update={"note": " ".join(filter(None, (self.spec.header.note, other)))})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A panel a parameter."""
        rows = knowledge(tree)
        columns = page.columns_for(len(rows), _COLUMNS, least=40)
        panels = page.grid(len(rows), lambda lines: _ROW * lines, columns)
        for panel, row in zip(panels, rows, strict=True):
            label = parameter_label(self.spec.problem.model, self._flat(row.name))
            set_heading(panel.axes, panel.letter, in_lines(label, page.panel_width + 3))
            _draw_panel(panel.axes, row)
        _explain(rows, page)

    def _flat(self, name: str) -> str:
        """The flat name of a parameter that the fit knows by another."""
        spread = name.endswith(".spread")
        stem = name.removesuffix(".spread")
        return stem.replace(".", "_") + (".spread" if spread else "")


def _draw_panel(axes: Axes, row: Knowledge) -> None:
    middle, reach = math.log(row.value), 4 * row.log_se
    close = np.linspace(middle - reach, middle + reach, _POINTS)
    x = np.unique(np.concatenate([np.linspace(*row.span(), _POINTS), close]))
    value = np.exp(x)
    area = axes.fill_between(value, row.prior(x), color=_PRIOR, alpha=0.18, linewidth=0, zorder=1)
    area.set_gid(f"prior-area-{row.name}")
    (line,) = axes.plot(value, row.prior(x), color=_PRIOR, linestyle=(0, (5, 1.6)), linewidth=0.9, zorder=2)
    line.set_gid(f"prior-{row.name}")
    if row.log_se > 0:
        (line,) = axes.plot(value, row.posterior(x), color=_POSTERIOR, zorder=4)
    else:
        line = axes.axvline(row.value, color=_POSTERIOR, zorder=4)
    line.set_gid(f"posterior-{row.name}")
    if row.sample is not None:
        heights, edges = row.histogram()
        steps = axes.stairs(heights, np.exp(edges), color=_SAMPLE, linewidth=0.9, zorder=3)
        steps.set_gid(f"sample-{row.name}")
    axes.set_xscale("log")
    axes.set_xlim(*np.exp(row.span()))
    axes.set_ylim(0, 1.3 * axes.dataLim.y1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    ticks = _ticks(row.span())
    axes.set_xticks(ticks, [short_number(tick) for tick in ticks])
    axes.minorticks_off()
    if row.unit:
        axes.set_xlabel(f"({row.unit})", fontsize=small(), labelpad=1)
    axes.text(0.99, 0.99, _narrowing(row), transform=axes.transAxes, ha="right", va="top", fontsize=small())


def _narrowing(row: Knowledge) -> str:
    """How much narrower the posterior is than the prior."""
    if row.log_se == 0:
        return say("at_a_bound")
    if row.is_flat:
        return say("narrowing_flat", after=f"{row.log_se:.2g}")
    return say("narrowing", after=f"{row.log_se:.2g}", before=f"{row.log_sd:.2g}")


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


def _explain(rows: Sequence[Knowledge], page: Page) -> None:
    look = {"facecolor": (*to_rgb(_PRIOR), 0.18), "edgecolor": _PRIOR, "linestyle": (0, (5, 1.6))}
    page.add_key(Patch(linewidth=line_width(0.9), **look), say("prior"), say("prior_meaning"))
    page.add_key(Line2D([], [], color=_POSTERIOR), say("posterior"), say("posterior_meaning"))
    if any(row.sample is not None for row in rows):
        sample = Line2D([], [], color=_SAMPLE, linewidth=line_width(0.9))
        page.add_key(sample, say("sampled"), say("sampled_meaning"))
    page.caption.add(say("narrowing_meaning"))
