"""Functions of whole numbers."""

from __future__ import annotations

import math

from kinetics.compile.elementary.choices import equal, less, select
from kinetics.compile.graph import Node
from kinetics.expressions import LARGEST_FACTORIAL

STEP = 16
"""Factorials of its multiples stand in a table."""


def factorial(x: Node) -> Node:
    """That of the multiple of `STEP` below, times the numbers behind it; NaN of what is not whole, or negative."""
    graph, value = x.graph, x.graph.constant(1.0)
    multiple = float(STEP) * graph.apply("floor", (1.0 / STEP) * x)
    for start in range(STEP, LARGEST_FACTORIAL + 1, STEP):
        value = select(less(multiple, float(start)), value, float(math.factorial(start)))
    for offset in range(1, STEP):
        factor = multiple + float(offset)
        value = value * select(less(x, factor), 1.0, factor)
    value = select(less(float(LARGEST_FACTORIAL), x), math.inf, value)
    is_whole = graph.apply("and", equal(graph.apply("floor", x), x), graph.apply("not", less(x, 0.0)))
    return select(is_whole, value, math.nan)
