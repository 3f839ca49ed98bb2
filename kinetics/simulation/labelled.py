"""Results of runs as a dataset with units and provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from kinetics.expressions.reserved import joined
from kinetics.results import LIMIT_LEVEL, provenance, variable
from kinetics.simulation.request import LoadedRequest
from kinetics.simulation.run_results import RunResults
from kinetics.simulation.runs import Run
from kinetics.simulation.triggered_doses import triggered_variables


def with_parameters(dataset: xr.Dataset, request: LoadedRequest, rows: np.ndarray, dim: str, first: int) -> xr.Dataset:
    """The dataset with parameters of its runs, (run, parameter), that were drawn, if requested, or known; and ids.

    Raises
    ------
    InputError
        If a parameter is called as something else in the dataset is.
    """
    known, cohort, sets = request.covariates, request.cohort, request.parameters
    names = set(() if known is None else known.names)
    if request.keep_parameters and dim == "patient":
        names |= {*cohort.spreads, *cohort.shares}
    elif request.keep_parameters and isinstance(sets, Sequence):
        names |= {request.model.flat_name(name) for one in sets for name in one}
    declared = {**request.model.parameters, **request.model.inputs}
    variables: dict[str, Any] = {
        name: variable((dim,), rows[:, column], declared[name].unit, declared[name].about or name)
        for column, name in enumerate(request.model.defaults)
        if name in names
    }
    if known is not None and known.ids:
        ids = np.array(known.ids[first : first + len(rows)], dtype=object)
        variables["patient_id"] = xr.Variable((dim,), ids, {"long_name": "what the table calls the patient"})
    joined(dict(dataset.variables), variables)
    return dataset.assign(variables)


def labelled(
    run: Run, results: RunResults, dim: str | None, first: int, facts: Mapping[str, Any], limits: Mapping[str, str]
) -> xr.Dataset:
    """The dataset of runs, numbered from ``first`` along ``dim``, as `kinetics.simulation` lists it.

    ``limits`` are the lower limits of normal, as levels, by output.

    Raises
    ------
    InputError
        If two variables would have one name.
    """
    model = run.system.model
    lead: tuple[str, ...] = () if dim is None else (dim,)

    def led(values: np.ndarray) -> np.ndarray:
        return values if dim else values[0]

    outputs: dict[str, Any] = {}
    for index, row in enumerate(run.quantities()):
        limit, exploratory = getattr(row, "lower_limit", None), getattr(row, "exploratory", False)
        attrs = {"lower_limit": limit, LIMIT_LEVEL: limits[row.name]} if limit else {}
        values, about = led(results.values[:, :, index]), row.about or row.name
        outputs[row.name] = variable((*lead, "time"), values, row.unit, about, exploratory=exploratory, **attrs)
    others: dict[str, Any] = {}
    for measure in run.measures:
        unit = measure.unit(model.quantity(measure.output).unit, model.time)
        values = led(results.measures[measure.name])
        others[measure.name] = variable((*lead, "course"), values, unit, measure.long_name)
    coords: dict[str, Any] = {"time": variable(("time",), run.times, model.time, "time since the first dose")}
    if run.starts.size:
        number = np.arange(1, run.starts.size + 1)
        coords["course"] = xr.Variable(("course",), number, {"long_name": "course of treatment"})
        others["course_start"] = variable(("course",), run.starts, model.time, "first dose of the course")
    if run.triggers is not None and results.triggered is not None:
        variables, along = triggered_variables(model, run.triggers, results.triggered, dim)
        others, coords = joined(others, variables), joined(coords, along)
    if dim is not None:
        number = np.arange(first, first + len(results.failures))
        coords[dim] = xr.Variable((dim,), number, {"long_name": f"number of the {dim}"})
        long_name = {"long_name": "reason of a failure, or nothing"}
        others["failure"] = xr.Variable((dim,), np.array(results.failures, dtype=object), long_name)
    data = joined(outputs, others)
    joined(data, coords)
    return xr.Dataset(data, coords, provenance(**facts))
