"""`kinetics simulate`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import check_cluster, chosen_regimen, destination, named_values, parts_of
from kinetics.cli.arguments.option_names import named_as_options
from kinetics.cli.arguments.options import (
    AsJson,
    ClusterAddress,
    Covariates,
    EndOrTimes,
    EngineName,
    EveryOrMonth,
    KeepParameters,
    ModelName,
    Patients,
    RegimenName,
    Resume,
    Retreat,
    RetreatWith,
    Sampling,
    Seed,
    States,
    Times,
    Whole,
    Workers,
)
from kinetics.cli.terminal.failures import INTERRUPTED, check_any_done, tell
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import Steps, watched
from kinetics.errors import Faults


def simulate(
    model: ModelName,
    until: EndOrTimes = None,
    every: EveryOrMonth = None,
    times: Times = None,
    cohort: Annotated[
        str | None,
        typer.Option("--cohort", metavar="NAME", help="A cohort of the model; by default the model's own values."),
    ] = None,
    regimen: RegimenName = None,
    retreat: Retreat = None,
    retreat_with: RetreatWith = "retreatment",
    patients: Patients = None,
    observe: Annotated[
        str | None,
        typer.Option(
            "--observe", metavar="NAME|FILE", help="Add what visits show of each patient: with noise, at these times."
        ),
    ] = None,
    covariates: Covariates = None,
    seed: Seed = 0,
    sampling: Sampling = "random",
    states: States = False,
    keep_parameters: KeepParameters = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help='Change a parameter, such as k_el="0.1 1/day"; repeatable.'),
    ] = None,
    engine: EngineName = "auto",
    method: Annotated[
        str | None, typer.Option("--method", metavar="LSODA|BDF|Radau", help="SciPy's integrator; by default LSODA.")
    ] = None,
    rtol: Annotated[
        float | None,
        typer.Option("--rtol", metavar="NUMBER", min=1e-13, max=0.1, help="Relative tolerance."),
    ] = None,
    absolute: Annotated[
        list[str] | None,
        typer.Option(
            "--absolute",
            metavar="STATE=VALUE",
            help='Absolute tolerance of a state that falls by many decades, such as N="1e-30 1e9/L"; repeatable.',
        ),
    ] = None,
    whole: Whole = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE.{nc,csv,xlsx,zarr}",
            help="Write the result; patients go to .zarr chunk by chunk, in little memory. Replaced only by a success.",
        ),
    ] = None,
    resume: Resume = False,
    cluster: ClusterAddress = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Counts over time under a regimen, and recovery after each course."""
    from kinetics.cluster.clients import connected
    from kinetics.engines import Tolerances
    from kinetics.measures import recovery_measures
    from kinetics.reports.simulation import simulation_json, simulation_text
    from kinetics.results import RESULTS, write_result
    from kinetics.simulation import SimulationRequest, load_request, run_request

    faults = Faults()
    with_patients = patients is not None or covariates is not None
    store = out if out is not None and out.suffix.lower() == ".zarr" else None
    if store is not None:
        _check_store(faults, store, with_patients=with_patients)
    else:
        destination(faults, out, *RESULTS, *([".zarr"] if with_patients else []), inputs=[model, regimen, covariates])
        if resume:
            faults.add("goes on with a store; name it with --out FILE.zarr", name="--resume")
    check_cluster(faults, cluster, workers, "" if with_patients else "--patients")
    changes = named_values(faults, "--set", "k='0.1 1/day'", settings or ())
    tolerances = Tolerances(rtol, 1e-4 * rtol) if rtol is not None else None
    of_states = named_values(faults, "--absolute", "N='1e-30 1e9/L'", absolute or ())
    request = SimulationRequest(
        model=model, regimen=chosen_regimen(faults, regimen, retreat or (), retreat_with), until=until, every=every,
        times=parts_of(times), cohort=cohort, parameters=changes, patients=patients, seed=seed, sampling=sampling,
        covariates=covariates, states=states, keep_parameters=keep_parameters, observe=observe, engine=engine,
        method=method, tolerances=tolerances, absolute=of_states, reduce=not whole, out=store, resume=resume,
    )  # fmt: skip
    loaded = None
    with faults.gather(), named_as_options({"model": "", **{name: f"--set {name}" for name in changes}}):
        loaded = load_request(request)
    faults.raise_if_any()
    assert loaded is not None
    recovery = recovery_measures(loaded.model, loaded.values) if loaded.regimen.courses else []
    with _watched(loaded.model.name, store) as steps, connected(cluster, workers) as client:
        result = run_request(replace(loaded, measures=tuple(recovery), client=client), steps.count)
    if out is not None:
        wrote(*([out] if store is not None else write_result(result, out)))
    if as_json:
        print_json(simulation_json(result, recovery, loaded.regimen.rules))
    else:
        print_text(simulation_text(result, recovery, loaded.regimen.rules, page_width(), counts=out is None))
    check_any_done(result)


def _check_store(faults: Faults, store: Path, *, with_patients: bool) -> None:
    from kinetics.simulation.store import check_destination

    with faults.gather(name="--out"):
        check_destination(store)
    if not with_patients:
        faults.add("is for --patients; for the typical patient end the name in .nc", str(store), "--out")


@contextmanager
def _watched(model: str, store: Path | None) -> Iterator[Steps]:
    """Progress; an interrupt of a stream tells what is kept."""
    with watched(f"simulating {model}") as steps:
        try:
            yield steps
        except KeyboardInterrupt:
            if store is None or not steps.done:
                raise
            finished = f"{steps.done} of {steps.total} patients are kept in {store}.part"
            tell(f"interrupted: {finished}; the same call with --resume goes on from there")
            raise typer.Exit(INTERRUPTED) from None
