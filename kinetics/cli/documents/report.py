"""`kinetics report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.terminal.output import wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults


def report(
    result: Annotated[
        str,
        typer.Argument(
            metavar="RESULT",
            help="NAME.result.toml or NAME.nc of a fit, a fit that ships, or the .nc file of a prediction, a "
            "simulation, a patient or a clinic.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.{html,pdf,docx}", help="Where it goes; replaced only by a success.")
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME|FILE", help="The model of the result, if that is none that ships."),
    ] = None,
) -> None:
    """Data, equations, parameters with sources, tables, figures, provenance and bibliography of a result, in a file."""
    from kinetics.documents import write_report
    from kinetics.documents.writers import FORMATS

    faults = Faults()
    destination(faults, out, *FORMATS, inputs=[result])
    faults.raise_if_any()
    with watched(f"writing the report of {result}"):
        write_report(result, out, model=model)
    wrote(out)
