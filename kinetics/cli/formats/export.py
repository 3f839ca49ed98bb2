"""`kinetics export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.completion import MODELS_AND_FITS
from kinetics.cli.arguments.options import RegimenName
from kinetics.cli.terminal.output import print_text, wrote


def export(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A model that ships, or a model file; for petab a fit problem.",
            autocompletion=MODELS_AND_FITS,
        ),
    ],
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="sbml|antimony|python|latex|nonmem|petab",
            help="What to write; by default what the ending of --out says.",
        ),
    ] = None,
    cohort: Annotated[
        str | None, typer.Option("--cohort", metavar="NAME", help="Whose parameter values are written.")
    ] = None,
    regimen: RegimenName = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it to a file in place of the terminal; petab to a folder."),
    ] = None,
) -> None:
    """A model for other programs: SBML, Antimony, Python, LaTeX; a regimen as the records of NONMEM; a fit as PEtab."""
    from kinetics.exports import export as run

    text = run(model, format, cohort=cohort, regimen=regimen, out=out)
    if out is None:
        print_text(text.rstrip("\n"))
    else:
        wrote(out)
