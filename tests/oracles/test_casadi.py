"""The peer of the benchmark integrates the same equations: CasADi's functions against the compiled ones."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from kinetics.compile import compile_model
from kinetics.files.library import library_names
from kinetics.model import Model

ca = pytest.importorskip("casadi", reason="casadi is not installed; make bench installs it")


@pytest.fixture
def symbolic(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    return importlib.import_module("by_casadi").symbolic


@pytest.mark.parametrize("name", library_names("models"))
def test_rates_and_outputs_are_the_compiled_ones(symbolic, name):
    system = compile_model(Model.load(name))
    constants = system.constants(system.parameter_array())
    y, c = ca.SX.sym("y", len(system.states)), ca.SX.sym("c", constants.size)
    function = ca.Function("model", [y, c], list(symbolic(system, y, c)))
    rest = system.functions.initial(constants)
    for states in np.random.default_rng(3).uniform(0.2, 3.0, (5, rest.size)) * np.where(rest > 0, rest, 1.0):
        rates, outputs = (np.array(column).ravel() for column in function(states, constants))
        still = np.zeros(rest.size)
        size = np.abs(system.functions.jacobian(states, constants)) @ np.abs(states) + 1e-300
        assert np.max(np.abs(rates - system.functions.rate(states, constants, still)) / size) < 1e-14
        np.testing.assert_allclose(outputs, system.functions.outputs(states, constants), rtol=1e-14)


def test_every_kind_of_expression(symbolic):
    to_casadi = importlib.import_module("casadi_printer").to_casadi
    x, y = sp.symbols("x y", real=True)
    expressions = [
        sp.Max(x, y, sp.Rational(1, 3)) - sp.Min(x, 2 * y),
        sp.Abs(x - y) + sp.exp(-x) * sp.log(1 + y**2),
        sp.sqrt(y) / x**3 + y ** sp.Rational(1, 4) + 1 / sp.sqrt(y) + y**x,
        sp.Piecewise((x, x < y), (x**2, sp.And(x > 1, y <= 2)), (-y, True)),
        sp.Max(0, x - y).diff(x) + sp.sign(x),
        sp.pi * x,
    ]
    a, b = ca.SX.sym("a"), ca.SX.sym("b")
    function = ca.Function("expressions", [a, b], [to_casadi(expressions, {x: a, y: b})])
    for point in ((0.5, 2.5), (1.5, 0.7), (2.5, 0.25)):
        expected = [float(expression.subs({x: point[0], y: point[1]})) for expression in expressions]
        np.testing.assert_allclose(np.array(function(*point)).ravel(), expected, rtol=1e-14)
