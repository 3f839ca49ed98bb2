"""One verb: a model, a regimen and patients to a dataset with units."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.compile import compile_model
from kinetics.engines.rule_monitor import baselines_of
from kinetics.engines.tolerances import state_tolerances
from kinetics.errors import Faults, InputError
from kinetics.expressions.reserved import check_names, clash
from kinetics.files.arguments import all_of, loaded
from kinetics.files.checksums import content_hash
from kinetics.measures import Measure
from kinetics.measures.thresholds import limit_warnings
from kinetics.model import Model
from kinetics.observation import Observation, VisitSchedule
from kinetics.population.covariates import read_covariates
from kinetics.population.parameter_table import ParameterSet, changes_text, given_values, parameter_table
from kinetics.population.seeds import checked_seed
from kinetics.regimen import Regimen
from kinetics.results import read_result
from kinetics.simulation.request import Study
from kinetics.simulation.runs import Progress, Run, choose_engine
from kinetics.simulation.triggered_doses import cap_warnings, rules_text
from kinetics.units import to_unit

if TYPE_CHECKING:
    from kinetics.engines import Tolerances

__all__ = ["output_times", "simulate"]


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
    model: Model | str | Path,
    regimen: Regimen | str | Path,
    *,
    until: str,
    every: str,
    cohort: str | CohortParameters | None = None,
    parameters: ParameterSet | Sequence[ParameterSet] | None = None,
    patients: int | None = None,
    seed: int = 0,
    sampling: str = "random",
    covariates: str | Path | None = None,
    states: bool = False,
    measures: Sequence[Measure] = (),
    observe: VisitSchedule | str | Path | None = None,
    engine: str = "auto",
    method: str | None = None,
    tolerances: Tolerances | None = None,
    absolute: Mapping[str, str] | None = None,
    out: str | Path | None = None,
    chunk: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Simulate a model under a regimen.

    Parameters
    ----------
    model : Model, str or pathlib.Path
        What to integrate, or its name or path.
    regimen : Regimen, str or pathlib.Path
        What is given, or its name or path; ``Regimen.none()`` for no drug.
    until, every : str
        Quantities of time: the last output time, and the step of the outputs, both ends included.
    cohort : str or CohortParameters, optional
        A cohort of the model, or its values and spreads as something else found them; the model's own otherwise.
    parameters : mapping, or sequence of mappings, optional
        Values that differ from the cohort's, by name: quantities such as ``"2 L/day"``, or numbers in the units of the
        model; a sequence adds the dim ``draw``, and a draw of impossible values is NaN with its reason.
    patients : int, optional
        Draw that many virtual patients (dim ``patient``); without it the typical patient is simulated.
    seed : int
        The study the patients belong to.
    sampling : {"random", "quasi"}
        Whether patients are independent draws, or points of a scrambled Sobol sequence, whose means converge faster.
    covariates : str or pathlib.Path, optional
        A CSV table of known values, one row a patient, which replace drawn ones; ``patients`` is then the number of
        rows.
    states : bool
        Return every state beside the outputs.
    measures : sequence of Measure
        Taken on the dense solution, so that times are root-found at the integrator's accuracy; adds the dim ``course``.
        Of many patients, times to a threshold of an output are found while all are integrated together; any other
        measure takes them one after another.
    observe : VisitSchedule, str or pathlib.Path, optional
        Visits, or the name or path of a schedule: what they show of each patient is added, with the noise, the limit of
        quantification and the rounding of each output. Patients are integrated at the visits too, and the true values
        are those without visits.
    engine : {"auto", "scipy", "batch"}
        The fast engine, or the reference; ``auto`` takes the fast one for more than one patient.
    method : {"LSODA", "BDF", "Radau"}, optional
        The integrator of the reference engine, LSODA by default; naming one chooses that engine.
    tolerances : Tolerances, optional
        Its error bounds.
    absolute : mapping of str to str, optional
        Absolute tolerances of some states, such as ``{"N": "1e-30 1e9/L"}``: for one that falls by more than ten
        decades and grows again by itself.
    out : str or pathlib.Path, optional
        Stream patients or draws to this Zarr store, ``NAME.zarr``, chunk by chunk in bounded memory, and return it
        opened lazily: the same dataset to the last bit. Finished chunks wait in ``NAME.zarr.part`` until all are; what
        was at ``NAME.zarr`` is then replaced.
    chunk : int, optional
        Patients that are integrated and written together; 1000, or fewer that take 128 MiB.
    resume : bool
        Go on after the finished chunks of an interrupted stream of the same request, if there are any.
    progress : callable, optional
        Called with (done, all) as patients are done.

    Returns
    -------
    xarray.Dataset
        Outputs on (time), (draw, time) or (patient, time), each with ``units``; ``course_start`` on (course). A value
        at the time of a dose is the value before it. A patient whose integration fails is NaN with the reason in
        ``failure``. With visits, ``OUTPUT_seen`` on (patient, visit_SERIES), as `kinetics.observation` has it.
        With rules, what they gave: ``triggered_time``, ``triggered_amount`` and ``triggered_rule`` on
        (..., trigger), NaN or 0 behind the last dose, and ``trigger_capped`` on (..., rule).

    Raises
    ------
    InputError
        If names, units or times are wrong, or ``out`` cannot be written, or holds unfinished work that is not resumed,
        or what is asked for fits neither into memory nor onto the disk.
    IntegrationError
        If the typical patient cannot be integrated; also if a state falls below zero where nothing takes it there, or
        grows again out of its absolute tolerance: the message says what to set.
    StorageError
        If writing a stream fails on the way, such as on a full disk; finished chunks are kept.

    Warns
    -----
    UserWarning
        If patients cannot be integrated, a rule's cap is reached, or an output comes to a level of a measure only
        within rounding, as a limit does: such a time is infinite.

    Examples
    --------
    >>> import sympy as sp
    >>> from kinetics.model import Dose, Model, Output, Parameter, State
    >>> from kinetics.regimen import Course
    >>> k, A = sp.symbols("k A")
    >>> model = Model.from_symbols(
    ...     "decay", time="day",
    ...     parameters=[Parameter(name="k", value=0.1, unit="1/day")],
    ...     states=[State(name="A", unit="mg", initial=0, rate=-k * A)],
    ...     doses=[Dose(name="drug_a", unit="mg", into="A")],
    ...     outputs=[Output(name="amount", unit="mg", value=A)],
    ... )
    >>> result = simulate(model, Course.of("drug_a", "12 mg", "4 hour").repeat(1), until="2 day", every="1 day")
    >>> result.amount.attrs["units"], result.sizes["time"]
    ('mg', 3)
    """
    seed = checked_seed(seed)
    model, regimen = loaded("model", model, Model), loaded("regimen", regimen, Regimen)
    check_names({**model.outputs, **(model.states if states else {})}, "simulate")
    _check_measures(model, all_of("measures", measures, Measure, 'measures=[Nadir("A")]'))
    values = cohort if isinstance(cohort, CohortParameters) else cohort_parameters(model, cohort)
    known = None if covariates is None else read_covariates(covariates, model)
    patients = patients if known is None else known.patients(patients)
    last, step = to_unit(until, model.time), to_unit(every, model.time)
    times = output_times(last, step)
    system = compile_model(model)
    dim, size, table = parameter_table(system, values, parameters, patients, seed, sampling, known)
    solver = choose_engine(engine, method, size, tolerances)
    if of_states := state_tolerances(model, absolute or {}):
        solver = replace(solver, tolerances=replace(solver.tolerances, of_states=of_states))
    drawn = dim == "draw"
    changed = given_values(model, parameters) if isinstance(parameters, Mapping) else {}
    run = Run.under(regimen, system, times, tuple(measures), solver, with_states=states)
    rules = run.triggers
    if rules is not None:
        _, count, typical = parameter_table(system, values, parameters, None, seed)
        rules.check(baselines_of(system, system.constants_table(typical(0, count)), rules))
    seen = None if observe is None else _observation(model, observe, patients, seed, times, run.starts)
    study = Study(
        run if seen is None else replace(run, times=seen.times),
        dim,
        size,
        table,
        facts={
            "model": model.name,
            "model_hash": model.content_hash,
            "regimen": regimen.name,
            "regimen_hash": regimen.content_hash,
            "rules": None if rules is None else rules_text(rules),
            "cohort": values.name or None,
            "cohort_hash": values.content_hash,
            "parameters": changes_text(model, values, changed),
            "parameters_hash": content_hash(table(0, size).tolist()) if drawn else None,
            "fits": ", ".join(values.fits) or None,
            "seed": None if patients is None else seed,
            "sampling": None if patients is None else sampling,
            "covariates": None if known is None else ", ".join(known.names),
            "covariates_hash": None if known is None else known.content_hash,
            "visits": None if seen is None else seen.schedule.name,
            "visits_hash": None if seen is None else seen.schedule.content_hash,
            "engine": solver.name,
            "relative_tolerance": solver.tolerances.relative,
            "absolute_tolerance": solver.tolerances.absolute,
            "absolute_tolerances": ", ".join(f"{name} = {value!r}" for name, value in of_states) or None,
        },
        request={"until": last, "every": step, "parameter_values_hash": content_hash(changed)},
        observation=seen,
    )
    if out is None:
        study.check_capacity()
        result = study.dataset(progress=progress)
        failed = 0 if dim is None else int((result["failure"].values != "").sum())
    else:
        from kinetics.simulation.store import check_destination, stream

        study.check_capacity(check_destination(out))
        failed = stream(study, out, chunk=chunk, resume=resume, progress=progress)
        result = read_result(out).to_dataset()
    if failed:
        warnings.warn(f"{failed} of {size} could not be integrated; see the variable 'failure'", stacklevel=2)
    for line in (*(cap_warnings(result, rules.rules) if rules is not None else ()), *limit_warnings(result, measures)):
        warnings.warn(line, stacklevel=2)
    return result


def _check_measures(model: Model, measures: Sequence[Measure]) -> None:
    """Measures fit the units of what they are taken of, and nothing else in the result is called as they are."""
    faults = Faults()
    taken = {*model.outputs, *model.states}
    for number, measure in enumerate(measures):
        with faults.gather(name=f"measures[{number}]"):
            measure.check(model.quantity(measure.output).unit, model.time)
            if reason := clash(measure.name, "simulate"):
                raise InputError(reason)
            if measure.name in taken:
                raise InputError(f"would be called '{measure.name}', as something else in the result is; rename it")
            taken.add(measure.name)
    faults.raise_if_any()


def _observation(
    model: Model,
    observe: VisitSchedule | str | Path,
    patients: int | None,
    seed: int,
    times: np.ndarray,
    starts: np.ndarray,
) -> Observation:
    """The visits of a study, beside its output times, (time,), and the first doses of its courses, (course,)."""
    if patients is None:
        raise InputError("visits are of patients; give patients=N")
    schedule = loaded("observe", observe, VisitSchedule)
    return Observation.plan(model, schedule, seed, times, starts)
