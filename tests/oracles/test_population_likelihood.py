"""Objectives and their maxima against NONMEM, Monolix, saemix and nlmixr2."""

from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from kinetics.mixed_effects import (
    Method,
    conditional_distribution,
    conditional_modes,
    importance_sampling,
    individual_weighted_residuals,
    linearised_likelihood,
    maximise,
    objective,
    predictions,
)
from tests.oracles import population_sets
from tests.oracles.population_sets import needs_oracles, rows_of

pytestmark = needs_oracles

WANG = {
    ("proportional", Method.FOCEI): 39.458,
    ("proportional", Method.FOCE): 39.207,
    ("proportional", Method.FO): 39.213,
    ("additive", Method.FOCEI): -2.059,
    ("additive", Method.FOCE): -2.059,
    ("additive", Method.FO): 0.026,
}


@pytest.mark.parametrize(("kind", "method"), WANG)
def test_the_objectives_of_wang_2007(kind, method):
    example = population_sets.wang(kind)
    found = objective(method, example.model, example.published)
    assert found.nonmem == pytest.approx(WANG[kind, method], abs=1e-3)


@cache
def sampled(name):
    """A data set, and minus twice its log likelihood at published estimates by importance sampling."""
    example = getattr(population_sets, name)()
    model, values = example.model, example.published
    start = conditional_modes(model, values).random
    conditional = conditional_distribution(model, values, seed=1, start=start, n_draws=150, n_chains=2)
    proposal = conditional.mean, conditional.covariance
    return example, importance_sampling(model, values, *proposal, seed=1, n_draws=2000)


@pytest.mark.parametrize(
    ("name", "nonmem"), [("phenobarbital", 686.667), ("bauer", 1058.303712), ("two_compartments", 20167.641027)]
)
def test_focei_at_published_estimates(name, nonmem):
    example = getattr(population_sets, name)()
    found = objective(Method.FOCEI, example.model, example.published)
    assert found.nonmem == pytest.approx(nonmem, abs=1e-3)


def test_focei_with_all_constants_and_the_linearisation_of_monolix():
    example = population_sets.theophylline_monolix()
    found = objective(Method.FOCEI, example.model, example.published)
    assert found.full == pytest.approx(340.383, abs=1e-3)
    linearised = linearised_likelihood(example.model, example.published, found.random)
    assert linearised.sum() == pytest.approx(339.482, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "full", "error"),
    [
        ("theophylline_monolix", 341.437, 0.0),
        ("warfarin", 657.95, 0.45),  # a sample as well, with this standard error
        ("phenobarbital", 971.207, 0.0),
    ],
)
def test_importance_sampling_at_published_estimates(name, full, error):
    _, found = sampled(name)
    assert found.standard_error < 0.3
    assert abs(found.full - full) < 3 * np.hypot(found.standard_error, error)


@pytest.mark.parametrize(
    ("name", "file", "error"),
    # of sums over 59 and 32 individuals: how far Monolix's is from the exact one, and its standard error
    [
        ("phenobarbital", "phenobarbital_monolix_individualLL.txt", (971.428 - 971.207) / np.sqrt(59)),
        ("warfarin", "warfarin_monolix_w1_individualLL.txt", 0.131 / np.sqrt(32)),
    ],
)
def test_importance_sampling_of_each_individual_of_monolix(name, file, error):
    example, found = sampled(name)
    by_id = {row["id"]: float(row["importanceSampling"]) for row in rows_of(f"nlme/{file}")}
    expected = np.array([by_id[name] for name in example.model.observations.ids])
    deviations = (found.individual - expected) / np.hypot(found.individual_error, error)
    assert np.abs(deviations).max() < 4.5
    assert np.sqrt((deviations**2).mean()) < 1.5


def test_conditional_modes_and_individual_residuals_of_monolix():
    example = population_sets.theophylline_monolix()
    model, values = example.model, example.published
    modes = conditional_modes(model, values)
    assert modes.converged.all()
    rows = rows_of("nlme/theophylline_monolix_predictions.txt")
    order = model.observations.rows
    for found, published, tolerance in (
        (predictions(model, values), "popPred", 1e-4),
        (predictions(model, values, modes.random), "indivPred_mode", 2e-4),
        (individual_weighted_residuals(model, values, modes.random), "indWRes_mode", 2e-3),
    ):
        column = np.array([float(row[published]) for row in rows])
        present = model.observations.present
        np.testing.assert_allclose(found[present], column[order[present]], rtol=tolerance, atol=tolerance)


def test_focei_of_theophylline_from_far_away():
    example = population_sets.theophylline()
    model = example.model
    start = model.values({"ka": 1, "CL": 3, "V": 20}, variances={"ka": 0.1, "CL": 0.1, "V": 0.1}, residual={"y:a": 1.0})
    found = maximise(Method.FOCEI, model, start)
    assert found.converged
    assert found.objective.nonmem == pytest.approx(116.8034, abs=0.001)
    estimates, published = (model.coordinates.named(values) for values in (found.values, example.published))
    for name, value in estimates.items():
        close = 0.01 if name in ("ka", "CL", "V") else 0.002  # of logarithms; of variances relatively
        assert value == pytest.approx(published[name], rel=0.0005 if close == 0.01 else close, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("bauer", 1058.303, 1058.303712),  # NONMEM's own optimum
        ("two_compartments", 20167.639, 20167.641027),
        ("phenobarbital", 686.3, 686.667),  # Monolix's estimates are not of FOCEI
    ],
)
def test_focei_finds_no_worse_optimum_than_was_published(name, least, most):
    example = getattr(population_sets, name)()
    found = maximise(Method.FOCEI, example.model, example.published)
    assert least < found.objective.nonmem <= most + 1e-6


def test_cows_have_a_likelihood_no_lower_than_the_published_one():
    example = population_sets.cows()
    found = maximise(Method.FOCEI, example.model, example.published)
    # saemix: 53723.42 linearised, 53723.88 sampled, 53723.04 by quadrature
    assert 53715 < found.objective.full < 53723.88


def exact_deviance(times, heights, parameters):
    """Minus twice the log likelihood of straight lines with normal intercepts and slopes, one individual at a time."""
    intercept, growth, l11, l21, l22, sd = parameters
    factor = np.array([[l11, 0.0], [l21, l22]])
    total = 0.0
    for t, y in zip(times, heights, strict=True):
        design = np.column_stack([np.ones_like(t), t])
        covariance = design @ factor @ factor.T @ design.T + sd**2 * np.eye(t.size)
        total -= 2 * multivariate_normal.logpdf(y, design @ [intercept, growth], covariance)
    return total


def test_a_linear_mixed_model_has_the_exact_likelihood():
    rows = rows_of("nlme/oxboys.saemix.tab", " ")
    names = sorted({row["Subject"] for row in rows})
    times, heights = (
        [np.array([float(row[key]) for row in rows if row["Subject"] == name]) for name in names]
        for key in ("age", "height")
    )
    start = [149.0, 6.5, 8.0, 1.0, 1.2, 0.7]
    exact = minimize(lambda p: exact_deviance(times, heights, p), start, method="BFGS")
    assert exact.fun == pytest.approx(2 * 362.9838, abs=2e-3)  # as published
    example = population_sets.boys()
    for method in (Method.FOCEI, Method.LAPLACE, Method.FO):
        found = maximise(method, example.model, example.published)
        assert found.objective.full == pytest.approx(exact.fun, abs=1e-3)
        estimates = example.model.coordinates.named(found.values)
        assert estimates["growth"] == pytest.approx(exact.x[1], abs=1e-3)
        assert estimates["var(growth,growth)"] == pytest.approx(exact.x[3] ** 2 + exact.x[4] ** 2, rel=2e-3)
    assert linearised_likelihood(example.model, found.values, found.objective.random).sum() == pytest.approx(
        exact.fun, abs=1e-3
    )
