"""The records of an SBML model to the rows of a model file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from kinetics.errors import Faults, InputError
from kinetics.interop.sbml.contents import Contents, Event, Quantity, Reaction
from kinetics.interop.sbml.math import Formula, Mathematics, Meaning
from kinetics.interop.sbml.names import Names
from kinetics.interop.sbml.parsing import Parsed
from kinetics.interop.sbml.species import SpeciesRates
from kinetics.interop.sbml.tables import Tables
from kinetics.interop.sbml.terms import Term, number, product, quotient
from kinetics.interop.sbml.units import Units

_ZERO = Term("0")


class Translation:
    """Writes one model: its tables, and the name of each identifier of the file.

    Amounts of species are the states, so that compartments may change their size; what an identifier means in the
    file is an output of its name. What nothing changes is a parameter, or derived from parameters.
    """

    def __init__(self, parsed: Parsed, contents: Contents, units: Units) -> None:
        self.parsed, self.contents, self.units, self.faults = parsed, contents, units, Faults()
        self.mathematics = Mathematics(contents.functions)
        self.names = Names([*contents.quantities, *contents.reactions, *(row.identifier for row in contents.events)])
        self.tables = Tables()
        self.running, self.starting = _Running(self, {}), _Starting(self, {})
        self.states = {
            name: self._state_name(row) for name, row in contents.quantities.items() if contents.changes(name)
        }
        self.local = {
            row.identifier: {name: self.names.new(f"{self.names[row.identifier]}_{name}") for name in row.local}
            for row in contents.reactions.values()
        }
        self.rates = SpeciesRates(self)

    def write(self) -> Tables:
        """All rows; `InputError` with every fault."""
        for row in self.contents.quantities.values():
            with self.at(row.line, row.identifier):
                (self.species if row.kind == "species" else self.quantity)(row)
        for row in self.contents.reactions.values():
            self.reaction(row)
        for row in self.contents.events:
            self.event(row)
        if not self.states:  # all is constant, or follows from the time alone
            about = "time since the start: a model needs a state, and the file has none"
            self.tables.state(self.names.new("elapsed"), _ZERO, Term("1"), self.units.time, about, (1, 1))
        self.faults.raise_if_any()
        return self.tables

    def at(self, line: int, name: str) -> AbstractContextManager[Faults]:
        """Note faults of a block as those of an element."""
        return self.faults.gather(self.parsed.where(line), name)

    def formula(self, formula: Formula, meaning: Meaning, name: str) -> Term:
        """A formula as a number; zero, and a fault at its line, for what cannot be said."""
        with self.at(formula.line, name):
            return self.mathematics.number(formula, meaning)
        return _ZERO

    def _state_name(self, row: Quantity) -> str:
        ending = "state" if row.kind != "species" else "concentration" if self.is_by_concentration(row) else "amount"
        return self.names.new(f"{self.names[row.identifier]}_{ending}")

    def is_by_concentration(self, row: Quantity) -> bool:
        """Whether the state of a species is its concentration: a rule changes it, and another the compartment."""
        return (
            not row.only_substance
            and row.identifier in self.contents.rates
            and row.compartment in self.contents.assigned
        )

    def varies(self, identifier: str) -> bool:
        """Whether a quantity has more than one value."""
        return identifier in self.contents.assigned or identifier in self.states

    def quantity(self, row: Quantity) -> None:
        """A compartment, parameter or stoichiometry."""
        name, unit = self.names[row.identifier], self.units.of(row)
        if row.identifier in self.contents.assigned:
            formula = self.contents.assigned[row.identifier]
            value = self.formula(formula, self.running, row.identifier)
            self.tables.output(name, value, unit, row.about, formula.line)
        elif row.identifier in self.states:
            rate = self.rate(row.identifier, self.running)
            self.state(row, self.start(row.identifier), rate, unit)
            self.tables.output(name, Term(self.states[row.identifier]), unit, row.about, row.line)
        elif row.identifier in self.contents.initial:
            formula = self.contents.initial[row.identifier]
            value = self.formula(formula, self.starting, row.identifier)
            self.tables.derived(name, value, unit, row.about, formula.line)
        else:
            self.tables.parameter(name, 1.0 if row.value is None else row.value, unit, row.about, row.line)

    def state(self, row: Quantity, initial: Term, rate: Term, unit: str) -> None:
        """A state, with its rate at the line of what says it."""
        rule = self.contents.rates.get(row.identifier)
        line = rule.line if rule else row.line
        self.tables.state(self.states[row.identifier], initial, rate, unit, row.about, (row.line, line))

    def species(self, row: Quantity) -> None:
        """A species: its state if it has one, and what its identifier means."""
        name, unit, compartment = self.names[row.identifier], self.units.of(row), Term(self.names[row.compartment])
        if row.identifier in self.contents.assigned:
            self.quantity(row)
        elif row.identifier not in self.states:
            self.unchanged(row)
        elif self.is_by_concentration(row):
            self.quantity(row)
        else:
            state = Term(self.states[row.identifier])
            self.state(row, self.start_amount(row), self.rates.amount(row, self.running), self.units.amount(row))
            value = state if row.only_substance else quotient(state, compartment)
            self.tables.output(name, value, unit, row.about, row.line)

    def unchanged(self, row: Quantity) -> None:
        """A species whose amount nothing changes."""
        name, unit, compartment = self.names[row.identifier], self.units.of(row), Term(self.names[row.compartment])
        is_steady = row.only_substance or not self.varies(row.compartment)
        if is_steady and row.is_concentration != row.only_substance and row.identifier not in self.contents.initial:
            self.tables.parameter(name, row.value or 0.0, unit, row.about, row.line)
        elif is_steady:
            self.tables.derived(name, self.first(row), unit, row.about, row.line)
        else:
            amount = self.names.new(f"{name}_amount")
            self.tables.derived(amount, self.start_amount(row), self.units.amount(row), row.about, row.line)
            self.tables.output(name, quotient(Term(amount), compartment), unit, row.about, row.line)

    def first(self, row: Quantity) -> Term:
        """The value of a quantity at the start, as mathematics means it."""
        if row.identifier in self.contents.initial:
            return self.formula(self.contents.initial[row.identifier], self.starting, row.identifier)
        value = number(1.0 if row.value is None else row.value)
        if row.kind != "species" or row.is_concentration != row.only_substance:
            return value
        size = self.start(row.compartment)
        return product(value, size) if row.only_substance else quotient(value, size)

    def start_amount(self, row: Quantity) -> Term:
        """The amount of a species at the start."""
        if row.identifier not in self.contents.initial and not row.is_concentration:
            return number(row.value or 0.0)
        if row.only_substance:
            return self.start(row.identifier)
        return product(self.start(row.identifier), self.start(row.compartment))

    def start(self, identifier: str) -> Term:
        """What stands for the value at the start: a number, a constant, or a derived quantity of its own."""
        if identifier in self.contents.reactions:
            return self._start_row(identifier, self.units.of_rate, lambda: self.law(identifier, starting=True))
        row = self.contents.quantities[identifier]
        if identifier in self.contents.assigned:
            rule = self.contents.assigned[identifier]
            return self._start_row(
                identifier, self.units.of(row), lambda: self.formula(rule, self.starting, identifier)
            )
        if identifier not in self.states and (
            row.kind != "species" or row.only_substance or not self.varies(row.compartment)
        ):
            return Term(self.names[identifier])
        if identifier not in self.contents.initial and (
            row.kind != "species" or row.is_concentration != row.only_substance
        ):
            return self.first(row)
        return self._start_row(identifier, self.units.of(row), lambda: self.first(row))

    def _start_row(self, identifier: str, unit: str, write: Any) -> Term:
        return self._row(("initial", identifier), unit, write)

    def _row(self, key: tuple[str, str], unit: str, write: Any) -> Term:
        """A derived quantity that other mathematics needs, written when it is first needed."""
        if key not in self.tables.needed:
            ending, identifier = key
            self.tables.needed[key] = name = self.names.new(f"{self.names[identifier]}_{ending}")
            self.tables.derived(name, write(), unit, "", self.line(identifier))
        return Term(self.tables.needed[key])

    def line(self, identifier: str) -> int:
        """The line of what a quantity or reaction follows from."""
        formula = self.contents.assigned.get(identifier) or self.contents.initial.get(identifier)
        row = self.contents.reactions.get(identifier) or self.contents.quantities.get(identifier)
        return formula.line if formula else row.line if row else 1

    def law(self, identifier: str, *, starting: bool = False) -> Term:
        """The rate of a reaction."""
        row = self.contents.reactions[identifier]
        if row.law is None:
            raise InputError(f"reaction '{identifier}' has no kinetic law, so it has no rate")
        meaning = (_Starting if starting else _Running)(self, self.local[identifier])
        return self.formula(row.law, meaning, identifier)

    def rate(self, identifier: str, meaning: Meaning) -> Term:
        """The rate of change of what an identifier means."""
        row = self.contents.quantities.get(identifier)
        if row is None or identifier in self.contents.assigned:
            raise InputError(f"rateOf('{identifier}'), which is no quantity with a rate")
        if row.kind == "species" and not self.is_by_concentration(row):
            return self.rates.meant(row, meaning)
        if identifier in self.contents.rates:
            return self.formula(self.contents.rates[identifier], meaning, identifier)
        return _ZERO

    def rate_row(self, identifier: str, meaning: Meaning, ending: str) -> Term:
        """What stands for a rate of change in mathematics."""
        if identifier not in self.states:
            return self.rate(identifier, meaning)
        unit = self.units.per_time(self.units.of(self.contents.quantities[identifier]))
        return self._row((ending, identifier), unit, lambda: self.rate(identifier, meaning))

    def reaction(self, row: Reaction) -> None:
        """The law of a reaction as an output, and its local parameters."""
        for name, parameter in row.local.items():
            local, unit = self.local[row.identifier][name], self.units.of(parameter)
            self.tables.parameter(local, parameter.value or 0.0, unit, parameter.about, parameter.line)
        if row.law is not None:
            law = self.law(row.identifier)
            self.tables.output(self.names[row.identifier], law, self.units.of_rate, row.about, row.law.line)

    def event(self, row: Event) -> None:
        """An event, which assigns amounts to species whose concentrations the file assigns."""
        fields: dict[str, Any] = {}
        with self.at(row.trigger.line, row.identifier):
            fields["trigger"] = self.mathematics.condition(row.trigger, self.running).text
        for key, formula in (("delay", row.delay), ("priority", row.priority)):
            if formula is not None:
                fields[key] = self.formula(formula, self.running, row.identifier).text
        fields |= {} if row.persistent else {"persistent": False}
        fields |= {} if row.initial else {"initial": False}
        fields |= {} if row.at_trigger else {"values_at": "execution"}
        fields |= {"about": row.about} if row.about else {}
        values = {
            name: self.formula(formula, self.running, row.identifier) for name, formula in row.assignments.items()
        }
        assignments = {self.states[name]: self._assigned(name, values).text for name in values if name in self.states}
        lines = {
            ("assignments", self.states[name]): row.assignments[name].line for name in values if name in self.states
        }
        self.tables.event(self.names[row.identifier], fields | {"assignments": assignments}, row.line, lines)

    def _assigned(self, identifier: str, values: Mapping[str, Term]) -> Term:
        row = self.contents.quantities[identifier]
        if row.kind != "species" or row.only_substance or self.is_by_concentration(row):
            return values[identifier]
        size = values.get(row.compartment) or Term(self.names[row.compartment])
        return product(values[identifier], size)


class _Running:
    """What identifiers mean at any time: the names of their rows."""

    time = Term("time")

    def __init__(self, translation: Translation, local: Mapping[str, str]) -> None:
        self._translation, self._local = translation, local

    def value(self, identifier: str) -> Term:
        if identifier in self._local:
            return Term(self._local[identifier])
        return self._value(identifier)

    def rate(self, identifier: str) -> Term:
        return _ZERO if identifier in self._local else self._rate(identifier)

    def _value(self, identifier: str) -> Term:
        if identifier not in self._translation.names:
            raise InputError(f"uses '{identifier}', which is nothing of the file")
        return Term(self._translation.names[identifier])

    def _rate(self, identifier: str) -> Term:
        return self._translation.rate_row(identifier, self, "rate")


class _Starting(_Running):
    """What they mean at the start."""

    time = _ZERO

    def _value(self, identifier: str) -> Term:
        super()._value(identifier)
        return self._translation.start(identifier)

    def _rate(self, identifier: str) -> Term:
        return self._translation.rate_row(identifier, self, "initial_rate")
