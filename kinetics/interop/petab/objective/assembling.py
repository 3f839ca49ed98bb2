"""The model of a problem: that of the SBML file, with every formula of the tables as an output."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy as sp

from kinetics.errors import Faults
from kinetics.expressions import is_name
from kinetics.interop.petab.formulas import parse_formula
from kinetics.interop.petab.functions import RESERVED
from kinetics.interop.petab.objective.entities import Entity, entities_of
from kinetics.interop.petab.objective.switches import Switch, switches_of
from kinetics.interop.petab.objective.whole_model import state_output, whole_model
from kinetics.interop.petab.problem.problem import Period, PetabProblem
from kinetics.interop.petab.words import formula_names
from kinetics.interop.sbml import ImportedModel
from kinetics.model import Model, Parameter
from kinetics.model.timing.clock import TIME


@dataclass(frozen=True)
class PetabModel:
    """A model whose outputs are the formulas of a problem.

    Parameters
    ----------
    model : Model
        Parameters of the problem and placeholders are parameters of it. Outputs are formulas, then all states.
    entities : mapping of str to Entity
        What conditions change, by the names of the problem.
    parameters : mapping of str to str
        Names of parameters of the model by those of parameters and placeholders of the problem.
    observables : mapping of str to (str, str)
        The outputs of the formula of an observable and of its noise.
    values : mapping of str to str
        The output of each formula of the conditions.
    sizes : mapping of str to str
        The output of the size of each compartment.
    dynamic : frozenset of str
        Parameters of the model that states depend on.
    switches : tuple of (Switch, str, str)
        Comparisons with the time, and the outputs of their slopes and offsets.
    """

    model: Model
    entities: Mapping[str, Entity]
    parameters: Mapping[str, str]
    observables: Mapping[str, tuple[str, str]]
    values: Mapping[str, str]
    sizes: Mapping[str, str]
    dynamic: frozenset[str]
    switches: tuple[tuple[Switch, str, str], ...]

    def states_output(self, state: str) -> str:
        """The output that returns a state."""
        return state_output(list(self.model.states).index(state))


def assemble(problem: PetabProblem, imported: ImportedModel) -> PetabModel:
    """Put the formulas of a problem into the model, without units.

    Raises
    ------
    InputError
        With every name that stands for nothing, every formula that is wrong, every target that cannot be set.
    """
    return _Assembly(problem, imported.model, dict(entities_of(imported))).finished()


@dataclass
class _Assembly:
    problem: PetabProblem
    base: Model
    entities: dict[str, Entity]
    faults: Faults = field(default_factory=Faults)
    added: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    formulas: dict[str, Any] = field(default_factory=dict[str, Any])
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    set_anew: set[str] = field(default_factory=set[str])

    def finished(self) -> PetabModel:
        problem = self.problem
        for alias, name in problem.entities.items():
            if name in self.entities:
                self.entities[alias] = self.entities[name]
        self.symbols: dict[str, Any] = {name: entity.value for name, entity in self.entities.items()}
        self.symbols |= {"time": TIME}
        self._add_parameters()
        observables = {name: self._observable(name) for name in problem.observables}
        values = self._values()
        compartments = {entity.compartment: entity.size for entity in self.entities.values() if entity.compartment}
        sizes = {name: self._output("size", size) for name, size in compartments.items()}
        self.faults.raise_if_any()
        switches = [(one, self._output("slope", one.slope), self._output("offset", one.offset)) for one in self.found]
        whole = whole_model(
            self.base,
            set_anew={self.entities[name].target for name in self.set_anew},
            moving=self._moving(values),
            added=self.added.values(),
            formulas=self.formulas,
            switches=self.found,
        )
        of_times = [name for _, *names in switches for name in names]
        dynamic = _dynamic(whole, (*values.values(), *of_times))
        return PetabModel(whole, self.entities, self.parameters, observables, values, sizes, dynamic, tuple(switches))

    @cached_property
    def found(self) -> list[Switch]:
        """Comparisons of the model with the time."""
        return switches_of(self.base)

    def _add_parameters(self) -> None:
        """Give parameters, placeholders, and what conditions set for observables alone, a parameter of the model."""
        targets = [
            (target, period.where.get(target, ""))
            for experiment in self.problem.experiments.values()
            for period in experiment.periods
            for target in (*period.assignments, *period.default)
        ]
        for name, parameter in self.problem.parameters.items():
            entity = self.entities.get(name)
            if name in RESERVED:
                self.faults.add("is a word of formulas; rename it", parameter.where, name)
            elif entity is None:
                self._add(name)
            elif entity.target not in (*self.base.parameters, *self.base.constants):
                self.faults.add("is no constant parameter of the model", parameter.where, name)
            else:
                self.set_anew.add(name)
                self.parameters[name] = entity.target
        for observable in self.problem.observables.values():
            for name in (*observable.placeholders, *observable.noise_placeholders):
                if name in self.symbols:
                    self.faults.add(f"placeholder '{name}' is the name of something else", observable.where)
                self._add(name)
        for target, where in targets:
            self.set_anew.add(target)
            if target in self.problem.parameters:
                self.faults.add("is set by a condition, so it cannot be in the table of parameters", where, target)
            elif target in self.entities and not self.entities[target].target:
                self.faults.add("cannot be set: it follows from a rule of the model", where, target)
            elif target not in self.entities and target not in self.parameters:
                self._add(target)
                self.entities[target] = Entity(self.symbols[target], self.parameters[target])

    def _add(self, name: str) -> None:
        taken = {*self.base.defaults, *self.base.states, *self.base.definitions, *self.added}
        own = name
        while not is_name(own) or own in taken:
            own = f"p{len(self.added)}_{own.lstrip('_')}"[:60]
        row = self.problem.parameters.get(name)
        # a value of zero may make a constant of the model infinite, which its checks refuse
        value = 1.0 if row is None or math.isnan(row.nominal) else row.nominal
        self.added[own] = Parameter(name=own, value=value, unit="1")
        self.parameters[name], self.symbols[name] = own, self.added[own].symbol

    def _output(self, kind: str, value: Any) -> str:
        name = f"{kind}_{len(self.formulas)}_"
        self.formulas[name] = value
        return name

    def _observable(self, name: str) -> tuple[str, str]:
        row = self.problem.observables[name]
        value = self._formula(row.formula, row.where, "observableFormula", (name,))
        noise = self._formula(row.noise, row.where, "noiseFormula", ())
        return self._output("value", value), self._output("noise", noise)

    def _formula(self, text: str, where: str, column: str, inside: tuple[str, ...]) -> Any:
        """A formula as an expression; names of observables in it stand for their formulas."""
        known = dict(self.symbols)
        with self.faults.gather(where, column):
            for name in _named(text, self.problem.observables):
                if name in self.entities:
                    continue
                if name in inside:
                    self.faults.add(f"'{name}' is defined by itself", where, column)
                    return sp.S.Zero
                row = self.problem.observables[name]
                known[name] = self._formula(row.formula, row.where, "observableFormula", (*inside, name))
            value = parse_formula(text, known)
            if value.has(sp.oo, -sp.oo):
                self.faults.add("is infinite", where, column)
                return sp.S.Zero
            return value
        return sp.S.Zero

    def _values(self) -> dict[str, str]:
        """The outputs of the formulas of the conditions."""
        formulas = {
            text: period.where.get(target, "")
            for _, period in self._periods()
            for target, text in period.assignments.items()
        }
        return {
            text: self._output("target", self._formula(text, where, "targetValue", ()))
            for text, where in formulas.items()
        }

    def _periods(self) -> Iterator[tuple[int, Period]]:
        for experiment in self.problem.experiments.values():
            yield from enumerate(experiment.periods)

    def _moving(self, values: Mapping[str, str]) -> set[str]:
        """What conditions set to values that depend on states or the time."""
        symbols = {row.symbol for row in self.base.states.values()} | {TIME}
        return {
            self.entities[target].target
            for _, period in self._periods()
            for target, text in period.assignments.items()
            if self.base.written_out(self.formulas[values[text]]).free_symbols & symbols
        }


def _dynamic(model: Model, values: Iterable[str]) -> frozenset[str]:
    """Parameters that initial values, rates and values of conditions depend on."""
    rows = model.states.values()
    expressions = [expression for row in rows for expression in (row.initial, row.rate)]
    expressions += [model.outputs[name].value for name in values]
    symbols: set[sp.Symbol] = set()
    for expression in expressions:
        symbols |= model.written_out(expression).free_symbols
    return frozenset(map(str, symbols)) & model.defaults.keys()


def _named(text: str, names: Iterable[str]) -> list[str]:
    return sorted(formula_names(text) & set(names))
