"""A model as a list of operations on earlier results; a shared subexpression is one operation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import sympy as sp

from kinetics.errors import InputError
from kinetics.expressions import evaluate, log, power
from kinetics.model import Model

Condition = tuple[Any, ...]
"""("<", step): the value of a step is below zero; also "<=", ">", ">="; ("and" | "or" | "not", conditions...)."""

MAX_WHOLE = 64
"""The largest whole exponent that becomes multiplications, as in the grammar."""

_COMPARISONS = {sp.StrictLessThan: "<", sp.LessThan: "<=", sp.StrictGreaterThan: ">", sp.GreaterThan: ">="}


@dataclass(frozen=True)
class Step:
    """One operation on earlier steps."""

    operation: str
    """"number", "leaf", "state", "sum", "product", "power", "exp", "log" or "choice"."""
    operands: tuple[int, ...] = ()
    """The steps it uses; of a choice the two results, of a state the one of its initial value."""
    content: Any = None
    """The number, the name of the leaf or state, or the condition of the choice."""
    constant: bool = True
    """Whether it is the same at all times."""


@dataclass
class Program:
    """The steps behind what is measured, behind every state that matters to it, and behind the rates of these."""

    steps: list[Step] = field(default_factory=list)
    """In an order in which each comes after those it uses; a state's rate comes after the state."""
    measured: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    rates: dict[str, int] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    """Parameters that make a whole exponent, which a random point must leave alone."""


def build_program(
    model: Model, measured: Iterable[str], values: Mapping[str, float], unknowns: Collection[str]
) -> Program:
    """The steps to what is measured (``A/B`` is the ratio of two), and to every state it depends on.

    ``values`` are of all parameters and inputs: they tell which exponents are whole. ``unknowns`` are parameters by
    flat name, and unknown initial values as `start_name` writes them.
    """
    return _Builder(model, values, frozenset(unknowns)).build(measured)


class _Builder:
    def __init__(self, model: Model, values: Mapping[str, float], unknowns: frozenset[str]) -> None:
        self.model, self.values, self.unknowns = model, values, unknowns
        self.program = Program()
        self.known: dict[Step, int] = {}
        self.made: dict[Any, int] = {}
        self.pending: list[str] = []

    def build(self, measured: Iterable[str]) -> Program:
        for name in measured:
            parts = [self.of(self.model.quantity(part).symbol) for part in name.split("/")]
            self.program.measured[name] = self.multiplied([parts[0], *map(self.inverse, parts[1:])])
        while self.pending:
            name = self.pending.pop()
            self.program.rates[name] = self.of(self.model.states[name].rate)
        return self.program

    def add(self, operation: str, *operands: int, content: Any = None, constant: bool | None = None) -> int:
        if constant is None:
            constant = all(self.program.steps[index].constant for index in operands)
        step = Step(operation, operands, content, constant)
        if step not in self.known:
            self.known[step] = len(self.program.steps)
            self.program.steps.append(step)
        return self.known[step]

    def of(self, expression: Any) -> int:
        if expression not in self.made:
            self.made[expression] = self.made_of(expression)
        return self.made[expression]

    def made_of(self, node: Any) -> int:
        if node.is_Symbol:
            return self.symbol(node.name)
        if isinstance(node, sp.Number | sp.NumberSymbol):
            return self.add("number", content=node)
        makers: tuple[tuple[Any, Callable[[Any], int]], ...] = (
            (sp.Add, lambda node: self.add("sum", *map(self.of, node.args))),
            (sp.Mul, lambda node: self.multiplied([self.of(factor) for factor in node.args])),
            (sp.Pow | power, self.power),
            (sp.exp, lambda node: self.add("exp", self.of(node.args[0]))),
            (log, lambda node: self.add("log", self.of(node.args[0]))),
            (sp.Abs, lambda node: self.extreme((node.args[0], -node.args[0]), ">=")),
            (sp.Max, lambda node: self.extreme(node.args, ">=")),
            (sp.Min, lambda node: self.extreme(node.args, "<=")),
            (sp.Piecewise, lambda node: self.branches(node.args)),
        )
        for kind, maker in makers:
            if isinstance(node, kind):
                return maker(node)
        raise InputError(f"identifiability cannot be decided with '{type(node).__name__}' in an equation")

    def symbol(self, name: str) -> int:
        if name in self.model.definitions:
            return self.of(self.model.definitions[name].value)
        if name not in self.model.states:
            return self.add("leaf", content=name)
        start, own = start_name(name), self.model.states[name].initial
        initial = self.add("leaf", content=start) if start in self.unknowns else self.of(own)
        self.pending.append(name)
        self.program.states[name] = self.add("state", initial, content=name, constant=False)
        return self.program.states[name]

    def multiplied(self, factors: Iterable[int]) -> int:
        """Constants first: the product of a series and a constant costs one multiplication an order."""
        steps = self.program.steps
        ordered = sorted(factors, key=lambda index: (not steps[index].constant, index))
        return reduce(lambda left, right: self.add("product", left, right), ordered)

    def negative(self, index: int) -> int:
        return self.multiplied([self.add("number", content=sp.S.NegativeOne), index])

    def power(self, node: Any) -> int:
        base, exponent = self.of(node.args[0]), node.args[1]
        whole = self.whole(exponent)
        if whole is not None and whole != 0:
            power = reduce(lambda left, _: self.add("product", left, base), range(abs(whole) - 1), base)
            return power if whole > 0 else self.inverse(power)
        index = self.of(exponent)
        if self.program.steps[index].constant:
            return self.add("power", base, index)
        return self.add("exp", self.multiplied([index, self.add("log", base)]))

    def inverse(self, index: int) -> int:
        return self.add("power", index, self.add("number", content=sp.S.NegativeOne))

    def whole(self, exponent: Any) -> int | None:
        """A whole exponent: a number, or one that follows from parameters that are not asked for."""
        written = self.model.written_out(exponent)
        names = {symbol.name for symbol in written.free_symbols}
        if names & self.unknowns or names - self.values.keys():
            return None
        value = evaluate(written, {symbol: self.values[symbol.name] for symbol in written.free_symbols})
        if not value.is_integer() or abs(value) > MAX_WHOLE:
            return None
        self.program.held |= names
        return int(value)

    def extreme(self, arguments: Iterable[Any], comparison: str) -> int:
        return reduce(lambda left, right: self.larger(left, right, comparison), map(self.of, arguments))

    def larger(self, left: int, right: int, comparison: str) -> int:
        difference = self.add("sum", left, self.negative(right))
        return self.choice((comparison, difference), left, right)

    def branches(self, pairs: Iterable[Any]) -> int:
        (value, condition), *rest = pairs
        if condition == sp.true or not rest:
            return self.of(value)
        return self.choice(self.condition(condition), self.of(value), self.branches(rest))

    def condition(self, node: Any) -> Condition:
        if node.func in _COMPARISONS:
            difference = self.add("sum", self.of(node.lhs), self.negative(self.of(node.rhs)))
            return _COMPARISONS[node.func], difference
        if not isinstance(node, sp.And | sp.Or | sp.Not):
            raise InputError(f"identifiability cannot be decided with '{node}' as a condition")
        return node.func.__name__.lower(), *map(self.condition, node.args)

    def choice(self, condition: Condition, then: int, otherwise: int) -> int:
        steps = self.program.steps
        constant = all(steps[index].constant for index in (then, otherwise, *differences(condition)))
        return self.add("choice", then, otherwise, content=condition, constant=constant)


def start_name(state: str) -> str:
    """What the unknown initial value of a state is called.

    >>> start_name("A")
    'A(0)'
    """
    return f"{state}(0)"


def differences(condition: Condition) -> Iterator[int]:
    """The steps whose signs a condition depends on."""
    operation, *parts = condition
    for part in parts:
        if operation in ("and", "or", "not"):
            yield from differences(part)
        else:
            yield part
