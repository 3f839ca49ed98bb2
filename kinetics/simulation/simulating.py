"""One verb: a model, a regimen and patients to a dataset with units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from kinetics.errors import warn
from kinetics.measures import Measure, limit_warnings
from kinetics.regimen import Regimen
from kinetics.results import read_result
from kinetics.simulation.cluster_runs import cluster_dataset
from kinetics.simulation.loading import load_request
from kinetics.simulation.planning import plan_simulation
from kinetics.simulation.request import LoadedRequest, SimulationRequest
from kinetics.simulation.runs import Run
from kinetics.simulation.simulation import Simulation
from kinetics.simulation.triggered_doses import cap_warnings

if TYPE_CHECKING:
    from distributed import Client

    from kinetics.cohorts.cohort import CohortParameters
    from kinetics.engines import Tolerances
    from kinetics.files.arguments import Progress
    from kinetics.model import Model
    from kinetics.observation import VisitSchedule
    from kinetics.population.covariates import Covariates
    from kinetics.population.run_parameters import ParameterSet
    from kinetics.regimen import Course
    from kinetics.regimen.times import Time, Times


def simulate(
    model: Model | str | Path,
    regimen: Regimen | Course | str | Path | None = None,
    *,
    until: Time | None = None,
    every: Time | None = None,
    times: Times | None = None,
    cohort: str | CohortParameters | None = None,
    parameters: ParameterSet | Sequence[ParameterSet] | None = None,
    patients: int | None = None,
    seed: int = 0,
    sampling: str = "random",
    covariates: str | Path | Covariates | None = None,
    states: bool = False,
    keep_parameters: bool = False,
    measures: Measure | str | Iterable[Measure | str] = (),
    observe: VisitSchedule | str | Path | None = None,
    engine: str = "auto",
    method: str | None = None,
    tolerances: Tolerances | None = None,
    absolute: Mapping[str, str] | None = None,
    reduce: bool = True,
    out: str | Path | None = None,
    chunk: int | None = None,
    resume: bool = False,
    client: Client | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Simulate a model under a regimen; `kinetics.simulation.SimulationRequest` describes each argument in full.

    Parameters
    ----------
    model, regimen, until, every, times : object, str or pathlib.Path
        What is integrated, under which doses, if any; the last time and the step of the output, or times.
    cohort, parameters, patients, seed, sampling, covariates, states, keep_parameters, measures, observe : optional
        A cohort; values that differ from it; virtual patients: number, seed, how they are drawn, table of known values.
        States and individual parameters beside outputs; measures such as ``["nadir", "recovery"]``; visits.
    engine, method, tolerances, absolute, reduce, out, chunk, resume, client, progress : optional
        The integrator, its error bounds, if states at rest are left out; a Zarr store; a Dask cluster; f(done, all).

    Returns
    -------
    xarray.Dataset
        Outputs on (time), (draw, time) or (patient, time), with ``units``; `kinetics.simulation` lists all variables.

    Raises
    ------
    InputError, IntegrationError, StorageError, ClusterError
        Arguments are wrong; the typical patient cannot be integrated; ``out`` cannot be written; the cluster goes away.

    Examples
    --------
    >>> simulate("my_model.toml", "my_regimen.toml", until="36 month", measures="recovery")  # doctest: +SKIP
    """
    return run_request(SimulationRequest(
        model=model, regimen=regimen, until=until, every=every, times=times, cohort=cohort, parameters=parameters,
        patients=patients, seed=seed, sampling=sampling, covariates=covariates, states=states,
        keep_parameters=keep_parameters, measures=measures, observe=observe, engine=engine, method=method,
        tolerances=tolerances, absolute=absolute, reduce=reduce, out=out, chunk=chunk, resume=resume, client=client,
    ), progress)  # fmt: skip


def run_request(request: SimulationRequest, progress: Progress | None = None) -> xr.Dataset:
    """What `simulate` does with its arguments; a request that is loaded already is not loaded again."""
    simulation = plan_simulation(request if isinstance(request, LoadedRequest) else load_request(request))
    if simulation.request.out is not None:
        result = _streamed(simulation, progress)
    else:
        simulation.check_capacity()
        on_cluster = simulation.request.client is not None
        result = cluster_dataset(simulation, progress) if on_cluster else simulation.dataset(progress=progress)
    for line in result_warnings(simulation.run, result):
        warn(line)
    return result


def _streamed(simulation: Simulation, progress: Progress | None) -> xr.Dataset:
    """The result in a store, opened lazily."""
    from kinetics.simulation.store import check_destination, stream

    assert simulation.request.out is not None
    path = check_destination(simulation.request.out)
    simulation.check_capacity(path)
    stream(simulation, path, progress=progress)
    # a store has its variables in the order of their names
    blank = simulation.blank()
    return read_result(path).to_dataset()[[*blank.data_vars, *blank.coords]]


def result_warnings(run: Run, result: xr.Dataset) -> Iterator[str]:
    """What a reader of the result of runs must know."""
    if "failure" in result and (failed := int((result["failure"].values != "").sum())):
        yield f"{failed} of {result['failure'].size} could not be integrated; see the variable 'failure'"
    yield from cap_warnings(result, () if run.triggers is None else run.triggers.rules)
    yield from limit_warnings(result, run.measures)
