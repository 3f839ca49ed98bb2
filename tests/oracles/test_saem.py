"""SAEM against the optimum of FOCEI, Monolix, saemix and NONMEM's SAEM."""

from functools import cache

import numpy as np
import pytest

from kinetics.mixed_effects import (
    Method,
    conditional_distribution,
    conditional_modes,
    importance_sampling,
    maximise,
    objective,
    saem,
)
from tests.oracles import population_sets
from tests.oracles.population_sets import needs_oracles

pytestmark = needs_oracles


STARTS = {
    "theophylline": ({"ka": 1, "CL": 3, "V": 20}, 1, {"y:a": 1.0}),
    "theophylline_monolix": ({"ka": 1, "CL": 0.03, "V": 0.3}, 1, {"y:a": 1.0, "y:b": 0.3}),
    "theophylline_saemix": ({"ka": 1, "CL": 0.5, "V": 20}, 1, {"y:a": 1.0}),
    "warfarin": ({"Tlag": 1, "ka": 1, "V": 10, "CL": 0.1}, 1, {"y:a": 1.0, "y:b": 0.3}),
    "phenobarbital": ({"V": 1, "k": 0.01}, 1, {"y:b": 0.3}),
    "bauer": ({"V": 20, "CL": 1}, 1, {"y:b": 0.3}),
    "two_compartments": ({"CL": 3, "V1": 50, "Q": 3, "V2": 50}, 1, {"y:b": 0.5}),
    "cows": ({"A": 700, "B": 0.8, "k": 0.005}, 0.2, {"y:a": 50}),
    "boys": ({"height": 140, "growth": 5}, 20, {"y:a": 1}),
}
"""Far from what was published: typical values, the variance of each, residual errors."""


@cache
def estimated(name):
    """A data set, and the values that SAEM finds."""
    example, (typical, variance, residual) = getattr(population_sets, name)(), STARTS[name]
    start = example.model.values(typical, variances=dict.fromkeys(typical, variance), residual=residual)
    return example, saem(example.model, start, seed=1).values


def named(example, values):
    """Estimates by name, typical values in their units."""
    numbers = example.model.coordinates.named(values)
    for one in example.model.parameters.parameters:
        numbers[one.name] = float(one.transform.inverse(np.array(numbers[one.name])))
    return numbers


def test_theophylline_is_within_3_and_15_percent_of_the_optimum():
    example, values = estimated("theophylline")
    found, expected = named(example, values), named(example, example.published)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=0.15 if name.startswith("var") else 0.03)


def test_theophylline_of_monolix():
    example, values = estimated("theophylline_monolix")
    found, expected = named(example, values), named(example, example.published)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=0.15 if "var" in name else 0.05 if "y:" in name else 0.03)


def test_theophylline_of_saemix_with_weight_on_clearance():
    example, values = estimated("theophylline_saemix")
    found, expected = named(example, values), named(example, example.published)
    for name in ("ka", "V", "y:a"):
        assert found[name] == pytest.approx(expected[name], rel=0.03)
    # saemix states 0.388, 0.015, 0.070; pynlme, another program, has more digits
    for name, value in {"var(ka,ka)": 0.369, "var(V,V)": 0.0173, "var(CL,CL)": 0.064}.items():
        assert found[name] == pytest.approx(value, rel=0.15)
    weight = 69.6  # clearance and coefficient are correlated: they are compared at the mean weight
    clearances = [one["CL"] * np.exp(one["CL:Weight"] * weight) for one in (found, expected)]
    assert clearances[0] == pytest.approx(clearances[1], rel=0.03)


def test_warfarin_of_monolix_with_a_lag():
    example, values = estimated("warfarin")
    found, expected = named(example, values), named(example, example.published)
    for name in ("V", "CL"):
        assert found[name] == pytest.approx(expected[name], rel=0.03)
    for name in ("var(V,V)", "var(CL,CL)", "y:a", "y:b"):
        assert found[name] == pytest.approx(expected[name], rel=0.15)
    for name in ("Tlag", "ka"):  # poorly determined: Monolix gives standard errors of 15 and 25 percent
        assert found[name] == pytest.approx(expected[name], rel=0.25)


def test_phenobarbital_of_monolix_with_many_doses():
    example, values = estimated("phenobarbital")
    found, expected = named(example, values), named(example, example.published)
    for name in ("V", "k"):
        assert found[name] == pytest.approx(expected[name], rel=0.03)
    for name in ("V:high", "V:low"):
        assert found[name] == pytest.approx(expected[name], abs=0.02)
    assert found["var(V,V)"] == pytest.approx(expected["var(V,V)"], rel=0.15)
    assert found["y:b"] == pytest.approx(expected["y:b"], rel=0.05)


def test_two_compartments_of_nonmem():
    example, values = estimated("two_compartments")
    found, expected = named(example, values), named(example, example.published)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=0.15 if "var" in name else 0.03)


def test_bauer_of_nonmem_with_covariates_and_a_full_covariance():
    example, values = estimated("bauer")
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
    example, values = estimated("boys")
    best = maximise(Method.FOCEI, example.model, example.published)
    # the likelihood of straight lines is exact, and nearly flat about its maximum
    assert objective(Method.FOCEI, example.model, values).full == pytest.approx(best.objective.full, abs=0.05)


def test_a_variance_that_is_nearly_zero_is_reached():
    example, values = estimated("cows")
    best = maximise(Method.FOCEI, example.model, example.published)
    assert example.model.coordinates.named(best.values)["var(B,B)"] < 1e-6
    # without parameter expansion it is 7e-5 after as many iterations, and the objective 15 higher
    assert example.model.coordinates.named(values)["var(B,B)"] < 2e-5
    assert objective(Method.FOCEI, example.model, values).full < best.objective.full + 3


PUBLISHED = {
    "theophylline_monolix": 341.437,
    "theophylline_saemix": 344.890,
    "warfarin": 657.358,
    "phenobarbital": 971.207,
    "bauer": 1051.522 + 240 * np.log(2 * np.pi),  # at the estimates of NONMEM's SAEM
    "cows": 53723.04,
    "boys": 2 * 362.9838,
}
"""Minus twice the log likelihood at published estimates, by quadrature, or by importance sampling."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.thorough] if name == "cows" else []) for name in PUBLISHED]
)
def test_the_likelihood_is_no_lower_than_at_published_estimates(name):
    example, values = estimated(name)
    model = example.model
    modes = conditional_modes(model, values).random
    conditional = conditional_distribution(model, values, seed=1, start=modes, n_draws=150, n_chains=2)
    found = importance_sampling(model, values, conditional.mean, conditional.covariance, seed=1, n_draws=2000)
    assert found.full < PUBLISHED[name] + 3 * found.standard_error + 0.1
