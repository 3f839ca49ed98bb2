"""The files that a page hands out."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kinetics.errors import InputError
from kinetics.explorer.commands import command_lines, file_names, python_code
from kinetics.explorer.curves import ScenarioCurves
from kinetics.explorer.regimens import regimen_text
from kinetics.explorer.state import State
from kinetics.explorer.tables import curves_csv
from kinetics.figures import draw
from kinetics.model import Model


def download(what: str, number: Any, state: State, curves: Sequence[ScenarioCurves], model: Model) -> dict[str, str]:
    """A file: its name, its media type and its content in base 64.

    ``what`` is ``csv``, ``command`` or ``python`` of all scenarios, or ``regimen`` or ``figure`` of one, by
    its number; anything else is an `InputError`.
    """
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
            return _file(file.replace(".toml", ".svg"), "image/svg+xml", _figure(curves[number], state, model))
        case _:
            raise InputError("there is no such file; load the page again")


def _file(name: str, media_type: str, content: str | bytes) -> dict[str, str]:
    raw = content.encode() if isinstance(content, str) else content
    return {"name": name, "type": media_type, "content": base64.b64encode(raw).decode()}


def _figure(curves: ScenarioCurves, state: State, model: Model) -> bytes:
    """The figure that `kinetics.draw` makes of the same result."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "figure.svg")
        draw(curves.result, path, outputs=state.outputs, model=model)
        return path.read_bytes()
