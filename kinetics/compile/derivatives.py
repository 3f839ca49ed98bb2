"""Derivatives of a graph's nodes; of powers of a state they are finite at zero, as a Hill term before a dose."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kinetics.compile.graph import Node, reachable

Entries = dict[tuple[int, int], Node]
"""The nonzero entries of a matrix, by row and column."""


def derivatives(expressions: Sequence[Node], by: Sequence[Node], states: Sequence[Node]) -> Entries:
    """The nonzero derivatives of expressions by inputs, in the order of expressions; a kink has no curvature.

    Where a power of one of the ``states`` is infinite in a derivative, at zero, it counts as zero. An infinite
    derivative by a parameter alone stays infinite.

    Examples
    --------
    >>> from kinetics.compile.graph import Graph
    >>> graph = Graph()
    >>> x, p = graph.input("y", 0), graph.input("c", 0)
    >>> derivatives([graph.apply("power", x, p)], [x, p], [x])[0, 1]
    log_power(input(('y', 0)), input(('c', 0)))
    """
    if not expressions:
        return {}
    differentiate = _Differentiation(reachable(expressions), states)
    rows: dict[int, dict[int, Node]] = {expression.number: {} for expression in expressions}
    for column, symbol in enumerate(by):
        for number, slope in differentiate(symbol).items():
            if number in rows:
                rows[number][column] = slope
    return {
        (row, column): slope
        for row, expression in enumerate(expressions)
        for column, slope in rows[expression.number].items()
    }


class _Differentiation:
    """Forward through nodes, arguments first, by one input at a time; what is zero is not stored."""

    def __init__(self, nodes: Sequence[Node], states: Sequence[Node]) -> None:
        self._graph, self._states = nodes[0].graph, 0
        for state in states:
            self._states |= state.free
        self._users: dict[int, list[Node]] = {}
        for node in nodes:
            for argument in node.arguments:
                self._users.setdefault(argument.number, []).append(node)

    def __call__(self, symbol: Node) -> dict[int, Node]:
        """The nonzero derivatives of the nodes by an input: by the number of the node."""
        slopes = {symbol.number: self._graph.constant(1.0)}
        for node in self._depending_on(symbol):
            if node.operation in _RULES:
                total = self._graph.constant(0.0)
                for index, argument in enumerate(node.arguments):
                    if argument.number in slopes:
                        total = total + self._partial(node, index, slopes[argument.number])
                if not total.is_number(0.0):
                    slopes[node.number] = total
        return slopes

    def _depending_on(self, symbol: Node) -> list[Node]:
        """The nodes that an input is part of, arguments first: most inputs are part of few."""
        found: dict[int, Node] = {}
        waiting = [symbol]
        while waiting:
            for user in self._users.get(waiting.pop().number, ()):
                if user.number not in found:
                    found[user.number] = user
                    waiting.append(user)
        return [found[number] for number in sorted(found)]

    def _partial(self, node: Node, index: int, slope: Node) -> Node:
        return _RULES[node.operation](self, node, index, slope)

    def plain(self, node: Node, index: int, slope: Node) -> Node:
        """Of a sum."""
        return -slope if node.operation == "neg" or (node.operation == "sub" and index == 1) else slope

    def product(self, node: Node, index: int, slope: Node) -> Node:
        """The other factor."""
        return node.arguments[1 - index] * slope

    def reciprocal(self, node: Node, _: int, slope: Node) -> Node:
        """``-1/x^2``."""
        return -(node * node) * slope

    def root(self, node: Node, _: int, slope: Node) -> Node:
        """``1/(2 sqrt(x))``, by the rule for powers at zero."""
        (base,) = node.arguments
        return 0.5 * self.power_of(base, self._graph.constant(-0.5)) * slope

    def exponential(self, node: Node, _: int, slope: Node) -> Node:
        """Itself."""
        return node * slope

    def logarithm(self, node: Node, _: int, slope: Node) -> Node:
        """``1/x``."""
        return slope / node.arguments[0]

    def power(self, node: Node, index: int, slope: Node) -> Node:
        """``p x^(p-1)`` by the base, ``log(x) x^p`` by the exponent."""
        base, exponent = node.arguments
        if index == 0:
            return exponent * self.power_of(base, exponent - 1.0) * slope
        return self._graph.apply("log_power", base, exponent) * slope

    def log_power(self, node: Node, index: int, slope: Node) -> Node:
        """Of ``log(x) x^p``."""
        base, exponent = node.arguments
        if index == 1:
            return self._graph.apply("log", base) * node * slope
        lower = exponent - 1.0
        return (exponent * self._graph.apply("log_power", base, lower) + self.power_of(base, lower)) * slope

    def modulus(self, node: Node, _: int, slope: Node) -> Node:
        """The sign, zero at zero."""
        (argument,) = node.arguments
        return (self.step(argument) - self.step(-argument)) * slope

    def extreme(self, node: Node, index: int, slope: Node) -> Node:
        """One of two arguments counts."""
        argument, other = node.arguments[index], node.arguments[1 - index]
        return self.step(argument - other if node.operation == "max" else other - argument) * slope

    def chosen(self, node: Node, index: int, slope: Node) -> Node:
        """A branch counts where it is taken."""
        nothing = self._graph.constant(0.0)
        branches = (slope, nothing) if index == 1 else (nothing, slope)
        return self._graph.apply("select", node.arguments[0], *branches)

    def elementary(self, node: Node, _: int, slope: Node) -> Node:
        """Of the functions in `_SLOPES`."""
        return _SLOPES[node.operation](node.arguments[0]) * slope

    def step(self, argument: Node) -> Node:
        """1 where an argument is positive, else 0."""
        zero = self._graph.constant(0.0)
        return self._graph.apply("select", self._graph.apply("less", zero, argument), 1.0 + zero, zero)

    def power_of(self, base: Node, exponent: Node) -> Node:
        """A power in a derivative: finite at zero if a state is the base."""
        if exponent.is_number() and exponent.as_float.is_integer() and exponent.as_float >= 0.0:
            return base.to_the(int(exponent.as_float))
        return self._graph.apply("finite_power" if base.free & self._states else "power", base, exponent)


def _root(square: Node) -> Node:
    return square.graph.apply("sqrt", square)


_SLOPES: dict[str, Callable[[Node], Node]] = {
    "sin": lambda x: x.graph.apply("cos", x),
    "cos": lambda x: -x.graph.apply("sin", x),
    "tan": lambda x: x.graph.apply("cos", x).to_the(-2),
    "asin": lambda x: _root((1.0 - x) * (1.0 + x)).reciprocal(),
    "acos": lambda x: -_root((1.0 - x) * (1.0 + x)).reciprocal(),
    "atan": lambda x: (1.0 + x * x).reciprocal(),
    "sinh": lambda x: x.graph.apply("cosh", x),
    "cosh": lambda x: x.graph.apply("sinh", x),
    "tanh": lambda x: x.graph.apply("cosh", x).to_the(-2),
    "asinh": lambda x: _root(1.0 + x * x).reciprocal(),
    "acosh": lambda x: (_root(x - 1.0) * _root(x + 1.0)).reciprocal(),
    "atanh": lambda x: ((1.0 - x) * (1.0 + x)).reciprocal(),
}
"""The derivatives of functions of one number; those of whole numbers have none but 0."""
_RULES: dict[str, Callable[[_Differentiation, Node, int, Node], Node]] = {
    "add": _Differentiation.plain,
    "sub": _Differentiation.plain,
    "neg": _Differentiation.plain,
    "mul": _Differentiation.product,
    "reciprocal": _Differentiation.reciprocal,
    "sqrt": _Differentiation.root,
    "exp": _Differentiation.exponential,
    "log": _Differentiation.logarithm,
    "power": _Differentiation.power,
    "finite_power": _Differentiation.power,
    "log_power": _Differentiation.log_power,
    "abs": _Differentiation.modulus,
    "max": _Differentiation.extreme,
    "min": _Differentiation.extreme,
    "select": _Differentiation.chosen,
    **dict.fromkeys(_SLOPES, _Differentiation.elementary),
}
