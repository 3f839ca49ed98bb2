"""One verb: a model, a regimen and patients to a dataset with units."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from kinetics.compile import System, compile_model
from kinetics.documents import content_hash
from kinetics.engines.scipy import METHODS, Tolerances, integrate
from kinetics.errors import Faults, InputError, IntegrationError
from kinetics.measures import evaluate
from kinetics.model import Model
from kinetics.model.cohorts import CohortParameters, cohort_parameters
from kinetics.population.draws import draw_patients
from kinetics.regimen import Regimen, Segments, course_starts, segments
from kinetics.results import provenance, variable
from kinetics.units import to_unit, unit_text

if TYPE_CHECKING:
    from kinetics.engines.trajectory import Trajectory
    from kinetics.measures import Measure

__all__ = ["output_times", "simulate"]

Progress = Callable[[int, int], None]
ParameterSet = Mapping[str, float | str]


def output_times(until: float, every: float) -> np.ndarray:
    """Times from 0 to ``until`` with both ends, (time,).

    Examples
    --------
    >>> output_times(10.0, 4.0)
    array([ 0.,  4.,  8., 10.])
    """
    if not (until > 0 and every > 0):
        raise InputError("'until' and 'every' must be positive durations")
    if until / every > 1e6:
        raise InputError(f"{until / every:.3g} output times; make 'every' longer")
    grid = np.arange(int(until / every * (1 + 1e-12)) + 1) * every
    if until - grid[-1] > 1e-9 * until:
        return np.append(grid, until)
    grid[-1] = until
    return grid


def simulate(
    model: Model,
    regimen: Regimen,
    *,
    until: str,
    every: str,
    cohort: str | None = None,
    parameters: ParameterSet | Sequence[ParameterSet] | None = None,
    patients: int | None = None,
    seed: int = 0,
    states: bool = False,
    measures: Sequence[Measure] = (),
    method: str = "LSODA",
    tolerances: Tolerances | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Simulate a model under a regimen.

    Parameters
    ----------
    model : Model
        What to integrate.
    regimen : Regimen
        What is given; ``Regimen.none()`` for no drug.
    until, every : str
        Quantities of time: the last output time, and the step of the outputs, both ends included.
    cohort : str, optional
        A cohort of the model; its own values otherwise.
    parameters : mapping, or sequence of mappings, optional
        Values that differ from the cohort's, by name: quantities such as ``"2 L/day"``, or numbers in the units of the
        model; a sequence adds the dim ``draw``.
    patients : int, optional
        Draw that many virtual patients (dim ``patient``); without it the typical patient is simulated.
    seed : int
        The study the patients belong to.
    states : bool
        Return every state beside the outputs.
    measures : sequence of Measure
        Taken on the dense solution, so that times are root-found at the integrator's accuracy; adds the dim ``course``.
    method : {"LSODA", "BDF", "Radau"}
        The integrator.
    tolerances : Tolerances, optional
        Its error bounds.
    progress : callable, optional
        Called with (done, all) after each patient.

    Returns
    -------
    xarray.Dataset
        Outputs on (time), (draw, time) or (patient, time), each with ``units``; ``course_start`` on (course). A value
        at the time of a dose is the value before it. A patient whose integration fails is NaN with the reason in
        ``failure``.

    Raises
    ------
    InputError
        If names, units or times are wrong.
    IntegrationError
        If the typical patient cannot be integrated.

    Examples
    --------
    >>> from kinetics.regimen import Course
    >>> from kinetics.model import Model
    >>> dose = Course.of("alemtuzumab", "12 mg", "4 hour")
    >>> result = simulate(Model.load("alemtuzumab"), dose.repeat(1, every="1 day"), until="2 day", every="1 day")
    >>> result.C.attrs["units"], result.sizes["time"]
    ('mg/L', 3)
    """
    if method not in METHODS:
        raise InputError(f"unknown method '{method}'; there are {', '.join(METHODS)}")
    for measure in measures:
        measure.check(model.quantity(measure.output).unit, model.time)
    values = cohort_parameters(model, cohort)
    last = to_unit(until, model.time)
    times = output_times(last, to_unit(every, model.time))
    given = segments(regimen, {name: dose.unit for name, dose in model.doses.items()}, model.time, last)
    system = compile_model(model)
    dim, table = _parameter_table(system, values, parameters, patients, seed)
    run = _Run(
        system,
        given,
        times,
        course_starts(regimen, model.time),
        tuple(measures),
        states,
        method,
        tolerances or Tolerances(),
    )
    rows, reasons = _run_all(run, table, strict=dim is None, progress=progress)
    return _dataset(run, rows, reasons, dim).assign_attrs(
        provenance(
            model=model.name,
            model_hash=model.content_hash,
            regimen=regimen.name,
            regimen_hash=regimen.content_hash,
            cohort=values.name or None,
            cohort_hash=values.content_hash,
            parameters=_changes(model, values, parameters) if dim != "draw" else None,
            parameters_hash=content_hash(table.tolist()) if dim == "draw" else None,
            fits=", ".join(values.fits) or None,
            seed=seed if patients is not None else None,
            engine=f"scipy {method}",
            relative_tolerance=run.tolerances.relative,
            absolute_tolerance=run.tolerances.absolute,
        )
    )


@dataclass(frozen=True)
class _Run:
    """What all patients of a simulation share."""

    system: System
    segments: Segments
    times: np.ndarray
    starts: np.ndarray
    measures: tuple[Any, ...]
    with_states: bool
    method: str
    tolerances: Tolerances

    def rows(self) -> list[Any]:
        """The quantities returned over time: outputs, then states if asked."""
        model = self.system.model
        return [*model.outputs.values(), *(model.states.values() if self.with_states else ())]

    def of_patient(self, parameters: np.ndarray) -> list[np.ndarray]:
        """The table of values over time, (time, quantity), then one array (course,) a measure."""
        constants = self.system.constants(parameters)
        if below := self.system.below_minimum(constants):
            raise IntegrationError(f"impossible parameters: {', '.join(below)} below its minimum or not finite")
        trajectory = integrate(self.system, constants, self.segments, method=self.method, tolerances=self.tolerances)
        table = trajectory.outputs(self.times)
        if not np.isfinite(table).all():
            row, column = np.argwhere(~np.isfinite(table))[0]
            name = self.system.outputs[column]
            raise IntegrationError(f"output {name} is not finite at time {self.times[row]:g}; check the parameters")
        if self.with_states:
            table = np.hstack([table, trajectory.states(self.times)])
        return [table, *(self._measured(measure, trajectory) for measure in self.measures)]

    def _measured(self, measure: Measure, trajectory: Trajectory) -> np.ndarray:
        model, curve = self.system.model, trajectory.curve(measure.output)
        return evaluate(measure, curve, self.starts, self.times[-1], model.quantity(measure.output).unit, model.time)


def _parameter_table(
    system: System,
    cohort: CohortParameters,
    parameters: ParameterSet | Sequence[ParameterSet] | None,
    patients: int | None,
    seed: int,
) -> tuple[str | None, np.ndarray]:
    """The dim that is added, and the parameters of each run, (run, parameter)."""
    model = system.model
    if parameters is not None and not isinstance(parameters, Mapping):
        if patients is not None:
            raise InputError("give either patients or a sequence of parameter sets")
        if not parameters:
            raise InputError("a sequence of parameter sets needs at least one")
        return "draw", np.array([system.parameter_array({**cohort.values, **_in_units(model, s)}) for s in parameters])
    typical = {**cohort.values, **_in_units(model, parameters or {})}
    array = system.parameter_array(typical)
    if system.below_minimum(system.constants(array)):
        model.constant_values(typical)  # raises, and names the parameters behind it
    if patients is None:
        return None, array[None, :]
    if patients < 1:
        raise InputError("patients must be at least 1")
    return "patient", draw_patients(system, replace(cohort, values=typical), patients, seed)


def _in_units(model: Model, values: ParameterSet) -> dict[str, float]:
    """Values by flat name, in the units of the model."""
    numbers: dict[str, float] = {}
    faults = Faults()
    for name, value in values.items():
        with faults.gather(name=name):
            flat = model.flat_name(name)
            unit = (model.parameters.get(flat) or model.inputs[flat]).unit
            numbers[flat] = float(value) if isinstance(value, Real) else to_unit(value, unit)
            if not np.isfinite(numbers[flat]):
                faults.add("is not a finite number", name=name)
            elif numbers[flat] <= 0 and _must_be_positive(model, flat):
                faults.add(f"has a log-normal spread or prior, so {numbers[flat]:g} must be positive", name=name)
    faults.raise_if_any()
    return numbers


def _must_be_positive(model: Model, flat: str) -> bool:
    row = model.parameters.get(flat)
    return row is not None and (row.spread is not None or row.prior is not None)


def _changes(model: Model, cohort: CohortParameters, parameters: Any) -> str | None:
    """What was changed in the cohort, as text."""
    given = _in_units(model, parameters or {})
    units = {name: row.unit for name, row in (*model.parameters.items(), *model.inputs.items())}
    # a value that went through a file differs by a rounding; that is no change
    changed = (name for name in given if not math.isclose(given[name], cohort.values[name], rel_tol=1e-9))
    return ", ".join(f"{name} = {given[name]:.10g} {unit_text(units[name])}" for name in changed) or None


def _run_all(
    run: _Run, table: np.ndarray, *, strict: bool, progress: Progress | None
) -> tuple[list[list[np.ndarray] | None], list[str]]:
    rows: list[list[np.ndarray] | None] = []
    reasons: list[str] = []
    for index, parameters in enumerate(table):
        try:
            rows.append(run.of_patient(parameters))
            reasons.append("")
        except IntegrationError as error:
            if strict:
                raise
            rows.append(None)
            reasons.append(str(error))
        if progress is not None:
            progress(index + 1, len(table))
    if failed := sum(map(bool, reasons)):
        warnings.warn(f"{failed} of {len(table)} could not be integrated; see the variable 'failure'", stacklevel=3)
    return rows, reasons


def _dataset(run: _Run, rows: list[list[np.ndarray] | None], reasons: list[str], dim: str | None) -> xr.Dataset:
    model = run.system.model
    quantities = run.rows()
    shapes = [(run.times.size, len(quantities)), *((run.starts.size,) for _ in run.measures)]
    blank = [np.full(shape, np.nan) for shape in shapes]
    columns = [np.array([row[i] if row is not None else blank[i] for row in rows]) for i in range(len(shapes))]
    lead: tuple[str, ...] = () if dim is None else (dim,)
    data: dict[str, Any] = {}
    for index, row in enumerate(quantities):
        values = columns[0][:, :, index]
        attrs = {"lower_limit": row.lower_limit} if getattr(row, "lower_limit", None) else {}
        about = row.about or row.name
        data[row.name] = variable((*lead, "time"), values if dim else values[0], row.unit, about, **attrs)
    for measure, values in zip(run.measures, columns[1:], strict=True):
        unit = measure.unit(model.quantity(measure.output).unit, model.time)
        data[measure.name] = variable((*lead, "course"), values if dim else values[0], unit, measure.long_name)
    coords: dict[str, Any] = {"time": variable(("time",), run.times, model.time, "time since the first dose")}
    if run.starts.size:
        number = np.arange(1, run.starts.size + 1)
        coords["course"] = xr.Variable(("course",), number, {"long_name": "course of treatment"})
        data["course_start"] = variable(("course",), run.starts, model.time, "first dose of the course")
    if dim is not None:
        coords[dim] = xr.Variable((dim,), np.arange(len(rows)), {"long_name": f"number of the {dim}"})
        told = {"long_name": "reason of a failure, or nothing"}
        data["failure"] = xr.Variable((dim,), np.array(reasons, dtype=object), told)
    return xr.Dataset(data, coords)
