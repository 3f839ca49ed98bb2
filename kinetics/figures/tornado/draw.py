"""The tornado: how recovery times change with each parameter, the largest changes first."""

from __future__ import annotations

import textwrap

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import (
    amount_text,
    cohort_label,
    courses_text,
    output_label,
    parameter_label,
    quantity_text,
    short_number,
)
from kinetics.figures.base.page import Page
from kinetics.figures.base.panels import set_heading
from kinetics.figures.base.style import COLOURS, line_width, small
from kinetics.figures.base.words import say
from kinetics.figures.tornado.compute import recovery_elasticities, typical_values
from kinetics.figures.tornado.spec import TornadoSpec, read_tornado
from kinetics.units import conversion, parse_unit, to_unit

_LATER, _EARLIER = COLOURS["vermillion"], COLOURS["blue"]
_BAR = 5.2
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

    def picture(self, tree: xr.DataTree, page: Page) -> None:
        """A panel an output."""
        data, header = tree.to_dataset(), self.spec.header
        bars = min(header.largest, data.sizes["parameter"])
        count = data.sizes["output"]
        columns = page.columns_for(count, least=70)
        reach = self._reach(data)
        for panel in page.grid(count, lambda rows: rows * (_BAR * bars + 19), columns, sharex=False):
            panel.axes.set_xlim(*reach)
            self._draw_panel(panel.axes, data.isel(output=panel.index), panel.letter, page)
        self._explain(page)

    def _reach(self, data: xr.Dataset) -> tuple[float, float]:
        """How far the axis goes on each side; there is room for the number beside the longest bar."""
        changes = self._changes(data)
        finite = changes[np.isfinite(changes)]
        low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
        length = (high - low) or 1.0
        return low - 0.16 * length, high + 0.16 * length

    def _changes(self, data: xr.Dataset) -> np.ndarray:
        return data["elasticity"].values * float(self.spec.header.percent)

    def _draw_panel(self, axes: Axes, data: xr.Dataset, letter: str, page: Page) -> None:
        output, time, header = str(data["output"].values), float(data["time"]), self.spec.header
        limit = quantity_text(str(data["limit"].values))
        factor = float(conversion(parse_unit(data["time"].attrs["units"]), parse_unit(header.unit)))
        if np.isfinite(time):
            result = say("back_after", limit=limit, time=amount_text(short_number(time * factor), header.unit))
        else:
            until = quantity_text(header.until)
            result = (
                say("not_below_limit", limit=limit) if np.isnan(time) else say("not_back", limit=limit, until=until)
            )
        label = output_label(self.spec.model, output)
        set_heading(axes, letter, label)
        page.caption.add(f"{label}: {result}")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color="black", linewidth=line_width(0.6), zorder=3)
        axes.set_xlabel(f"{say('change_of_time')} (%)")
        if np.isfinite(time):
            self._draw_bars(axes, data, output, page)

    def _draw_bars(self, axes: Axes, data: xr.Dataset, output: str, page: Page) -> None:
        changes, names = self._changes(data), [str(name) for name in data["parameter"].values]
        order = np.argsort(-np.abs(changes), kind="stable")
        shown, rest = order[: self.spec.header.largest], order[self.spec.header.largest :]
        labels = [parameter_label(self.spec.model, names[index]) for index in shown]
        axes.set_yticks(range(len(labels)), [_short(label, page.width) for label in labels], fontsize=small())
        axes.tick_params(axis="y", length=0)
        for y, index in enumerate(shown):
            change = float(changes[index])
            (bar,) = axes.barh(y, change, height=0.72, color=_LATER if change > 0 else _EARLIER, zorder=2)
            bar.set_gid(f"bar-{output}-{names[index]}")
            bar.set_label(labels[y])
            side = 1 if change > 0 else -1
            beside = {"textcoords": "offset points", "va": "center", "fontsize": small()}
            axes.annotate(_signed(change), (change, y), (2.5 * side, 0), ha="left" if side > 0 else "right", **beside)
        axes.set_ylim(self.spec.header.largest - 0.3, -0.6)
        if rest.size:
            label = output_label(self.spec.model, output)
            page.caption.add(say("others", label=label, n=rest.size, most=f"{abs(changes[shown[-1]]):.2g}"))

    def _explain(self, page: Page) -> None:
        header, model = self.spec.header, self.spec.model
        page.add_key(Patch(facecolor=_LATER), say("later"))
        page.add_key(Patch(facecolor=_EARLIER), say("earlier"))
        cohort = say("of_cohort", cohort=cohort_label(model, header.cohort)) if header.cohort else ""
        page.caption.add(say("tornado_is", percent=header.percent, cohort=cohort))
        page.caption.add(say("courses", what=courses_text(self.spec.regimen, header.unit, model)))


def _short(label: str, width: float) -> str:
    """A label in two lines, if it is long, of a width that leaves room for bars on a page so wide."""
    most = 26 if width < 110 else 34
    return "\n".join(textwrap.wrap(label, most, max_lines=2, placeholder="…")) or label


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "−")
