"""One output of a patient on its axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from kinetics.figures.base.style import COLOURS, DOTTED, GREY
from kinetics.figures.base.words import say
from kinetics.results import MEDIAN_AND_95
from kinetics.units import conversion, parse_unit
from kinetics.units.levels import read_level

_BLUE, _RED, _BLACK = COLOURS["blue"], COLOURS["vermillion"], COLOURS["black"]
COUNT: dict[str, Any] = {"marker": "o", "markersize": 3.6, "color": _BLACK}
CENSORED: dict[str, Any] = {
    "marker": "v", "markersize": 4.2, "markerfacecolor": "white", "markeredgecolor": _BLACK, "markeredgewidth": 0.9,
}  # fmt: skip
CURVE: dict[str, Any] = {"color": _BLUE, "linewidth": 1.3}
WITHOUT: dict[str, Any] = {"color": COLOURS["purple"], "linewidth": 1.0, "linestyle": (0, (4, 1.6))}
BAND: dict[str, dict[str, Any]] = {
    "measured": {"facecolor": _BLUE, "alpha": 0.16, "linewidth": 0},
    "true": {"facecolor": _BLUE, "alpha": 0.38, "linewidth": 0},
}
COURSE: dict[str, Any] = {"marker": "v", "markersize": 4.5, "color": GREY}
PLANNED: dict[str, Any] = {
    "marker": "v", "markersize": 4.5, "markerfacecolor": "white", "markeredgecolor": GREY, "markeredgewidth": 1.0,
}  # fmt: skip
RECOVERY: dict[str, Any] = {"marker": "D", "markersize": 3.4, "color": _RED, "zorder": 7}
INTERVAL: dict[str, Any] = {"color": _RED, "linewidth": 1.6, "solid_capstyle": "butt", "zorder": 6}
_DECADES = 4
"""Of a logarithmic axis, at most."""
_MARGIN = 0.02
"""Of the axis of time, at its ends."""


class OutputPanel:
    """What is drawn of an output.

    Parameters
    ----------
    tree : xarray.DataTree
        Of `kinetics.predict_patient`.
    name : str
        The output.
    time : str
        The unit of the axis of time.
    recovery : sequence of mapping
        Rows of `kinetics.recovery` of the output, a course each, in months.
    """

    def __init__(self, tree: xr.DataTree, name: str, time: str, recovery: Sequence[Mapping[str, Any]]) -> None:
        self.tree, self.name, self.recovery = tree, name, recovery
        self.root = tree.to_dataset()
        self.factor = float(conversion(parse_unit(self.root["time"].attrs["units"]), parse_unit(time)))
        self.months = float(conversion(parse_unit("month"), parse_unit(time)))
        self.times = self.root["time"].values * self.factor
        self.curve = self.root[name].values
        self.unit = str(self.root[name].attrs["units"])
        level = self.root[name].attrs.get("lower_limit_level")
        self.limit = None if level is None else read_level(level).value(parse_unit(self.unit), math.nan)
        observed = tree["observations"].to_dataset()
        size = observed["count_time"].size if "count_time" in observed else 0
        nothing = xr.DataArray(np.full((1, size), np.nan))
        self.counts = observed.get(name, nothing).values[0]
        self.sides = observed.get(f"{name}_censored", xr.zeros_like(nothing)).values[0]
        self.count_times = observed["count_time"].values[0] * self.factor if size else np.empty(0)

    def ends(self, group: str) -> tuple[np.ndarray, np.ndarray] | None:
        """The ends of an interval, (time,); None if the result has none of this output."""
        own = self.tree[group].to_dataset()
        if self.name not in own:
            return None
        lower, upper = (own[self.name].sel(quantile=q).values for q in (MEDIAN_AND_95[0], MEDIAN_AND_95[-1]))
        return lower, upper

    def vertical_ends(self, scale: str) -> tuple[float | None, float]:
        """Where the vertical axis ends."""
        bands = [each for group in ("measured", "interval") if (each := self.ends(group)) is not None]
        values = np.concatenate([self.curve, self.counts, *(end for band in bands for end in band)])
        values = np.append(values[np.isfinite(values)], self.limit if self.limit is not None else [])
        highest = float(values.max(initial=0.0)) or 1.0
        if scale == "linear":
            return None, 1.15 * highest
        lowest = float(values[values > 0].min(initial=highest))
        return max(0.7 * lowest, highest / 10**_DECADES), 1.6 * highest

    def draw(self, axes: Axes) -> None:
        """Everything, from the back to the front."""
        begin, end = float(min(self.times[0], 0.0)), float(self.times[-1])
        axes.set_xlim(begin - _MARGIN * (end - begin), end + _MARGIN * (end - begin))
        for group, key in (("measured", "measured"), ("interval", "true")):
            if (ends := self.ends(group)) is not None:
                area = axes.fill_between(self.times, *ends, zorder=1, **BAND[key])
                area.set_gid(f"{key}-{self.name}")
        if self.limit is not None:
            line = axes.axhline(self.limit, color=GREY, linewidth=0.8, linestyle=DOTTED, zorder=2)
            line.set_gid(f"limit-{self.name}")
        if "without" in self.tree.children:
            self._draw_without(axes)
        axes.plot(self.times, self.curve, zorder=4, **CURVE)[0].set_gid(f"curve-{self.name}")
        self._draw_courses(axes)
        self._draw_recovery(axes)
        for censored, look, gid in ((False, COUNT, "counts"), (True, CENSORED, "censored")):
            own = np.isfinite(self.counts) & ((self.sides != 0) == censored)
            drawn = axes.plot(self.count_times[own], self.counts[own], linestyle="none", zorder=6, **look)
            drawn[0].set_gid(f"{gid}-{self.name}")

    def _draw_without(self, axes: Axes) -> None:
        """The median without the planned courses, from the first of them on."""
        after = self.times >= self._starts()[-int(self.tree.attrs["planned"])]
        middle = self.tree["without"].to_dataset()[self.name].sel(quantile=MEDIAN_AND_95[1]).values
        axes.plot(self.times[after], middle[after], zorder=3, **WITHOUT)[0].set_gid(f"without-{self.name}")

    def _starts(self) -> np.ndarray:
        """When courses begin, (course,)."""
        return self.root["course_start"].values * self.factor if "course_start" in self.root else np.empty(0)

    def _draw_courses(self, axes: Axes) -> None:
        """A mark at the upper end of the axes where a course begins; a line through them where one is planned."""
        starts, planned = self._starts(), int(self.tree.attrs["planned"])
        for number, start in enumerate(starts.tolist(), 1):
            is_planned = number > starts.size - planned
            if is_planned:
                axes.axvline(start, color=GREY, linewidth=0.7, linestyle=(0, (3, 2)), zorder=2)
            look, across = PLANNED if is_planned else COURSE, axes.get_xaxis_transform()
            (mark,) = axes.plot([start], [1.0], transform=across, linestyle="none", clip_on=False, zorder=8, **look)
            mark.set_gid(f"course-{self.name}-{number}")

    def _draw_recovery(self, axes: Axes) -> None:
        """When the limit is reached after each course, with its interval; of the last course in words."""
        if self.limit is None:
            return
        end = float(self.times[-1])
        for row, start in zip(self.recovery, self._starts().tolist(), strict=False):
            ends = [start + self.months * row[key] for key in ("lower", "upper")]
            if math.isfinite(ends[0]):
                right = min(ends[1], start + self.months * row["window"], end)
                axes.plot([ends[0], right], [self.limit] * 2, **INTERVAL)
            if math.isfinite(row["months"]):
                (mark,) = axes.plot([start + self.months * row["months"]], [self.limit], **RECOVERY)
                mark.set_gid(f"recovery-{self.name}-{row['course']}")


def recovery_words(row: Mapping[str, Any]) -> str:
    """When the limit is reached after a course, in a few words.

    Examples
    --------
    >>> row = {"course": 2, "months": 15.62, "lower": 14.0, "upper": 18.1, "window": 24.0, "share_recovered": 1.0}
    >>> recovery_words(row)
    'course 2: back in 15.6 (14 to 18.1) months'
    >>> recovery_words({**row, "upper": float("inf"), "share_recovered": 0.9})
    'course 2: back in 15.6 (14 to > 24) months'
    >>> recovery_words({**row, "months": float("inf"), "share_recovered": 0.04})
    'course 2: not back in 24 months (chance 96 %)'
    >>> recovery_words({**row, "months": float("nan")})
    'course 2: never below'
    """
    if math.isnan(row["months"]):
        return say("course_never_below", n=row["course"])
    if math.isinf(row["months"]):
        never = 1 - row["share_recovered"]
        return say("course_not_back", n=row["course"], window=f"{row['window']:.3g}", chance=f"{100 * never:.0f}")
    upper = f"{row['upper']:.3g}" if math.isfinite(row["upper"]) else f"> {row['window']:.3g}"
    times = {"months": f"{row['months']:.3g}", "lower": f"{row['lower']:.3g}", "upper": upper}
    return say("course_back", n=row["course"], **times)
