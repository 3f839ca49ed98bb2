"""Curves of a time course: simulated, or taken from a result and checked, then put into the units of the axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.errors import Faults, InputError
from kinetics.figures.base.kind import Inputs
from kinetics.figures.time_course.spec import CurveRow, TimeCourseSpec
from kinetics.files.library import find_file, path_from
from kinetics.simulation.simulating import simulate
from kinetics.units import conversion, parse_unit, to_unit, unit_text

if TYPE_CHECKING:
    from kinetics.estimate import Estimates


@dataclass(frozen=True, eq=False)
class SimulatedCurve:
    """A curve in the units of its axes: ``time`` and ``value``, (time,).

    It is the median of draws or patients if there is a band, else the curve of the typical patient.

    ``band`` has the lower and upper end of the interval over parameter uncertainty, each (time,), and ``outer`` of that
    with the discrepancy of the model; ``limit`` is the lower limit of normal; ``scale`` goes from the output's unit to
    that of the axes.
    """

    time: np.ndarray
    value: np.ndarray
    band: tuple[np.ndarray, np.ndarray] | None
    outer: tuple[np.ndarray, np.ndarray] | None
    limit: float | None
    scale: float


def simulated_tree(spec: TimeCourseSpec, inputs: Inputs) -> xr.DataTree:
    """A prediction from the fit of the file, or the cohort's typical patient if it names none.

    An `InputError` if the fit has no committed result.
    """
    from kinetics.estimate import Estimates
    from kinetics.prediction.predicting import predict

    header = spec.header
    options: dict[str, Any] = {"until": header.until, "every": header.every, "cohort": header.cohort}
    options["progress"] = inputs.progress
    if header.fit is None:
        return xr.DataTree(simulate(spec.model, spec.regimen, **options))
    problem = find_file(path_from(spec.path, header.fit), "fits")
    fresh = {each.fit: each for each in inputs.estimates}
    estimates = fresh.get(problem.stem) or Estimates.load(problem)
    for tree in inputs.predictions:
        if _answers(spec, estimates, tree):
            return _until(tree, to_unit(header.until, tree["time"].attrs["units"]))
    return predict(estimates, spec.regimen, draws=header.draws, seed=header.seed, **options)


def _answers(spec: TimeCourseSpec, estimates: Estimates, tree: xr.DataTree) -> bool:
    """Whether a prediction is what a figure would compute: from the same fits and draws, no shorter and no coarser."""
    from kinetics.estimate.draws import chain_of_fits

    header, facts = spec.header, tree.attrs
    cohort = header.cohort or estimates.cohort
    needed = {"model_hash": spec.model.content_hash, "regimen_hash": spec.regimen.content_hash, "cohort": cohort}
    needed |= {"draws": header.draws, "seed": header.seed}
    if any(facts.get(key) != value for key, value in needed.items()):
        return False
    if facts["fits"] != ", ".join(fit.fit for fit in chain_of_fits(spec.model, estimates, cohort)):
        return False
    time = tree.to_dataset()["time"]
    until, every = (to_unit(text, time.attrs["units"]) for text in (header.until, header.every))
    return until <= float(time[-1]) * (1 + 1e-9) and float(np.diff(time.values).max()) <= every * (1 + 1e-9)


def _until(tree: xr.DataTree, end: float) -> xr.DataTree:
    """What a figure draws of a prediction, up to a time."""
    groups = {}
    drawn = {name: tree[name] for name in ("draws", "interval", "discrepancy") if name in tree.children}
    for path, node in {"/": tree, **drawn}.items():
        group = node.to_dataset()
        groups[path] = group.isel(time=np.flatnonzero(group["time"].values <= end * (1 + 1e-9)))
    return xr.DataTree.from_dict(groups)


def check_result(spec: TimeCourseSpec, tree: xr.DataTree) -> None:
    """Refuse a result that a figure cannot show: its model, cohort, outputs, dims and units must fit."""
    faults, root, source = Faults(), tree.to_dataset(), "input"
    for key, value in (("model", spec.model.name), ("cohort", spec.header.cohort)):
        actual = root.attrs.get(key)
        if actual is not None and actual != value:
            faults.add(f"is of {key} '{actual}', the figure of '{value}'", source)
    if root.attrs.get("model_hash", spec.model.content_hash) != spec.model.content_hash:
        faults.add(f"was made with another version of model '{spec.model.name}'; make it again", source)
    for name in dict.fromkeys(curve.output for curve in spec.curves):
        if name not in root:
            faults.add(f"has no output '{name}'", source)
            continue
        if root[name].dims != ("time",):
            dims = ", ".join(map(str, root[name].dims))
            faults.add(f"output '{name}' is on ({dims}); a time course needs one value a time", source)
        with faults.gather(source, name):
            conversion(parse_unit(root[name].attrs.get("units", "")), spec.model.outputs[name].unit)
    if "time" not in root.coords:
        faults.add("has no time", source)
    else:
        with faults.gather(source, "time"):
            _check_end(root["time"], spec.header.until)
    faults.raise_if_any()


def _check_end(time: xr.DataArray, until: str) -> None:
    """Times are those of a result, and reach the end of the figure."""
    unit = parse_unit(time.attrs.get("units", ""))
    end = float(time[-1]) if time.size and time.dtype.kind == "f" else np.nan
    if end < to_unit(until, unit) * (1 - 1e-9):
        raise InputError(f"ends at {end:g} {unit_text(unit)}, the figure at {until}; make a result that is as long")


def simulated_curve(spec: TimeCourseSpec, tree: xr.DataTree, curve: CurveRow) -> SimulatedCurve:
    """One curve of a result that `check_result` accepts, in the units of its panel."""
    root, panel = tree.to_dataset(), spec.rows.panels[curve.panel]
    array = root[curve.output]
    own = parse_unit(array.attrs["units"])
    time = root["time"].values * float(
        conversion(parse_unit(root["time"].attrs["units"]), parse_unit(spec.rows.time.unit))
    )
    start = float(array.isel(time=0))
    scale = 100.0 / start if panel.percent_of_baseline else float(conversion(own, parse_unit(panel.unit)))
    return SimulatedCurve(
        time,
        _centre(tree, curve.output, panel.percent_of_baseline, scale),
        _band(tree, curve.output, panel.percent_of_baseline, scale),
        _outer(tree, curve.output, panel.percent_of_baseline, scale),
        _limit(spec, curve, own, scale),
        scale,
    )


def _centre(tree: xr.DataTree, output: str, percent: bool, scale: float) -> np.ndarray:
    """The median of what the band is of, draws or patients; without a band the curve of the result."""
    if "interval" not in tree.children or output not in tree["interval"]:
        return tree.to_dataset()[output].values * scale
    if percent and "draws" in tree.children:
        drawn = tree["draws"].to_dataset()[output]
        return (100.0 * drawn / drawn.isel(time=0)).median(dim="draw", skipna=True).values
    interval = tree["interval"].to_dataset()[output]
    if not np.isclose(interval["quantile"].values, 0.5).any():
        return tree.to_dataset()[output].values * scale
    return interval.sel(quantile=0.5, method="nearest").values * scale


def _band(tree: xr.DataTree, output: str, percent: bool, scale: float) -> tuple[np.ndarray, np.ndarray] | None:
    if "interval" not in tree.children or output not in tree["interval"]:
        return None
    interval = tree["interval"].to_dataset()
    quantiles = interval["quantile"].values
    ends = [float(quantiles.min()), float(quantiles.max())]
    if percent and "draws" in tree.children:
        # each draw in percent of its own baseline: quantiles of the ratio, not a ratio of quantiles
        drawn = tree["draws"].to_dataset()[output]
        relative = 100.0 * drawn / drawn.isel(time=0)
        lower, upper = (relative.quantile(end, dim="draw", skipna=True).values for end in ends)
        return lower, upper
    lower, upper = (interval[output].sel(quantile=end).values for end in ends)
    if percent and not np.isclose(lower[0], upper[0], rtol=1e-9):
        raise InputError(f"percent of baseline of '{output}' needs the group 'draws', which the result does not have")
    return lower * scale, upper * scale


def _outer(tree: xr.DataTree, output: str, percent: bool, scale: float) -> tuple[np.ndarray, np.ndarray] | None:
    """The band with the discrepancy of the model; none in percent of a baseline that differs between draws."""
    if "discrepancy" not in tree.children or output not in tree["discrepancy"]:
        return None
    quantiles = tree["discrepancy"].to_dataset()[output]
    lower, upper = (quantiles.isel(quantile=end).values * scale for end in (0, -1))
    return None if percent and not np.isclose(lower[0], upper[0], rtol=1e-9) else (lower, upper)


def _limit(spec: TimeCourseSpec, curve: CurveRow, own: object, scale: float) -> float | None:
    name = spec.model.outputs[curve.output].lower_limit
    if not curve.limit or name is None:
        return None
    value = cohort_parameters(spec.model, spec.header.cohort).values[name]
    return value * float(conversion(spec.model.parameters[name].unit, own)) * scale
