"""SymPy's expressions as nodes of a `Graph`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add, mul
from typing import Any

import sympy as sp

from kinetics.compile.graph import Graph, Node
from kinetics.expressions import ELEMENTARY, evaluate, log, power

_FUNCTIONS: dict[Any, str] = {kind: name for name, kind in ELEMENTARY.items()}
_FUNCTIONS |= {sp.exp: "exp", log: "log", sp.Abs: "abs"}
_COMPARISONS: dict[Any, str] = {
    sp.StrictLessThan: "less",
    sp.LessThan: "at_most",
    sp.StrictGreaterThan: "less",
    sp.GreaterThan: "at_most",
    sp.Equality: "equal",
    sp.Unequality: "equal",
}
_JOINED: dict[Any, str] = {sp.And: "and", sp.Or: "or", sp.Xor: "xor"}


class Reader:
    """Reads expressions over named symbols.

    Parameters
    ----------
    graph : Graph
        Where the nodes are.
    names : mapping of str to Node
        What each symbol stands for; it may grow.

    Examples
    --------
    >>> graph, x = Graph(), sp.Symbol("x", real=True)
    >>> Reader(graph, {"x": graph.input("y", 0)}).read(2 * x + 1)
    add(number(1.0), mul(input(('y', 0)), number(2.0)))
    """

    def __init__(self, graph: Graph, names: Mapping[str, Node]) -> None:
        self.graph, self.names = graph, names
        self._nodes: dict[Any, Node] = {}

    def read(self, expression: Any) -> Node:
        """The node of an expression of the grammar."""
        if expression.is_Symbol:
            return self.names[expression.name]
        if expression not in self._nodes:
            self._nodes[expression] = self._number(expression) or self._read(expression)
        return self._nodes[expression]

    def _number(self, expression: Any) -> Node | None:
        if expression.is_Boolean or expression.free_symbols:
            return None
        return self.graph.constant(evaluate(expression, {}))

    def _read(self, expression: Any) -> Node:
        arguments: Any = expression.args
        if expression.is_Add:
            return self._sorted(add, map(self.read, arguments))
        if expression.is_Mul:
            return self._product(arguments)
        if expression.is_Pow:
            return self.read(arguments[0]).to_the(int(arguments[1]))
        if isinstance(expression, power):
            return self._power(*map(self.read, arguments))
        if isinstance(expression, sp.Max | sp.Min):
            operation = "max" if isinstance(expression, sp.Max) else "min"
            return reduce(lambda left, right: self.graph.apply(operation, left, right), map(self.read, arguments))
        if isinstance(expression, sp.Piecewise):
            return self._piecewise(arguments)
        if isinstance(expression, ELEMENTARY["ceil"]):
            return -self.graph.apply("floor", -self.read(arguments[0]))
        return self.graph.apply(_FUNCTIONS[expression.func], *map(self.read, arguments))

    def _product(self, factors: Iterable[Any]) -> Node:
        """The reciprocals of a product are one: a division costs as much as ten other operations."""
        below = [factor for factor in factors if factor.is_Pow and factor.args[1].is_negative]
        above = self._sorted(mul, [self.read(factor) for factor in factors if factor not in below])
        if len(below) < 2:
            return above * self.read(below[0]) if below else above
        powers = [self.read(factor.args[0]).to_the(-int(factor.args[1])) for factor in below]
        return above * self._sorted(mul, powers).reciprocal()

    def _sorted(self, operation: Any, nodes: Iterable[Node]) -> Node:
        """A sum or a product, what does not depend on states first: it is shared by more expressions."""
        ordered = sorted(nodes, key=lambda node: (node.free.bit_length(), node.number))
        return reduce(operation, ordered, self.graph.constant(0.0 if operation is add else 1.0))

    def _power(self, base: Node, exponent: Node) -> Node:
        if exponent.is_number(0.5):
            return self.graph.apply("sqrt", base)
        if exponent.is_number(-0.5):
            return self.graph.apply("sqrt", base).reciprocal()
        return self.graph.apply("power", base, exponent)

    def _piecewise(self, branches: Any) -> Node:
        """Later branches inside earlier ones; the last has no condition."""
        (last, _), *others = reversed(branches)
        value = self.read(last)
        for result, condition in others:
            value = self.graph.apply("select", self.condition(condition), self.read(result), value)
        return value

    def condition(self, condition: Any) -> Node:
        """The node of a condition: a truth, which is no number."""
        arguments: Any = condition.args
        if condition in (sp.true, sp.false):
            zero = self.graph.constant(0.0)
            return self.graph.apply("at_most" if condition else "less", zero, zero)
        if condition.func in _COMPARISONS:
            left, right = map(self.read, arguments)
            if isinstance(condition, sp.StrictGreaterThan | sp.GreaterThan):
                left, right = right, left
            compared = self.graph.apply(_COMPARISONS[condition.func], left, right)
            return self.graph.apply("not", compared) if isinstance(condition, sp.Unequality) else compared
        parts = map(self.condition, arguments)
        if isinstance(condition, sp.Not):
            return self.graph.apply("not", *parts)
        operation = _JOINED[condition.func]
        return reduce(lambda left, right: self.graph.apply(operation, left, right), parts)
