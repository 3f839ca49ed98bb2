"""The tornado: how recovery times change with each parameter, the largest changes first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from kinetics.figures.base.kind import FILE_ALONE, Inputs, Kind, Required
from kinetics.figures.base.labels import (
    amount_text,
    cohort_label,
    output_label,
    parameter_label,
    quantity_text,
    short_number,
)
from kinetics.figures.base.page import Page
from kinetics.figures.base.panels import in_lines, set_heading
from kinetics.figures.base.style import COLOURS, line_width, small
from kinetics.figures.base.words import say
from kinetics.figures.tornado.compute import recovery_elasticities, typical_values
from kinetics.figures.tornado.spec import TornadoSpec, read_tornado
from kinetics.figures.treatments import courses_text
from kinetics.units import conversion, parse_unit, to_unit

_LATER, _EARLIER = COLOURS["vermillion"], COLOURS["blue"]
_BAR = 2.7
"""Height of a bar, mm."""
_GAP, _LINE = 1.0, 2.4
"""Heights of the gap between bars, and of each line of a label, mm."""
_OF_LABELS = 0.42
"""Of the width of a panel, for labels at the size of headings."""
_AROUND = 15.0
"""Height of what is above and below the bars of a panel, mm."""


@dataclass(frozen=True)
class _Bar:
    """The change of the time with a parameter, in percent, and the label of it."""

    name: str
    label: str
    change: float


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
        data = tree.to_dataset()
        count = data.sizes["output"]
        columns = page.columns_for(count, least=70)
        bars = [self._bars(data.isel(output=index), page.width / columns) for index in range(count)]
        height = max(sum(_height(bar.label) for bar in each) for each in bars)
        reach = self._reach(data)
        for panel in page.grid(count, lambda rows: rows * (height + _AROUND), columns, math.inf, sharex=False):
            panel.axes.set_xlim(*reach)
            panel.axes.set_ylim(height + 0.5 * _GAP, -0.5 * _GAP)
            self._draw_panel(panel.axes, data.isel(output=panel.index), bars[panel.index], panel.letter, page)
        self._explain(page)

    def _bars(self, data: xr.Dataset, width: float) -> list[_Bar]:
        """The longest bars of an output, of which labels leave room in panels of so many mm."""
        changes, names = self._changes(data), [str(name) for name in data["parameter"].values]
        order = np.argsort(-np.abs(changes), kind="stable")[: self.spec.header.largest]
        labels = [in_lines(parameter_label(self.spec.model, names[index]), _OF_LABELS * width) for index in order]
        return [_Bar(names[index], label, float(changes[index])) for index, label in zip(order, labels, strict=True)]

    def _reach(self, data: xr.Dataset) -> tuple[float, float]:
        """How far the axis goes on each side; there is room for the number beside the longest bar."""
        changes = self._changes(data)
        finite = changes[np.isfinite(changes)]
        low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
        length = (high - low) or 1.0
        return low - 0.16 * length, high + 0.16 * length

    def _changes(self, data: xr.Dataset) -> np.ndarray:
        return data["elasticity"].values * float(self.spec.header.percent)

    def _draw_panel(self, axes: Axes, data: xr.Dataset, bars: Sequence[_Bar], letter: str, page: Page) -> None:
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
            _draw_bars(axes, bars, output)
            if rest := data.sizes["parameter"] - len(bars):
                page.caption.add(say("others", label=label, n=rest, most=f"{abs(bars[-1].change):.2g}"))

    def _explain(self, page: Page) -> None:
        header, model = self.spec.header, self.spec.model
        page.add_key(Patch(facecolor=_LATER), say("later"))
        page.add_key(Patch(facecolor=_EARLIER), say("earlier"))
        cohort = say("of_cohort", cohort=cohort_label(model, header.cohort)) if header.cohort else ""
        page.caption.add(say("tornado_is", percent=header.percent, cohort=cohort))
        page.caption.add(say("courses", what=courses_text(self.spec.regimen, header.unit, model)))


def _draw_bars(axes: Axes, bars: Sequence[_Bar], output: str) -> None:
    y, ticks = 0.0, list[float]()
    for bar in bars:
        height = _height(bar.label)
        ticks.append(y + 0.5 * height)
        y += height
        look = {"height": _BAR, "color": _LATER if bar.change > 0 else _EARLIER, "zorder": 2}
        (drawn,) = axes.barh(ticks[-1], bar.change, **look)
        drawn.set_gid(f"bar-{output}-{bar.name}")
        drawn.set_label(bar.label.replace("\n", " "))
        side = 1 if bar.change > 0 else -1
        beside = {"textcoords": "offset points", "va": "center_baseline", "fontsize": small()}
        ends = {"ha": "left" if side > 0 else "right"}
        axes.annotate(_signed(bar.change), (bar.change, ticks[-1]), (2.5 * side, 0), **ends, **beside)
    axes.set_yticks(ticks, [bar.label for bar in bars], fontsize=small())
    axes.tick_params(axis="y", length=0)


def _height(label: str) -> float:
    """Of a bar with its gap and a label of some lines, mm."""
    return _GAP + _LINE * (label.count("\n") + 1)


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "−")
