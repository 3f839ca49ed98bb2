"""Panels of measurements beside what was fitted: along time, or of several experiments one below the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kinetics.figures.base.labels import tick_text
from kinetics.figures.base.outputs_figure import is_wide
from kinetics.figures.base.page import Panel
from kinetics.figures.base.panels import set_heading, set_log_ticks, set_scale
from kinetics.figures.base.plotted import Row
from kinetics.figures.base.rows import Scale
from kinetics.figures.base.style import COLOURS, GREY, MARKERS, colour, line_width
from kinetics.figures.base.words import say, shown_label
from kinetics.figures.petab_fit.parts import Part, rows_of

MEASURED: dict[str, Any] = {"markersize": 2.8, "markeredgewidth": 0, "linestyle": "none", "zorder": 4}
FITTED: dict[str, Any] = {"marker": "|", "markersize": 7.0, "markeredgewidth": 1.3, "color": COLOURS["blue"]}
BARS: dict[str, Any] = {"color": GREY, "zorder": 3}
_BELOW = 3.0
"""By so much a logarithmic axis goes below the lowest measurement: a curve may fall much further."""
_ABOVE = 2.5
"""By so much an axis goes above the highest measurement, if a curve rises higher between them."""
_MARGIN = 0.04
"""Of the axis of time, at its ends."""
_LINE = 17
"""Characters of a name along an upright axis."""
_LONGEST = 24
"""Characters of a name beside an axis or above a panel."""


@dataclass(frozen=True)
class ValueAxis:
    """The axis that all panels of an observable share."""

    scale: Scale
    ends: tuple[float, float]


def value_axis(tree: xr.DataTree, observable: str) -> ValueAxis:
    """The axis of an observable that its measurements, their bars and its curves fit in."""
    rows, curves = tree["measurements"].to_dataset(), tree["curves"].to_dataset()
    own = rows.isel(measurement=rows["observable"].values == observable)
    along = curves["simulated"].values[np.isin(curves["series"].values, own["series"].values)]
    measured = own["measured"].values
    values = _finite(np.concatenate([measured, own["simulated"].values, along]))
    lowest, tallest = _finite(own["lower"].values), float(_finite(np.fmax(own["upper"].values, own["simulated"])).max())
    highest = max(tallest, min(float(values.max()), _ABOVE * tallest))
    is_logarithmic = (own["transformation"].values != "lin").all() or is_wide(_finite(measured))
    if is_logarithmic and values.min() > 0:
        least = max(float(values.min()), float(_finite(measured).min()) / _BELOW)
        return ValueAxis("log", (0.8 * min(least, *_positive(lowest, least / _BELOW)), 1.25 * highest))
    least = min(0.0, float(values.min()), float(lowest.min()))
    return ValueAxis("linear", (1.08 * least, 1.08 * highest or 1.0))


def _positive(values: np.ndarray, least: float) -> Iterator[float]:
    yield from (float(value) for value in values if value > least)


def _finite(values: np.ndarray) -> np.ndarray:
    found = values[np.isfinite(values)]
    return found if found.size else np.zeros(1)


def shown(name: str, longest: int = _LONGEST) -> str:
    """A name for a reader: the label that one chose, or the name, which loses its beginning if it is long."""
    label = shown_label(name)
    return label if len(label) <= longest else f"…{label[1 - longest :]}"


def _in_lines(name: str) -> str:
    """The label of an axis: a long name in two lines, broken behind the underscore that is nearest to its middle."""
    label, middle = shown(name), len(name) / 2
    breaks = [place + 1 for place, letter in enumerate(label[:-1]) if letter == "_"]
    if len(label) <= _LINE or not breaks:
        return label
    place = min(breaks, key=lambda each: abs(each - middle))
    return f"{label[:place]}\n{label[place:]}"


def draw_over_time(panel: Panel, tree: xr.DataTree, part: Part, axis: ValueAxis, heading: str) -> Iterator[Row]:
    """The measurements of an observable in an experiment, and its curves; the rows of their table."""
    axes, rows, curves = panel.axes, rows_of(tree["measurements"].to_dataset(), part), tree["curves"].to_dataset()
    set_scale(axes, axis.scale)
    axes.set_ylim(*axis.ends)
    numbers = [*dict.fromkeys(rows["series"].values.tolist())]
    for index, number in enumerate(numbers):
        name = "-".join(filter(None, (part.observable, *part.experiments, str(index + 1) if len(numbers) > 1 else "")))
        own = curves.isel(point=curves["series"].values == number)
        (line,) = axes.plot(own["at"].values, own["simulated"].values, color=colour(index), zorder=2)
        line.set_gid(f"fitted-{name}")
        points = rows.isel(measurement=rows["series"].values == number)
        at, lower, upper = (points[key].values for key in ("at", "lower", "upper"))
        axes.vlines(at, np.maximum(lower, axis.ends[0]), upper, linewidth=line_width(0.7), **BARS)
        look = {"marker": MARKERS[index % len(MARKERS)], "color": colour(index) if index else "black", **MEASURED}
        axes.plot(at, points["measured"].values, **look)
        yield from _numbers(panel, name, points, axis_of_values="y")
    low, high = _ends(np.concatenate([curves["at"].values[np.isin(curves["series"].values, numbers)], rows["at"]]))
    axes.set_xlim(low - _MARGIN * (high - low), high + _MARGIN * (high - low))
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    set_heading(axes, panel.letter, heading, pad=2.5)
    axes.set_ylabel(_in_lines(part.observable))
    _set_ticks(axes, axis, "y")


def _ends(values: np.ndarray) -> tuple[float, float]:
    finite = _finite(values)
    return float(finite.min()), float(finite.max())


def _set_ticks(axes: Axes, axis: ValueAxis, which: Literal["x", "y"]) -> None:
    if axis.scale == "log":
        set_log_ticks(axes, which)
        return
    ticks = axes.yaxis if which == "y" else axes.xaxis
    ticks.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    ticks.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))


def draw_by_experiment(panel: Panel, tree: xr.DataTree, part: Part, axis: ValueAxis) -> Iterator[Row]:
    """The measurements of an observable at one time of each experiment, and what is fitted; the rows of their table."""
    axes, rows = panel.axes, rows_of(tree["measurements"].to_dataset(), part)
    axes.set_xscale(axis.scale, **({"nonpositive": "clip"} if axis.scale == "log" else {}))
    axes.set_xlim(*axis.ends)
    places = {name: place for place, name in enumerate(part.experiments)}
    heights = np.array([places[name] for name in rows["experiment"].values.tolist()], dtype=float)
    axes.hlines(
        heights, np.maximum(rows["lower"].values, axis.ends[0]), rows["upper"], linewidth=line_width(0.7), **BARS
    )
    (fitted,) = axes.plot(rows["simulated"].values, heights, linestyle="none", zorder=2, **FITTED)
    fitted.set_gid(f"fitted-{part.observable}")
    axes.plot(rows["measured"].values, heights, marker="o", color="black", **MEASURED)
    axes.set_ylim(len(places) - 0.5, -0.5)
    times = dict(zip(rows["experiment"].values.tolist(), map(_when, rows["at"].values), strict=True))
    labels = [shown(name, _LONGEST - 6) for name in part.experiments]
    is_one_time = len(set(times.values())) == 1
    if not is_one_time:
        labels = [f"{label}\n{times[name]}" for label, name in zip(labels, part.experiments, strict=True)]
    axes.set_yticks(range(len(places)), labels)
    set_heading(axes, panel.letter, next(iter(times.values())) if is_one_time else "", pad=2.5)
    axes.set_xlabel(shown(part.observable))
    _set_ticks(axes, axis, "x")
    yield from _numbers(panel, part.observable, rows, axis_of_values="x", heights=heights)


def _when(time: float) -> str:
    return say("steady_state") if np.isinf(time) else f"{say('time')} {tick_text(float(time))}"


def _numbers(
    panel: Panel, series: str, rows: xr.Dataset, *, axis_of_values: str, heights: np.ndarray | None = None
) -> Iterator[Row]:
    """Measurements with their bars as rows of the table of a figure."""
    across = "y" if axis_of_values == "x" else "x"
    ends = ("lower", "upper") if axis_of_values == "y" else ("x_lower", "x_upper")
    places = rows["at"].values if heights is None else heights
    columns = (rows[key].values for key in ("measured", "lower", "upper"))
    for place, value, lower, upper in zip(places, *columns, strict=True):
        common = {"panel": panel.letter, "series": series, "kind": "measured", "unit": "", "x_unit": ""}
        yield common | {across: place, axis_of_values: value, ends[0]: lower, ends[1]: upper}
