"""What events of doses add to a model: parameters, states, derived quantities, inflows; each with a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from kinetics.model import Derived, Model, Parameter, State
from kinetics.model.events import Event
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
        name = self._free(name)
        self.parameters[name] = Parameter(name=name, unit=unit, value=float(value))
        return symbol(name)

    def time(self, name: str, value: float) -> sp.Symbol:
        """A time as a parameter."""
        return self.number(name, self.model.time, value)

    def amount(self, name: str, drug: str, value: float) -> sp.Symbol:
        """An amount of a drug as a parameter, in the unit of the state that it goes into."""
        return self.number(name, self._target(drug).unit, value * self._factor(drug))

    def rate(self, name: str, drug: str, value: float) -> sp.Symbol:
        """The rate of an infusion as a parameter, in the unit of the state per time."""
        return self.number(name, self._target(drug).unit / self.model.time, value * self._factor(drug))

    def into(self, drug: str) -> sp.Symbol:
        """The state that a drug goes into."""
        return self._target(drug).symbol

    def inflow(self, name: str, drug: str) -> sp.Symbol:
        """A state that holds the rate of an infusion, and flows into the state of the drug."""
        target = self._target(drug)
        inflow = self.state(name, target.unit / self.model.time, sp.S.Zero)
        self._inflows[target.name] = self._inflows.get(target.name, 0) + inflow
        return inflow

    def state(self, name: str, unit: Unit, initial: Any) -> sp.Symbol:
        """A state that events alone set."""
        name = self._free(name)
        self._states[name] = State(name=name, unit=unit, initial=initial, rate=sp.S.Zero)
        return symbol(name)

    def define(self, name: str, unit: Unit, value: Any, about: str) -> sp.Symbol:
        """A derived quantity of parameters alone."""
        name = self._free(name)
        self.derived[name] = Derived(name=name, unit=unit, value=value, about=about)
        return symbol(name)

    def event(self, name: str, trigger: Any, changes: Mapping[Any, Any], priority: int, *, initial: bool) -> None:
        """An event that sets states, by symbol."""
        name, assignments = self._free(name), {state.name: value for state, value in changes.items()}
        event = Event(
            name=name, trigger=trigger, assignments=assignments, priority=sp.Integer(priority), initial=initial
        )
        self.events[name] = event

    def _target(self, drug: str) -> State:
        return self.model.states[self.model.doses[drug].into]

    def _factor(self, drug: str) -> float:
        return float(conversion(self.model.doses[drug].unit, self._target(drug).unit))

    def _free(self, name: str) -> str:
        """A name that nothing else has."""
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def symbol(name: str) -> sp.Symbol:
    """The symbol of a quantity."""
    return sp.Symbol(name, real=True)
