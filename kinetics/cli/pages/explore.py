"""`kinetics explore`."""

from __future__ import annotations

from typing import Annotated

import typer

from kinetics.cli.terminal.output import print_text
from kinetics.cli.terminal.progress import watched


def explore(
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL|RESULT|DATA]",
            help="A model, a fit, a result (.nc) or a table of patients; by default the model of the comparison.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME|FILE", help="Where what is explored does not say it.")
    ] = None,
    cohort: Annotated[str | None, typer.Option("--cohort", metavar="NAME", help="The cohort to start with.")] = None,
    regimen: Annotated[
        str | None, typer.Option("--regimen", metavar="NAME|FILE", help="The courses to start with.")
    ] = None,
    link: Annotated[
        str | None, typer.Option("--link", metavar="LINK", help="A link of the page: what it showed is there again.")
    ] = None,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="By default a random one that is free.")
    ] = 0,
    address: Annotated[
        str, typer.Option("--address", metavar="ADDRESS", help="Another loopback address; others are refused.")
    ] = "127.0.0.1",
    unsafe_listen: Annotated[
        bool, typer.Option("--unsafe-listen", help="Let other machines reach the page: whoever has its link can.")
    ] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, and open no browser.")] = False,
) -> None:
    """A page in the browser: regimens, sliders, curves and recovery; Ctrl-C ends it."""
    from kinetics.explorer import explore as run
    from kinetics.explorer.exploring import check_extra
    from kinetics.explorer.listening import check_address

    check_extra()
    check_address(address, unsafe_listen=unsafe_listen)
    explorer = run(subject, model=model, cohort=cohort, regimen=regimen, link=link)
    with watched(f"preparing {explorer.model.name}"):
        explorer.warm()
    try:
        explorer.serve(
            address=address, port=port, unsafe_listen=unsafe_listen, browser=not no_browser,
            ready=lambda url: print_text(f"{url}\nCtrl-C ends the explorer."),
        )  # fmt: skip
    except KeyboardInterrupt:
        raise typer.Exit from None
