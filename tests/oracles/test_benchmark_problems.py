"""Published problems in PEtab at their nominal values: log-likelihoods and chi2 that others computed, and gradients."""

from dataclasses import replace

import numpy as np
import pytest

from kinetics import FitProblem
from kinetics.engines.tolerances import Tolerances
from tests.oracles.differences import differences
from tests.oracles.petab_cases import BENCHMARK, ORACLES, needs_benchmark, rows_of

pytestmark = needs_benchmark
WITHIN = {"Crauste_CellSystems2017": 0.01}
"""How far the figures for one problem lie apart; 1e-4 for others."""

SLOW = ("Brannmark_JBC2010", "Weber_BMC2015")
"""Many parameters, and steady states that are searched for."""


def expected(name):
    (row,) = [row for row in rows_of(ORACLES / "benchmark" / "expected.csv", ",") if row["problem"] == name]
    return row


@pytest.mark.parametrize("engine", ["batch", "scipy"])
@pytest.mark.parametrize("name", BENCHMARK)
def test_at_nominal_values(name, engine):
    row = expected(name)
    problem = FitProblem.from_petab(BENCHMARK[name]).with_settings(engine=engine)
    values = problem.objective()
    assert len(problem.names) == int(row["estimated"])
    assert len(problem.tables.measurements) == int(row["measurements"])
    assert values.llh == pytest.approx(float(row["llh_recomputed_here"]), abs=WITHIN.get(name, 1e-4), rel=0)
    assert values.chi2 == pytest.approx(float(row["chi2_recomputed_here"]), abs=1e-3, rel=1e-4)


def around_nominal(name):
    """The logarithms of parameters away from the optimum, the gradient by them there, and the exact log-likelihood."""
    objective, generator = FitProblem.from_petab(BENCHMARK[name]).objective, np.random.default_rng(5)
    at = np.log(objective.vector()) + 0.05 * generator.standard_normal(len(objective.names))
    gradient = objective.at(np.exp(at), gradient=True).gradient * np.exp(at)
    exact = replace(objective, tolerances=Tolerances(relative=1e-11, absolute=1e-16))
    return at, gradient, lambda x: exact.at(np.exp(x)).llh


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.thorough] if name in SLOW else []) for name in BENCHMARK]
)
def test_gradient_by_each_parameter(name):
    """Against differences of order 8 of a log-likelihood that is a thousand times as exact."""
    at, gradient, function = around_nominal(name)
    by_differences = [differences(function, at, direction, 0.004) for direction in np.eye(at.size)]
    assert gradient == pytest.approx(np.array(by_differences), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", SLOW)
def test_gradient_along_a_direction(name):
    at, gradient, function = around_nominal(name)
    direction = np.random.default_rng(6).choice([-1.0, 1.0], size=at.size)
    assert gradient @ direction == pytest.approx(differences(function, at, direction, 0.004), rel=1e-5)
