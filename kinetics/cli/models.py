"""`kinetics models`."""

from __future__ import annotations

from kinetics.cli.arguments.options import AsJson
from kinetics.cli.terminal.output import page_width, print_json, print_text


def models(as_json: AsJson = False) -> None:
    """List what ships: models, cohorts, regimens, visits, fits, figures."""
    from kinetics.reports.listing import models as run

    if as_json:
        print_json(run())
    else:
        print_text(run().text(page_width()))
