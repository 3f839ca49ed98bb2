"""`kinetics import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.terminal.failures import tell
from kinetics.cli.terminal.output import print_text, wrote
from kinetics.errors import Faults


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.xml", help="A model in SBML, level 2 or 3.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="NAME.toml", help="Write the model file in place of the terminal."),
    ] = None,
) -> None:
    """A model of SBML as a model file; stderr says what was renamed or left out."""
    from kinetics.files.writing import write_atomically
    from kinetics.interop.sbml import import_sbml

    faults = Faults()
    destination(faults, out, ".toml", inputs=[file])
    faults.raise_if_any()
    imported = import_sbml(file)
    text = imported.to_toml()
    for note in imported.messages:
        tell(f"note: {file}: {note}")
    if out is None:
        print_text(text.rstrip("\n"))
    else:
        write_atomically(out, text)
        wrote(out)
