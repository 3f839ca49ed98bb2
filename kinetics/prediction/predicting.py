"""`predict`: counts and recovery after further courses, from a fit, as one tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System, compile_model
from kinetics.errors import Fault, InputError, warn
from kinetics.estimate import Estimates, Fit
from kinetics.estimate.draws import chain_of_fits, drawn_cohorts, estimated_cohort
from kinetics.expressions.reserved import check_names
from kinetics.files.arguments import Progress, loaded, whole_number
from kinetics.files.capacity import check_memory, check_runs
from kinetics.measures import Measure, TimeToThreshold, lower_limits, read_measures, recovery_measures
from kinetics.model import Model
from kinetics.population.seeds import checked_seed
from kinetics.prediction.datasets import over_parameters, over_patients, population_recovery, trial_group
from kinetics.prediction.over_draws import over_draws
from kinetics.prediction.population import PATIENTS, SAMPLING, TOLERANCES, Population
from kinetics.prediction.trial import FutureTrial
from kinetics.prediction.typical import drawn_interval, recovery_over_draws
from kinetics.regimen import Regimen
from kinetics.regimen.times import Amount
from kinetics.simulation.engine import choose_engine
from kinetics.simulation.planning import output_times
from kinetics.simulation.progress import ProgressOfParts
from kinetics.simulation.runs import Run
from kinetics.simulation.simulating import simulate
from kinetics.simulation.simulation import COPIES
from kinetics.units import to_unit


def predict(
    estimates: Estimates | Fit | xr.DataTree | str | Path,
    regimen: Regimen | str | Path,
    *,
    until: Amount,
    every: Amount = "1 month",
    cohort: str | None = None,
    draws: int = 200,
    patients: int | None = None,
    study: int | None = None,
    seed: int = 0,
    states: bool = False,
    measures: Measure | str | Iterable[Measure | str] = (),
    engine: str = "auto",
    reduce: bool = True,
    progress: Progress | None = None,
) -> xr.DataTree:
    """Predict counts and recovery times of the typical patient, of a population, and of a future trial.

    Parameters
    ----------
    estimates : Estimates, Fit, xarray.DataTree, str or pathlib.Path
        A fit, its estimates, or its tree, on (parameter,), each in its ``unit``; or the name or path of a fit for its
        committed result, or of its NetCDF file.
    regimen : Regimen, str or pathlib.Path
        What is given, or its name or path; ``regimen + course.at("36 month")`` for a retreatment.
    until, every, cohort : str
        Times, or quantities: the last and the step of the output; the cohort, by default the one the fit estimates.
    draws : int
        Parameter sets, spreads included, drawn from the covariances of the fits behind the cohort.
    patients : int, optional
        Add so many virtual patients of the cohort, at the estimates, and a population at each draw.
    study : int, optional
        Add the group ``study``: what a future trial of so many patients will find; needs ``patients``.
    seed : int
        Of draws, patients and trials. What number k of each is depends on seed and k alone.
    states, measures, engine, reduce, progress
        As of `simulate`; measures of the typical patient, each draw and each patient are added to times of recovery.

    Returns
    -------
    xarray.DataTree
        `kinetics.prediction.datasets` lists its groups, with dims and units.

    Raises
    ------
    InputError
        If cohort and fit do not belong together, a name or unit is wrong, there is no course, or not enough memory.

    Warns
    -----
    UserWarning
        If the model has changed since the fit, or patients could not be integrated.

    Examples
    --------
    >>> tree = predict("my_fit", "two_courses", until="5 year", measures="nadir")  # doctest: +SKIP
    """
    request = _Request(until, every, draws, patients, study, checked_seed(seed), states, measures, engine, reduce)
    return _predicted(_estimates(estimates), loaded("regimen", regimen, Regimen), request, cohort, progress)


@dataclass(frozen=True)
class _Request:
    """What is predicted, whose numbers are checked."""

    until: Amount
    every: Amount
    draws: int
    patients: int | None
    study: int | None
    seed: int
    states: bool
    measures: Measure | str | Iterable[Measure | str]
    engine: str
    reduce: bool

    def __post_init__(self) -> None:
        whole_number("draws", self.draws, 2)
        if self.study is not None:
            if self.patients is None:
                message = "a future trial is of virtual patients; give --patients N (in Python patients=N) too"
                raise InputError(Fault(message, name="study"))
            whole_number("study", self.study, 1)


def _predicted(
    estimates: Estimates, regimen: Regimen, request: _Request, cohort: str | None, progress: Progress | None
) -> xr.DataTree:
    if not regimen.courses:
        message = "must have a course, or --retreat add one: without a course there is no recovery to predict"
        raise InputError(Fault(message, name="regimen"))
    model = _model_of(estimates)
    check_names({**model.outputs, **(model.states if request.states else {})}, "predict")
    _check_capacity(model, request)
    name = cohort or estimates.cohort
    if not name:
        raise InputError(Fault(f"fit '{estimates.fit}' estimates several cohorts; name one", name="cohort"))
    chain, draws, patients = chain_of_fits(model, estimates, name), request.draws, request.patients
    typical = estimated_cohort(model, chain, name)
    system = compile_model(model, regimen.drugs if request.reduce else None)
    cohorts = drawn_cohorts(system, chain, name, draws, request.seed)
    measures = recovery_measures(model, typical.values)
    steps = ProgressOfParts(progress, 1 + draws + (0 if patients is None else patients + (1 + draws) * PATIENTS))
    common: dict[str, Any] = {"until": request.until, "every": request.every, "cohort": typical}
    further = read_measures(request.measures, model.outputs, lower_limits(model, typical.values))
    measured = [*measures, *(each for each in further if each not in measures)]
    common |= {"states": request.states, "measures": measured, "engine": request.engine, "reduce": request.reduce}
    root = simulate(model, regimen, progress=steps.next(1), **common)
    values = [drawn.values for drawn in cohorts]
    drawn = simulate(model, regimen, parameters=values, progress=steps.next(draws), **common)
    groups = {"draws": drawn, "interval": drawn_interval(drawn), "recovery": recovery_over_draws(root, drawn, measures)}
    if patients is not None:
        virtual = {"patients": patients, "seed": request.seed, "sampling": SAMPLING}
        groups["patients"] = simulate(model, regimen, progress=steps.next(patients), **virtual, **common)
        groups |= _populations(system, regimen, groups["patients"], typical, cohorts, measures, request, steps)
    tree = xr.DataTree.from_dict({"/": root, **groups})  # pyright: ignore[reportUnknownMemberType]
    tree.attrs |= {"fits": ", ".join(fit.fit for fit in chain), "seed": request.seed, "draws": draws}
    return tree


def _estimates(source: object) -> Estimates:
    """The estimates of what a user names or has."""
    if isinstance(source, Fit):
        return source.estimates
    if isinstance(source, xr.DataTree):
        return Estimates.from_tree(source)
    return loaded("estimates", source, Estimates)


def _model_of(estimates: Estimates) -> Model:
    model = Model.load(estimates.model)
    if estimates.facts.get("model_hash", model.content_hash) != model.content_hash:
        message = f"model '{model.name}' has changed since fit '{estimates.fit}'; run 'kinetics fit' again"
        warn(message)
    return model


def _populations(
    system: System,
    regimen: Regimen,
    patients: xr.Dataset,
    typical: CohortParameters,
    cohorts: Sequence[CohortParameters],
    measures: Sequence[TimeToThreshold],
    request: _Request,
    steps: ProgressOfParts,
) -> dict[str, xr.Dataset]:
    """The groups over patients and over draws of the parameters, from the patients at the estimates."""
    model, time, course = system.model, patients["time"], patients["course"]
    solver = choose_engine(request.engine, None, PATIENTS, TOLERANCES)
    run = Run.under(regimen, system, time.values, tuple(measures), solver, with_states=request.states)
    rows = run.quantities()
    at_estimates = Population.of(patients, [row.name for row in rows], measures)
    limits = {each.output: each.threshold(model.outputs[each.output].unit, np.nan) for each in measures}
    trial = None if request.study is None else FutureTrial(int(request.study), list(model.outputs.values()), limits)
    progress = steps.next((1 + len(cohorts)) * PATIENTS)
    drawn = over_draws(run, at_estimates, typical, cohorts, request.seed, trial=trial, progress=progress)
    groups = {
        "over_patients": over_patients(at_estimates, rows, time),
        "over_parameters": over_parameters(drawn, rows, time),
        "population_recovery": population_recovery(at_estimates, drawn, list(limits), model.time, course),
    }
    return groups if trial is None else {**groups, "study": trial_group(drawn, trial, time)}


def _check_capacity(model: Model, request: _Request) -> None:
    """Refuse what does not fit into memory; states count whether they are returned or not."""
    draws, patients, trial = request.draws, request.patients, request.study
    times = output_times(to_unit(request.until, model.time), to_unit(request.every, model.time)).size
    of_one = 8.0 * times * (len(model.outputs) + len(model.states)) + 200 * len(model.defaults)
    of_trial = 16.0 * (times + len(model.outputs))
    needed = COPIES * of_one * (draws + (patients or 0)) + of_trial * (trial or 0)
    numbers = {"draws": draws, "patients": patients, "patients of a trial": trial}
    what = f"{', '.join(f'{number} {name}' for name, number in numbers.items() if number)} at {times} times"
    check_runs(draws if patients is None else draws + patients + (1 + draws) * PATIENTS, what)
    check_memory(needed, what, "ask for fewer draws, patients or times")
