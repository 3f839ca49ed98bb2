"""Power series of circular and hyperbolic functions near zero."""

from __future__ import annotations

from math import factorial

from kinetics.compile.graph import Node

TERMS = 9
"""For arguments below 1: what is left out is below 1e-17 of the sum."""


def sine_series(x: Node, square: Node) -> Node:
    """``sin x`` if ``square`` is -x^2, ``sinh x`` if it is x^2; to the last bit for a small x."""
    return x + x * (square * _polynomial(square, [1 / factorial(2 * k + 1) for k in range(1, TERMS)]))


def cosine_series(square: Node) -> Node:
    """``cos x`` if ``square`` is -x^2, ``cosh x`` if it is x^2."""
    return _polynomial(square, [1 / factorial(2 * k) for k in range(TERMS + 1)])


def arc_tangent_series(x: Node, terms: int) -> Node:
    """``atan x`` for a small x."""
    square = -(x * x)
    return x + x * (square * _polynomial(square, [1 / (2 * k + 1) for k in range(1, terms)]))


def _polynomial(x: Node, coefficients: list[float]) -> Node:
    value = x.graph.constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = coefficient + x * value
    return value
