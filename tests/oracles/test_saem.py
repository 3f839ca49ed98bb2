"""SAEM against the optimum of FOCEI, Monolix, saemix and NONMEM's SAEM."""

import numpy as np
import pytest

from kinetics.mixed_effects import Method, maximise, objective, saem
from tests.oracles import population_sets
from tests.oracles.population_sets import needs_oracles

pytestmark = needs_oracles


def estimated(name, seed=1, **start):
    """A data set, and the values that SAEM finds."""
    example = getattr(population_sets, name)()
    return example, saem(example.model, example.model.values(**start), seed=seed).values


def named(example, values):
    """Estimates by name, typical values in their units."""
    numbers = example.model.coordinates.named(values)
    for one in example.model.parameters.parameters:
        numbers[one.name] = float(one.transform.inverse(np.array(numbers[one.name])))
    return numbers


def test_theophylline_is_within_3_and_15_percent_of_the_optimum():
    start = {"typical": {"ka": 1, "CL": 3, "V": 20}, "variances": {"ka": 1, "CL": 1, "V": 1}, "residual": {"y:a": 1.0}}
    example, values = estimated("theophylline", **start)
    found, expected = named(example, values), named(example, example.published)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=0.15 if name.startswith("var") else 0.03)


def test_theophylline_of_saemix_with_weight_on_clearance():
    start = {"typical": {"ka": 1, "CL": 0.5, "V": 20}, "variances": {"ka": 1, "CL": 1, "V": 1}}
    example, values = estimated("theophylline_saemix", **start, residual={"y:a": 1.0})
    found, expected = named(example, values), named(example, example.published)
    for name in ("ka", "V", "y:a"):
        assert found[name] == pytest.approx(expected[name], rel=0.03)
    for name in ("var(ka,ka)", "var(V,V)", "var(CL,CL)"):
        assert found[name] == pytest.approx(expected[name], rel=0.25)
    weight = 69.6  # clearance and coefficient are correlated: they are compared at the mean weight
    clearances = [one["CL"] * np.exp(one["CL:Weight"] * weight) for one in (found, expected)]
    assert clearances[0] == pytest.approx(clearances[1], rel=0.03)


def test_warfarin_of_monolix_with_a_lag():
    typical = {"Tlag": 1, "ka": 1, "V": 10, "CL": 0.1}
    start = {"typical": typical, "variances": dict.fromkeys(typical, 1.0), "residual": {"y:a": 1.0, "y:b": 0.3}}
    example, values = estimated("warfarin", **start)
    found, expected = named(example, values), named(example, example.published)
    for name in ("V", "CL"):
        assert found[name] == pytest.approx(expected[name], rel=0.03)
    for name in ("var(V,V)", "var(CL,CL)", "y:a", "y:b"):
        assert found[name] == pytest.approx(expected[name], rel=0.15)
    for name in ("Tlag", "ka"):  # poorly determined: Monolix gives standard errors of 15 and 25 percent
        assert found[name] == pytest.approx(expected[name], rel=0.25)


def test_bauer_of_nonmem_with_covariates_and_a_full_covariance():
    start = {"typical": {"V": 20, "CL": 1}, "variances": {"V": 1, "CL": 1}, "residual": {"y:b": 0.3}}
    example, values = estimated("bauer", **start)
    found = example.model.coordinates.named(values)
    nonmem = {  # SAEM
        "CL": 1.07133,
        "V": 3.46712,
        "CL:weight": 0.644318,
        "V:weight": 1.31126,
        "CL:age": -0.543800,
        "V:age": 0.0601303,
        "CL:sex": -0.100781,
        "V:sex": -0.0566908,
    }
    for name, value in nonmem.items():
        assert found[name] == pytest.approx(value, abs=0.03)
    assert found["y:b"] ** 2 == pytest.approx(0.0498570, rel=0.05)
    assert found["var(CL,CL)"] == pytest.approx(0.0295528, rel=0.15)
    assert found["var(V,V)"] == pytest.approx(0.0498610, rel=0.15)
    assert found["var(V,CL)"] == pytest.approx(0.000298618, abs=0.003)


def test_straight_lines_have_the_exact_maximum():
    start = {"typical": {"height": 140, "growth": 5}, "variances": {"height": 20, "growth": 1}, "residual": {"y:a": 1}}
    example, values = estimated("boys", **start)
    best = maximise(Method.FOCEI, example.model, example.published)
    # the likelihood of straight lines is exact, and nearly flat about its maximum
    assert objective(Method.FOCEI, example.model, values).full == pytest.approx(best.objective.full, abs=0.05)
