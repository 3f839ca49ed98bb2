"""Expressions as a graph in which equal subexpressions are one node: what is differentiated and turned into code.

SymPy stands at the surface. Underneath, thousands of derivatives are made of a model's expressions, and need nothing of
what SymPy knows about them: here they cost microseconds each, and a common subexpression is found as it is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_COMMUTATIVE = frozenset({"add", "mul", "min", "max", "and", "or", "xor"})


class Node:
    """An operation on nodes of the same `Graph`, which makes it; of equal ones there is one.

    ``number`` counts nodes: arguments come before what is made of them. ``free`` has a bit for each input that the node
    depends on. ``value`` is that of a number, or the array and index of an input.
    """

    __slots__ = ("arguments", "free", "graph", "number", "operation", "value")

    def __init__(
        self, graph: Graph, operation: str, arguments: tuple[Node, ...], value: object, number: int, free: int
    ) -> None:
        self.graph, self.operation, self.arguments = graph, operation, arguments
        self.value, self.number, self.free = value, number, free

    def __repr__(self) -> str:
        return f"{self.operation}({', '.join(map(repr, self.arguments or (self.value,)))})"

    def is_number(self, value: float | None = None) -> bool:
        """Whether this is a number, or that number."""
        return self.operation == "number" and (value is None or self.value == value)

    def __neg__(self) -> Node:
        if self.is_number():
            return self.graph.constant(-self.as_float)
        return self.arguments[0] if self.operation == "neg" else self.graph.apply("neg", self)

    def __add__(self, other: Node | float) -> Node:
        left, right = self, self.graph.adopt(other)
        if left.is_number() and right.is_number():
            return self.graph.constant(left.as_float + right.as_float)
        if left.is_number(0.0) or right.is_number(0.0):
            return right if left.is_number(0.0) else left
        if right.operation == "neg":
            return left - right.arguments[0]
        if left.operation == "neg":
            return right - left.arguments[0]
        return 2.0 * left if left is right else self.graph.apply("add", left, right)

    def __sub__(self, other: Node | float) -> Node:
        left, right = self, self.graph.adopt(other)
        if right.is_number() or right.operation == "neg" or left.is_number(0.0):
            return left + -right
        if left.operation == "neg":
            return -(left.arguments[0] + right)
        return self.graph.constant(0.0) if left is right else self.graph.apply("sub", left, right)

    def __mul__(self, other: Node | float) -> Node:
        left, right = self, self.graph.adopt(other)
        if right.is_number() and not left.is_number():
            left, right = right, left
        if left.is_number():
            return left._scaled(right)
        if left.operation == "neg":
            return -(left.arguments[0] * right)
        return -(left * right.arguments[0]) if right.operation == "neg" else self.graph.apply("mul", left, right)

    def _scaled(self, other: Node) -> Node:
        """The product of a number and another node."""
        if other.is_number():
            return self.graph.constant(self.as_float * other.as_float)
        if self.value in (0.0, 1.0):
            return other if self.value else self
        if self.value == -1.0:
            return -other
        return (-self)._scaled(other.arguments[0]) if other.operation == "neg" else self.graph.apply("mul", self, other)

    def __truediv__(self, other: Node | float) -> Node:
        return self * self.graph.adopt(other).reciprocal()

    def __radd__(self, other: float) -> Node:
        return self.graph.adopt(other) + self

    def __rsub__(self, other: float) -> Node:
        return self.graph.adopt(other) - self

    def __rmul__(self, other: float) -> Node:
        return self.graph.adopt(other) * self

    def __rtruediv__(self, other: float) -> Node:
        return self.graph.adopt(other) / self

    def __abs__(self) -> Node:
        return self.graph.apply("abs", self)

    def reciprocal(self) -> Node:
        """One over this."""
        if self.is_number() and self.value:
            return self.graph.constant(1.0 / self.as_float)
        return self.graph.apply("reciprocal", self)

    def to_the(self, exponent: int) -> Node:
        """A whole power, by squaring."""
        if exponent < 0:
            return self.reciprocal().to_the(-exponent)
        if exponent < 2:
            return self if exponent else self.graph.constant(1.0)
        half = self.to_the(exponent // 2)
        return half * half * self if exponent % 2 else half * half

    @property
    def as_float(self) -> float:
        """The value of a number."""
        assert isinstance(self.value, float)
        return self.value


class Graph:
    """Makes nodes, each once.

    Examples
    --------
    >>> graph = Graph()
    >>> x, k = graph.input("y", 0), graph.input("c", 0)
    >>> -k * x + x * k
    number(0.0)
    """

    def __init__(self) -> None:
        self._nodes: dict[tuple[object, ...], Node] = {}
        self._inputs = 0

    def input(self, array: str, index: int) -> Node:
        """An entry of an array that a function is given."""
        key = ("input", array, index)
        if key not in self._nodes:
            self._inputs += 1
        return self._intern(key, "input", (), (array, index), 1 << (self._inputs - 1))

    def constant(self, value: float) -> Node:
        """A number."""
        value = float(value)
        return self._intern(("number", value.hex()), "number", (), value, 0)

    def adopt(self, operand: Node | float) -> Node:
        """A node as it is, a number as a node."""
        return operand if isinstance(operand, Node) else self.constant(operand)

    def apply(self, operation: str, *arguments: Node, value: object = None) -> Node:
        """The node of an operation, as it stands: operators of `Node` simplify first."""
        if operation in _COMMUTATIVE and arguments[0].number > arguments[1].number:
            arguments = arguments[::-1]
        free = 0
        for argument in arguments:
            free |= argument.free
        return self._intern((operation, value, *(a.number for a in arguments)), operation, arguments, value, free)

    def _intern(
        self, key: tuple[object, ...], operation: str, arguments: tuple[Node, ...], value: object, free: int
    ) -> Node:
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node(self, operation, arguments, value, len(self._nodes), free)
        return node


def reachable(nodes: Iterable[Node]) -> list[Node]:
    """These nodes and all that they are made of, arguments first."""
    found: dict[int, Node] = {}
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node.number not in found:
            found[node.number] = node
            waiting += node.arguments
    return [found[number] for number in sorted(found)]


def replaced(nodes: Sequence[Node], by: Mapping[Node, Node]) -> list[Node]:
    """Nodes with some of what they are made of replaced."""
    made: dict[int, Node] = {node.number: other for node, other in by.items()}
    for node in reachable(nodes):
        if node.number not in made:
            arguments = [made[argument.number] for argument in node.arguments]
            made[node.number] = node.graph.apply(node.operation, *arguments, value=node.value) if arguments else node
    return [made[node.number] for node in nodes]
