"""One output of many patients on its axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from kinetics.figures.base.page import Page, Panel
from kinetics.figures.base.panels import count_label, draw_limit, mark_courses, set_scale, set_time_axes
from kinetics.figures.base.style import COLOURS, line_width
from kinetics.figures.spaghetti.compute import counted_quantiles, simulated_quantiles
from kinetics.figures.spaghetti.spec import SpaghettiSpec
from kinetics.units import conversion, parse_unit, to_unit

SIMULATED: dict[str, Any] = {"color": "#8F8F8F", "linewidth": 0.4}
COUNTED: dict[str, Any] = {**SIMULATED, "marker": "o", "markersize": 1.5, "markeredgewidth": 0}
CENSORED: dict[str, Any] = {
    "marker": "v", "markersize": 2.8, "markerfacecolor": "white", "markeredgecolor": "#606060", "markeredgewidth": 0.5,
    "linestyle": "none",
}  # fmt: skip
MEDIAN: dict[str, Any] = {"color": COLOURS["blue"]}
BAND: dict[str, Any] = {"facecolor": COLOURS["blue"], "alpha": 0.2, "linewidth": 0}
_MARGIN = 0.02
"""Of the axis of time, at its ends."""
Curve = tuple[np.ndarray, np.ndarray]


class PatientsPanel:
    """A panel while it is drawn; afterwards whether it has a limit of normal, and counts beyond a limit."""

    def __init__(self, spec: SpaghettiSpec, tree: xr.DataTree, page: Page, panel: Panel, name: str) -> None:
        self.spec, self.page, self.panel, self.name = spec, page, panel, name
        self.axes, self.row, self.unit = panel.axes, spec.panels[name], parse_unit(spec.panels[name].unit)
        self.simulated = tree.to_dataset() if spec.regimen is not None else None
        self.counts = tree.children["counts"].to_dataset(inherit=False) if spec.data is not None else None
        self.has_limit = self.is_censored = False
        self.start = 0.0

    def draw(self) -> None:
        """Thin curves, the median with its range, and axes around them."""
        set_scale(self.axes, self.row.scale)
        if self.counts is not None:
            self._draw_counts(self.counts)
        if self.simulated is not None:
            self._draw_simulated(self.simulated)
        self._set_axes()

    def _draw_counts(self, counts: xr.Dataset) -> None:
        own = counts.isel(count=np.flatnonzero(counts["output"].values == self.row.output))
        curves = dict(self._curves(own))
        self.start = min(0.0, *(float(times[0]) for times, _ in curves.values()))
        for id, (times, values) in list(curves.items())[: self.spec.header.shown]:
            (line,) = self.axes.plot(times, values, zorder=2, **COUNTED)
            line.set_gid(f"patient-{self.name}-{id}")
        shown = np.isin(own["patient"].values.astype(str), list(curves)[: self.spec.header.shown])
        beyond = own.isel(count=np.flatnonzero(own["censored"].values.astype(bool) & shown))
        self.is_censored = bool(beyond.sizes["count"])
        if self.is_censored:
            times, values = self._in_units(beyond)
            self.axes.plot(times, values, zorder=3, **CENSORED)[0].set_gid(f"censored-{self.name}")
        if self.simulated is None:
            self._draw_quantiles(*counted_quantiles(curves, logarithmic=self.row.scale == "log"))

    def _curves(self, counts: xr.Dataset) -> Iterator[tuple[str, Curve]]:
        """The counts of each patient along time, in the order of the data."""
        patients = counts["patient"].values.astype(str)
        for id in dict.fromkeys(patients.tolist()):
            times, values = self._in_units(counts.isel(count=np.flatnonzero(patients == id)))
            order = np.argsort(times, kind="stable")
            yield id, (times[order], values[order])

    def _in_units(self, counts: xr.Dataset) -> Curve:
        factor = to_unit(f"1 {counts['time'].attrs['units']}", self.spec.time.unit)
        scales = [float(conversion(parse_unit(str(unit)), self.unit)) for unit in counts["unit"].values[:1]]
        return counts["time"].values * factor, counts["value"].values * (scales or [1.0])[0]

    def _draw_simulated(self, data: xr.Dataset) -> None:
        array = data[self.row.output]
        times = data["time"].values * to_unit(f"1 {data['time'].attrs['units']}", self.spec.time.unit)
        values = array.transpose("patient", "time").values * float(
            conversion(parse_unit(array.attrs["units"]), self.unit)
        )
        if self.counts is None:
            for id, curve in list(zip(data["patient"].values, values, strict=True))[: self.spec.header.shown]:
                (line,) = self.axes.plot(times, curve, zorder=2, **SIMULATED)
                line.set_gid(f"patient-{self.name}-{id}")
        self._draw_quantiles(times, simulated_quantiles(values))
        self.has_limit = draw_limit(self.axes, array, self.unit, self.name) is not None

    def _draw_quantiles(self, times: np.ndarray, quantiles: np.ndarray) -> None:
        lower, middle, upper = quantiles
        self.axes.fill_between(times, lower, upper, zorder=1, **BAND).set_gid(f"band-{self.name}")
        (line,) = self.axes.plot(times, middle, zorder=5, linewidth=line_width(1.5), **MEDIAN)
        line.set_gid(f"median-{self.name}")

    def _set_axes(self) -> None:
        spec, row = self.spec, self.row
        end = to_unit(spec.header.until, spec.time.unit)
        self.axes.set_xlim(self.start - _MARGIN * end, end * (1 + _MARGIN))
        label = count_label(row, spec.model, [row.output])
        set_time_axes(self.page, self.panel, row, spec.time, label, row.unit, pad=8)
        if self.simulated is not None:
            starts = self.simulated["course_start"].values
            factor = to_unit(f"1 {self.simulated['course_start'].attrs['units']}", spec.time.unit)
            mark_courses(self.axes, starts * factor, self.name)
