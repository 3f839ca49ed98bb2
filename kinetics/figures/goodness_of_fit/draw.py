"""Panels of a population's fit: observed against predicted, residuals against time and prediction, NPDE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from scipy.special import ndtri

from kinetics.figures.base.kind import Required
from kinetics.figures.base.labels import tick_text, unit_label
from kinetics.figures.base.outputs_figure import OutputsFigure, chosen_outputs, is_wide
from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import set_heading, with_unit
from kinetics.figures.base.style import COLOURS, DOTTED, GREY, line_width
from kinetics.figures.base.time_axis import readable_time
from kinetics.figures.base.words import say, shown_label

COLUMNS = ("patient", "output", "unit", "time", "censored", "value", "PRED", "IPRED", "CWRES", "NPDE")
_LOOK = {"markersize": 2.4, "markeredgewidth": 0.5, "linestyle": "none"}
_ROW = 42.0
"""Height of a row of panels, mm."""
_USUAL = 1.96
"""Within so many standard deviations lie 95 % of residuals."""


@dataclass(frozen=True)
class _Counts:
    """The counts of one output, (visit,) each."""

    name: str
    unit: str
    time_unit: str
    table: dict[str, np.ndarray]

    @property
    def quantified(self) -> np.ndarray:
        """Which counts are within their limits."""
        return self.table["censored"] == 0


class GoodnessOfFit(OutputsFigure):
    """Six panels for each output of a result of `fit_population`.

    The points of a panel have the gid ``PANEL-OUTPUT``, with PANEL one of ``PRED``, ``IPRED``, ``CWRES-time``,
    ``CWRES-PRED``, ``NPDE-time``, ``NPDE-normal``; those of counts beyond a limit have ``-censored`` behind it.
    """

    name = "goodness_of_fit"

    def required(self) -> Required:
        """The counts beside their predictions."""
        return Required({"visits": COLUMNS})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """Rows of panels, those of an output together."""
        visits = tree["visits"].to_dataset()
        outputs = [_counts(visits, name) for name in chosen_outputs(visits, self.spec.header.outputs)]
        count = len(_PANELS) * len(outputs)
        grid = page.grid(count, lambda rows: _ROW * rows, page.columns_for(count, 3, least=40))
        for number, counts in enumerate(outputs):
            panels = grid[number * len(_PANELS) : (number + 1) * len(_PANELS)]
            for panel, draw in zip(panels, _PANELS, strict=True):
                draw(panel, counts)
        is_beyond = any((~counts.quantified).any() for counts in outputs)
        _explain(page, is_beyond=is_beyond)


def _counts(visits: xr.Dataset, name: str) -> _Counts:
    """The counts of an output, with times in a unit in which they are read easily."""
    time_unit, factor = readable_time(visits["time"])
    own = visits["output"].values == name
    table = {key: visits[key].values[own] for key in COLUMNS if key not in ("patient", "output", "unit")}
    table["time"], unit = table["time"] * factor, str(visits["unit"].values[own][0])
    return _Counts(name, unit, time_unit, table)


def _against_prediction(panel: Panel, counts: _Counts, key: str, words: str) -> None:
    x, y = counts.table[key], counts.table["value"]
    axes = panel.axes
    _points(axes, counts, x, y, key)
    both = np.concatenate([x, y])
    if is_wide(both):
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(numticks=5))
            axis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
            axis.set_minor_formatter(NullFormatter())
    ends = [float(both.min()), float(both.max())]
    axes.plot(ends, ends, color=GREY, linewidth=line_width(0.8), zorder=1)
    _label(
        panel, counts, with_unit(words, unit_label(counts.unit)), with_unit(say("observed"), unit_label(counts.unit))
    )


def _residual(panel: Panel, counts: _Counts, key: str, against: str) -> None:
    x, y = counts.table[against], counts.table[key]
    kept = counts.quantified if key == "CWRES" else np.ones(len(y), dtype=bool)
    (points,) = panel.axes.plot(x[kept], y[kept], "o", markerfacecolor="none", color=COLOURS["blue"], **_LOOK)
    points.set_gid(f"{key}-{against}-{counts.name}")
    _band(panel.axes)
    is_time = against == "time"
    unit, words = (counts.time_unit, say("time")) if is_time else (counts.unit, say("population_prediction"))
    _label(panel, counts, with_unit(words, unit_label(unit)), key)


def _quantiles(panel: Panel, counts: _Counts) -> None:
    values = np.sort(counts.table["NPDE"][np.isfinite(counts.table["NPDE"])])
    normal = ndtri((np.arange(values.size) + 0.5) / max(values.size, 1))
    (points,) = panel.axes.plot(normal, values, "o", markerfacecolor="none", color=COLOURS["blue"], **_LOOK)
    points.set_gid(f"NPDE-normal-{counts.name}")
    panel.axes.axline((0, 0), slope=1, color=GREY, linewidth=line_width(0.8), zorder=1)
    _label(panel, counts, say("normal_quantile"), "NPDE")


_PANELS = (
    lambda panel, counts: _against_prediction(panel, counts, "PRED", say("population_prediction")),
    lambda panel, counts: _against_prediction(panel, counts, "IPRED", say("individual_prediction")),
    lambda panel, counts: _residual(panel, counts, "CWRES", "time"),
    lambda panel, counts: _residual(panel, counts, "CWRES", "PRED"),
    lambda panel, counts: _residual(panel, counts, "NPDE", "time"),
    _quantiles,
)
"""What each panel of an output shows, in order."""


def _points(axes: Axes, counts: _Counts, x: np.ndarray, y: np.ndarray, gid: str) -> None:
    kept = counts.quantified
    (points,) = axes.plot(x[kept], y[kept], "o", markerfacecolor="none", color=COLOURS["blue"], **_LOOK)
    points.set_gid(f"{gid}-{counts.name}")
    if not kept.all():
        (beyond,) = axes.plot(x[~kept], y[~kept], "v", color=COLOURS["orange"], **_LOOK)
        beyond.set_gid(f"{gid}-{counts.name}-censored")


def _band(axes: Axes) -> None:
    axes.axhline(0, color=GREY, linewidth=line_width(0.8), zorder=1)
    for end in (-_USUAL, _USUAL):
        axes.axhline(end, color=GREY, linewidth=line_width(0.8), linestyle=DOTTED, zorder=1)


def _label(panel: Panel, counts: _Counts, x: str, y: str) -> None:
    set_heading(panel.axes, panel.letter, shown_label(counts.name))
    panel.axes.set_xlabel(x)
    panel.axes.set_ylabel(y)


def _explain(page: Page, *, is_beyond: bool) -> None:
    page.add_key(
        Line2D([], [], marker="o", color=COLOURS["blue"], markerfacecolor="none", **_LOOK), say("measured_count")
    )
    if is_beyond:
        where = say("beyond")
        mark = Line2D([], [], marker="v", color=COLOURS["orange"], **_LOOK)
        page.add_key(mark, say("beyond_limit", where=where), say("beyond_without_residual"))
    page.add_key(Line2D([], [], color=GREY, linewidth=line_width(0.8)), say("equality"))
    dotted = Line2D([], [], color=GREY, linewidth=line_width(0.8), linestyle=DOTTED)
    page.add_key(dotted, say("residuals_95"), say("residuals_95_meaning"))
    page.caption.add(say("residuals_are"))
