"""`kinetics fit-all`."""

from __future__ import annotations

from typing import Annotated

import typer

from kinetics.cli.arguments.completion import FITS
from kinetics.cli.arguments.options import AsJson, Resume
from kinetics.cli.terminal.failures import BAD_INPUT, tell
from kinetics.cli.terminal.output import page_width, print_json, print_text
from kinetics.cli.terminal.progress import watched
from kinetics.cli.terminal.resuming import resumable


def fit_all(
    fits: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FIT...]",
            help="Fits, their files, or folders of them; by default all that ship.",
            autocompletion=FITS,
        ),
    ] = None,
    variants: Annotated[
        bool, typer.Option("--variants", help="Also those in the folder 'variants' beside a fit that extend it.")
    ] = False,
    refit: Annotated[bool, typer.Option("--refit", help="Fit all, those with a current result too.")] = False,
    save: Annotated[
        bool, typer.Option("--save", help="Write each NAME.result.toml as soon as it is fitted; later fits hold it.")
    ] = False,
    resume: Resume = False,
    as_json: AsJson = False,
) -> None:
    """All fits whose committed result is missing or out of date, each after those that it builds on."""
    from kinetics.dependence import FitOutcomes
    from kinetics.dependence.fitting_all import outcomes, plan
    from kinetics.reports.fit import fit_outcomes_json, fit_outcomes_text, outcome_line

    planned, made = plan(fits, variants=variants, save=save), []
    with resumable():
        for outcome in outcomes(planned, refit=refit, save=save, resume=resume, watch=watched):
            made.append(outcome)
            tell(outcome_line(outcome))
    result = FitOutcomes(tuple(made))
    if as_json:
        print_json(fit_outcomes_json(result))
    else:
        print_text(fit_outcomes_text(result, page_width()))
    if result.failed:
        raise typer.Exit(BAD_INPUT)
