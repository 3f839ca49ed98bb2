"""`kinetics predict`."""

from __future__ import annotations

from kinetics.cli.arguments.inputs import check_engine, chosen_regimen, destination, durations
from kinetics.cli.arguments.options import (
    AsJson,
    Draws,
    EngineName,
    Every,
    FitCohort,
    FitResult,
    FutureTrial,
    OutNetCDF,
    Patients,
    RegimenName,
    Retreat,
    RetreatWith,
    Seed,
    States,
    Until,
    Whole,
)
from kinetics.cli.terminal.failures import check_any_done
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults


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
    study: FutureTrial = None,
    seed: Seed = 0,
    states: States = False,
    engine: EngineName = "auto",
    whole: Whole = False,
    out: OutNetCDF = None,
    as_json: AsJson = False,
) -> None:
    """Counts and recovery after any courses, over patients and over the uncertainty of the estimates."""
    from kinetics.estimate import Estimates
    from kinetics.prediction import predict as run
    from kinetics.reports.prediction import prediction_json, prediction_text
    from kinetics.results import write_result

    faults = Faults()
    check_engine(faults, engine)
    durations(faults, until=until, every=every)
    destination(faults, out, ".nc", inputs=[fit])
    treatment = chosen_regimen(faults, regimen, retreat or (), retreat_with)
    estimates = None
    with faults.gather():
        estimates = Estimates.load(fit)
    faults.raise_if_any()
    assert estimates is not None
    with watched(f"predicting from {estimates.fit}") as steps:
        tree = run(
            estimates,
            treatment,
            until=until,
            every=every,
            cohort=cohort,
            draws=draws,
            patients=patients,
            study=study,
            seed=seed,
            states=states,
            engine=engine,
            reduce=not whole,
            progress=steps.count,
        )
    if out is not None:
        write_result(tree, out)
        wrote(out)
    if as_json:
        print_json(prediction_json(tree))
    else:
        print_text(prediction_text(tree, page_width(), counts=out is None))
    check_any_done(tree)
