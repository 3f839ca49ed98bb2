"""The parameters of the runs of a simulation: the typical patient, virtual patients, or sets of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isclose
from numbers import Real

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System
from kinetics.errors import Faults, InputError
from kinetics.files.arguments import whole_number
from kinetics.model import Model
from kinetics.model.ranges import out_of_range
from kinetics.population.covariates import Covariates
from kinetics.population.draws import draw_patients
from kinetics.units import to_unit, unit_text

ParameterSet = Mapping[str, float | str]
"""Values by name: quantities, or numbers in the units of the model."""


@dataclass(frozen=True)
class RunParameters:
    """The parameters of the runs of a simulation.

    ``dim`` is the dim that the runs add to a result, ``"patient"`` or ``"draw"``, None for one run without any;
    ``size`` is their number. ``rows(begin, end)`` are the parameters, (run, parameter), of the runs from one number up
    to another; they depend on those numbers alone.
    """

    dim: str | None
    size: int
    rows: Callable[[int, int], np.ndarray]


def run_parameters(
    system: System,
    cohort: CohortParameters,
    parameters: ParameterSet | Sequence[ParameterSet] | None,
    patients: int | None,
    seed: int,
    sampling: str = "random",
    covariates: Covariates | None = None,
) -> RunParameters:
    """The typical patient, virtual patients or parameter sets; arguments as of `kinetics.simulation.SimulationRequest`.

    Raises
    ------
    InputError
        If names, values or numbers are wrong, or the typical patient is impossible.
    """
    model = system.model
    if parameters is not None and not isinstance(parameters, Mapping):
        if patients is not None:
            raise InputError("give either patients or a sequence of parameter sets")
        if not parameters:
            raise InputError("a sequence of parameter sets needs at least one")
        changes = [parameter_values(model, one, possible=False) for one in parameters]
        rows = np.array([system.parameter_array({**cohort.values, **values}) for values in changes])
        return RunParameters("draw", len(rows), lambda begin, end: rows[begin:end])
    typical = {**cohort.values, **parameter_values(model, parameters or {})}
    array = system.parameter_array(typical)
    if system.out_of_range(system.constants(array)):
        model.constant_values(typical)  # raises, and names the parameters behind it
    if patients is None:
        return RunParameters(None, 1, lambda begin, end: array[None, :])
    patients = whole_number("patients", patients, 1)
    draw = partial(
        draw_patients, system, replace(cohort, values=typical), seed=seed, sampling=sampling, covariates=covariates
    )
    return RunParameters("patient", patients, lambda begin, end: draw(end - begin, first=begin))


def parameter_values(model: Model, values: ParameterSet, *, possible: bool = True) -> dict[str, float]:
    """Values by flat name, in the units of the model; refused if they are impossible, or left to the engine."""
    numbers: dict[str, float] = {}
    faults = Faults()
    for name, value in values.items():
        with faults.gather(name=name):
            flat = model.flat_name(name)
            unit = (model.parameters.get(flat) or model.inputs[flat]).unit
            numbers[flat] = float(value) if isinstance(value, Real) else to_unit(value, unit)
            if not possible:
                continue
            if not np.isfinite(numbers[flat]):
                faults.add("is not a finite number", name=name)
            elif flat in model.parameters:
                for message in out_of_range(model.parameters[flat], numbers[flat]):
                    faults.add(message, name=name)
    faults.raise_if_any()
    return numbers


def changes_text(model: Model, cohort: CohortParameters, values: Mapping[str, float]) -> str | None:
    """The values that differ from the cohort's, as text; None if none does."""
    units = {name: row.unit for name, row in (*model.parameters.items(), *model.inputs.items())}
    changed = (name for name in values if not isclose(values[name], cohort.values[name], rel_tol=1e-9))
    return ", ".join(f"{name} = {values[name]:.10g} {unit_text(units[name])}" for name in changed) or None
