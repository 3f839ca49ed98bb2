"""The numbers of a map: the typical patient simulated at each pair of settings."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from kinetics.comparison.readings import courses_of, measures_of
from kinetics.errors import Faults
from kinetics.figures.map.spec import MapSpec
from kinetics.files.arguments import Progress
from kinetics.regimen import Regimen
from kinetics.results import provenance, variable
from kinetics.simulation.simulating import simulate
from kinetics.units import parse_unit


def map_grid(spec: MapSpec, progress: Progress) -> xr.Dataset:
    """Simulate a map with the batch engine.

    Returns, over (y, x), a variable ``OUTPUT_READING`` a map, with ``_without_rules`` behind it for the regimen without
    its rules, unless a parameter varies and no difference is drawn; ``doses`` given by rules, and ``capped``, 1 where
    only its cap kept a rule from acting again. Times are in the unit of the file; a time that has not come is infinite.
    An `InputError` has every pair of settings that cannot be simulated, such as a level above the baseline.
    """
    x, y = spec.axes["x"], spec.axes["y"]
    shape = len(y.values), len(x.values)
    names = [name for number in spec.maps for name in (number.name, number.name_without_rules)]
    table = {name: np.full(shape, np.nan) for name in (*names, "doses", "capped")}
    without_rules: dict[tuple[tuple[str, str], ...], dict[str, float]] = {}
    compared = any(map(spec.needs_without_rules, spec.maps))
    faults = Faults()
    for cell, (j, i) in enumerate(np.ndindex(shape), 1):
        settings = {axis.parameter: axis.text(axis.values[at]) for axis, at in ((x, i), (y, j)) if axis.parameter}
        with faults.gather(str(spec.path), f"x = {x.text(x.values[i])}, y = {y.text(y.values[j])}"):
            regimen = y.regimen(x.regimen(spec.regimen, x.values[i]), y.values[j])
            result = _simulated(spec, regimen, settings)
            cells = _numbers(spec, result) | _actions_of_rules(result)
            key = tuple(settings.items())
            if compared and key not in without_rules:
                plain = _numbers(spec, _simulated(spec, replace(regimen, rules=()), settings))
                without_rules[key] = {number.name_without_rules: plain[number.name] for number in spec.maps}
            for name, value in (cells | without_rules.get(key, {})).items():
                table[name][j, i] = value
        progress(cell, len(x.values) * len(y.values))
    faults.raise_if_any()
    return _labelled(spec, table)


def _simulated(spec: MapSpec, regimen: Regimen, settings: Mapping[str, str]) -> xr.Dataset:
    header = spec.header
    with warnings.catch_warnings():
        # said beneath the figure, once for all pairs
        warnings.filterwarnings("ignore", message="cap reached")
        return simulate(
            spec.model,
            regimen,
            until=header.until,
            every=header.until,
            cohort=header.cohort,
            parameters=dict(settings),
            measures=measures_of(number.reading for number in spec.maps),
            engine="batch",
        )


def _actions_of_rules(result: xr.Dataset) -> dict[str, float]:
    """How many doses rules gave, and whether a cap kept one from acting again."""
    if "triggered_time" not in result:
        return {"doses": 0.0, "capped": 0.0}
    doses, capped = np.isfinite(result["triggered_time"]).sum(), result["trigger_capped"].any()
    return {"doses": float(doses), "capped": float(capped)}


def _numbers(spec: MapSpec, result: xr.Dataset) -> dict[str, float]:
    """What is coloured, in the units that are shown."""
    numbers = {}
    for number in spec.maps:
        reading, output = number.reading, number.row.output
        courses = courses_of(result, output, [reading])
        _, factor = reading.units(spec.model.outputs[output].unit, spec.model.time, parse_unit(spec.header.unit))
        numbers[number.name] = float(reading.of(courses)) * factor
    return numbers


def _labelled(spec: MapSpec, table: Mapping[str, np.ndarray]) -> xr.Dataset:
    data, along, time = {}, ("y", "x"), parse_unit(spec.header.unit)
    for number in spec.maps:
        name, label = number.name_without_rules, number.row.label
        unit, _ = number.reading.units(spec.model.outputs[number.row.output].unit, spec.model.time, time)
        data[number.name] = variable(along, table[number.name], unit, label)
        if spec.needs_without_rules(number):
            data[name] = variable(along, table[name], unit, f"{label}, without the rules")
    words = {"doses": "doses given by rules", "capped": "1 if a rule would act again but for its cap"}
    data |= {name: xr.Variable(along, table[name], {"long_name": text}) for name, text in words.items()}
    coords = {
        key: xr.Variable((key,), np.array(axis.values, dtype=float), {"long_name": axis.label, "setting": axis.unit})
        for key, axis in spec.axes.items()
    }
    facts = {"model": spec.model.name, "model_hash": spec.model.content_hash, "cohort": spec.header.cohort}
    facts |= {"regimen": spec.regimen.name, "regimen_hash": spec.regimen.content_hash, "figure": "map"}
    return xr.Dataset(data, coords, provenance(**facts))
