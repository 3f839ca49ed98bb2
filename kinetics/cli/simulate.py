"""`kinetics simulate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinetics.cli.inputs import chosen_regimen, destination, durations, parameter_values
from kinetics.cli.options import (
    AsJson,
    Every,
    OutNetCDF,
    Patients,
    RegimenName,
    Retreat,
    RetreatWith,
    Seed,
    States,
    Until,
)
from kinetics.cli.output import page_width, print_json, print_text, wrote
from kinetics.cli.progress import watched
from kinetics.errors import Faults

if TYPE_CHECKING:
    import xarray as xr

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
    seed: Seed = 0,
    states: States = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help='Change a parameter, such as k_el="0.1 1/day"; repeatable.'),
    ] = None,
    method: Annotated[str, typer.Option("--method", metavar="LSODA|BDF|Radau", help="The integrator.")] = "LSODA",
    rtol: Annotated[
        float | None,
        typer.Option("--rtol", metavar="NUMBER", min=1e-13, max=0.1, help="Relative tolerance."),
    ] = None,
    out: OutNetCDF = None,
    as_json: AsJson = False,
) -> None:
    """Counts over time under a regimen, and recovery after each course."""
    from kinetics.engines.scipy import METHODS, Tolerances
    from kinetics.model import Model
    from kinetics.prediction import recovery_measures
    from kinetics.results import write_result
    from kinetics.simulation import simulate as run

    faults = Faults()
    durations(faults, until=until, every=every)
    destination(faults, out, ".nc")
    if method not in METHODS:
        faults.add(f"unknown integrator '{method}'; there are {', '.join(METHODS)}", name="--method")
    given = chosen_regimen(faults, regimen, retreat or (), retreat_with)
    chosen, values = None, {}
    with faults.gather():
        chosen = Model.load(model)
        values = parameter_values(faults, chosen, cohort, settings or ())
    faults.raise_if_any()
    assert chosen is not None
    measures = recovery_measures(chosen, values) if given.courses else []
    with watched(f"simulating {chosen.name}") as steps:
        result = run(
            chosen,
            given,
            until=until,
            every=every,
            cohort=cohort,
            parameters=values,
            patients=patients,
            seed=seed,
            states=states,
            measures=measures,
            method=method,
            tolerances=Tolerances(relative=rtol) if rtol is not None else None,
            progress=steps.count,
        )
    if out is not None:
        write_result(result, out)
        wrote(out)
    _print(result, {measure.output: measure.name for measure in measures}, as_json=as_json, quiet=out is not None)


def _print(result: xr.Dataset, variables: dict[str, str], *, as_json: bool, quiet: bool) -> None:
    from kinetics.report.recovery import recovery_json, recovery_rows, recovery_table

    recovery = recovery_rows(result, variables)
    if as_json:
        print_json(_json(result, recovery_json(recovery)))
    elif not quiet:
        from kinetics.report.course import series, time_course_table

        table, interval, who = result, None, "typical patient"
        if "patient" in result.dims:
            table, interval = _over_patients(result)
            who = f"median of {result.sizes['patient']} patients [95 % of them]"
        text = time_course_table(table, series(table), interval, page_width())
        below = recovery_table(recovery, f"Time from the first dose of each course to the lower limit of normal, {who}")
        print_text(f"{_title(result)}, {who}\n\n{text}" + (f"\n\n{below}" if below else ""))


def _title(result: xr.Dataset) -> str:
    facts = result.attrs
    return ", ".join(
        filter(
            None,
            (facts["model"], facts.get("cohort") and f"cohort {facts['cohort']}", facts.get("regimen") or "no drug"),
        )
    )


def _over_patients(result: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """The median over patients on (time), and 95 % of them on (quantile, time)."""
    from kinetics.report.course import series

    names = series(result, "patient")
    quantiles = result[names].quantile([0.025, 0.5, 0.975], dim="patient", skipna=True, keep_attrs=True)
    return quantiles.sel(quantile=0.5), quantiles


def _json(result: xr.Dataset, recovery: list[dict[str, Any]]) -> dict[str, Any]:
    from kinetics.report.course import series

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
    return {**facts, "time": time, "outputs": outputs, "recovery": recovery}
