"""A model's equations over arrays ``p`` (parameters), ``c`` (constants) and ``y`` (states), and what follows from them.

Each property is worked out when it is first needed: a simulation needs no derivatives by constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, reduce
from itertools import combinations
from operator import add, or_
from typing import Any

import sympy as sp

from kinetics.compile.derivatives import Entries, derivatives
from kinetics.compile.graph import Graph, Node, reachable, replaced
from kinetics.compile.instructions import TRUTHS
from kinetics.compile.reading import Reader
from kinetics.compile.sparse import Elimination, eliminate
from kinetics.model import Model
from kinetics.model.events import switches_of
from kinetics.reduction import Rest


class Equations:
    """The equations of a checked model as nodes of one graph.

    States at rest are what they are at the start, and stand in no array; by default none is.
    """

    def __init__(self, model: Model, rest: Rest | None = None) -> None:
        self._model, self._rest, self.graph = model, rest or Rest.none(model), Graph()
        names = (*model.defaults, *model.constants)
        # constants before states: what depends on constants alone then stands first in sums and products
        self.c = [self.graph.input("c", index) for index in range(len(names))]
        integrated = self._rest.integrated
        self.y = [self.graph.input("y", index) for index in range(len(integrated))]
        self._nodes: dict[str, Node] = dict(zip(names, self.c, strict=True))
        self._reader = Reader(self.graph, self._nodes)
        self._nodes |= {name: self._reader.read(model.states[name].initial) for name in self._rest.resting}
        self._nodes |= dict(zip(integrated, self.y, strict=True))
        integers = self._rest.integers
        for name in model.order:
            if name in integers:
                self._nodes[name] = self.graph.constant(integers[name])
            elif name not in self._nodes:
                self._nodes[name] = self._reader.read(model.definitions[name].value)

    @property
    def counted(self) -> int:
        """The states that a mean over states counts: those at rest too, so that steps are those of the whole model."""
        return len(self._model.states)

    @cached_property
    def p(self) -> list[Node]:
        """The parameters where nothing is derived from them yet."""
        return [self.graph.input("p", index) for index in range(len(self._model.defaults))]

    @cached_property
    def constants(self) -> list[Node]:
        """Parameters, then derived constants, in terms of parameters."""
        nodes = dict(zip(self._model.defaults, self.p, strict=True))
        reader = Reader(self.graph, nodes)
        for name in self._model.constants:
            nodes[name] = reader.read(self._model.definitions[name].value)
        return list(nodes.values())

    @cached_property
    def start(self) -> list[Node]:
        """The states before any dose."""
        return self._read(self._model.states[name].initial for name in self._rest.integrated)

    @cached_property
    def resting(self) -> list[Node]:
        """The states that rest."""
        return self._read(self._model.states[name].initial for name in self._rest.resting)

    @cached_property
    def rate(self) -> list[Node]:
        """Rates of the states, without infusion."""
        if not self._rest.moving:
            return [self.graph.constant(0.0) for _ in self.y]
        return self._read(self._model.states[name].rate for name in self._rest.moving)

    @cached_property
    def outputs(self) -> list[Node]:
        """Outputs."""
        return [self._nodes[name] for name in self._model.outputs]

    @cached_property
    def differences(self) -> list[Node]:
        """Left less right of each comparison in the triggers of events."""
        comparisons = switches_of(self._model.events.values())
        return [self._reader.read(left) - self._reader.read(right) for left, right in (row.args for row in comparisons)]

    @cached_property
    def switches(self) -> list[Node]:
        """`differences`, then the summed sizes of the terms of each."""
        sizes = []
        for left, right in (row.args for row in switches_of(self._model.events.values())):
            terms = self._read([*sp.Add.make_args(left), *sp.Add.make_args(right)])
            sizes.append(reduce(add, map(abs, terms)))
        return self.differences + sizes

    @cached_property
    def events(self) -> list[Node]:
        """Of each event in turn its delay, its priority, each zero without one, and the values it assigns."""
        nothing, nodes = sp.S.Zero, []
        for event in self._model.events.values():
            nodes += self._read([event.delay or nothing, event.priority or nothing, *event.assignments.values()])
        return nodes

    def _read(self, expressions: Any) -> list[Node]:
        return [self._reader.read(expression) for expression in expressions]

    @cached_property
    def kinks(self) -> list[Node]:
        """What changes sign where a branch of max, min, abs or piecewise takes over from another, in a rate."""
        kinks: dict[Node, None] = {}
        for node in reachable(self.rate):
            if node.operation in ("max", "min", "less", "at_most"):
                kinks |= dict.fromkeys(left - right for left, right in combinations(_extremes(node), 2))
            elif node.operation == "abs":
                kinks[node.arguments[0]] = None
        return [kink for kink in kinks if self._moves(kink)]

    @cached_property
    def jacobian(self) -> Entries:
        """Of rates by states."""
        return self.of(self.rate, self.y)

    @cached_property
    def elimination(self) -> Elimination:
        """How w I - J is factored."""
        return eliminate(len(self.y), self.jacobian)

    @cached_property
    def coefficients(self) -> list[Node]:
        """What rates and their derivatives by states are made of that depends on constants alone, save the constants.

        It is worked out once a patient: above all reciprocals, which cost as much as ten other operations.
        """
        nodes = reachable([*self.rate, *self.jacobian.values()])
        used = {argument: None for node in nodes if self._moves(node) for argument in node.arguments}
        numbers = [node for node in used if node.operation not in TRUTHS]  # an array of numbers holds no truth
        return [node for node in numbers if node.arguments and node.free and not self._moves(node)]

    def with_coefficients(self, expressions: Sequence[Node]) -> list[Node]:
        """Expressions that take `coefficients` from an array ``coefficients``."""
        inputs = {node: self.graph.input("coefficients", index) for index, node in enumerate(self.coefficients)}
        return replaced(expressions, inputs)

    def _moves(self, node: Node) -> bool:
        """Whether a node depends on states."""
        return bool(node.free & self._of_states)

    @cached_property
    def _of_states(self) -> int:
        return reduce(or_, (state.free for state in self.y), 0)

    def of_products(self, vector: Sequence[Node], by: Sequence[Node]) -> Entries:
        """The nonzero derivatives of the Jacobian's products with a vector of other inputs."""
        products = [self.graph.constant(0.0) for _ in self.y]
        for (row, column), entry in self.jacobian.items():
            products[row] = products[row] + entry * vector[column]
        return self.of(products, by)

    def of(self, expressions: Sequence[Node], by: Sequence[Node]) -> Entries:
        """The nonzero derivatives of expressions by inputs."""
        return derivatives(expressions, by, self.y)


def _extremes(node: Node) -> Sequence[Node]:
    """The arguments of nested extremes of one kind, which are those of one max or min in the model."""
    if node.operation not in ("max", "min"):
        return node.arguments
    return [
        inner
        for argument in node.arguments
        for inner in (_extremes(argument) if argument.operation == node.operation else (argument,))
    ]
