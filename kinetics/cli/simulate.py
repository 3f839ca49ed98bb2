"""`kinetics simulate`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinetics.cli.arguments.inputs import chosen_regimen, destination, durations, named_values, parameter_values
from kinetics.cli.arguments.options import (
    AsJson,
    Covariates,
    EngineName,
    Every,
    Patients,
    RegimenName,
    Retreat,
    RetreatWith,
    Sampling,
    Seed,
    States,
    Until,
)
from kinetics.cli.terminal.failures import INTERRUPTED, check_any_done, tell
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import Steps, watched
from kinetics.errors import Faults

if TYPE_CHECKING:
    import xarray as xr

    from kinetics.observation import VisitSchedule
    from kinetics.regimen import Rule

__all__ = ["simulate"]


def simulate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model that ships, or a file.")],
    until: Until,
    every: Every,
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
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE.nc|FILE.zarr",
            help="Write the result; patients go to .zarr chunk by chunk, in little memory. Replaced only by a success.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the FILE.zarr of an interrupted run of the same call.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Counts over time under a regimen, and recovery after each course."""
    from kinetics.engines import Tolerances
    from kinetics.engines.tolerances import state_tolerances
    from kinetics.measures import recovery_measures
    from kinetics.model import Model
    from kinetics.population.covariates import read_covariates
    from kinetics.population.variability import check_sampling
    from kinetics.results import write_result
    from kinetics.simulation.runs import choose_engine
    from kinetics.simulation.simulating import simulate as run

    faults = Faults()
    durations(faults, until=until, every=every)
    with_patients = patients is not None or covariates is not None
    store = _place(faults, out, [model, regimen, covariates], with_patients=with_patients, resume=resume)
    with faults.gather(name="--engine or --method"):
        choose_engine(engine, method, 1, None)
    given = chosen_regimen(faults, regimen, retreat or (), retreat_with)
    schedule = _schedule(faults, observe, with_patients=with_patients)
    with faults.gather(name="--sampling"):
        check_sampling(seed, sampling)
    chosen, values, of_states = None, {}, named_values(faults, "--absolute", "N='1e-30 1e9/L'", absolute or ())
    with faults.gather():
        chosen = Model.load(model)
        values = parameter_values(faults, chosen, cohort, settings or ())
        with faults.gather(name="--absolute"):
            state_tolerances(chosen, of_states)
        if covariates is not None:
            read_covariates(covariates, chosen).patients(patients)
    if chosen is not None and schedule is not None:
        with faults.gather(name="--observe"):
            schedule.check_outputs(chosen)
    faults.raise_if_any()
    assert chosen is not None
    measures = recovery_measures(chosen, values) if given.courses else []
    with _watched(chosen.name, store) as steps:
        result = run(
            chosen,
            given,
            until=until,
            every=every,
            cohort=cohort,
            parameters=values,
            patients=patients,
            seed=seed,
            sampling=sampling,
            covariates=covariates,
            states=states,
            measures=measures,
            observe=schedule,
            engine=engine,
            method=method,
            tolerances=Tolerances(rtol, 1e-4 * rtol) if rtol is not None else None,
            absolute=of_states,
            out=store,
            resume=resume,
            progress=steps.count,
        )
    if out is not None:
        if store is None:
            write_result(result, out)
        wrote(out)
    levels = {measure.output: measure.level for measure in measures}
    variables = {measure.output: measure.name for measure in measures}
    _print(result, given.rules, variables, levels, as_json=as_json, quiet=out is not None)
    check_any_done(result)


def _schedule(faults: Faults, name: str | None, *, with_patients: bool) -> VisitSchedule | None:
    """The visits of a name, which are of patients."""
    from kinetics.observation import VisitSchedule

    if name is None:
        return None
    if not with_patients:
        faults.add("is for --patients; the typical patient has no visits", name="--observe")
    with faults.gather(name="--observe"):
        return VisitSchedule.load(name)
    return None


def _place(
    faults: Faults, out: Path | None, inputs: Sequence[str | Path | None], *, with_patients: bool, resume: bool
) -> Path | None:
    """The store to stream to; None if the result, if it is written at all, is written when it is complete."""
    from kinetics.simulation.store import check_destination

    if out is None or out.suffix.lower() != ".zarr":
        destination(faults, out, ".nc", *([".zarr"] if with_patients else []), inputs=inputs)
        if resume:
            faults.add("goes on with a store; name it with --out FILE.zarr", name="--resume")
        return None
    with faults.gather(name="--out"):
        check_destination(out)
    if not with_patients:
        faults.add("is for --patients; for the typical patient end the name in .nc", str(out), "--out")
    return out


@contextmanager
def _watched(model: str, store: Path | None) -> Iterator[Steps]:
    """Progress; an interrupt of a stream tells what is kept."""
    with watched(f"simulating {model}") as steps:
        try:
            yield steps
        except KeyboardInterrupt:
            if store is None or not steps.done:
                raise
            kept = f"{steps.done} of {steps.total} patients are kept in {store}.part"
            tell(f"interrupted: {kept}; the same call with --resume goes on from there")
            raise typer.Exit(INTERRUPTED) from None


def _print(
    result: xr.Dataset,
    rules: Sequence[Rule],
    variables: dict[str, str],
    levels: dict[str, str],
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    from kinetics.reports.course import exploratory
    from kinetics.reports.recovery import recovery_json, recovery_rows, recovery_table
    from kinetics.reports.triggered import triggered_json, triggered_text

    recovery, seen = recovery_rows(result, variables), _seen_rows(result, levels)
    if as_json:
        content = _json(result, recovery_json(recovery))
        if "visits" in result.attrs:
            content |= {"visits": result.attrs["visits"], "seen_recovery": recovery_json(seen)}
        if rules:
            content |= triggered_json(result, rules)
        print_json(content)
        return
    who = "typical patient"
    if "patient" in result.dims:
        who = f"median of {result.sizes['patient']} patients [95 % of them]"
    title = f"Time from the first dose of each course to the lower limit of normal, {who}"
    below = recovery_table(recovery, title, exploratory=exploratory(result))
    given = triggered_text(result, rules, page_width()) if rules else ""
    above = "" if quiet else _time_course(result)
    title = f"The same as visits show it, noise included, schedule {result.attrs.get('visits')}"
    visits = recovery_table(seen, title, exploratory=exploratory(result))
    print_text("\n\n".join(filter(None, (f"{_title(result)}, {who}", above, given, below, visits))))


def _seen_rows(result: xr.Dataset, levels: dict[str, str]) -> list[dict[str, Any]]:
    """Recovery of each output to its level as visits show it; nothing without visits."""
    if "visits" not in result.attrs:
        return []
    from kinetics.observation import observed_recovery
    from kinetics.reports.recovery import recovery_rows

    times = {out: observed_recovery(result, out, level) for out, level in levels.items() if f"{out}_seen" in result}
    return recovery_rows(result.assign(times), {out: out for out in times})


def _time_course(result: xr.Dataset) -> str:
    from kinetics.reports.course import series, time_course_table

    table, interval = _over_patients(result) if "patient" in result.dims else (result, None)
    return time_course_table(table, series(table), () if interval is None else (interval,), page_width())


def _title(result: xr.Dataset) -> str:
    facts = result.attrs
    return ", ".join(
        filter(
            None,
            (facts["model"], facts.get("cohort") and f"cohort {facts['cohort']}", facts["regimen"]),
        )
    )


def _over_patients(result: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """The median over patients on (time), and 95 % of them on (quantile, time)."""
    import xarray as xr

    from kinetics.reports.course import series

    names = series(result, "patient")
    # one variable after another: a store may be larger than memory
    each = [result[name].quantile([0.025, 0.5, 0.975], dim="patient", skipna=True, keep_attrs=True) for name in names]
    quantiles = xr.Dataset(dict(zip(names, each, strict=True)), attrs=result.attrs)
    return quantiles.sel(quantile=0.5), quantiles


def _json(result: xr.Dataset, recovery: list[dict[str, Any]]) -> dict[str, Any]:
    from kinetics.reports.course import exploratory, series

    facts = {key: result.attrs.get(key) for key in ("model", "cohort", "regimen", "seed", "engine")}
    time = {"unit": result["time"].attrs["units"], "values": result["time"].values.tolist()}
    if "patient" in result.dims:
        _, quantiles = _over_patients(result)
        outputs = {
            name: {
                "unit": quantiles[name].attrs["units"],
                **{
                    key: quantiles[name].sel(quantile=q).values.tolist()
                    for key, q in (("values", 0.5), ("lower", 0.025), ("upper", 0.975))
                },
            }
            for name in series(quantiles, "quantile")
        }
        facts["patients"] = result.sizes["patient"]
    else:
        outputs = {
            name: {"unit": result[name].attrs["units"], "values": result[name].values.tolist()}
            for name in series(result)
        }
    marks = [name for name in exploratory(result) if name in outputs]
    return {**facts, "time": time, "outputs": outputs, "exploratory": marks, "recovery": recovery}
