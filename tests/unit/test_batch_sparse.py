"""The sparse LU that is written out as code: random matrices against LAPACK, and how little it fills in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics.compile.graph import Graph, Node, reachable
from kinetics.compile.sparse import Elimination, eliminate, factors, solution

OPERATIONS = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "neg": lambda x: -x,
    "reciprocal": lambda x: 1.0 / x,
}


def evaluated(nodes: list[Node], arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Nodes of a graph in plain arithmetic."""
    values: dict[int, float] = {}
    for node in reachable(nodes):
        if node.operation == "input":
            array, index = node.value
            values[node.number] = arrays[array][index]
        elif node.operation == "number":
            values[node.number] = node.value
        else:
            values[node.number] = OPERATIONS[node.operation](*(values[a.number] for a in node.arguments))
    return np.array([values[node.number] for node in nodes])


def factored(plan: Elimination, matrix: np.ndarray, entries: set[tuple[int, int]]) -> np.ndarray:
    """What ``factor`` leaves in ``lu``."""
    graph = Graph()
    inputs = {entry: graph.input("m", index) for index, entry in enumerate(sorted(entries))}
    places, nodes = zip(*factors(plan, inputs), strict=True)
    lu = np.full(len(plan.index), np.nan)
    lu[list(places)] = evaluated(list(nodes), {"m": np.array([matrix[entry] for entry in sorted(entries)])})
    return lu


def dominant(size: int, entries: set[tuple[int, int]], seed: int) -> np.ndarray:
    """Random values at the entries, and a diagonal that is larger than the rest of its row."""
    values = np.random.default_rng(seed).uniform(-1.0, 1.0, (size, size))
    matrix = np.zeros((size, size))
    for entry in entries:
        matrix[entry] = values[entry]
    np.fill_diagonal(matrix, np.abs(matrix).sum(axis=1) + 0.1)
    return matrix


@st.composite
def patterns(draw) -> tuple[int, set[tuple[int, int]]]:
    size = draw(st.integers(1, 12))
    place = st.integers(0, size - 1)
    return size, draw(st.sets(st.tuples(place, place), max_size=3 * size)) | {(i, i) for i in range(size)}


@given(patterns(), st.integers(0, 2**32 - 1))
def test_factors_solve_what_lapack_solves(pattern, seed):
    size, entries = pattern
    matrix = dominant(size, entries, seed)
    plan = eliminate(size, entries)
    lu = factored(plan, matrix, entries)
    assert np.isfinite(lu).all()  # every stored place is written
    right = np.random.default_rng(seed + 1).normal(size=size)
    graph = Graph()
    nodes = solution(plan, [graph.input("lu", i) for i in range(lu.size)], [graph.input("b", i) for i in range(size)])
    found = evaluated(nodes, {"lu": lu, "b": right})
    np.testing.assert_allclose(found, np.linalg.solve(matrix, right), rtol=1e-10, atol=1e-12)


@given(patterns())
def test_a_plan_stores_each_entry_of_the_factors_once(pattern):
    size, entries = pattern
    plan = eliminate(size, entries)
    assert sorted(plan.order) == list(range(size))
    stored = [*((i, i) for i in range(size)), *plan.lower, *plan.upper]
    assert entries <= set(stored)
    assert sorted(plan.index[entry] for entry in stored) == list(range(len(plan.index)))
    position = {row: index for index, row in enumerate(plan.order)}
    assert all(position[i] > position[j] for i, j in plan.lower)
    assert all(position[i] < position[j] for i, j in plan.upper)


def natural_length(size: int, entries: set[tuple[int, int]]) -> int:
    """Stored numbers if rows are eliminated as they come."""
    filled = set(entries) | {(i, i) for i in range(size)}
    for p in range(size):
        filled |= {(i, j) for i in range(p + 1, size) for j in range(p + 1, size) if {(i, p), (p, j)} <= filled}
    return len(filled)


@pytest.mark.parametrize("size", [2, 5, 17, 40])
@pytest.mark.parametrize("hub", ["first", "last"])
def test_an_arrow_does_not_fill_in(size, hub):
    middle = 0 if hub == "first" else size - 1
    entries = {e for i in range(size) for e in ((i, i), (i, middle), (middle, i))}
    plan = eliminate(size, entries)
    assert len(plan.index) == len(entries) == 3 * size - 2
    assert len(plan.index) <= natural_length(size, entries)
    assert natural_length(size, entries) == (size**2 if hub == "first" else 3 * size - 2)


def test_a_chain_does_not_fill_in():
    size = 20
    entries = {(i, j) for i in range(size) for j in range(size) if abs(i - j) <= 1}
    assert len(eliminate(size, entries).index) == len(entries)


def test_the_order_depends_on_the_pattern_alone():
    entries = [(0, 1), (1, 0), (2, 0), (0, 2), (3, 1)]
    assert eliminate(4, entries) == eliminate(4, reversed(entries)) == eliminate(4, set(entries))
