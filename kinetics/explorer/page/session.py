"""A visit: the state of one page, what the browser asks for, and the answers."""

from __future__ import annotations

import base64
import binascii
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import panel as pn
from panel.io.document import hold

from kinetics.errors import Fault, Faults, InputError, IntegrationError
from kinetics.explorer.checks import check_state
from kinetics.explorer.commands import command_lines, python_code
from kinetics.explorer.curves import Computation, ScenarioCurves
from kinetics.explorer.link import KEY, link_text, state_from_link
from kinetics.explorer.page.choices import histories_as_choices
from kinetics.explorer.page.components import Controls, Numbers
from kinetics.explorer.page.downloads import download
from kinetics.explorer.page.figures import COLOUR, Figures
from kinetics.explorer.points import Points, points_of, read_points
from kinetics.explorer.state import State, read_state
from kinetics.explorer.subject import Subject
from kinetics.explorer.tables import count_cells, recovery_cells, rule_cells
from kinetics.figures.base.rows import WIDTHS
from kinetics.patients import PatientData

_TEMPLATE = Path(__file__).with_name("page.html")


class Session:
    """One visit of a page.

    Parameters
    ----------
    subject : Subject
        What is explored.
    state : State
        What the page starts with, unless its address has another.
    computation : Computation
        Shared by all visits.
    choices : mapping
        What the form offers.
    """

    def __init__(self, subject: Subject, state: State, computation: Computation, choices: Mapping[str, Any]) -> None:
        self.model, self.state, self.computation = subject.model, state, computation
        self.curves: list[ScenarioCurves] = []
        self.points, self.counts = dict[str, Points](), ""
        self.figures = Figures(subject.model)
        self.controls = Controls(choices={**choices, "colours": list(COLOUR)}, sizing_mode="stretch_width")
        self._take(subject.data)
        self.numbers = Numbers(sizing_mode="stretch_width")
        for component in (self.controls, self.numbers):
            component.on_msg(lambda event: self.answer(event.data))
        found = Faults()
        linked = pn.state.session_args.get(KEY, [])
        if linked:
            with found.gather(name="link"):
                asked = state_from_link(linked[0].decode("ascii", "replace"))
                check_state(asked, self.model)
                self.state = asked
        self._show(found)

    @property
    def page(self) -> pn.Template:
        """The page as a document."""
        page = pn.Template(_TEMPLATE.read_text(encoding="utf-8"))
        page.add_panel("controls", self.controls)
        page.add_panel("key", self.figures.key)
        page.add_panel("figures", self.figures.view)
        page.add_panel("numbers", self.numbers)
        page.add_variable("model", self.model.title or self.model.name)
        return page

    def answer(self, message: Any) -> None:
        """Answer what the browser asks for; what is wrong with it is shown on the page."""
        faults = Faults()
        with hold(freeze=True):  # one message to the browser, which then draws once
            with faults.gather():
                self._do(message if isinstance(message, Mapping) else {})
            if len(faults):
                self._tell(faults)
            self.controls.answers += 1

    def _do(self, message: Mapping[str, Any]) -> None:
        texts = {key: value for key, value in message.items() if isinstance(value, str)}
        match texts.get("kind"):
            case "state":
                state = read_state(texts.get("state", ""))
                check_state(state, self.model)
                self.state = state
                self._show(Faults())
            case "counts":
                self._read_counts(texts.get("name", ""), texts.get("content", ""))
            case "clear":
                self._take(None)
                self._show(Faults())
            case "download":
                self.numbers.send(download(message, self.state, self.curves, self.points, self.model))
            case _:
                raise InputError("the page asks for what there is not; load it again")

    def _read_counts(self, name: str, content: str) -> None:
        try:
            raw = base64.b64decode(content, validate=True)
        except binascii.Error as error:
            raise InputError(Fault("did not arrive whole; choose the file again", name="counts")) from error
        with tempfile.TemporaryDirectory() as folder:
            try:
                data = read_points(name, raw, self.model, Path(folder))
            except InputError as error:
                named = [Fault(f.message, f.where.replace(f"{folder}/", ""), f.name) for f in error.faults]
                raise InputError(*named) from error
        self._take(data)
        self._show(Faults())

    def _take(self, data: PatientData | None) -> None:
        """Take counts as points and doses as regimens to choose, in place of those there were."""
        self.points = {} if data is None else points_of(data, self.model)
        self.counts = "" if data is None else data.summary
        self.controls.histories = histories_as_choices(data)

    def _show(self, faults: Faults) -> None:
        """Compute the state and show it."""
        begun = time.perf_counter()
        try:
            self.curves = self.computation.of(self.state)
        except IntegrationError as error:
            raise InputError(f"cannot be simulated: {error}") from error
        self.figures.update(self.state, self.curves, self.points)
        state, curves, model = self.state, self.curves, self.model
        cohorts = {scenario.cohort for scenario in state.scenarios}
        self.controls.view = {
            "state": state.model_dump(mode="json"),
            "values": {cohort: self._values(cohort) for cohort in cohorts},
            "counts": self.counts,
        }
        self.numbers.view = {
            "recovery": recovery_cells(state, curves, model),
            "rules": rule_cells(state, curves, model),
            "counts": count_cells(state, curves, model),
            "scenarios": [scenario.name for scenario in state.scenarios],
            "patients": state.patients,
            "widths": [[name, f"{name}, {mm:g} mm"] for name, mm in WIDTHS.items()],
            "link": link_text(state),
            "command": command_lines(state, model),
            "python": python_code(state, model),
            "milliseconds": round(1000 * (time.perf_counter() - begun)),
        }
        self._tell(faults)

    def _values(self, cohort: str) -> dict[str, float]:
        values = self.computation.cohort(cohort).values
        return {name: float(values[name]) for name in self.model.parameters}

    def _tell(self, faults: Faults) -> None:
        self.controls.faults = [{"path": fault.name, "text": _words(fault)} for fault in faults]


def _words(fault: Fault) -> str:
    """A fault with its path in words of the page, which counts from 1."""
    words = re.sub(r"\.(\d+)", lambda match: f" {int(match[1]) + 1}", fault.name)
    words = words.replace("scenarios ", "scenario ").replace("doses ", "dose row ").replace(".", ", ")
    return str(Fault(fault.message, fault.where, words, fault.named_at))
