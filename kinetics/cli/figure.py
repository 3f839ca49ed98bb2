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
        Path,
        typer.Option(
            "--out",
            metavar="FILE.{svg,pdf,png,tiff}",
            help="Where it goes, with its caption, FILE.md, and its numbers, FILE.csv; replaced only by a success.",
        ),
    ],
    source: Annotated[
        Path | None,
        typer.Argument(metavar="INPUT.nc", help="A result, or a fit to draw from; without it what the figure says."),
    ] = None,
    width: Annotated[
        str | None,
        typer.Option("--width", metavar="WIDTH", help="single (85 mm), one-and-a-half (120), double (174), or mm."),
    ] = None,
    height: Annotated[float | None, typer.Option("--height", metavar="MM", help="Of the page.")] = None,
    font_size: Annotated[float | None, typer.Option("--font-size", metavar="POINTS", help="Of labels.")] = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="NAME", help="en, de, or a file with [words].")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Of the caption.")] = None,
    key: Annotated[bool | None, typer.Option("--key/--no-key", help="Whether a key stands beneath.")] = None,
    dpi: Annotated[int, typer.Option("--dpi", metavar="N", help="Of png and tiff, dots per inch.")] = 300,
) -> None:
    """Draw a figure as svg, pdf, png or tiff, with its caption and its numbers beside it."""
    from kinetics.figures import draw, read_figure
    from kinetics.results import read_result

    faults = Faults()
    destination(faults, out, ".svg", ".pdf", ".png", ".tiff", inputs=[name, source])
    kind = result = None
    with faults.gather():
        kind = read_figure(name)
    with faults.gather():
        result = None if source is None else read_result(source)
    faults.raise_if_any()
    assert kind is not None
    size = None if width is None else _number(width)
    with watched(f"drawing {name}") as steps:
        drawn = draw(
            kind, out, input=result, width=size, height=height, font_size=font_size, language=language, title=title,
            key=key, dpi=dpi, progress=steps.count,
        )  # fmt: skip
    for path in drawn.files:
        wrote(path)


def _number(text: str) -> str | float:
    """A width in mm, or the name of a preset."""
    try:
        return float(text)
    except ValueError:
        return text
