"""Searches of published problems in PEtab for the optimum that others found; `make bench` has those from 20 starts."""

import pytest

from kinetics import FitProblem
from kinetics.interop.petab.fitting.search import search, search_by_hops
from tests.oracles.petab_cases import BENCHMARK, ORACLES, needs_benchmark, rows_of

pytestmark = needs_benchmark


def published(name):
    rows = {row["problem"]: row for row in rows_of(ORACLES / "benchmark" / "expected.csv", ",")}
    return float(rows[name]["llh_recomputed_here"])


def test_descent_beside_a_wall():
    """Crauste, of which pathogen grows without bounds beside the optimum, from half of each parameter."""
    problem = FitProblem.from_petab(BENCHMARK["Crauste_CellSystems2017"])
    found = search(problem, problem.scaled(problem.objective.vector() / 2))
    assert found.converged
    assert found.log_posterior == pytest.approx(published("Crauste_CellSystems2017"), abs=1e-3)


def test_search_from_afar():
    """Boehm, of which most descents end at -147.5 or lower, from a start anywhere between the bounds."""
    problem = FitProblem.from_petab(BENCHMARK["Boehm_JProteomeRes2014"]).with_settings(seed=2)
    found = search_by_hops(problem, 1)
    assert found.log_posterior == pytest.approx(published("Boehm_JProteomeRes2014"), abs=0.01)
