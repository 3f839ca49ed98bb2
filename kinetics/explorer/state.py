"""What the explorer shows, as rows that cannot be changed: scenarios, horizon, patients, outputs.

A state comes from a page or from a link, both as JSON. Whatever they hold is checked here in shape, and in
`kinetics.explorer.checks` against the model.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, ValidationError

from kinetics.errors import Faults
from kinetics.files.rows import Row, problem_text
from kinetics.text.escaping import character_name, forbidden_character

MAX_TEXT = 40_000
"""Characters of a state as JSON."""
MAX_SCENARIOS = 4
"""Scenarios that are easy to tell apart in a figure."""
MAX_PATIENTS = 500
"""Virtual patients that are simulated between two frames of a page."""
MAX_MONTHS = 600.0
MAX_ROWS = 40
"""Rows of doses of a scenario."""

Name = Annotated[StrictStr, Field(min_length=1, max_length=80)]
Number = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Months = Annotated[StrictFloat, Field(ge=0, le=MAX_MONTHS, allow_inf_nan=False)]


class DoseSeries(Row):
    """Equal doses of one drug within the course that starts at a month.

    ``month`` is the start of the course in months, ``day`` the time from there to the first dose in days, ``amount`` a
    quantity such as ``"12 mg"``, ``hours`` the length of an infusion (0 for a bolus), ``count`` the number of doses and
    ``every`` the days from one to the next.
    """

    month: Months = 0.0
    day: Annotated[StrictFloat, Field(ge=0, le=3660, allow_inf_nan=False)] = 0.0
    drug: Name
    amount: Name
    hours: Annotated[StrictFloat, Field(ge=0, le=8784, allow_inf_nan=False)] = 0.0
    count: Annotated[StrictInt, Field(ge=1, le=400)] = 1
    every: Annotated[StrictFloat, Field(gt=0, le=3660, allow_inf_nan=False)] = 1.0


class Scenario(Row):
    """A regimen in a cohort; ``parameters`` are values that differ from the cohort's, in the units of the model.

    ``rules`` is the name of a regimen that ships, whose rules are followed beside ``doses``; empty for none.
    """

    name: Name
    cohort: Annotated[StrictStr, Field(max_length=80)] = ""
    parameters: Annotated[dict[Name, Number], Field(max_length=40)] = Field(default_factory=dict)
    doses: Annotated[tuple[DoseSeries, ...], Field(max_length=MAX_ROWS)] = ()
    rules: Annotated[StrictStr, Field(max_length=80)] = ""

    @property
    def is_treated(self) -> bool:
        """Whether any drug may be given."""
        return bool(self.doses or self.rules)


class State(Row):
    """Everything that a page shows, but for the counts of a user, which never leave the page.

    ``until`` is in months. ``patients`` are virtual patients, 0 for the typical patient alone.
    """

    version: Literal[1] = 1
    model: Annotated[StrictStr, Field(min_length=1, max_length=400)]
    until: Annotated[StrictFloat, Field(ge=1, le=MAX_MONTHS, allow_inf_nan=False)] = 60.0
    patients: Annotated[StrictInt, Field(ge=0, le=MAX_PATIENTS)] = 0
    seed: Annotated[StrictInt, Field(ge=0, le=2**31 - 1)] = 0
    log: StrictBool = True
    outputs: Annotated[tuple[Name, ...], Field(min_length=1, max_length=16)]
    scenarios: Annotated[tuple[Scenario, ...], Field(min_length=1, max_length=MAX_SCENARIOS)]


def state_text(state: State) -> str:
    """A state as JSON, without what is as by default.

    >>> state_text(State(model="m", outputs=("A",), scenarios=(Scenario(name="a"),)))
    '{"version":1,"model":"m","outputs":["A"],"scenarios":[{"name":"a"}]}'
    """
    # the version is always written: what a later package reads depends on it
    content = {"version": state.version, **state.model_dump(mode="json", exclude_defaults=True)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def read_state(text: str) -> State:
    """The state of a JSON text, checked in shape.

    Raises
    ------
    InputError
        With everything that is wrong, each under its path, such as ``scenarios.0.doses.1.amount``.

    Examples
    --------
    >>> read_state('{"version": 1, "model": "m", "outputs": ["A"], "scenarios": [{"name": ""}], "x": 1}')
    Traceback (most recent call last):
    kinetics.errors.InputError: scenarios.0.name: string should have at least 1 character, found ''
    x: extra inputs are not permitted, found 1
    """
    faults = Faults()
    if len(text) > MAX_TEXT:
        faults.add(f"a state has at most {MAX_TEXT} characters; found {len(text)}")
        faults.raise_if_any()
    state = None
    try:
        state = State.model_validate_json(text)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        inner = {problem["loc"][:-1] for problem in problems} | {problem["loc"][:-2] for problem in problems}
        for problem in problems:
            if problem["type"] == "too_short" and problem["loc"] in inner:
                continue  # too few are right
            message = "is no JSON" if problem["type"] == "json_invalid" else problem_text(problem)
            faults.add(message, name=".".join(map(str, problem["loc"])))
    if state is not None:
        _check_texts(state, faults)
    faults.raise_if_any()
    assert state is not None
    return state


def _check_texts(state: State, faults: Faults) -> None:
    """Names of scenarios go into files, commands and pages: no control character, and none twice."""
    names = [scenario.name for scenario in state.scenarios]
    for number, name in enumerate(names):
        path = f"scenarios.{number}.name"
        if (character := forbidden_character(name)) is not None:
            faults.add(f"must not hold {character_name(character)}", name=path)
        if name in names[:number]:
            faults.add(f"there are two scenarios '{name}'; each has a name of its own", name=path)
