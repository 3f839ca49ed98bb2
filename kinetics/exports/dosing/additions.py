"""What events of doses add to a model: parameters, states, derived quantities, inflows; each with a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from kinetics.exports.formats.names import free_name
from kinetics.model import Derived, Model, Parameter, State
from kinetics.model.events import Event
from kinetics.model.timing.clock import CLOCK, clock
from kinetics.units import Unit, conversion


class Additions:
    """Collects what is added to a model. Every number is a parameter with a unit, so that units can be checked.

    Parameters
    ----------
    model : Model
        What it is added to.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.parameters: dict[str, Parameter] = {}
        self.derived: dict[str, Derived] = {}
        self.events: dict[str, Event] = {}
        self._taken = {*model.defaults, *model.definitions, *model.states, *model.events}
        self._states: dict[str, State] = {}
        self._inflows: dict[str, Any] = {}

    def states(self) -> dict[str, State]:
        """Those of the model, with their inflows, and the added ones."""
        rows = self.model.states.items()
        with_inflows = {name: replace(row, rate=row.rate + self._inflows.get(name, 0)) for name, row in rows}
        return {**with_inflows, **self._states}

    def number(self, name: str, unit: Unit, value: float) -> sp.Symbol:
        """A number as a parameter."""
        name = self.free_name(name)
        self.parameters[name] = Parameter(name=name, unit=unit, value=float(value))
        return symbol(name)

    def time(self, name: str, value: float) -> sp.Symbol:
        """A time as a parameter."""
        return self.number(name, self.model.time, value)

    def amount(self, name: str, drug: str, value: float) -> sp.Symbol:
        """An amount of a drug as a parameter, in the unit of the state that it goes into."""
        return self.number(name, self._target(drug).unit, self.in_unit_of_state(drug, value))

    def rate(self, name: str, drug: str, value: float) -> sp.Symbol:
        """The rate of an infusion as a parameter, in the unit of the state per time."""
        return self.number(name, self._target(drug).unit / self.model.time, self.in_unit_of_state(drug, value))

    def into(self, drug: str) -> sp.Symbol:
        """The state that a drug goes into."""
        return self._target(drug).symbol

    def inflow(self, name: str, drug: str) -> sp.Symbol:
        """A state that holds the rate of an infusion, and flows into the state of the drug."""
        target = self._target(drug)
        inflow = self.state(name, target.unit / self.model.time, sp.S.Zero)
        self._inflows[target.name] = self._inflows.get(target.name, 0) + inflow
        return inflow

    def set_inflow(self, name: str, drug: str) -> sp.Symbol:
        """The same as a parameter, 0 until something outside the model sets it."""
        target = self._target(drug)
        inflow = self.number(name, target.unit / self.model.time, 0.0)
        self._inflows[target.name] = self._inflows.get(target.name, 0) + inflow
        return inflow

    def state(self, name: str, unit: Unit, initial: Any) -> sp.Symbol:
        """A state that events alone set."""
        name = self.free_name(name)
        self._states[name] = State(name=name, unit=unit, initial=initial, rate=sp.S.Zero)
        return symbol(name)

    def define(self, name: str, unit: Unit, value: Any, about: str) -> sp.Symbol:
        """A derived quantity of parameters alone."""
        name = self.free_name(name)
        self.derived[name] = Derived(name=name, unit=unit, value=value, about=about)
        return symbol(name)

    def before_treatment(self, output: str) -> Any:
        """An output before treatment, written out: of parameters alone."""
        model = self.model
        start = {row.symbol: row.initial for row in model.states.values()}
        return model.written_out(model.written_out(model.outputs[output].value).xreplace(start))

    def event(self, name: str, trigger: Any, changes: Mapping[Any, Any], priority: int, *, initial: bool) -> None:
        """An event that sets states, by symbol."""
        name, assignments = self.free_name(name), {state.name: value for state, value in changes.items()}
        event = Event(
            name=name, trigger=trigger, assignments=assignments, priority=sp.Integer(priority), initial=initial
        )
        self.events[name] = event

    def built(self, values: Mapping[str, float]) -> Model:
        """The model with all that was added, and with these values by flat name; it accepts no dose."""
        model, states = self.model, self.states()
        own = {n: replace(row, value=values.get(n, row.value)) for n, row in model.parameters.items()}
        if self.events:
            states.setdefault(CLOCK, clock(model.time))
        # what is added is in the units of the model already, so nothing is checked anew
        return replace(
            model,
            parameters={**own, **self.parameters},
            inputs={n: replace(row, rest=values.get(n, row.rest)) for n, row in model.inputs.items()},
            derived={**model.derived, **self.derived},
            order=(*self.derived, *model.order),
            constants=(*model.constants, *self.derived),
            doses={},
            states=states,
            events={**model.events, **self.events},
            path=None,
        )

    def in_unit_of_state(self, drug: str, value: float) -> float:
        """An amount, or the rate of an infusion, of a drug in the unit of the state that it goes into."""
        return value * self._factor(drug)

    def _target(self, drug: str) -> State:
        return self.model.states[self.model.doses[drug].into]

    def _factor(self, drug: str) -> float:
        return float(conversion(self.model.doses[drug].unit, self._target(drug).unit))

    def free_name(self, name: str) -> str:
        """The name, or one like it that nothing else has."""
        return free_name(name, self._taken)


def symbol(name: str) -> sp.Symbol:
    """The symbol of a quantity."""
    return sp.Symbol(name, real=True)
