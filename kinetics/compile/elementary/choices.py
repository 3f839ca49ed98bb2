"""Comparisons and choices in the place of branches: all lanes do the same."""

from __future__ import annotations

from kinetics.compile.graph import Graph, Node


def less(left: Node | float, right: Node | float) -> Node:
    """Whether one is below the other; of two numbers one at least is a node."""
    graph = _graph_of(left, right)
    return graph.apply("less", graph.adopt(left), graph.adopt(right))


def equal(left: Node, right: Node | float) -> Node:
    """Whether two are equal."""
    return left.graph.apply("equal", left, left.graph.adopt(right))


def select(condition: Node, value: Node | float, otherwise: Node | float) -> Node:
    """One value where a condition holds, another where it does not."""
    graph = condition.graph
    return graph.apply("select", condition, graph.adopt(value), graph.adopt(otherwise))


def negation(condition: Node) -> Node:
    """Whether a condition does not hold."""
    return condition.graph.apply("not", condition)


def is_no_number(x: Node) -> Node:
    """Whether it is NaN."""
    return negation(equal(x, x))


def with_sign_of(x: Node, magnitude: Node) -> Node:
    """A value where ``x`` is not negative, else its negative: of a function that is odd."""
    return select(less(x, 0.0), -magnitude, magnitude)


def _graph_of(*operands: Node | float) -> Graph:
    return next(operand.graph for operand in operands if isinstance(operand, Node))
