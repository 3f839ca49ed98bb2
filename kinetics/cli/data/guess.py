"""`kinetics data guess`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.arguments.options import AllowLarge, Counts, DosesFile, ModelOfData
from kinetics.cli.terminal.output import print_text, wrote
from kinetics.errors import Faults


def guess(
    counts: Counts,
    doses: DosesFile = None,
    model: ModelOfData = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.toml", help="Write the mapping, to be corrected."),
    ] = None,
    allow_large: AllowLarge = False,
) -> None:
    """Propose what the columns, analytes and drugs of a table of patients mean."""
    from kinetics.patients import guess_mapping

    faults = Faults()
    destination(faults, out, ".toml", inputs=[counts, *([] if doses is None else [doses])])
    faults.raise_if_any()
    mapping = guess_mapping(counts, doses, model=model, allow_large=allow_large)
    if out is None:
        print_text(mapping.to_toml().rstrip())
        return
    mapping.save(out)
    for note in mapping.notes:
        print_text(note)
    wrote(out)
