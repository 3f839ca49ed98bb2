"""The numbers of a map: the typical patient simulated at each pair of settings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from kinetics.errors import Faults
from kinetics.figures.map.spec import MapSpec
from kinetics.measures.over_courses import Courses
from kinetics.regimen import Regimen
from kinetics.results import provenance, variable
from kinetics.simulation.simulating import simulate
from kinetics.units import parse_unit

__all__ = ["WITHOUT", "map_grid"]

WITHOUT = "without_rules"
"""End of the name of a number under the regimen without its rules."""


def map_grid(spec: MapSpec, progress: Callable[[int, int], None] | None = None) -> xr.Dataset:
    """Simulate a map with the batch engine.

    Parameters
    ----------
    spec : MapSpec
        The map.
    progress : callable, optional
        Called with (done, all).

    Returns
    -------
    xarray.Dataset, (y, x)
        A variable ``OUTPUT_READING`` a map, with ``_without_rules`` behind it for the regimen without its rules, unless
        a parameter varies and no difference is drawn; ``doses`` given by rules, and ``capped``, 1 where only its cap
        kept a rule from acting again. Times are in the unit of the file; a time that has not come is infinite.

    Raises
    ------
    InputError
        Of every pair of settings that cannot be simulated, such as a level above the baseline.
    """
    x, y = spec.axes["x"], spec.axes["y"]
    names = [f"{row.output}_{reading.name}" for row, reading in spec.maps]
    columns = [*names, *(f"{name}_{WITHOUT}" for name in names), "doses", "capped"]
    table = {name: np.full((len(y.values), len(x.values)), np.nan) for name in columns}
    known: dict[tuple[tuple[str, str], ...], list[float]] = {}
    faults, total = Faults(), len(x.values) * len(y.values)
    for cell, (j, i) in enumerate(np.ndindex(len(y.values), len(x.values))):
        settings = {axis.parameter: axis.text(axis.values[at]) for axis, at in ((x, i), (y, j)) if axis.parameter}
        with faults.gather(str(spec.path), f"x = {x.text(x.values[i])}, y = {y.text(y.values[j])}"):
            given = y.regimen(x.regimen(spec.regimen, x.values[i]), y.values[j])
            result = _simulated(spec, given, settings)
            numbers = _numbers(spec, result)
            key = tuple(settings.items())
            if key not in known and (spec.without_rules or any(row.difference for row, _ in spec.maps)):
                known[key] = _numbers(spec, _simulated(spec, replace(given, rules=()), settings))
            cells = [*numbers, *known.get(key, [np.nan] * len(names)), *_acted(result)]
            for name, value in zip(columns, cells, strict=True):
                table[name][j, i] = value
        if progress is not None:
            progress(cell + 1, total)
    faults.raise_if_any()
    return _labelled(spec, names, table)


def _simulated(spec: MapSpec, regimen: Regimen, settings: Mapping[str, str]) -> xr.Dataset:
    header = spec.header
    with warnings.catch_warnings():
        # told beneath the figure, once for all pairs
        warnings.filterwarnings("ignore", message="cap reached")
        return simulate(
            spec.model,
            regimen,
            until=header.until,
            every=header.until,
            cohort=header.cohort,
            parameters=dict(settings),
            measures=list({m.name: m for _, reading in spec.maps for m in reading.measures}.values()),
            engine="batch",
        )


def _acted(result: xr.Dataset) -> tuple[float, float]:
    """How many doses rules gave, and whether a cap kept one from acting again."""
    if "triggered_time" not in result:
        return 0.0, 0.0
    return float(np.isfinite(result["triggered_time"]).sum()), float(result["trigger_capped"].any())


def _numbers(spec: MapSpec, result: xr.Dataset) -> list[float]:
    """What is coloured, in the units that are shown."""
    shown, found = parse_unit(spec.header.unit), []
    for row, reading in spec.maps:
        taken = {measure.name: result[measure.name].values for measure in reading.measures}
        courses = Courses(taken, result["course_start"].values, np.asarray(result[row.output].values[0]))
        _, factor = reading.units(spec.model.outputs[row.output].unit, spec.model.time, shown)
        found.append(float(reading.of(courses)) * factor)
    return found


def _labelled(spec: MapSpec, names: list[str], table: Mapping[str, np.ndarray]) -> xr.Dataset:
    data = {}
    for name, (row, reading) in zip(names, spec.maps, strict=True):
        unit, _ = reading.units(spec.model.outputs[row.output].unit, spec.model.time, parse_unit(spec.header.unit))
        data[name] = variable(("y", "x"), table[name], unit, row.label)
        if spec.without_rules or row.difference:
            told = f"{row.label}, without the rules"
            data[f"{name}_{WITHOUT}"] = variable(("y", "x"), table[f"{name}_{WITHOUT}"], unit, told)
    data["doses"] = xr.Variable(("y", "x"), table["doses"], {"long_name": "doses given by rules"})
    data["capped"] = xr.Variable(
        ("y", "x"), table["capped"], {"long_name": "1 if a rule would act again but for its cap"}
    )
    coords = {
        key: xr.Variable((key,), np.array(axis.values, dtype=float), {"long_name": axis.label, "setting": axis.unit})
        for key, axis in spec.axes.items()
    }
    facts = {"model": spec.model.name, "model_hash": spec.model.content_hash, "cohort": spec.header.cohort}
    facts |= {"regimen": spec.regimen.name, "regimen_hash": spec.regimen.content_hash, "figure": "map"}
    return xr.Dataset(data, coords, provenance(**facts))
