"""The graph between sympy and machine code: what is one node, what is simplified, and what its derivatives are."""

import math

import pytest
import sympy as sp

from kinetics.compile.derivatives import derivatives
from kinetics.compile.graph import Graph, reachable, replaced
from kinetics.compile.reading import Reader
from kinetics.expressions import log, power

X, A = sp.symbols("x a", real=True)


@pytest.fixture
def graph():
    return Graph()


@pytest.fixture
def symbols(graph):
    """Constants come first, as in a model's equations."""
    return {"a": graph.input("c", 0), "x": graph.input("y", 0)}


def test_equal_expressions_are_one_node(graph, symbols):
    read, x, a = Reader(graph, symbols).read, symbols["x"], symbols["a"]
    assert read(X * A + 1) is read(1 + A * X) is 1.0 + a * x
    assert read((X + A) ** 2) is (a + x) * (a + x)
    assert read(1 / (X * A)) is (a * x).reciprocal()


@pytest.mark.parametrize(
    ("written", "simplified"),
    [
        (lambda x, a: x + 0.0, lambda x, a: x),
        (lambda x, a: x * 1.0, lambda x, a: x),
        (lambda x, a: 0.0 * x, lambda x, a: x - x),
        (lambda x, a: x.graph.adopt(-x).__neg__(), lambda x, a: x),
        (lambda x, a: x + -a, lambda x, a: x - a),
        (lambda x, a: -x - -a, lambda x, a: a - x),
        (lambda x, a: -x * -a, lambda x, a: x * a),
        (lambda x, a: -2.0 * -x, lambda x, a: 2.0 * x),
        (lambda x, a: x + x, lambda x, a: 2.0 * x),
        (lambda x, a: x.to_the(-2), lambda x, a: x.reciprocal() * x.reciprocal()),
    ],
)
def test_what_needs_no_computing_is_not_computed(symbols, written, simplified):
    arguments = symbols["x"], symbols["a"]
    assert written(*arguments) is simplified(*arguments)


def test_a_number_that_is_not_finite_is_kept(graph):
    zero = graph.constant(0.0)
    assert zero.reciprocal().operation == "reciprocal"
    assert graph.constant(-0.0) is not zero
    assert math.isnan(graph.constant(math.nan).as_float)


def test_arguments_come_before_what_is_made_of_them(graph, symbols):
    node = Reader(graph, symbols).read(sp.exp(-A * X) / (1 + X**3))
    seen = set()
    for part in reachable([node]):
        assert {argument.number for argument in part.arguments} <= seen
        seen.add(part.number)


def test_a_part_is_replaced_wherever_it_stands(graph, symbols):
    x, a, other = symbols["x"], symbols["a"], graph.input("given", 0)
    part = (a + 1.0).reciprocal()
    (first, second) = replaced([x * part, part * part], {part: other})
    assert first is other * x
    assert second is other * other


@pytest.mark.parametrize(
    ("expression", "slopes"),
    [
        (X * A, (1 * A, 1 * X)),
        (1 / X, (-1 / X**2, 0)),
        (sp.exp(A * X), (A * sp.exp(A * X), X * sp.exp(A * X))),
        (log(X), (1 / X, 0)),
    ],
)
def test_derivatives_are_those_of_the_rules(graph, symbols, expression, slopes):
    read, x, a = Reader(graph, symbols).read, symbols["x"], symbols["a"]
    expected = {(0, column): read(sp.sympify(slope)) for column, slope in enumerate(slopes) if slope != 0}
    assert derivatives([read(expression)], [x, a], [x]) == expected


def test_a_power_of_a_state_is_finite_in_a_derivative_and_one_of_a_parameter_is_not(graph, symbols):
    read, x, a = Reader(graph, symbols).read, symbols["x"], symbols["a"]
    half = sp.Rational(3, 10)
    of_state, of_parameter = (derivatives([read(power(base, half))], [x, a], [x]) for base in (X, A))
    assert {node.operation for node in reachable(of_state.values())} >= {"finite_power"}
    assert "finite_power" not in {node.operation for node in reachable(of_parameter.values())}


def test_a_kink_has_a_slope_on_either_side_and_no_curvature(graph, symbols):
    read, x = Reader(graph, symbols).read, symbols["x"]
    first = derivatives([read(sp.Max(A, X)), read(sp.Abs(X - A))], [x], [x])
    assert sorted(first) == [(0, 0), (1, 0)]
    assert derivatives(list(first.values()), [x], [x]) == {}


def test_a_branch_counts_where_it_is_taken(graph, symbols):
    read, x = Reader(graph, symbols).read, symbols["x"]
    node = read(sp.Piecewise((X**2, X < A), (3 * X, True)))
    (slope,) = derivatives([node], [x], [x]).values()
    conditions = {part.arguments[0] for part in reachable([slope]) if part.operation == "select"}
    assert conditions == {node.arguments[0]}
