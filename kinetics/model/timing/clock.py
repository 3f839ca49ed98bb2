"""Time in equations: `time` becomes a state that rises by one each unit of time, so that nothing else knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sympy as sp

from kinetics.errors import Faults
from kinetics.model.events import Event
from kinetics.model.quantities import Dose, State
from kinetics.units import Unit, conversion, parse_unit

TIME = sp.Symbol("time", real=True)
"""What an expression calls the time since the start."""
CLOCK = "clock"
"""The name of the state that it becomes."""
_VALUES = ("value", "initial", "rate")


def time_unit(text: str) -> Unit:
    """The unit of a model's time, which may be ``1``; `UnitError` if it is no time."""
    unit = parse_unit(text)
    if unit != parse_unit("1"):
        conversion(unit, parse_unit("day"))
    return unit


def is_clock(state: State) -> bool:
    """Whether a state stands for the time, and was in no file."""
    return state.name == CLOCK and not state.where and state.rate == 1


def with_clock(tables: dict[str, dict[str, Any]], time: Any, faults: Faults) -> dict[str, dict[str, Any]]:
    """The tables of a flat model, with a clock among its states if an expression uses the time.

    A name that is the clock's, and an initial value that uses the time, are faults then.
    """
    rows = [row for table in tables.values() for row in table.values()]
    if not any(TIME in value.free_symbols for row in rows for _, value in _expressions(row)):
        return tables
    for row in rows:
        if row.name == CLOCK and not isinstance(row, Dose | Event):
            faults.add("a model that uses 'time' has a state of this name; rename it", row.where, row.name)
        if isinstance(row, State) and TIME in row.initial.free_symbols:
            faults.add("an initial value cannot depend on time", *row.location("initial"))
        if isinstance(row, Event) and CLOCK in row.assignments:
            faults.add("an event cannot set the time", *row.location(f"assignments.{CLOCK}"))
    clock = State(
        name=CLOCK, unit=time, initial=sp.S.Zero, rate=sp.S.One, about="time since the start", latex="t", where=""
    )
    timed = {kind: {name: _timed(row) for name, row in table.items()} for kind, table in tables.items()}
    return timed | {"states": {**timed["states"], CLOCK: clock}}


def _expressions(row: Any) -> Iterator[tuple[str, Any]]:
    """The expressions of a quantity or an event, by key."""
    if isinstance(row, Dose | Event):
        yield from row.expressions.items()
        return
    for key in _VALUES:
        if isinstance(value := getattr(row, key, None), sp.Basic):
            yield key, value


def _timed(row: Any) -> Any:
    """A row with the clock in the place of the time; zero for an initial value, whose fault is noted."""
    clock = sp.Symbol(CLOCK, real=True)
    if isinstance(row, Event):
        return row.with_expressions(lambda _, value: value.xreplace({TIME: clock}))
    changes = {
        key: sp.S.Zero if key == "initial" else value.xreplace({TIME: clock})
        for key, value in _expressions(row)
        if TIME in value.free_symbols
    }
    return replace(row, **changes) if changes else row
