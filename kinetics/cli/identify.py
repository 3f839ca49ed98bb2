"""`kinetics identify`."""

from __future__ import annotations

from typing import Annotated

import typer

from kinetics.cli.arguments.completion import completing
from kinetics.cli.arguments.inputs import listed_names
from kinetics.cli.arguments.options import AsJson, RegimenName
from kinetics.cli.terminal.failures import tell
from kinetics.cli.terminal.output import page_width, print_json, print_text
from kinetics.cli.terminal.progress import watched


def identify(
    name: Annotated[
        str,
        typer.Argument(
            metavar="FIT|MODEL",
            help="A fit problem or a model that ships, or a file.",
            autocompletion=completing("fits", "models"),
        ),
    ],
    parameters: Annotated[
        str | None, typer.Option("--parameters", metavar="NAME,NAME", help="Of a model: what is unknown.")
    ] = None,
    outputs: Annotated[
        str | None,
        typer.Option("--outputs", metavar="NAME,NAME", help="Of a model: what is measured; A/B is a ratio of two."),
    ] = None,
    regimen: RegimenName = None,
    cohort: Annotated[
        str | None, typer.Option("--cohort", metavar="NAME", help="A cohort of the model, near whose values to look.")
    ] = None,
    unknown_initial: Annotated[
        str | None,
        typer.Option("--unknown-initial", metavar="STATE,STATE", help="States that start at an unknown value."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Which parameters can be known at all from what is measured, whatever the number and error of the data."""
    from kinetics.identifiability import identify as run
    from kinetics.reports.identifiability import identifiability_json, identifiability_text

    with watched(f"identifiability of {name}"):
        identification = run(
            name,
            listed_names(parameters),
            listed_names(outputs),
            regimen=regimen,
            cohort=cohort,
            unknown_initial=listed_names(unknown_initial),
        )
    if identification.resting:
        tell("no dose is given; with --regimen the outputs may determine more parameters than at rest")
    if as_json:
        print_json(identifiability_json(identification))
    else:
        print_text(identifiability_text(identification, page_width()))
