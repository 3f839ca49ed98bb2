"""`kinetics docs`."""

from __future__ import annotations

from typing import Annotated

import typer

from kinetics.cli.terminal.output import print_text


def docs(
    page: Annotated[str, typer.Argument(metavar="PAGE", help="Such as theory, or tutorials/simulate.")] = "index",
    path: Annotated[bool, typer.Option("--path", help="Print the path of the page; open nothing.")] = False,
) -> None:
    """Open the documentation in the browser, and print where it is."""
    from kinetics.documentation import docs as run

    print_text(str(run(page, browser=not path)))
