"""Options of the commands that draw, and their check before any work."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from kinetics.cli.arguments.inputs import destination
from kinetics.errors import Faults

PICTURES = (".svg", ".pdf", ".png", ".tiff")
"""Suffixes of pictures; `kinetics.figures` has the same, and takes a second to import."""

Width = Annotated[
    str | None,
    typer.Option("--width", metavar="WIDTH", help="single (85 mm), one-and-a-half (120), double (174), or mm."),
]
Language = Annotated[
    str | None, typer.Option("--language", metavar="NAME", help="en, de, or a .toml file with [words].")
]


def picture(
    faults: Faults,
    path: Path | None,
    width: str | None,
    language: str | None,
    name: str = "--out",
    inputs: Iterable[str | Path | None] = (),
) -> dict[str, Any]:
    """Width and language for `draw`, when they and the file of a picture suit; a picture that is None needs neither."""
    if path is None:
        for option, text in (("--width", width), ("--language", language)):
            if text is not None:
                faults.add(f"is of a picture; name its file with {name}", name=option)
        return {}
    from kinetics.figures.base.words import read_language
    from kinetics.figures.drawn import check_beside

    destination(faults, path, *PICTURES, name=name, inputs=inputs)
    with faults.gather(name=name):
        check_beside([path])
    if language is not None and language.endswith(".toml"):
        language = str(Path(language).absolute())  # a relative one would be beside the file of the figure
    with faults.gather(name="--language"):
        read_language("en" if language is None else language)
    return {"width": _width(faults, width), "language": language}


def _width(faults: Faults, text: str | None) -> str | float | None:
    """A width in mm, or the name of a preset."""
    from pydantic import ValidationError

    from kinetics.figures.base.rows import PageRow
    from kinetics.files.rows import problem_text

    if text is None:
        return None
    try:
        width: str | float = float(text)
    except ValueError:
        width = text
    try:
        PageRow.model_validate({"width": width})
    except ValidationError as error:
        faults.add(problem_text(error.errors(include_url=False)[0]), name="--width")
    return width
