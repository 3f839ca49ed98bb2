"""The PEtab test suite: 20 cases of version 1, 31 of version 2, and the expressions of its grammar."""

import math

import numpy as np
import pytest

from kinetics import FitProblem
from kinetics.expressions import evaluate
from kinetics.interop.petab.formulas import parse_formula
from tests.oracles.differences import differences
from tests.oracles.petab_cases import CASES, SUITE, needs_suite, solution_of, yaml

pytestmark = needs_suite
EXPRESSIONS = SUITE / "v2.0.0" / "math" / "math_tests.yaml"


def name_of(case):
    return f"{case.parents[2].name}/{case.parent.name}"


def test_all_cases_are_here():
    assert [sum(case.parents[2].name.startswith(version) for case in CASES) for version in ("v1", "v2")] == [20, 31]


@pytest.mark.parametrize("engine", ["batch", "scipy"])
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_case(case, engine):
    """Log-likelihood, chi2 and simulations within the tolerances of the case; the prior where it states one."""
    solution, simulations = solution_of(case)
    values = FitProblem.from_petab(case).with_settings(engine=engine).objective()
    assert values.llh == pytest.approx(solution["llh"], abs=solution["tol_llh"], rel=0)
    assert values.chi2 == pytest.approx(solution["chi2"], abs=solution["tol_chi2"], rel=0)
    assert values.simulations == pytest.approx(simulations, abs=solution["tol_simulations"], rel=0)
    if "unnorm_log_posterior" in solution:
        expected, tolerance = solution["unnorm_log_posterior"], solution["tol_unnorm_log_posterior"]
        assert values.log_posterior == pytest.approx(expected, abs=tolerance, rel=0)


@pytest.mark.parametrize("case", [case for case in CASES if case.parent.name in ("0024", "0025")], ids=name_of)
def test_each_prior(case):
    """Eleven kinds of prior, cut off at the bounds or not, to the digits of the suite; slopes by differences."""
    solution, _ = solution_of(case)
    if "log_prior" not in solution:
        pytest.skip("version 1 has no such case")
    for name, expected in solution["log_prior"].items():
        row = FitProblem.from_petab(case).tables.parameters[name]
        assert row.prior.log_density(row.nominal) == pytest.approx(expected, abs=2e-14, rel=0), name
        value = row.nominal * (0.97 if row.nominal == row.prior.parameters[-1] else 1.0)  # a bound has no slope
        by_differences = differences(row.prior.log_density, value, 1.0, 1e-3 * value)
        assert row.prior.slope(value) == pytest.approx(by_differences, rel=1e-9, abs=1e-9), name


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_gradient(case):
    """Exact derivatives of the log-likelihood against differences of order 8, by each parameter."""
    objective = FitProblem.from_petab(case).objective
    at = objective.vector() * 1.07 + 0.013
    gradient = objective.at(at, gradient=True).gradient
    step = 0.001 if objective.plan.assembled.model.events else 0.004  # farther off another number of events may fire
    for index, direction in enumerate(np.eye(at.size)):
        by_differences = differences(lambda x: objective.at(x).llh, at, direction, step * max(1.0, at[index]))
        assert gradient[index] == pytest.approx(by_differences, rel=1e-5, abs=1e-5), objective.names[index]


def test_expressions():
    """All 97 of the 98 expressions whose value is a number."""
    cases = yaml.safe_load(EXPRESSIONS.read_text())["cases"]
    numeric = [case for case in cases if case["expression"] != "a * b"]
    assert (len(cases), len(numeric)) == (98, 97)
    for case in numeric:
        value, expected = evaluate(parse_formula(case["expression"], {}), {}), float(case["expected"])
        close = math.isclose(value, expected, rel_tol=1e-14, abs_tol=1e-15)
        assert close, (case, value)
