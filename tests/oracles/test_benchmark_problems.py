"""Published problems in PEtab at their nominal values: log-likelihoods and chi2 that others computed, and gradients."""

import numpy as np
import pytest

from kinetics import FitProblem
from tests.oracles.differences import differences
from tests.oracles.petab_cases import BENCHMARK, ORACLES, needs_benchmark, rows_of

pytestmark = needs_benchmark
WITHIN = {"Crauste_CellSystems2017": 0.01}
"""How far the figures for one problem lie apart; 1e-4 for others."""


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


@pytest.mark.parametrize("name", BENCHMARK)
def test_gradient(name):
    """Along random directions of the logarithms, away from the optimum, against differences of order 8."""
    problem = FitProblem.from_petab(BENCHMARK[name])
    objective, generator = problem.objective, np.random.default_rng(5)
    at = np.log(objective.vector()) + 0.05 * generator.standard_normal(len(problem.names))
    gradient = objective.at(np.exp(at), gradient=True).gradient * np.exp(at)
    for _ in range(2):
        direction = generator.choice([-1.0, 1.0], size=at.size)
        by_differences = differences(lambda x: objective.at(np.exp(x)).llh, at, direction, 0.004)
        assert gradient @ direction == pytest.approx(by_differences, rel=1e-5, abs=1e-5 * np.abs(gradient).sum())
