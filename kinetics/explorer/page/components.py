"""The two components of a page that are written in JavaScript: the form, and the numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

_HERE = Path(__file__).parent
_CSS = (_HERE / "page.css").read_text(encoding="utf-8")


class Controls(JSComponent):
    """The form: scenarios, doses, sliders, outputs, the user's counts. It sends states, and shows what is wrong."""

    choices = param.Dict(default={})
    histories = param.List(default=[])
    view = param.Dict(default={})
    faults = param.List(default=[])
    answers = param.Integer(default=0)

    _esm = _HERE / "controls.js"
    _stylesheets: ClassVar[list[str]] = [_CSS]


class Numbers(JSComponent):
    """The tables, the downloads, the link and the commands."""

    view = param.Dict(default={})

    _esm = _HERE / "numbers.js"
    _stylesheets: ClassVar[list[str]] = [_CSS]

    def send(self, file: dict[str, Any]) -> None:
        """Hand a file to the browser, which saves it."""
        self._send_msg(file)
