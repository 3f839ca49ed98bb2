"""Sparse LU factors of w I - J without pivoting, in an order of least fill, as straight-line expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heappop, heappush

from kinetics.compile.graph import Node

Entry = tuple[int, int]


@dataclass(frozen=True)
class Elimination:
    """How a matrix of a given pattern is factored."""

    size: int
    order: tuple[int, ...]  # pivots, all on the diagonal
    # entries of the factors, fill included, by elimination order; the pivot stands apart
    lower: tuple[Entry, ...]
    upper: tuple[Entry, ...]

    @cached_property
    def index(self) -> dict[Entry, int]:
        """Where each entry of the factors is stored: inverse pivots first, then lower, then upper."""
        entries = [*((i, i) for i in range(self.size)), *self.lower, *self.upper]
        return {entry: index for index, entry in enumerate(entries)}

    @cached_property
    def below(self) -> dict[int, list[int]]:
        """The rows below each pivot that have an entry in its column."""
        rows: dict[int, list[int]] = {pivot: [] for pivot in self.order}
        for row, column in self.lower:
            rows[column].append(row)
        return rows

    @cached_property
    def right(self) -> dict[int, list[int]]:
        """The columns right of each pivot that have an entry in its row."""
        columns: dict[int, list[int]] = {pivot: [] for pivot in self.order}
        for row, column in self.upper:
            columns[row].append(column)
        return columns


def eliminate(size: int, entries: Iterable[Entry]) -> Elimination:
    """Choose diagonal pivots of least Markowitz count, for the nonzero entries and the diagonal.

    Markowitz 1957, Management Science 3:255: of the rows left, take the pivot with the least (r - 1)(c - 1), which
    bounds the fill. There is no pivoting by size: for a small step the diagonal w dominates, and a step whose factors
    are bad fails its error estimate and is tried again with a larger w.

    Examples
    --------
    >>> len(eliminate(3, [(0, 1), (1, 0), (0, 2), (2, 0)]).index)  # an arrow: with a leaf first nothing is filled in
    7
    """
    rows: list[set[int]] = [set() for _ in range(size)]
    columns: list[set[int]] = [set() for _ in range(size)]
    for row, column in entries:
        if row != column:
            rows[row].add(column)
            columns[column].add(row)
    counts = [(len(rows[p]) * len(columns[p]), p) for p in range(size)]
    heapify(counts)
    order: dict[int, None] = {}
    lower: list[Entry] = []
    upper: list[Entry] = []
    while counts:
        count, pivot = heappop(counts)
        if pivot in order or count != len(rows[pivot]) * len(columns[pivot]):  # its present count is in the heap too
            continue
        order[pivot] = None
        lower += [(i, pivot) for i in sorted(columns[pivot])]
        upper += [(pivot, j) for j in sorted(rows[pivot])]
        for i in columns[pivot]:
            rows[i] |= rows[pivot] - {i}
            rows[i].remove(pivot)
        for j in rows[pivot]:
            columns[j] |= columns[pivot] - {j}
            columns[j].remove(pivot)
        for p in rows[pivot] | columns[pivot]:
            heappush(counts, (len(rows[p]) * len(columns[p]), p))
    return Elimination(size, tuple(order), tuple(lower), tuple(upper))


def factors(plan: Elimination, matrix: Mapping[Entry, Node]) -> list[tuple[int, Node]]:
    """The index and value of each entry of the factors of a matrix, given its nonzero entries and its diagonal."""
    values = dict(matrix)
    stored: list[tuple[int, Node]] = []
    for pivot in plan.order:
        inverse = _inverse(values[pivot, pivot])
        stored.append((plan.index[pivot, pivot], inverse))
        stored += [(plan.index[pivot, j], values[pivot, j]) for j in plan.right[pivot]]
        for i in plan.below[pivot]:
            share = values[i, pivot] * inverse
            stored.append((plan.index[i, pivot], share))
            for j in plan.right[pivot]:
                change = share * values[pivot, j]
                values[i, j] = values[i, j] - change if (i, j) in values else -change
    return stored


def _inverse(pivot: Node) -> Node:
    """NaN if the pivot is infinite: its inverse alone, 0, would hold the state still without a word."""
    graph = pivot.graph
    nothing = graph.apply("mul", graph.constant(0.0), pivot)
    return graph.apply("add", pivot.reciprocal(), nothing)


def solution(plan: Elimination, lu: Sequence[Node], right: Sequence[Node]) -> list[Node]:
    """The solution, (row,), given the entries of the factors and the right side."""
    x = list(right)
    for i, pivot in plan.lower:
        x[i] = x[i] - lu[plan.index[i, pivot]] * x[pivot]
    for pivot in reversed(plan.order):
        for j in plan.right[pivot]:
            x[pivot] = x[pivot] - lu[plan.index[pivot, j]] * x[j]
        x[pivot] = x[pivot] * lu[plan.index[pivot, pivot]]
    return x
