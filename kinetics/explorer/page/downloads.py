"""The files that a page hands out."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from kinetics.errors import InputError
from kinetics.explorer.commands import command_lines, file_names, python_code
from kinetics.explorer.curves import ScenarioCurves
from kinetics.explorer.picture import figure_archive
from kinetics.explorer.points import Points
from kinetics.explorer.regimens import regimen_text
from kinetics.explorer.state import State
from kinetics.explorer.tables import curves_csv
from kinetics.model import Model


def download(
    asked: Mapping[str, Any],
    state: State,
    curves: Sequence[ScenarioCurves],
    points: Mapping[str, Points],
    model: Model,
) -> dict[str, str]:
    """A file: its name, its media type and its content in base 64.

    Of what is ``asked`` for, ``what`` is ``csv``, ``command`` or ``python`` of all scenarios, or ``regimen`` or
    ``figure`` of one, by its number, ``scenario``; a figure has a ``width``. Anything else is an `InputError`.
    """
    what, number = asked.get("what"), asked.get("scenario", 0)
    if not isinstance(number, int) or not 0 <= number < len(state.scenarios):
        raise InputError("there is no such scenario; load the page again")
    scenario, file = state.scenarios[number], file_names(state)[number]
    match what:
        case "csv":
            return _file("explorer.csv", "text/csv", curves_csv(state, curves, model))
        case "command":
            return _file("explorer.sh", "text/x-shellscript", command_lines(state, model))
        case "python":
            return _file("explorer.py", "text/x-python", python_code(state, model))
        case "regimen":
            return _file(file, "application/toml", regimen_text(scenario))
        case "figure":
            name, width = file.removesuffix(".toml"), str(asked.get("width"))
            content = figure_archive(curves[number], state, model, points, width=width, name=name)
            return _file(f"{name}.zip", "application/zip", content)
        case _:
            raise InputError("there is no such file; load the page again")


def _file(name: str, media_type: str, content: str | bytes) -> dict[str, str]:
    raw = content.encode() if isinstance(content, str) else content
    return {"name": name, "type": media_type, "content": base64.b64encode(raw).decode()}
