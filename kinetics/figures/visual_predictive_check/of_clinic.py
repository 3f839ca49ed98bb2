"""A visual predictive check of a clinic: percentiles of counts, and shares below limits, beside simulated ones."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinetics.figures.base.kind import Required
from kinetics.figures.base.labels import unit_label
from kinetics.figures.base.outputs_figure import OutputsFigure, chosen_outputs, is_wide
from kinetics.figures.base.page import Page
from kinetics.figures.base.panels import row_height, set_heading, set_log_ticks, set_time_ticks, with_unit
from kinetics.figures.base.style import COLOURS, LINES
from kinetics.figures.base.time_axis import readable_time, time_axis
from kinetics.figures.base.words import say, shown_label
from kinetics.units import to_unit

NAME = "visual_predictive_check"
VARIABLES = ("output", "unit", "time", "count", "observed", "simulated", "below", "simulated_below")
_LOOKS = (COLOURS["blue"], COLOURS["vermillion"], COLOURS["blue"])
_DASHES = (LINES[1], LINES[0], LINES[1])
"""Colours and line styles of the 5th, 50th and 95th percentile."""


class ClinicVisualPredictiveCheck(OutputsFigure):
    """Two panels for each output of a result of `fit_population`: percentiles, and the share below limits.

    The line of a percentile has the gid ``observed-OUTPUT-PERCENT``, its area ``simulated-OUTPUT-PERCENT``; those of
    shares are ``below-OUTPUT`` and ``simulated-below-OUTPUT``. An output without limits has one panel.
    """

    name = NAME

    def required(self) -> Required:
        """Percentiles in bins of time."""
        return Required({NAME: VARIABLES, "visits": ("output", "time", "value", "censored")})

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """Panels of percentiles, each followed by that of shares."""
        time_unit, factor = readable_time(tree["visits"].to_dataset()["time"])
        checks, visits = (_in_unit(tree[group].to_dataset(), factor) for group in (NAME, "visits"))
        outputs = chosen_outputs(checks, self.spec.header.outputs)
        own = {name: checks.isel(bin=np.flatnonzero(checks["output"].values == name)) for name in outputs}
        panels = [(name, is_share) for name in outputs for is_share in (False, True) if not is_share or _has(own[name])]
        columns = page.columns_for(len(panels))
        height = row_height(page.width / columns - 16)
        for panel, (name, is_share) in zip(
            page.grid(len(panels), lambda rows: height * rows, columns), panels, strict=True
        ):
            draw = _draw_shares if is_share else _draw_percentiles
            draw(panel.axes, name, own[name], visits)
            panel.axes.set_xlabel(with_unit(say("time"), unit_label(time_unit)))
            length = np.ptp(panel.axes.get_xlim()) * to_unit(f"1 {time_unit}", "day")
            set_time_ticks(page, panel.axes, time_axis(float(length), 8, unit=time_unit))
            set_heading(panel.axes, panel.letter, shown_label(name))
        _explain(page, any(is_share for _, is_share in panels))


def _in_unit(table: xr.Dataset, factor: float) -> xr.Dataset:
    """The same with times in another unit."""
    return table.assign(time=table["time"] * factor)


def _has(check: xr.Dataset) -> bool:
    """Whether any count, real or simulated, is below a limit."""
    return bool(check["below"].values.any() or check["simulated_below"].values.any())


def _draw_percentiles(axes: Axes, name: str, check: xr.Dataset, visits: xr.Dataset) -> None:
    time, observed, simulated = (check[key].values for key in ("time", "observed", "simulated"))
    kept = (visits["output"].values == name) & (visits["censored"].values == 0)
    values = visits["value"].values[kept]
    axes.plot(visits["time"].values[kept], values, ".", color="#B0B0B0", markersize=2, zorder=1)
    if is_wide(values):
        axes.set_yscale("log")
    for index, percentile in enumerate(check["percentile"].values):
        percent = f"{100 * float(percentile):.0f}"
        look = {"color": _LOOKS[index], "zorder": 3}
        area = axes.fill_between(time, simulated[:, index, 0], simulated[:, index, 2], alpha=0.25, linewidth=0, **look)
        area.set_gid(f"simulated-{name}-{percent}")
        (line,) = axes.plot(time, observed[:, index], linestyle=_DASHES[index], marker="o", markersize=2.4, **look)
        line.set_gid(f"observed-{name}-{percent}")
    if axes.get_yscale() == "log":
        set_log_ticks(axes)
    axes.set_ylabel(with_unit(say("count"), unit_label(str(check["unit"].values[0]))))


def _draw_shares(axes: Axes, name: str, check: xr.Dataset, _: xr.Dataset) -> None:
    time, share, simulated = (check[key].values for key in ("time", "below", "simulated_below"))
    area = axes.fill_between(time, 100 * simulated[:, 0], 100 * simulated[:, 2], color=COLOURS["orange"], alpha=0.3)
    area.set_gid(f"simulated-below-{name}")
    (line,) = axes.plot(time, 100 * share, color="black", marker="o", markersize=2.4)
    line.set_gid(f"below-{name}")
    axes.set_ylabel(f"{say('below_limit')} (%)")
    axes.set_ylim(bottom=0)


def _explain(page: Page, has_shares: bool) -> None:
    line = {"marker": "o", "markersize": 2.4}
    page.add_key(Line2D([], [], color=_LOOKS[1], linestyle=_DASHES[1], **line), say("median_of_counts"))
    page.add_key(Line2D([], [], color=_LOOKS[0], linestyle=_DASHES[0], **line), say("percentiles_of_counts"))
    page.add_key(Patch(facecolor=_LOOKS[0], alpha=0.25), say("simulated_95"), say("percentiles_meaning"))
    if has_shares:
        page.add_key(Line2D([], [], color="black", **line), say("share_below"), say("share_below_meaning"))
