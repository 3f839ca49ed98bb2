"""The arguments of a request, read and checked one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kinetics.cluster.clients import checked_client
from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.engines.tolerances import state_tolerances
from kinetics.errors import Faults, InputError
from kinetics.expressions.reserved import check_names, clash
from kinetics.files.arguments import loaded
from kinetics.measures import Measure, lower_limits, read_measures
from kinetics.model import Model
from kinetics.observation import VisitSchedule
from kinetics.population.covariates import Covariates, read_covariates
from kinetics.population.run_parameters import parameter_values
from kinetics.population.seeds import checked_seed
from kinetics.population.variability import check_sampling
from kinetics.regimen import Course, Regimen
from kinetics.simulation.engine import ENGINES, choose_engine
from kinetics.simulation.planning import check_output_times
from kinetics.simulation.request import LoadedRequest, SimulationRequest


def load_request(request: SimulationRequest) -> LoadedRequest:
    """The request with objects in place of names and paths; nothing is compiled.

    Raises
    ------
    InputError
        With everything that is wrong, under the name of its argument.
    """
    faults = Faults()
    attempt = faults.attempt
    model = attempt("model", lambda: loaded("model", request.model, Model))
    regimen = attempt("regimen", lambda: _regimen(request))
    check_output_times(faults, request.until, request.every, request.times, model)
    solver = "engine" if request.engine not in ENGINES else "method"
    attempt(solver, lambda: choose_engine(request.engine, request.method, 1, None))
    seed = attempt("seed", lambda: checked_seed(request.seed))
    attempt("sampling", lambda: check_sampling(0, request.sampling))
    client = attempt("client", lambda: checked_client(request.client))
    schedule = attempt("observe", lambda: _schedule(request))
    if request.observe is not None and request.patients is None and request.covariates is None:
        message = "visits are of patients, the typical patient has none; give --patients N (in Python patients=N)"
        faults.add(message, name="observe")
    if model is None:
        faults.raise_if_any()
    assert model is not None
    attempt("model", lambda: check_names({**model.outputs, **(model.states if request.states else {})}, "simulate"))
    if schedule is not None:
        attempt("observe", lambda: schedule.check_outputs(model))
    attempt("absolute", lambda: state_tolerances(model, request.absolute or {}))
    covariates = attempt("", lambda: _covariates(request, model))
    patients = request.patients
    if covariates is not None:
        patients = attempt("patients", lambda: covariates.patients(request.patients))
    cohort = attempt("cohort", lambda: _cohort(request, model))
    values = request.parameters if isinstance(request.parameters, Mapping) else {}
    changes = attempt("parameters", lambda: parameter_values(model, values))
    limits = {} if cohort is None or changes is None else lower_limits(model, {**cohort.values, **changes})
    measures = attempt("measures", lambda: _measures(model, request.measures, limits))
    faults.raise_if_any()
    objects = {"model": model, "regimen": regimen, "cohort": cohort, "patients": patients, "seed": seed}
    objects |= {"covariates": covariates, "measures": measures, "observe": schedule, "client": client}
    return LoadedRequest(**{**vars(request), **objects})


def _regimen(request: SimulationRequest) -> Regimen:
    regimen = Regimen.none() if request.regimen is None else request.regimen
    return regimen.repeat(1) if isinstance(regimen, Course) else loaded("regimen", regimen, Regimen)


def _schedule(request: SimulationRequest) -> VisitSchedule | None:
    return None if request.observe is None else loaded("observe", request.observe, VisitSchedule)


def _covariates(request: SimulationRequest, model: Model) -> Covariates | None:
    if request.covariates is None or isinstance(request.covariates, Covariates):
        return request.covariates
    return read_covariates(request.covariates, model)


def _cohort(request: SimulationRequest, model: Model) -> CohortParameters:
    return request.cohort if isinstance(request.cohort, CohortParameters) else cohort_parameters(model, request.cohort)


def _measures(
    model: Model, measures: Measure | str | Iterable[Measure | str], limits: Mapping[str, str]
) -> tuple[Measure, ...]:
    """Measures that fit the units of what they are taken of; nothing else in the result is called as they are."""
    faults, read = Faults(), read_measures(measures, model.outputs, limits)
    taken = {*model.outputs, *model.states}
    for number, measure in enumerate(read):
        with faults.gather(name=f"measures[{number}]"):
            measure.check(model.quantity(measure.output).unit, model.time)
            if reason := clash(measure.name, "simulate"):
                raise InputError(reason)
            if measure.name in taken:
                raise InputError(f"would be called '{measure.name}', as something else in the result is; rename it")
            taken.add(measure.name)
    faults.raise_if_any()
    return read
