"""What `predict` is asked for: its arguments, and the same read and checked, with every fault at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from kinetics.cohorts.cohort import CohortParameters
from kinetics.cohorts.lineage import lineage
from kinetics.crossvalidation import Discrepancy
from kinetics.crossvalidation.choosing import discrepancy_behind
from kinetics.errors import Fault, Faults, InputError, warn
from kinetics.estimate import Estimates, Fit
from kinetics.estimate.draws import chain_of_fits, estimated_cohort
from kinetics.expressions.reserved import check_names
from kinetics.files.arguments import loaded, whole_number
from kinetics.files.capacity import check_memory, check_runs
from kinetics.measures import Measure, TimeToThreshold, lower_limits, read_measures, recovery_measures
from kinetics.model import Model
from kinetics.population.seeds import checked_seed
from kinetics.prediction.population import PATIENTS
from kinetics.regimen import Regimen
from kinetics.regimen.times import Amount, Amounts
from kinetics.simulation.engine import check_engine
from kinetics.simulation.planning import check_output_times, requested_times
from kinetics.simulation.simulation import COPIES


@dataclass(frozen=True)
class PredictionRequest:
    """The arguments of `kinetics.predict`, which describes them."""

    estimates: Estimates | Fit | xr.DataTree | str | Path
    regimen: Regimen | str | Path
    until: Amount | None = None
    every: Amount = "1 month"
    times: Amounts | None = None
    cohort: str | None = None
    draws: int = 200
    patients: int | None = None
    study: int | None = None
    seed: int = 0
    states: bool = False
    measures: Measure | str | Iterable[Measure | str] = ()
    engine: str = "auto"
    reduce: bool = True
    discrepancy: bool | Discrepancy | str | Path = True


@dataclass(frozen=True)
class LoadedPrediction:
    """A request with objects in place of names and paths.

    Parameters
    ----------
    request : PredictionRequest
        The arguments that need no reading: numbers and times.
    model, regimen, cohort : Model, Regimen, str
        What is predicted, under which doses, of which cohort.
    chain : list of Estimates
        The fits that the values of the cohort come from, earlier first.
    typical : CohortParameters
        The cohort at their estimates.
    seed : int
        That of the request, checked.
    recovery : list of TimeToThreshold
        The times to the lower limits of normal.
    measures : list of Measure
        These, and those of the request.
    discrepancy : Discrepancy, optional
        What the model gets wrong, if that is known and asked for.
    """

    request: PredictionRequest
    model: Model
    regimen: Regimen
    cohort: str
    chain: list[Estimates]
    typical: CohortParameters
    seed: int
    recovery: list[TimeToThreshold]
    measures: list[Measure]
    discrepancy: Discrepancy | None = None

    @property
    def fit(self) -> str:
        """The name of the fit that is predicted from."""
        return self.chain[-1].fit


def load_prediction(request: PredictionRequest) -> LoadedPrediction:
    """The request with objects in place of names and paths; nothing is compiled.

    Raises
    ------
    InputError
        With everything that is wrong, under the name of its argument.
    """
    faults = Faults()
    attempt = faults.attempt
    check_output_times(faults, request.until, request.every, request.times, None)
    attempt("engine", lambda: check_engine(request.engine))
    attempt("", lambda: whole_number("draws", request.draws, 2))
    attempt("", lambda: _check_trial(request))
    seed = attempt("seed", lambda: checked_seed(request.seed))
    regimen = attempt("regimen", lambda: _treatment(request.regimen))
    estimates = attempt("", lambda: _estimates(request.estimates))
    if estimates is None:
        faults.raise_if_any()
    assert estimates is not None
    model = _model_of(estimates)
    attempt("", lambda: check_names({**model.outputs, **(model.states if request.states else {})}, "predict"))
    cohort = attempt("cohort", lambda: _cohort(request.cohort, estimates, model))
    faults.raise_if_any()
    assert cohort is not None
    assert regimen is not None
    assert seed is not None
    _check_capacity(model, request)
    chain = chain_of_fits(model, estimates, cohort)
    typical = estimated_cohort(model, chain, cohort)
    recovery = recovery_measures(model, typical.values)
    further = read_measures(request.measures, model.outputs, lower_limits(model, typical.values))
    measures = [*recovery, *(each for each in further if each not in recovery)]
    discrepancy = discrepancy_behind(request.discrepancy, model, chain, cohort)
    return LoadedPrediction(request, model, regimen, cohort, chain, typical, seed, recovery, measures, discrepancy)


def _treatment(regimen: object) -> Regimen:
    treatment = loaded("regimen", regimen, Regimen)
    if not treatment.courses:
        raise InputError("must have a course, or --retreat add one: without a course there is no recovery to predict")
    return treatment


def _check_trial(request: PredictionRequest) -> None:
    if request.study is None:
        return
    if request.patients is None:
        message = "a future trial is of virtual patients; give --patients N (in Python patients=N) too"
        raise InputError(Fault(message, name="study"))
    whole_number("study", request.study, 1)


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


def _cohort(name: str | None, estimates: Estimates, model: Model) -> str:
    cohort = name or estimates.cohort
    if not cohort and model.cohorts:
        raise InputError(f"fit '{estimates.fit}' estimates several cohorts; name one")
    lineage(model, cohort)
    return cohort


def _check_capacity(model: Model, request: PredictionRequest) -> None:
    """Refuse what does not fit into memory; states count whether they are returned or not."""
    draws, patients, trial = request.draws, request.patients, request.study
    times = requested_times(request.until, request.every, request.times, model.time).size
    of_one = 8.0 * times * (len(model.outputs) + len(model.states)) + 200 * len(model.defaults)
    of_trial = 16.0 * (times + len(model.outputs))
    needed = COPIES * of_one * (draws + (patients or 0)) + of_trial * (trial or 0)
    numbers = {"draws": draws, "patients": patients, "patients of a trial": trial}
    what = f"{', '.join(f'{number} {name}' for name, number in numbers.items() if number)} at {times} times"
    check_runs(draws if patients is None else draws + patients + (1 + draws) * PATIENTS, what)
    check_memory(needed, what, "ask for fewer draws, patients or times")
