"""`kinetics figure`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinetics.cli.arguments.completion import FIGURES
from kinetics.cli.arguments.pictures import Language, Width, picture
from kinetics.cli.terminal.output import wrote
from kinetics.cli.terminal.progress import watched
from kinetics.errors import Fault, Faults, InputError

if TYPE_CHECKING:
    import xarray as xr

    from kinetics.figures.base.kind import Kind


def figure(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A figure that ships, a figure file, or a result.nc; of a clinic's INPUT.nc also goodness_of_fit, "
            "individual_fits or visual_predictive_check.",
            autocompletion=FIGURES,
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
    width: Width = None,
    height: Annotated[float | None, typer.Option("--height", metavar="MM", help="Of the page.")] = None,
    font_size: Annotated[float | None, typer.Option("--font-size", metavar="POINTS", help="Of labels.")] = None,
    language: Language = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Of the caption.")] = None,
    key: Annotated[bool | None, typer.Option("--key/--no-key", help="Whether a key stands beneath.")] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME|FILE", help="The model of a result, if that is none that ships."),
    ] = None,
    dpi: Annotated[int, typer.Option("--dpi", metavar="N", help="Of png and tiff, dots per inch.")] = 300,
) -> None:
    """Draw a figure as svg, pdf, png or tiff, with its caption and its numbers beside it."""
    from kinetics.figures import draw
    from kinetics.results import read_result

    faults = Faults()
    look = picture(faults, out, width, language, inputs=[name, source])
    drawn_from = result = None
    with faults.gather():
        drawn_from = _figure(name)
    with faults.gather():
        result = None if source is None else read_result(source)
    faults.raise_if_any()
    assert drawn_from is not None
    try:
        with watched(f"drawing {name}") as steps:
            drawn = draw(
                drawn_from, out, input=result, model=model, height=height, font_size=font_size, title=title, key=key,
                dpi=dpi, progress=steps.count, **look,
            )  # fmt: skip
    except InputError as error:
        if source is None or result is None or all("input" not in (fault.where, fault.name) for fault in error.faults):
            raise
        raise InputError(_other_kind(name, source, result), *error.faults) from error
    for path in drawn.files:
        wrote(path)


def _figure(name: str) -> Kind[Any] | Path:
    """The figure of a name or a file, or the path of a result, which is drawn as its kind is."""
    from kinetics.figures import read_figure
    from kinetics.files.kinds import is_path

    if is_path(name) and Path(name).suffix.lower() in (".nc", ".zarr"):
        return Path(name)
    return read_figure(name)


def _other_kind(name: str, source: Path, result: xr.DataTree) -> Fault:
    """What an input is that a figure cannot be drawn from, and what makes the right one."""
    from kinetics.figures.kinds import OF_PATIENTS
    from kinetics.result_kinds import described, needed

    makers = {**dict.fromkeys(OF_PATIENTS, "clinic"), "petab_fit": "petab"}
    remedy = needed(makers[name]) if name in makers else "without INPUT.nc it is drawn from what its file says"
    return Fault(f"is {described(result)}, and {name} cannot be drawn from it; {remedy}", str(source))
