"""`predict`: counts and recovery after further courses, from a fit, as one tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System, compile_model
from kinetics.crossvalidation import Discrepancy
from kinetics.estimate import Estimates, Fit
from kinetics.estimate.draws import drawn_cohorts
from kinetics.files.arguments import Progress
from kinetics.measures import Measure
from kinetics.prediction.datasets import over_parameters, over_patients, population_recovery, trial_group
from kinetics.prediction.model_error import ModelError
from kinetics.prediction.over_draws import Drawn, over_draws
from kinetics.prediction.population import PATIENTS, SAMPLING, TOLERANCES, Population
from kinetics.prediction.request import LoadedPrediction, PredictionRequest, load_prediction
from kinetics.prediction.trial import FutureTrial
from kinetics.prediction.typical import drawn_interval, recovery_over_draws
from kinetics.regimen import Regimen
from kinetics.regimen.times import Amount, Amounts
from kinetics.simulation.engine import choose_engine
from kinetics.simulation.progress import ProgressOfParts
from kinetics.simulation.runs import Run
from kinetics.simulation.simulating import simulate


def predict(
    estimates: Estimates | Fit | xr.DataTree | str | Path,
    regimen: Regimen | str | Path,
    *,
    until: Amount | None = None,
    every: Amount = "1 month",
    times: Amounts | None = None,
    cohort: str | None = None,
    draws: int = 200,
    patients: int | None = None,
    study: int | None = None,
    seed: int = 0,
    states: bool = False,
    measures: Measure | str | Iterable[Measure | str] = (),
    engine: str = "auto",
    reduce: bool = True,
    discrepancy: bool | Discrepancy | str | Path = True,
    progress: Progress | None = None,
) -> xr.DataTree:
    """Predict counts and recovery times of the typical patient, of a population, and of a future trial.

    Parameters
    ----------
    estimates : Estimates, Fit, xarray.DataTree, str or pathlib.Path
        A fit, its estimates or its tree, on (parameter,), each in its ``unit``; or the name or path of its file.
    regimen : Regimen, str or pathlib.Path
        What is given, or its name or path; ``regimen + course.at("36 month")`` for a retreatment.
    until, every, times, cohort : str
        The last time and the step of the output, or a list of times; the cohort, by default the one the fit estimates.
    draws, patients, study : int
        Parameter sets, drawn from covariances of the fits behind the cohort, or priors; patients; those of a trial.
    seed, states, measures, engine, reduce, progress
        As of `simulate`; number k of draws, patients and trials depends on seed and k alone. Measures of the typical
        patient, each draw and each patient are added to times of recovery.
    discrepancy : bool, Discrepancy, str or pathlib.Path
        What the model gets wrong, shown apart: by default as saved of the latest fit behind it, False for none.

    Returns
    -------
    xarray.DataTree
        `kinetics.prediction.datasets` lists its groups, with dims and units.

    Raises
    ------
    InputError
        If cohort and fit, or discrepancy, do not belong together, a name is wrong, there is no course or no memory.

    Warns
    -----
    UserWarning
        If the model has changed since the fit, or patients could not be integrated.

    Examples
    --------
    >>> tree = predict("my_fit", "two_courses", until="5 year")  # doctest: +SKIP
    """
    return run_prediction(load_prediction(PredictionRequest(
        estimates, regimen, until=until, every=every, times=times, cohort=cohort, draws=draws, patients=patients,
        study=study, seed=seed, states=states, measures=measures, engine=engine, reduce=reduce, discrepancy=discrepancy,
    )), progress)  # fmt: skip


def run_prediction(prediction: LoadedPrediction, progress: Progress | None = None) -> xr.DataTree:
    """What `predict` does with its arguments once they are read."""
    request, model, regimen = prediction.request, prediction.model, prediction.regimen
    system = compile_model(model, regimen.drugs if request.reduce else None)
    draws, patients = request.draws, request.patients
    cohorts = drawn_cohorts(system, prediction.chain, prediction.cohort, draws, prediction.seed)
    steps = ProgressOfParts(progress, 1 + draws + (0 if patients is None else patients + (1 + draws) * PATIENTS))
    common: dict[str, Any] = {"until": request.until, "every": request.every, "times": request.times}
    common |= {"cohort": prediction.typical}
    common |= {"states": request.states, "measures": prediction.measures}
    common |= {"engine": request.engine, "reduce": request.reduce}
    root = simulate(model, regimen, progress=steps.next(1), **common)
    values = [drawn.values for drawn in cohorts]
    drawn = simulate(model, regimen, parameters=values, progress=steps.next(draws), **common)
    recovery = recovery_over_draws(root, drawn, prediction.recovery)
    groups = {"draws": drawn, "interval": drawn_interval(drawn), "recovery": recovery}
    if patients is not None:
        virtual = {"patients": patients, "seed": prediction.seed, "sampling": SAMPLING}
        groups["patients"] = simulate(model, regimen, progress=steps.next(patients), **virtual, **common)
        populations, over = _populations(prediction, system, groups["patients"], cohorts, steps)
        groups |= populations
    else:
        over = None
    if prediction.discrepancy is not None and "course_start" in root:
        fitted = {arm.cohort for arm in prediction.discrepancy.arms} | {fit.cohort for fit in prediction.chain}
        error = ModelError(
            prediction.discrepancy, model, prediction.cohort in fitted, regimen, root, draws, prediction.seed
        )
        groups["discrepancy"] = error.group(drawn, prediction.recovery, over)
    tree = xr.DataTree.from_dict({"/": root, **groups})  # pyright: ignore[reportUnknownMemberType]
    names = ", ".join(fit.fit for fit in prediction.chain)
    used = "none" if prediction.discrepancy is None else prediction.discrepancy.fit
    tree.attrs |= {"fits": names, "priors": ", ".join(prediction.typical.priors), "seed": prediction.seed}
    tree.attrs |= {"draws": draws, "discrepancy_of_fit": used}
    return tree


def _populations(
    prediction: LoadedPrediction,
    system: System,
    patients: xr.Dataset,
    cohorts: Sequence[CohortParameters],
    steps: ProgressOfParts,
) -> tuple[dict[str, xr.Dataset], Drawn]:
    """The groups over patients and over draws of the parameters, from the patients at the estimates; the draws."""
    request, model, measures = prediction.request, prediction.model, prediction.recovery
    time, course = patients["time"], patients["course"]
    solver = choose_engine(request.engine, None, PATIENTS, TOLERANCES)
    run = Run.under(prediction.regimen, system, time.values, tuple(measures), solver, with_states=request.states)
    rows = run.quantities()
    at_estimates = Population.of(patients, [row.name for row in rows], measures)
    limits = {each.output: each.threshold(model.outputs[each.output].unit, np.nan) for each in measures}
    trial = None
    if request.study is not None:
        outputs = list(model.outputs.values())
        trial = FutureTrial.of(int(request.study), outputs, limits, time.values, run.starts)
    progress = steps.next((1 + len(cohorts)) * PATIENTS)
    drawn = over_draws(run, at_estimates, prediction.typical, cohorts, prediction.seed, trial=trial, progress=progress)
    groups = {
        "over_patients": over_patients(at_estimates, rows, time),
        "over_parameters": over_parameters(drawn, rows, time),
        "population_recovery": population_recovery(at_estimates, drawn, list(limits), model.time, course),
    }
    if trial is not None:
        groups["study"] = trial_group(drawn, trial, time, course)
    return groups, drawn
