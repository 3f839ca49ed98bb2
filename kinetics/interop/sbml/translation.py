"""The records of an SBML model to the rows of a model file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from kinetics.errors import Faults, InputError
from kinetics.interop.sbml.contents import Contents, Quantity, Reaction
from kinetics.interop.sbml.events import write_event
from kinetics.interop.sbml.formulas.math import Formula, Mathematics, Meaning
from kinetics.interop.sbml.formulas.terms import Term, quotient
from kinetics.interop.sbml.meanings import ZERO, Running, Starting
from kinetics.interop.sbml.names import Names
from kinetics.interop.sbml.parsing import Parsed
from kinetics.interop.sbml.species import SpeciesRates
from kinetics.interop.sbml.starts import Starts
from kinetics.interop.sbml.tables import Tables
from kinetics.interop.sbml.units import Units


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
        self.running, self.starting, self.starts = Running(self, {}), Starting(self, {}), Starts(self)
        self.states = {
            name: self._state_name(row) for name, row in contents.quantities.items() if name in contents.changing
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
            write_event(self, row)
        if not self.states:  # all is constant, or follows from the time alone
            about = "time since the start: a model needs a state, and the file has none"
            self.tables.state(self.names.new("elapsed"), ZERO, Term("1"), self.units.time, about, (1, 1))
        self.faults.raise_if_any()
        return self.tables

    def at(self, line: int, name: str) -> AbstractContextManager[Faults]:
        """Note faults of a block as those of an element."""
        return self.faults.gather(self.parsed.where(line), name)

    def formula(self, formula: Formula, meaning: Meaning, name: str) -> Term:
        """A formula as a number; zero, and a fault at its line, for what cannot be said."""
        with self.at(formula.line, name):
            return self.mathematics.number(formula, meaning)
        return ZERO

    def condition(self, formula: Formula, name: str) -> Term:
        """A formula as a condition; false, and a fault at its line, for what cannot be said."""
        with self.at(formula.line, name):
            return self.mathematics.condition(formula, self.running)
        return Term("false", is_condition=True)

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

    def varies(self, row: Quantity) -> bool:
        """Whether a quantity has more than one value; a species, if its compartment has."""
        if row.identifier in self.contents.assigned or row.identifier in self.states:
            return True
        is_concentration = row.kind == "species" and not row.only_substance
        return is_concentration and self.varies(self.contents.quantities[row.compartment])

    def quantity(self, row: Quantity) -> None:
        """A compartment, parameter or stoichiometry."""
        name, unit = self.names[row.identifier], self.units.of(row)
        if row.identifier in self.contents.assigned:
            formula = self.contents.assigned[row.identifier]
            value = self.formula(formula, self.running, row.identifier)
            self.tables.output(name, value, unit, row.about, formula.line)
        elif row.identifier in self.states:
            rate = self.rate(row.identifier, self.running)
            self.state(row, self.starts.value(row.identifier), rate, unit)
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
            self.state(row, self.starts.amount(row), self.rates.amount(row, self.running), self.units.amount(row))
            value = state if row.only_substance else quotient(state, compartment)
            self.tables.output(name, value, unit, row.about, row.line)

    def unchanged(self, row: Quantity) -> None:
        """A species whose amount nothing changes."""
        name, unit, compartment = self.names[row.identifier], self.units.of(row), Term(self.names[row.compartment])
        is_steady = not self.varies(row)
        if is_steady and row.is_concentration != row.only_substance and row.identifier not in self.contents.initial:
            self.tables.parameter(name, row.value or 0.0, unit, row.about, row.line)
        elif is_steady:
            self.tables.derived(name, self.starts.meant(row), unit, row.about, row.line)
        else:
            amount = self.names.new(f"{name}_amount")
            self.tables.derived(amount, self.starts.amount(row), self.units.amount(row), row.about, row.line)
            self.tables.output(name, quotient(Term(amount), compartment), unit, row.about, row.line)

    def needed(self, key: tuple[str, str], unit: str, write: Callable[[], Term]) -> Term:
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

    def law(self, row: Reaction, meaning: Running) -> Term:
        """The rate of a reaction, which has a law."""
        assert row.law is not None
        return self.formula(row.law, type(meaning)(self, self.local[row.identifier]), row.identifier)

    def rate(self, identifier: str, meaning: Meaning) -> Term:
        """The rate of change of what an identifier means."""
        row = self.contents.quantities.get(identifier)
        if row is None or identifier in self.contents.assigned:
            raise InputError(f"rateOf('{identifier}'), which is no quantity with a rate")
        if row.kind == "species" and not self.is_by_concentration(row):
            return self.rates.meant(row, meaning)
        if identifier in self.contents.rates:
            return self.formula(self.contents.rates[identifier], meaning, identifier)
        return ZERO

    def rate_row(self, identifier: str, meaning: Meaning, ending: str) -> Term:
        """What stands for a rate of change in mathematics."""
        if identifier not in self.states:
            return self.rate(identifier, meaning)
        unit = self.units.per_time(self.units.of(self.contents.quantities[identifier]))
        return self.needed((ending, identifier), unit, lambda: self.rate(identifier, meaning))

    def reaction(self, row: Reaction) -> None:
        """The law of a reaction as an output, and its local parameters."""
        for name, parameter in row.local.items():
            local, unit = self.local[row.identifier][name], self.units.of(parameter)
            self.tables.parameter(local, parameter.value or 0.0, unit, parameter.about, parameter.line)
        if row.law is not None:
            law = self.law(row, self.running)
            self.tables.output(self.names[row.identifier], law, self.units.of_rate, row.about, row.law.line)
