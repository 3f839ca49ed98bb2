"""The figures of a page: a panel an output, curves and bands of every scenario, limits of normal, a user's counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import panel as pn
from bokeh.model import Model as BokehModel
from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, NumeralTickFormatter, Range1d, Title
from bokeh.plotting import figure

from kinetics.explorer.curves import ScenarioCurves
from kinetics.explorer.points import Points
from kinetics.explorer.state import MAX_SCENARIOS, State
from kinetics.figures.base.labels import output_label, unit_label
from kinetics.figures.base.style import COLOURS
from kinetics.model import Model
from kinetics.results import marked
from kinetics.text.lists import listed
from kinetics.units import unit_text

COLOUR = tuple(COLOURS[name] for name in ("blue", "vermillion", "green", "black"))
DASH = ("solid", "8 4", "12 4 2 4", "3 3")
"""Of the scenarios in order; either distinguishes them."""
_POINT = "#4D4D4D"
_DECADES = 3.5
"""Of a logarithmic axis, at most."""
_FEW_DECADES = 2
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
_TICKS = 7
_GRID = """
:host { display: grid !important; grid-template-columns: repeat(auto-fit, minmax(min(100%, 360px), 1fr)); gap: 8px; }
@media (max-width: 899px) {
  :host { grid-template-columns: none; grid-auto-flow: column; grid-auto-columns: 90%; overflow-x: auto !important;
    scroll-snap-type: x mandatory; }
  :host > * { scroll-snap-align: start; }
}
"""
"""Panels beside each other; on a phone a strip that stays in sight above the sliders."""


class Panel:
    """One output."""

    def __init__(self, output: str, model: Model, *, log: bool) -> None:
        self.output, self.log = output, log
        unit = unit_label(unit_text(model.outputs[output].unit))
        scale: Any = "log" if log else "linear"
        self.x_range, self.y_range = Range1d(start=0, end=1), Range1d(start=0.1, end=1)
        title: Any = Title(text_font_size="14px", text_font="sans-serif", text_color="#111111")
        title.text = marked(output_label(model, output), model.is_exploratory(output)) + (f" ({unit})" if unit else "")
        self.plot = figure(
            title=title,
            height=230, sizing_mode="stretch_width", y_axis_type=scale, toolbar_location=None, tools="",
            x_range=self.x_range, y_range=self.y_range, min_border_right=12, min_border_left=58,
        )  # fmt: skip
        self._set_axes()
        self.lines = [ColumnDataSource({"x": [], "y": []}) for _ in range(MAX_SCENARIOS)]
        self.bands = [ColumnDataSource({"x": [], "y": []}) for _ in range(MAX_SCENARIOS)]
        self.limit = ColumnDataSource({"x": [], "y": []})
        self.points = ColumnDataSource({"x": [], "y": [], "patient": []})
        self.censored = ColumnDataSource({"x": [], "y": [], "patient": []})
        self._draw(unit)

    def _set_axes(self) -> None:
        # a ticker of its own for each axis, kept: a new one makes Bokeh walk through all models of the page
        self.x_ticker, self.y_ticker = FixedTicker(), FixedTicker()
        self.plot.xaxis.ticker = self.x_ticker
        if self.log:
            self.plot.yaxis.ticker = self.y_ticker
        self.plot.xaxis.axis_label = "months"
        for axis in self.plot.axis:
            axis.major_label_text_font_size = axis.axis_label_text_font_size = "12px"
            axis.axis_label_text_font_style = "normal"
            axis.major_label_text_color = axis.axis_label_text_color = "#333333"
        self.plot.yaxis.formatter = NumeralTickFormatter(format="0.[0000]")
        self.plot.grid.grid_line_color = "#E8E8E8"
        self.plot.outline_line_color = None

    def _draw(self, unit: str) -> None:
        for source, colour in zip(self.bands, COLOUR, strict=True):
            self.plot.patch("x", "y", source=source, fill_color=colour, fill_alpha=0.15, line_color=None)
        self.plot.line("x", "y", source=self.limit, line_color="#666666", line_dash="2 3", line_width=1.5)
        style: dict[str, Any] = {"size": 6, "line_color": _POINT, "line_alpha": 0.6, "fill_color": None}
        measured = self.plot.scatter("x", "y", source=self.points, marker="circle", **style)
        censored = self.plot.scatter("x", "y", source=self.censored, marker="inverted_triangle", **style)
        drawn: list[Any] = [  # above the points, which may be many
            self.plot.line("x", "y", source=source, line_color=colour, line_dash=dash, line_width=2.2)
            for source, colour, dash in zip(self.lines, COLOUR, DASH, strict=True)
        ]
        self.plot.add_tools(
            HoverTool(renderers=drawn, tooltips=f"month @x{{0.0}}: @y{{0.[0000]}} {unit}", point_policy="snap_to_data"),
            HoverTool(renderers=[measured, censored], tooltips=f"@patient, month @x{{0.0}}: @y{{0.[0000]}} {unit}"),
        )

    def update(self, state: State, curves: Sequence[ScenarioCurves], points: Points | None) -> None:
        """Show the curves and points of a state."""
        heights = list[np.ndarray]()
        for number in range(MAX_SCENARIOS):
            one = curves[number] if number < len(curves) else None
            line, band = _curve(one, self.output), _band(one, self.output)
            heights += [line["y"], band["y"]]
            _set(self.lines[number], self._positive(line))
            _set(self.bands[number], self._positive(band))
        limits = sorted({one.limits[self.output] for one in curves if self.output in one.limits})
        gaps = [value for limit in limits for value in (limit, limit, np.nan)]
        _set(self.limit, {"x": [0.0, state.until, np.nan] * len(limits), "y": gaps})
        self._show_points(points)
        heights += [np.array(limits), np.asarray(self.points.data["y"]), np.asarray(self.censored.data["y"])]
        self._set_ranges(state, np.concatenate(heights))

    def _positive(self, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Without what a logarithmic axis has no place for; a band ends at its foot."""
        if not self.log or not data["y"].size:
            return data
        floor = np.nanmax(data["y"]) * 1e-12
        return {"x": data["x"], "y": np.maximum(data["y"], floor)}

    def _show_points(self, points: Points | None) -> None:
        rows = [] if points is None else list(
            zip(points.months, points.values, points.patients, points.censored, strict=True)
        )  # fmt: skip
        for source, is_censored in ((self.points, False), (self.censored, True)):
            own = [row for row in rows if bool(row[3]) == is_censored]
            months, values, patients, _ = zip(*own, strict=True) if own else ((), (), (), ())
            _set(source, {"x": list(months), "y": list(values), "patient": list(patients)})

    def _set_ranges(self, state: State, values: np.ndarray) -> None:
        step = next((step for step in _STEPS if state.until / step <= _TICKS), _STEPS[-1])
        _change(self.x_range, start=0, end=state.until)
        _change(self.x_ticker, ticks=np.arange(0, state.until + step / 2, step).tolist())
        finite = values[np.isfinite(values)]
        positive = finite[finite > 0]
        top = float(positive.max()) if positive.size else 1.0
        if self.log:
            bottom = max(float(positive.min()) if positive.size else 0.1, top / 10**_DECADES)
            _change(self.y_range, start=bottom / 1.5, end=top * 1.5)
            _change(self.y_ticker, ticks=log_ticks(bottom / 1.5, top * 1.5))
        else:
            _change(self.y_range, start=0, end=top * 1.06)


def log_ticks(bottom: float, top: float) -> list[float]:
    """Ticks of a logarithmic axis: decades, and 2 and 5 times these where there are few.

    Examples
    --------
    >>> log_ticks(0.005, 2.0), log_ticks(0.3, 2.5)
    ([0.01, 0.1, 1.0], [0.5, 1.0, 2.0])
    """
    first, last = math.floor(math.log10(bottom)), math.ceil(math.log10(top))
    factors = (1, 2, 5) if math.log10(top / bottom) < _FEW_DECADES else (1,)
    ticks = [float(f"{factor}e{power}") for power in range(first, last + 1) for factor in factors]
    return [tick for tick in ticks if bottom <= tick <= top]


def _change(model: BokehModel, **values: Any) -> None:
    """Set what is another value; every change is a part of the message to the browser."""
    for name, value in values.items():
        if getattr(model, name) != value:
            setattr(model, name, value)


def _set(source: ColumnDataSource, data: dict[str, Any]) -> None:
    """Give a source its data, but for columns that the browser has already."""
    old: Any = source.data
    if any(len(old[key]) != len(data[key]) for key in data):
        source.data = data
        return
    for key, column in data.items():
        if not np.array_equal(old[key], column, equal_nan=key != "patient"):
            old[key] = column


def _curve(one: ScenarioCurves | None, output: str) -> dict[str, np.ndarray]:
    if one is None:
        return {"x": np.empty(0), "y": np.empty(0)}
    return {"x": one.months, "y": one.middle(output)}


def _band(one: ScenarioCurves | None, output: str) -> dict[str, np.ndarray]:
    """The outline of the band: there along its upper edge, and back along the lower one."""
    band = None if one is None else one.band(output)
    if one is None or band is None:
        return {"x": np.empty(0), "y": np.empty(0)}
    return {"x": np.concatenate([one.months, one.months[::-1]]), "y": np.concatenate([band[1], band[0][::-1]])}


class Figures:
    """All panels of a page, and the key above them."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.panels: list[Panel] = []
        self.key = pn.pane.HTML("", sizing_mode="stretch_width", margin=0)
        self.view = pn.Column(sizing_mode="stretch_width", margin=0, stylesheets=[_GRID])

    def update(self, state: State, curves: Sequence[ScenarioCurves], points: Mapping[str, Points]) -> None:
        """Show a state; panels are made anew only if there are other outputs, or another axis."""
        if [(panel.output, panel.log) for panel in self.panels] != [(name, state.log) for name in state.outputs]:
            self.panels = [Panel(name, self.model, log=state.log) for name in state.outputs]
            for panel in self.panels:
                panel.update(state, curves, points.get(panel.output))
            self.view[:] = [pn.pane.Bokeh(one.plot, sizing_mode="stretch_width", margin=0) for one in self.panels]
        else:
            for panel in self.panels:
                panel.update(state, curves, points.get(panel.output))
        self.key.object = key_html(state, curves, points)


def key_html(state: State, curves: Sequence[ScenarioCurves], points: Mapping[str, Points]) -> str:
    """What lines, bands, limits and points are."""
    entries = [
        f'<span style="white-space:nowrap"><svg width="34" height="10" aria-hidden="true"><line x1="1" x2="33" y1="5" '
        f'y2="5" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{"" if dash == "solid" else dash}"/></svg> '
        f"{escape(scenario.name)}</span>"
        for scenario, colour, dash in zip(state.scenarios, COLOUR, DASH, strict=False)
    ]
    about = listed(dict.fromkeys(one.statistic for one in curves)) + (", band 5 to 95 %" if state.patients else "")
    if any(one.limits.keys() & set(state.outputs) for one in curves):
        about += "; dotted: lower limit of normal"
    if points:
        about += "; circles: your counts, triangles: censored"
    return (
        '<div style="font:14px/1.4 system-ui,sans-serif;color:#111"><div style="display:flex;flex-wrap:wrap;'
        f'gap:4px 18px">{"".join(entries)}</div><div style="color:#444;font-size:13px">{escape(about)}</div></div>'
    )
