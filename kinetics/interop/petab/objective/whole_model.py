"""The model of an SBML file with the parameters and the formulas of a problem in it, without units."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from kinetics.interop.petab.objective.switches import Switch
from kinetics.model import Derived, Model, Output, Parameter, State
from kinetics.model.timing.clock import CLOCK, TIME, is_clock

_TIMED = {sp.Symbol(CLOCK, real=True): TIME}


def whole_model(
    base: Model,
    *,
    set_anew: Collection[str],
    moving: Collection[str],
    added: Iterable[Parameter],
    formulas: Mapping[str, Any],
    switches: Collection[Switch],
) -> Model:
    """The model ``base`` of the SBML file with everything that a problem adds.

    Parameters
    ----------
    set_anew : collection of str
        Constants of it that the problem gives a value, whatever the file derives them from.
    moving : collection of str
        Parameters and constants of it that become states, which conditions set to values that depend on states.
    added : iterable of Parameter
        Of the problem alone.
    formulas : mapping of str to sympy expression
        Outputs; behind them all states are outputs too, by `state_output`.
    switches : collection of Switch
        Comparisons with the time that a parameter stands for.
    """
    constants = base.constant_values(base.defaults)
    values = {name: row.value for name, row in base.parameters.items()}
    values |= {name: constants[name] for name in base.constants if name in set_anew}
    smooth: dict[Any, Any] = {one.comparison: one.condition for one in switches}

    def changed(expression: Any) -> Any:
        return expression.xreplace(smooth).xreplace(_TIMED)

    states = [
        State(name=row.name, unit="1", initial=row.initial, rate=changed(row.rate))
        for row in base.states.values()
        if not is_clock(row)
    ]
    states += [State(name=name, unit="1", initial=values[name], rate=sp.S.Zero) for name in values if name in moving]
    parameters = [Parameter(name=name, value=value, unit="1") for name, value in values.items() if name not in moving]
    parameters += [Parameter(name=one.parameter, value=0.0, unit="1") for one in switches]
    derived = [
        Derived(name=name, unit="1", value=changed(row.value))
        for name, row in base.definitions.items()
        if name not in values
    ]
    events = [row.with_expressions(lambda _, value: value.xreplace(_TIMED)) for row in base.events.values()]
    expressions = [*(row.value for row in derived), *(row.rate for row in states), *formulas.values()]
    expressions += [value for row in events for value in row.expressions.values()]
    of_states = [row.symbol for row in states] + [TIME] * any(TIME in one.free_symbols for one in expressions)
    outputs = {**formulas, **{state_output(number): symbol for number, symbol in enumerate(of_states)}}
    return Model.from_symbols(
        base.name,
        time="1",
        states=states,
        parameters=[*(replace(row, unit="1") for row in added), *parameters],
        derived=derived,
        outputs=[Output(name=name, unit="1", value=value) for name, value in outputs.items()],
        events=events,
    )


def state_output(number: int) -> str:
    """The output that returns the state of a number.

    >>> state_output(2)
    'state_2_'
    """
    return f"state_{number}_"
