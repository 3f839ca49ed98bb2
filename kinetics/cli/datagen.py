"""`kinetics datagen`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import destination, listed_names
from kinetics.cli.arguments.options import AsJson, ModelName, RegimenName, Seed, Until
from kinetics.cli.terminal.output import print_json, print_text, wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults


def datagen(
    model: ModelName,
    observe: Annotated[
        str, typer.Option("--observe", metavar="NAME|FILE", help="What is measured and when, with the model's noise.")
    ],
    until: Until,
    patients: Annotated[int, typer.Option("--patients", metavar="N", min=2, help="How many the study has.")],
    cohort: Annotated[
        str | None,
        typer.Option("--cohort", metavar="NAME", help="A cohort of the model; by default the model's own values."),
    ] = None,
    regimen: RegimenName = None,
    outputs: Annotated[
        str | None, typer.Option("--outputs", metavar="NAME,...", help="By default all that the visits measure.")
    ] = None,
    study: Annotated[str, typer.Option("--study", metavar="NAME", help="The study in the table.")] = "simulated",
    covariances: Annotated[
        bool, typer.Option("--covariances/--no-covariances", help="Covariances of all pairs of measurements.")
    ] = True,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.csv", help="Write a published table, which a fit reads.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate a study and write what it would publish: means, standard deviations, covariances."""
    from kinetics.simulation.study_summaries import datagen as run

    faults = Faults()
    destination(faults, out, ".csv", inputs=[model, regimen, observe])
    faults.raise_if_any()
    with watched(f"{patients} patients of {model}") as steps:
        table = run(
            model, regimen, observe=observe, until=until, patients=patients, cohort=cohort,
            outputs=listed_names(outputs), study=study, covariances=covariances, seed=seed, out=out,
            progress=steps.count,
        )  # fmt: skip
    if out is not None:
        wrote(out)
    if as_json:
        print_json({"rows": table.astype(object).where(table.notna(), None).to_dict(orient="records")})
    elif out is None:
        print_text(table.to_csv(index=False, lineterminator="\n").rstrip())
