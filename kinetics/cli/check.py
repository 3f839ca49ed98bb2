"""`kinetics check`."""

from __future__ import annotations

from typing import Annotated

import typer

from kinetics.cli.arguments.options import AllowLarge
from kinetics.cli.terminal.failures import tell
from kinetics.cli.terminal.output import print_text
from kinetics.cli.terminal.progress import watched


def check(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Files, or names that ship; without any, everything that ships."),
    ] = None,
    allow_large: AllowLarge = False,
) -> None:
    """Report every fault of models, fits, tables, figures, results and other files, also of SBML and PEtab."""
    from kinetics.checking import check as run

    with watched("checking") as steps:
        findings = run(*(files or ()), progress=steps.count, allow_large=allow_large)
    if not findings.sound:
        for file, notes in findings.notes.items():
            tell(f"{file}: {notes[0]}")
    findings.raise_if_any()
    print_text(str(findings))
