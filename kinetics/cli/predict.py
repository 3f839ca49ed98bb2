"""`kinetics predict`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kinetics.cli.arguments.inputs import chosen_regimen, destination, durations
from kinetics.cli.arguments.options import (
    AsJson,
    Draws,
    EngineName,
    Every,
    FitCohort,
    FitResult,
    FutureStudy,
    OutNetCDF,
    Patients,
    RegimenName,
    Retreat,
    RetreatWith,
    Seed,
    States,
    Until,
)
from kinetics.cli.terminal.failures import check_any_done
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults

if TYPE_CHECKING:
    import xarray as xr

    from kinetics.regimen import Regimen

__all__ = ["predict"]


def predict(
    fit: FitResult,
    until: Until,
    every: Every = "1 month",
    cohort: FitCohort = None,
    regimen: RegimenName = None,
    retreat: Retreat = None,
    retreat_with: RetreatWith = "retreatment",
    draws: Draws = 200,
    patients: Patients = None,
    study: FutureStudy = None,
    seed: Seed = 0,
    states: States = False,
    engine: EngineName = "auto",
    out: OutNetCDF = None,
    as_json: AsJson = False,
) -> None:
    """Counts and recovery after any courses, over patients and over the uncertainty of the estimates."""
    from kinetics.estimate import Estimates
    from kinetics.prediction import predict as run
    from kinetics.results import write_result
    from kinetics.simulation.engine import choose_engine

    faults = Faults()
    with faults.gather(name="--engine"):
        choose_engine(engine, None, 1, None)
    durations(faults, until=until, every=every)
    destination(faults, out, ".nc", inputs=[fit])
    if study is not None and patients is None:
        faults.add("a future study is of virtual patients; give --patients N too", name="--study")
    given = _regimen(faults, regimen, retreat or (), retreat_with)
    estimates = None
    with faults.gather():
        estimates = Estimates.load(fit)
    faults.raise_if_any()
    assert estimates is not None
    asked: dict[str, Any] = {"until": until, "every": every, "cohort": cohort, "states": states, "engine": engine}
    with watched(f"predicting from {estimates.fit}") as steps:
        population = {"patients": patients, "study": study, "seed": seed}
        tree = run(estimates, given, draws=draws, progress=steps.count, **population, **asked)
    if out is not None:
        write_result(tree, out)
        wrote(out)
    _print(tree, as_json=as_json, counts=out is None)
    check_any_done(tree)


def _regimen(faults: Faults, name: str | None, retreat: Sequence[str], with_regimen: str) -> Regimen:
    """What is given, which must have a course."""
    given = chosen_regimen(faults, name, retreat, with_regimen)
    if not given.courses and not len(faults):
        faults.add("needs --regimen or --retreat: without a course there is no recovery to predict")
    return given


def _print(tree: xr.DataTree, *, as_json: bool, counts: bool) -> None:
    from kinetics.prediction import recovery_summary
    from kinetics.reports.prediction import prediction_json, prediction_text

    recovery = recovery_summary(tree)
    if as_json:
        print_json(prediction_json(tree, recovery))
    else:
        print_text(prediction_text(tree, recovery, page_width(), counts=counts))
