"""The level of a drug after a course, and the times at which it crosses a threshold."""

from __future__ import annotations

import numpy as np
import xarray as xr

from kinetics.figures.exposure.spec import ExposureSpec
from kinetics.files.arguments import Progress
from kinetics.simulation.simulating import simulate
from kinetics.units import to_unit


def simulated_levels(spec: ExposureSpec, progress: Progress) -> xr.DataTree:
    """A group ``panel_N`` a panel: the output on (time), time since the course began, days."""
    groups = {}
    for done, (name, regimen) in enumerate(spec.regimens.items(), 1):
        length, step = to_unit(spec.until(name), "day"), to_unit(spec.header.every, "day")
        times = spec.starts[name] + np.linspace(0, length, max(round(length / step), 1) + 1)
        data = simulate(
            spec.model,
            regimen,
            times=[f"{time!r} day" for time in times.tolist()],
            cohort=spec.header.cohort,
        )[[spec.header.output]]
        own = data["time"].values * to_unit(f"1 {data['time'].attrs['units']}", "day") - spec.starts[name]
        groups[f"panel_{done}"] = data.assign_coords(time=("time", own, {"units": "day"}))
        progress(done, len(spec.regimens))
    return xr.DataTree.from_dict(groups)


def with_crossings(times: np.ndarray, level: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """A curve, (time,), with a point more wherever it crosses a threshold, on the straight line between its points.

    Examples
    --------
    >>> with_crossings(np.array([0.0, 1.0, 2.0]), np.array([0.0, 2.0, 2.0]), 1.0)
    (array([0. , 0.5, 1. , 2. ]), array([0., 1., 2., 2.]))
    """
    over = level - threshold
    at = np.flatnonzero(over[:-1] * over[1:] < 0)
    crossed = times[at] + (times[at + 1] - times[at]) * over[at] / (over[at] - over[at + 1])
    return np.insert(times, at + 1, crossed), np.insert(level, at + 1, threshold)


def time_above(times: np.ndarray, level: np.ndarray, threshold: float) -> float:
    """How long a curve of `with_crossings` is above its threshold.

    Examples
    --------
    >>> time_above(np.array([0.0, 0.5, 1.0, 2.0]), np.array([0.0, 1.0, 2.0, 2.0]), 1.0)
    1.5
    """
    is_above = np.maximum(level[:-1], level[1:]) > threshold
    return float(np.diff(times)[is_above].sum())
