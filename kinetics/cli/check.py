"""`kinetics check`."""

from __future__ import annotations

from typing import Annotated

import typer

from kinetics.cli.terminal.output import print_text
from kinetics.cli.terminal.progress import watched


def check(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Files, or names that ship; without any, everything that ships."),
    ] = None,
) -> None:
    """Report every fault of models, regimens, visits, fits, published tables, figures, results and bibliographies."""
    from kinetics.checking import check as run

    with watched("checking") as steps:
        findings = run(*(files or ()), progress=steps.count)
    findings.raise_if_any()
    print_text(str(findings))
