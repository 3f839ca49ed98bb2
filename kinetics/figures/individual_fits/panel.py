"""One output of one patient on its axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.markers import TICKDOWN
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from kinetics.figures.base.labels import tick_text, unit_label
from kinetics.figures.base.outputs_figure import is_wide
from kinetics.figures.base.panels import set_heading, set_log_ticks, set_scale, with_unit
from kinetics.figures.base.rows import Scale, TimeRow
from kinetics.figures.base.style import COLOURS, GREY
from kinetics.figures.base.time_axis import readable_time, time_axis
from kinetics.figures.base.words import say, shown_label
from kinetics.units import conversion, parse_unit, to_unit

_BLACK = COLOURS["black"]
COUNT: dict[str, Any] = {"marker": "o", "markersize": 2.6, "color": _BLACK}
_OPEN: dict[str, Any] = {"markersize": 3.4, "markerfacecolor": "white", "markeredgecolor": _BLACK}
BELOW: dict[str, Any] = {"marker": "v", "markeredgewidth": 0.8, **_OPEN}
ABOVE: dict[str, Any] = {"marker": "^", "markeredgewidth": 0.8, **_OPEN}
INDIVIDUAL: dict[str, Any] = {"color": COLOURS["blue"], "linewidth": 1.2}
TYPICAL: dict[str, Any] = {"color": COLOURS["vermillion"], "linewidth": 0.9, "linestyle": (0, (4, 1.6))}
DOSE: dict[str, Any] = {"marker": TICKDOWN, "markersize": 4.0, "markeredgewidth": 0.7, "color": GREY}
_MM_A_TICK = 8.0
_MARGIN = 0.03
"""Of the axis of time, at its ends."""
_BELOW_COUNTS = 3.0
"""By so much a logarithmic axis goes below the lowest count: a curve falls much further."""
_LONGEST = 24
"""Characters of the id of a patient above its panel."""


@dataclass(frozen=True)
class PanelAxes:
    """What the panels of an output have in common: their scale, the ends of both axes, and the axis of time."""

    scale: Scale
    vertical: tuple[float, float]
    time: TimeRow
    factor: float
    """From the unit of the times of the result to that of the axis."""
    ends: tuple[float, float]


def panel_axes(visits: xr.Dataset, curves: xr.Dataset, name: str, width: float) -> PanelAxes:
    """The axes of an output that everybody's counts and curves fit in; ``width`` of a panel is in mm."""
    values = visits["value"].values[visits["output"].values == name]
    along = curves[name].values[np.isfinite(curves[name].values)]
    highest = float(max(values.max(initial=0.0), along.max(initial=0.0))) or 1.0
    if is_wide(values):
        lowest = max(float(along.min(initial=highest)), float(values.min()) / _BELOW_COUNTS)
        scale, vertical = "log", (0.8 * lowest, 1.4 * highest)
    else:
        lowest = float(min(values.min(initial=0.0), along.min(initial=0.0)))
        scale, vertical = "linear", (1.08 * lowest, 1.08 * highest)
    unit, factor = readable_time(curves["time"])
    times = factor * curves["time"].values
    first, last = float(np.nanmin(times)), float(np.nanmax(times))
    days = (last - first) * float(conversion(parse_unit(unit), parse_unit("day")))
    margin = _MARGIN * (last - first)
    time = time_axis(days, width / _MM_A_TICK, unit=unit)
    return PanelAxes(scale, vertical, time, factor, (first - margin, last + margin))


class FitPanel:
    """The counts and curves of an output of a patient.

    Parameters
    ----------
    visits, curves : xarray.Dataset
        The groups ``visits`` and ``individual_fits`` of a result.
    patient, name : str
        The patient and the output.
    """

    def __init__(self, visits: xr.Dataset, curves: xr.Dataset, patient: str, name: str) -> None:
        self.patient, self.name = patient, name
        own = (visits["patient"].values == patient) & (visits["output"].values == name)
        self.times, self.values, self.sides = (visits[key].values[own] for key in ("time", "value", "censored"))
        self.unit = str(curves[name].attrs["units"])
        self.curves = curves.isel(patient=int(np.flatnonzero(curves["patient"].values == patient)[0]))

    def draw(self, axes: Axes, on: PanelAxes) -> None:
        """Doses, curves and counts, from the back to the front."""
        end = f"{self.patient}-{self.name}"
        doses, across = self.curves["dose_time"].values * on.factor, axes.get_xaxis_transform()
        marks = axes.plot(doses, np.ones(doses.size), transform=across, linestyle="none", zorder=2, **DOSE)
        marks[0].set_gid(f"doses-{end}")
        set_scale(axes, on.scale)
        times = self.curves["time"].values * on.factor
        for prediction, look, gid in (("PRED", TYPICAL, "typical"), ("IPRED", INDIVIDUAL, "individual")):
            values = self.curves[self.name].sel(prediction=prediction).values
            axes.plot(times, values, zorder=3, **look)[0].set_gid(f"{gid}-{end}")
        for side, look, gid in ((0, COUNT, "counts"), (-1, BELOW, "censored"), (1, ABOVE, "censored-above")):
            own = self.sides == side
            if own.any() or side == 0:
                drawn = axes.plot(self.times[own] * on.factor, self.values[own], linestyle="none", zorder=4, **look)
                drawn[0].set_gid(f"{gid}-{end}")
        axes.set_xlim(*on.ends)
        axes.set_ylim(*on.vertical)

    def label(self, axes: Axes, on: PanelAxes, *, is_lowest: bool) -> None:
        """The patient above, the output beside the axis; numbers of time under the lowest panel of a column."""
        shown = self.patient if len(self.patient) <= _LONGEST else f"{self.patient[: _LONGEST - 1]}…"
        set_heading(axes, "", shown_label(shown), pad=2.5)
        axes.set_ylabel(with_unit(shown_label(self.name), unit_label(self.unit)))
        axes.xaxis.set_major_locator(MultipleLocator(to_unit(on.time.ticks, on.time.unit)))
        axes.tick_params(labelbottom=is_lowest)
        if is_lowest:
            axes.set_xlabel(with_unit(say("time"), unit_label(on.time.unit)))
        if on.scale == "log":
            set_log_ticks(axes)
        else:
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
