"""From a request to the runs that answer it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from kinetics.compile import compile_model
from kinetics.engines.rule_monitor import baselines_of
from kinetics.engines.tolerances import state_tolerances
from kinetics.errors import InputError
from kinetics.files.checksums import content_hash
from kinetics.measures import lower_limits
from kinetics.observation import times_with_visits, with_visits
from kinetics.population.run_parameters import RunParameters, changes_text, run_parameters
from kinetics.simulation.engine import Engine, choose_engine
from kinetics.simulation.request import LoadedRequest
from kinetics.simulation.runs import Run
from kinetics.simulation.simulation import Observed, Simulation
from kinetics.simulation.triggered_doses import rules_text
from kinetics.units import to_unit


def plan_simulation(request: LoadedRequest) -> Simulation:
    """Compile the model and plan the runs.

    Raises
    ------
    InputError
        If the output times are too many, the patients no number, the doses not of this model, or a rule's level
        cannot be returned to.
    """
    model = request.model
    last, step = to_unit(request.until, model.time), to_unit(request.every, model.time)
    times = output_times(last, step)
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
    settings = {
        "until": last,
        "every": step,
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
