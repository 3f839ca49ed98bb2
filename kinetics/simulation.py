"""One verb: a model, a regimen and patients to a dataset with units."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from kinetics.compile import System, compile_model
from kinetics.engines.scipy import METHODS, Tolerances, integrate
from kinetics.errors import InputError, IntegrationError
from kinetics.measures import evaluate
from kinetics.model import Model
from kinetics.model.cohorts import CohortParameters, cohort_parameters
from kinetics.population.draws import draw_patients
from kinetics.regimen import Regimen, Segments, course_starts, segments
from kinetics.results import provenance, variable
from kinetics.units import to_unit

if TYPE_CHECKING:
    from kinetics.measures import Measure

__all__ = ["output_times", "simulate"]

Progress = Callable[[int, int], None]


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
    return grid if until - grid[-1] <= 1e-9 * until else np.append(grid, until)


def simulate(
    model: Model,
    regimen: Regimen,
    *,
    until: str,
    every: str,
    cohort: str | None = None,
    parameters: Mapping[str, float] | Sequence[Mapping[str, float]] | None = None,
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
        Values that differ from the cohort's, in the units of the model, by name; a sequence adds the dim ``draw``.
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
        Outputs on (time), (draw, time) or (patient, time), each with ``units``; ``course_start`` on (course). A value at the time of a dose is the value before it. A
        patient whose integration fails is NaN with the reason in ``failure``.

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
    system = compile_model(model)
    values = cohort_parameters(model, cohort)
    dim, table = _parameter_table(system, values, parameters, patients, seed)
    last = to_unit(until, model.time)
    run = _Run(
        system,
        segments(regimen, {name: dose.unit for name, dose in model.doses.items()}, model.time, last),
        output_times(last, to_unit(every, model.time)),
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
        trajectory = integrate(
            self.system, constants, self.segments, method=self.method, tolerances=self.tolerances
        )
        table = trajectory.outputs(self.times)
        if self.with_states:
            table = np.hstack([table, trajectory.states(self.times)])
        model = self.system.model
        return [
            table,
            *(
                evaluate(m, trajectory.curve(m.output), self.starts, self.times[-1], model.quantity(m.output).unit, model.time)
                for m in self.measures
            ),
        ]


def _parameter_table(
    system: System,
    cohort: CohortParameters,
    parameters: Mapping[str, float] | Sequence[Mapping[str, float]] | None,
    patients: int | None,
    seed: int,
) -> tuple[str | None, np.ndarray]:
    """The dim that is added, and the parameters of each run, (run, parameter)."""
    sets = [parameters or {}] if parameters is None or isinstance(parameters, Mapping) else list(parameters)
    many = not (parameters is None or isinstance(parameters, Mapping))
    if patients is None:
        return ("draw" if many else None), np.array([system.parameter_array({**cohort.values, **_flat(system, s)}) for s in sets])
    if many:
        raise InputError("give either patients or a sequence of parameter sets")
    if patients < 1:
        raise InputError("patients must be at least 1")
    typical = {**cohort.values, **_flat(system, sets[0])}
    return "patient", draw_patients(system, CohortParameters(cohort.name, typical, cohort.spreads, cohort.fits), patients, seed)


def _flat(system: System, values: Mapping[str, float]) -> dict[str, float]:
    return {system.model.flat_name(name): value for name, value in values.items()}


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
        data[row.name] = variable((*lead, "time"), values if dim else values[0], row.unit, row.about or row.name, **attrs)
    for measure, values in zip(run.measures, columns[1:], strict=True):
        unit = measure.unit(model.quantity(measure.output).unit, model.time)
        data[measure.name] = variable((*lead, "course"), values if dim else values[0], unit, measure.long_name)
    coords: dict[str, Any] = {"time": variable(("time",), run.times, model.time, "time since the first dose")}
    if run.starts.size:
        coords["course"] = xr.Variable(("course",), np.arange(1, run.starts.size + 1), {"long_name": "course of treatment"})
        data["course_start"] = variable(("course",), run.starts, model.time, "first dose of the course")
    if dim is not None:
        coords[dim] = xr.Variable((dim,), np.arange(len(rows)), {"long_name": f"number of the {dim}"})
        data["failure"] = xr.Variable((dim,), np.array(reasons, dtype=object), {"long_name": "reason of a failure, or nothing"})
    return xr.Dataset(data, coords)
