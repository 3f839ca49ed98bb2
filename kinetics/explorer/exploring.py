"""`explore`: a page in the browser to play with a model."""

from __future__ import annotations

import importlib.util
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.errors import InputError
from kinetics.explorer.checks import check_state
from kinetics.explorer.commands import command_lines, python_code
from kinetics.explorer.curves import Computation, ScenarioCurves
from kinetics.explorer.link import link_text, state_from_link
from kinetics.explorer.listening import LOOPBACK, check_address
from kinetics.explorer.state import State
from kinetics.explorer.subject import Explorable, Subject, read_subject
from kinetics.files.arguments import naming
from kinetics.files.library import library_names
from kinetics.text.extras import needs

if TYPE_CHECKING:
    from kinetics.model import Model
    from kinetics.patients import PatientData
    from kinetics.regimen import Regimen


class Explorer:
    """What `explore` returns: a state of a page that is not served yet.

    Parameters
    ----------
    subject : Subject
        The model, the counts and the suggested sliders.
    state : State
        What the page starts with.

    Examples
    --------
    >>> explorer = explore()
    >>> explorer.command.startswith("kinetics simulate ")
    True
    >>> explore(link=explorer.link).state == explorer.state
    True
    """

    def __init__(self, subject: Subject, state: State) -> None:
        self.subject, self.state = subject, state
        self._computation = Computation(subject.model)

    @property
    def model(self) -> Model:
        """The model that is explored."""
        return self.subject.model

    @property
    def data(self) -> PatientData | None:
        """The counts that are shown as points."""
        return self.subject.data

    @property
    def link(self) -> str:
        """The state as text, the ``link`` of another `explore`."""
        return link_text(self.state)

    @property
    def command(self) -> str:
        """The command lines that repeat the scenarios."""
        return command_lines(self.state, self.model)

    @property
    def python(self) -> str:
        """The script that repeats the scenarios."""
        return python_code(self.state, self.model)

    def curves(self) -> list[ScenarioCurves]:
        """What the page shows: for each scenario the dataset of `simulate`, on (time) or (patient, time), with units.

        Raises
        ------
        IntegrationError
            If the typical patient of a scenario cannot be integrated.
        """
        return self._computation.of(self.state)

    def warm(self) -> None:
        """Compile and load all that a page needs, so that its first answer is as quick as the others."""
        for patients in {0, 2, self.state.patients}:
            self._computation.of(self.state.model_copy(update={"patients": patients}))

    def serve(
        self,
        *,
        address: str = LOOPBACK,
        port: int = 0,
        unsafe_listen: bool = False,
        browser: bool = True,
        ready: Callable[[str], None] | None = None,
    ) -> None:
        """Serve the page until an interrupt of the keyboard.

        Parameters
        ----------
        address : str
            Where to listen; without ``unsafe_listen`` an address of this machine alone.
        port : int
            On which port; 0 for a random one.
        unsafe_listen : bool
            Whether other machines may reach the page. Whoever has the link can then use this one.
        browser : bool
            Whether to open the page in the default browser.
        ready : callable, optional
            Called with the address of the page once it answers; by default it is printed.

        Raises
        ------
        InputError
            If the extra ``explore`` is not installed, or the address cannot be listened at, or is not of this machine.
        """
        check_extra()
        from kinetics.explorer.page.choices import choices_of
        from kinetics.explorer.page.serving import Server
        from kinetics.explorer.page.session import Session

        check_address(address, unsafe_listen=unsafe_listen)
        self.warm()
        shared = self.subject, self.state, self._computation, choices_of(self.subject)
        server = Server(lambda: Session(*shared).page, address=address, port=port)
        (ready or print)(server.url)
        if browser:
            webbrowser.open(server.url)
        server.run()

    def __repr__(self) -> str:
        names = ", ".join(scenario.name for scenario in self.state.scenarios)
        return f"<Explorer of {self.model.name}: {names}; .serve() opens the page>"


def check_extra() -> None:
    """Refuse, with an `InputError`, to serve a page where Panel is not installed."""
    if importlib.util.find_spec("panel") is None or importlib.util.find_spec("bokeh") is None:
        raise InputError(f"the explorer {needs('Panel and Bokeh', 'explore')}")


def explore(
    subject: Explorable | None = None,
    *,
    model: Model | str | Path | None = None,
    cohort: str | None = None,
    regimen: Regimen | str | Path | None = None,
    link: str | None = None,
) -> Explorer:
    """Explore a model, a result or the counts of patients on a page in the browser.

    Parameters
    ----------
    subject : Model, Estimates, Fit, xarray.Dataset, xarray.DataTree, PatientData, str or pathlib.Path, optional
        A model; a fit, whose model, cohort and estimates are taken; a result of `simulate` or `predict`, whose model,
        cohort and regimen are taken, on dims such as (patient, time) with their ``units``; patients, whose counts are
        points; or a name or path of these. By default the model of the comparison that ships.
    model : Model, str or pathlib.Path, optional
        The model, where the subject does not say it.
    cohort, regimen : optional
        What the page starts with: a cohort of the model, and a `Regimen`, its name or its path, without rules.
    link : str, optional
        A link of the page, or `Explorer.link`: the state to start with.

    Returns
    -------
    Explorer
        Its ``serve()`` opens the page, on the loopback address alone.

    Raises
    ------
    InputError
        With everything that is wrong with the arguments, or with the link.

    Examples
    --------
    >>> explorer = explore(regimen="my_regimen.toml")  # doctest: +SKIP
    >>> explorer.serve()  # doctest: +SKIP
    """
    linked = None
    if link is not None:
        with naming("link"):
            linked = state_from_link(link)
        if subject is None and model is None and linked.model in library_names("models"):
            model = linked.model
    known = read_subject(subject, model=model, cohort=cohort, regimen=regimen)
    state = linked or known.state
    with naming("regimen" if linked is None else "link"):
        check_state(state, known.model)
    return Explorer(known, state)
