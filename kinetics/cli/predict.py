"""`kinetics predict`."""

from __future__ import annotations

from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import chosen_regimen, destination, parts_of
from kinetics.cli.arguments.option_names import named_as_options
from kinetics.cli.arguments.options import (
    AsJson,
    Draws,
    EndOrTimes,
    EngineName,
    Every,
    FitCohort,
    FitResult,
    FutureTrial,
    OutResult,
    Patients,
    Retreat,
    RetreatWith,
    Seed,
    States,
    Times,
    Whole,
)
from kinetics.cli.terminal.failures import check_any_done
from kinetics.cli.terminal.output import page_width, print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults


def predict(
    fit: FitResult,
    until: EndOrTimes = None,
    every: Every = "1 month",
    times: Times = None,
    cohort: FitCohort = None,
    regimen: Annotated[
        str | None,
        typer.Option(
            "--regimen",
            metavar="NAME|FILE",
            help="What is given; see 'kinetics models'. Without it, what --retreat adds.",
        ),
    ] = None,
    retreat: Retreat = None,
    retreat_with: RetreatWith = "retreatment",
    draws: Draws = 200,
    patients: Patients = None,
    study: FutureTrial = None,
    seed: Seed = 0,
    states: States = False,
    engine: EngineName = "auto",
    whole: Whole = False,
    no_discrepancy: Annotated[
        bool, typer.Option("--no-discrepancy", help="Leave out what cross-validation says the model gets wrong.")
    ] = False,
    out: OutResult = None,
    as_json: AsJson = False,
) -> None:
    """Counts and recovery after any courses, over patients and over the uncertainty of the estimates."""
    from kinetics.prediction.predicting import run_prediction
    from kinetics.prediction.request import PredictionRequest, load_prediction
    from kinetics.reports.prediction import prediction_json, prediction_text
    from kinetics.results import RESULTS, write_result

    faults = Faults()
    destination(faults, out, *RESULTS, inputs=[fit])
    treatment = chosen_regimen(faults, regimen, retreat or (), retreat_with)
    request = PredictionRequest(
        fit, treatment, until=until, every=every, times=parts_of(times), cohort=cohort, draws=draws,
        patients=patients, study=study, seed=seed, states=states, engine=engine, reduce=not whole,
        discrepancy=not no_discrepancy,
    )  # fmt: skip
    prediction = None
    with faults.gather(), named_as_options({name: f"--{name}" for name in vars(request)} | {"estimates": ""}):
        prediction = load_prediction(request)
    faults.raise_if_any()
    assert prediction is not None
    with watched(f"predicting from {prediction.fit}") as steps:
        tree = run_prediction(prediction, steps.count)
    if out is not None:
        wrote(*write_result(tree, out))
    if as_json:
        print_json(prediction_json(tree))
    else:
        print_text(prediction_text(tree, page_width(), counts=out is None))
    check_any_done(tree)
