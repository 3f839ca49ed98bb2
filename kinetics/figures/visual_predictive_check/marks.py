"""How a visual predictive check looks: curves with bands, and numbers with bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from kinetics.figures.base.style import COLOURS

__all__ = ["MODEL", "draw_curve", "draw_number", "sample_number"]

MODEL, _PUBLISHED = COLOURS["blue"], COLOURS["vermillion"]


def draw_curve(axes: Axes, found: xr.Dataset, name: str, kind: str) -> None:
    """Draw the curve of a panel with its bands; one of recovery goes up in steps, at visits."""
    step = "post" if kind == "recovery" else None
    if step:  # the last step goes on to the end of the axis
        found = xr.concat(
            [found, found.isel(time=[-1]).assign_coords(time=[axes.get_xlim()[1]])], "time", data_vars="minimal"
        )
    time = found["time"].values
    if "population" in found:
        area = axes.fill_between(time, *found["population"].values, color=MODEL, alpha=0.16, linewidth=0, zorder=1)
        area.set_gid(f"population-{name}")
    if np.isfinite(found["study"].values).any():
        area = axes.fill_between(time, *found["study"].values, color=MODEL, alpha=0.3, linewidth=0, zorder=2, step=step)
        area.set_gid(f"study-{name}")
    drawn = "steps-post" if kind == "recovery" else "default"
    (line,) = axes.plot(time, found["value"].values, color=MODEL, zorder=3, drawstyle=drawn)
    line.set_gid(f"simulated-{name}")


def draw_number(
    axes: Axes, gid: str, at: float, number: tuple[float, float, float], *, published: bool, along_time: bool
) -> None:
    """A number with its bar, along time at a height, or upright at a time; a range has a bar and no marker."""
    colour = _PUBLISHED if published else MODEL
    value, lower, upper = number
    look = {"color": colour, "zorder": 6 if published else 5}
    if np.isfinite([lower, upper]).all():
        bar = ((lower, upper), (at, at)) if along_time else ((at, at), (lower, upper))
        axes.plot(*bar, linewidth=1.1, solid_capstyle="butt", **look)[0].set_gid(f"{gid}-bar")
    place = (value, at) if along_time else (at, value)
    (point,) = axes.plot(*place, linestyle="none", **_marker(published), **look)
    point.set_gid(gid)


def sample_number(published: bool) -> Line2D:
    """A number with its bar, for the key."""
    return Line2D([], [], color=_PUBLISHED if published else MODEL, linewidth=1.1, **_marker(published))


def _marker(published: bool) -> dict[str, Any]:
    if published:
        return {"marker": "D", "markersize": 4.2, "markeredgecolor": "black", "markeredgewidth": 0.5}
    return {"marker": "o", "markersize": 3.8, "markerfacecolor": "white", "markeredgewidth": 1.0}
