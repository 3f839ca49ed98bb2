"""`kinetics predict`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kinetics.cli.inputs import chosen_regimen, destination, durations
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
from kinetics.errors import Faults, InputError

if TYPE_CHECKING:
    from kinetics.estimate import Estimates

__all__ = ["predict"]


def predict(
    fit: Annotated[
        str,
        typer.Argument(metavar="FIT", help="A file of 'kinetics fit --out', or a fit with a committed result."),
    ],
    until: Until,
    every: Every = "1 month",
    cohort: Annotated[
        str | None,
        typer.Option("--cohort", metavar="NAME", help="A cohort of the model; by default that of the fit."),
    ] = None,
    regimen: RegimenName = None,
    retreat: Retreat = None,
    retreat_with: RetreatWith = "retreatment",
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", min=2, help="Parameter sets drawn from the covariance of the fit.")
    ] = 200,
    patients: Patients = None,
    seed: Seed = 0,
    states: States = False,
    out: OutNetCDF = None,
    as_json: AsJson = False,
) -> None:
    """Counts and recovery after any courses, with the uncertainty of the estimates."""
    from kinetics.prediction import predict as run
    from kinetics.prediction import recovery_summary
    from kinetics.report.predicting import prediction_text
    from kinetics.report.recovery import recovery_json
    from kinetics.results import write_result

    faults = Faults()
    durations(faults, until=until, every=every)
    destination(faults, out, ".nc")
    given = chosen_regimen(faults, regimen, retreat or (), retreat_with)
    if not given.courses and not len(faults):
        faults.add("needs --regimen or --retreat: without a course there is no recovery to predict")
    estimates = None
    with faults.gather():
        estimates = _estimates(fit)
    faults.raise_if_any()
    assert estimates is not None
    with watched(f"predicting from {estimates.fit}") as steps:
        tree = run(
            estimates,
            given,
            until=until,
            every=every,
            cohort=cohort,
            draws=draws,
            patients=patients,
            seed=seed,
            states=states,
            progress=steps.count,
        )
    if out is not None:
        write_result(tree, out)
        wrote(out)
    recovery = recovery_summary(tree)
    if as_json:
        facts = {key: tree.attrs.get(key) for key in ("regimen", "cohort", "model", "fits", "draws", "seed")}
        print_json({**facts, "recovery": recovery_json(recovery)})
    elif out is None:
        print_text(prediction_text(tree, recovery, page_width()))


def _estimates(name: str) -> Estimates:
    """The estimates in a fit's NetCDF file, or the committed ones of a fit problem."""
    from kinetics.estimate import Estimates
    from kinetics.model.cohorts import result_path
    from kinetics.model.library import find_file
    from kinetics.results import read_result

    if name.endswith(".nc"):
        return Estimates.from_tree(read_result(name))
    if name.endswith(".result.toml"):
        return Estimates.read(name)
    problem = find_file(name, "fits")
    committed = result_path(problem)
    if problem.is_file() and not committed.is_file():
        raise InputError(f"fit '{name}' has no committed result; run 'kinetics fit {name} --save', or --out FIT.nc")
    return Estimates.read(committed)
