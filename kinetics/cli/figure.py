"""`kinetics figure`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.cli.terminal.output import wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Faults


def figure(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A figure that ships, or a figure file; of a clinic's INPUT.nc also goodness_of_fit, individual_fits "
            "or visual_predictive_check.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.{svg,pdf,png}", help="Where it goes; replaced only by a success.")
    ],
    source: Annotated[
        Path | None,
        typer.Argument(metavar="INPUT.nc", help="A result, or a fit to draw from; without it what the figure says."),
    ] = None,
) -> None:
    """Draw a figure as svg, pdf or png."""
    from kinetics.figures import draw, read_figure
    from kinetics.results import read_result

    faults = Faults()
    destination(faults, out, ".svg", ".pdf", ".png", inputs=[name, source])
    kind = result = None
    with faults.gather():
        kind = read_figure(name)
    with faults.gather():
        result = None if source is None else read_result(source)
    faults.raise_if_any()
    assert kind is not None
    with watched(f"drawing {name}") as steps:
        drawing = draw(kind, out, input=result, progress=steps.count)
    for path in drawing.files:
        wrote(path)
