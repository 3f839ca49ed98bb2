"""From a request to the runs that answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from kinetics.compile import compile_model
from kinetics.engines.rule_monitor import baselines_of
from kinetics.engines.tolerances import state_tolerances
from kinetics.errors import Faults, InputError
from kinetics.files.checksums import content_hash
from kinetics.measures import lower_limits
from kinetics.model import Model
from kinetics.observation import times_with_visits, with_visits
from kinetics.population.run_parameters import RunParameters, changes_text, run_parameters
from kinetics.regimen.times import Time, Times, as_tuple
from kinetics.simulation.engine import Engine, choose_engine
from kinetics.simulation.request import LoadedRequest
from kinetics.simulation.runs import Run
from kinetics.simulation.simulation import Observed, Simulation
from kinetics.simulation.triggered_doses import rules_text
from kinetics.units import Unit, check_duration, parse_unit, to_unit


def plan_simulation(request: LoadedRequest) -> Simulation:
    """Compile the model and plan the runs.

    Raises
    ------
    InputError
        If the output times are too many, the patients no number, the doses not of this model, or a rule's level
        cannot be returned to.
    """
    model = request.model
    times = requested_times(request.until, request.every, request.times, model.time)
    system = compile_model(model, request.regimen.drugs if request.reduce else None)
    parameters = run_parameters(
        system, request.cohort, request.parameters, request.patients, request.seed, request.sampling, request.covariates
    )
    engine = _engine(request, parameters.size)
    run = Run.under(request.regimen, system, times, request.measures, engine, with_states=request.states)
    if run.triggers is not None:
        typical = run_parameters(system, request.cohort, request.parameters, None, request.seed)
        constants = system.constants_table(typical.rows(0, typical.size))
        run.triggers.check(baselines_of(system, constants, run.triggers))
    observed: Observed | None = None
    if request.observe is not None:
        rules = run.triggers is not None
        run = replace(run, times=times_with_visits(model, request.observe, times, run.starts, rules=rules))
        observed = partial(with_visits, model=model, schedule=request.observe, seed=request.seed, output_times=times)
    chosen = {"times": times.tolist()}
    if request.times is None:
        chosen = {"every": step_of(request.every, float(times[-1]), model.time)}
    settings = {
        "until": float(times[-1]),
        **chosen,
        "reduce": request.reduce,
        "parameter_values_hash": content_hash(request.changes),
    }
    limits = lower_limits(model, request.values)
    return Simulation(request, run, parameters, _facts(request, run, parameters), limits, settings, observed)


def _engine(request: LoadedRequest, runs: int) -> Engine:
    engine = choose_engine(request.engine, request.method, runs, request.tolerances)
    if not (of_states := state_tolerances(request.model, request.absolute or {})):
        return engine
    return replace(engine, tolerances=replace(engine.tolerances, of_states=of_states))


def _facts(request: LoadedRequest, run: Run, parameters: RunParameters) -> dict[str, Any]:
    """Provenance; None for what plays no part."""
    model, cohort, tolerances = request.model, request.cohort, run.engine.tolerances
    drawn, known, visits = request.patients is not None, request.covariates, request.observe
    sets = parameters.rows(0, parameters.size).tolist() if parameters.dim == "draw" else None
    return {
        "model": model.name,
        "model_hash": model.content_hash,
        "regimen": request.regimen.name,
        "regimen_hash": request.regimen.content_hash,
        "rules": None if run.triggers is None else rules_text(run.triggers),
        "cohort": cohort.name or None,
        "cohort_hash": cohort.content_hash,
        "parameters": changes_text(model, cohort, request.changes),
        "parameters_hash": None if sets is None else content_hash(sets),
        "fits": ", ".join(cohort.fits) or None,
        "seed": request.seed if drawn else None,
        "sampling": request.sampling if drawn else None,
        "covariates": None if known is None else ", ".join(known.names),
        "covariates_hash": None if known is None else known.content_hash,
        "visits": None if visits is None else visits.name,
        "visits_hash": None if visits is None else visits.content_hash,
        "engine": run.engine.name,
        "relative_tolerance": tolerances.relative,
        "absolute_tolerance": tolerances.absolute,
        "absolute_tolerances": ", ".join(f"{name} = {value!r}" for name, value in tolerances.of_states) or None,
    }


def check_output_times(
    faults: Faults, until: Time | None, every: Time | None, times: Times | None, model: Model | None
) -> None:
    """Note what is wrong with the times of a request: a last time and a step, or a list of times.

    They have a unit of time, or none if the time of the model has none.
    """
    unit = parse_unit("day") if model is None else model.time
    if times is not None:
        if until is not None:
            faults.add("leave it out: of a list of times the last one is the end", name="until")
        faults.attempt("times", lambda: _check_list(as_tuple(times), unit))
        return
    if until is None:
        such = "10" if unit.dimensionless else "10 year"
        faults.add(f"missing: give the last time, such as '{such}', or a list of times", name="until")
    else:
        faults.attempt("until", lambda: check_duration(until, unit))
    if every is not None:
        faults.attempt("every", lambda: check_duration(every, unit))


def _check_list(times: Sequence[Time], unit: Unit) -> None:
    numbers = [to_unit(time, unit) for time in times]
    if not numbers or min(numbers) < 0 or not max(numbers) > 0:
        raise InputError("must be times from 0 on, the last after 0, such as '0 day', '3 month'")


def step_of(every: Time | None, until: float, unit: Unit) -> float:
    """The step of the outputs in a unit: by default a month, or a hundredth of the time if that has no unit."""
    if every is None:
        return until / 100 if unit.dimensionless else to_unit("1 month", unit)
    return to_unit(every, unit)


def requested_times(until: Time | None, every: Time | None, times: Times | None, unit: Unit) -> np.ndarray:
    """The output times in a unit, (time,), in their order: those of a list, each once, or a grid."""
    if times is not None:
        return np.unique([to_unit(time, unit) for time in as_tuple(times)])
    assert until is not None
    end = to_unit(until, unit)
    return output_times(end, step_of(every, end, unit))


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
