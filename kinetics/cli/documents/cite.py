"""`kinetics cite`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.terminal.output import print_text, wrote
from kinetics.errors import Faults


def cite(
    result: Annotated[
        str,
        typer.Argument(
            metavar="RESULT", help="A result.nc or .zarr, a fit, a committed NAME.result.toml, or facts.csv."
        ),
    ],
    model: Annotated[
        str | None, typer.Option("--model", metavar="FILE", help="Model of the result, if that is none that ships.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.bib", help="Write it to a file in place of the terminal.")
    ] = None,
) -> None:
    """References of a result as BibTeX: the program, its methods, the sources of its numbers."""
    from kinetics.citation import cite as run
    from kinetics.files.writing import write_atomically

    faults = Faults()
    destination(faults, out, ".bib", inputs=[result, model])
    faults.raise_if_any()
    text = run(result, model=model)
    if out is None:
        print_text(text.rstrip("\n"))
    else:
        write_atomically(out, text)
        wrote(out)
