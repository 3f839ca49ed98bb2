"""`kinetics show`."""

from __future__ import annotations

from typing import Annotated

import typer

from kinetics.cli.arguments.completion import ALL
from kinetics.cli.arguments.options import AllowLarge
from kinetics.cli.terminal.output import page_width, print_text


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A model, regimen, visits, fit or figure that ships, or a file, also of a result.",
            autocompletion=ALL,
        ),
    ],
    cohort: Annotated[
        str | None, typer.Option("--cohort", metavar="NAME", help="Show this cohort's values in a model's table.")
    ] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print a model's equations as LaTeX.")] = False,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="FUNCTION", help="Print the assembly of a model's function, such as rate."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="SECTION",
            help="Of a model: equations, events, parameters, correlations, inputs, doses, outputs, cohorts; repeatable",
        ),
    ] = None,
    search: Annotated[
        str, typer.Option("--search", metavar="TEXT", help="Of a model: the rows that have this text, such as IL7.")
    ] = "",
    allow_large: AllowLarge = False,
) -> None:
    """Equations and parameters of a model, also of SBML; a regimen; visits; a fit, also of PEtab; a result.nc."""
    from kinetics.reports.showing import show as run

    page = run(
        name, cohort=cohort, latex=latex, code=code, only=only or (), search=search, width=page_width(),
        allow_large=allow_large,
    )  # fmt: skip
    print_text(page)
