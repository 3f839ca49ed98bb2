"""The tornado: how recovery times change with each parameter, the largest changes first."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import courses_text, patients_text, short_number
from kinetics.figures.base.page import Entry, add_title_and_legend, text_entry
from kinetics.figures.base.panels import panel_grid, set_title
from kinetics.figures.base.style import COLOURS, scale, small
from kinetics.figures.tornado.compute import recovery_elasticities, typical_values
from kinetics.figures.tornado.spec import TornadoSpec, read_tornado
from kinetics.units import conversion, display_unit, parse_unit, to_unit
from kinetics.units.levels import read_level

_LATER, _EARLIER = COLOURS["vermillion"], COLOURS["blue"]
_BAR = 3.9
"""Height of a bar with its gap, mm."""


class Tornado(Kind[TornadoSpec]):
    """A tornado; a bar is as long as the change of the time in percent, its gid is ``bar-OUTPUT-PARAMETER``."""

    name = "tornado"
    from_estimates = True
    load = staticmethod(read_tornado)

    def compute(self, inputs: Inputs = FILE_ALONE) -> xr.DataTree:
        """Elasticities at the cohort's typical patient, at fresh estimates of the fit if given."""
        spec, header = self.spec, self.spec.header
        values = typical_values(spec, inputs.estimates)
        until = to_unit(header.until, spec.model.time)
        data = recovery_elasticities(spec.model, spec.regimen, values, until, header.outputs)
        inputs.progress(1, 1)
        return xr.DataTree(data.assign_attrs(self.required().attrs))

    def required(self) -> Required:
        """Times, their elasticities and the limits, of the model."""
        attrs = {"figure": self.name, "model_hash": self.spec.model.content_hash}
        return Required({"/": ("time", "elasticity", "limit")}, attrs)

    def picture(self, tree: xr.DataTree) -> Figure:
        """A panel an output."""
        data, header = tree.to_dataset(), self.spec.header
        bars = min(header.largest, data.sizes["parameter"])
        count, height = data.sizes["output"], lambda rows: rows * (_BAR * bars + 19) + 24
        grid = panel_grid(self.spec.page, count, height, sharex=True)
        reach = self._reach(data)
        for panel in grid.panels:
            panel.axes.set_xlim(-reach, reach)
            self._draw_panel(panel.axes, data.isel(output=panel.index), panel.letter)
            panel.axes.tick_params(labelbottom=True)
        add_title_and_legend(grid.figure, header, self._entries())
        return grid.figure

    def _reach(self, data: xr.Dataset) -> float:
        """How far the axis goes on each side; there is room for the number beside the longest bar."""
        sizes = np.abs(self._changes(data))
        return 1.45 * float(np.max(sizes, where=np.isfinite(sizes), initial=0.0)) or 1.0

    def _changes(self, data: xr.Dataset) -> np.ndarray:
        return data["elasticity"].values * float(self.spec.header.percent)

    def _draw_panel(self, axes: Axes, data: xr.Dataset, letter: str) -> None:
        output, time = str(data["output"].values), float(data["time"])
        level = read_level(str(data["limit"].values))
        assert level.unit is not None  # a limit of normal is a quantity
        limit = f"{level.number:g} {display_unit(level.unit)}"
        unit = self.spec.header.unit
        factor = float(conversion(parse_unit(data["time"].attrs["units"]), parse_unit(unit)))
        result = f"back at {limit} after {short_number(time * factor)} {unit}"
        if not np.isfinite(time):
            result = f"not below {limit}" if np.isnan(time) else f"not back at {limit} by {self.spec.header.until}"
        set_title(axes, letter, output, pad=13 * scale())
        axes.annotate(result, (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color="black", linewidth=0.6, zorder=3)
        axes.set_xlabel(f"change of the time (%) per +{self.spec.header.percent} % of the parameter")
        if np.isfinite(time):
            self._draw_bars(axes, data, output)

    def _draw_bars(self, axes: Axes, data: xr.Dataset, output: str) -> None:
        changes, names = self._changes(data), [str(name) for name in data["parameter"].values]
        order = np.argsort(-np.abs(changes), kind="stable")
        shown, rest = order[: self.spec.header.largest], order[self.spec.header.largest :]
        for y, index in enumerate(shown):
            change = float(changes[index])
            (bar,) = axes.barh(y, change, height=0.72, color=_LATER if change > 0 else _EARLIER, zorder=2)
            bar.set_gid(f"bar-{output}-{names[index]}")
            side = 1 if change > 0 else -1
            beside = {"textcoords": "offset points", "va": "center", "fontsize": small()}
            axes.annotate(_signed(change), (change, y), (2.5 * side, 0), ha="left" if side > 0 else "right", **beside)
            axes.annotate(names[index], (0, y), (-2.5 * side, 0), ha="right" if side > 0 else "left", **beside)
        axes.set_ylim(self.spec.header.largest + 0.3, -0.6)
        if rest.size:
            words = f"{rest.size} others, none above {abs(changes[shown[-1]]):.2g} %"
            position = 0.0, self.spec.header.largest - 0.15
            axes.text(*position, words, transform=axes.get_yaxis_transform(), va="center", fontsize=small())

    def _entries(self) -> list[Entry]:
        header = self.spec.header
        derivatives = f"exact derivatives, scaled to +{header.percent} %; limits held"
        doses = courses_text(self.spec.regimen, header.unit)
        return [
            (Patch(facecolor=_LATER), "recovery later with more of the parameter (+)"),
            (Patch(facecolor=_EARLIER), "recovery earlier (−)"),
            text_entry(f"model: {patients_text(header.cohort)}; {derivatives}; {doses}"),
        ]


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "−")
