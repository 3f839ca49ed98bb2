"""A linear mixed model, whose likelihood is exact: FO, FOCEI, Laplace and SAEM against statsmodels' MixedLM."""

from functools import cache

import numpy as np
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM

from kinetics.mixed_effects import (
    ClosedForm,
    Identity,
    IndividualParameter,
    Method,
    MixedEffectsModel,
    Observations,
    importance_sampling,
    laplace_covariance,
    linearised_likelihood,
    maximise,
    objective,
    saem,
)

N = 40
EXACT = [Method.FO, Method.FOCE, Method.FOCEI, Method.LAPLACE]


@cache
def lines():
    """Straight lines of individuals whose intercepts and slopes are correlated; a quarter of the values is missing."""
    rng = np.random.default_rng(5)
    ids = np.repeat([f"P{number:02}" for number in range(N)], 6)
    times = np.tile([0.0, 1.0, 2.0, 4.0, 7.0, 9.0], N) + rng.uniform(0, 0.5, ids.size)
    intercept, slope = rng.multivariate_normal([10.0, 1.5], [[4.0, 0.5], [0.5, 0.3]], N).T
    values = np.repeat(intercept, 6) + np.repeat(slope, 6) * times + rng.normal(0, 0.8, ids.size)
    kept = rng.random(ids.size) > 0.25
    return ids[kept], times[kept], values[kept]


@cache
def by_statsmodels():
    """The maximum likelihood fit, not the restricted one."""
    ids, times, values = lines()
    design = np.column_stack([np.ones_like(times), times])
    fit = MixedLM(values, design, groups=ids, exog_re=design).fit(reml=False, method="bfgs", gtol=1e-8)
    assert fit.converged
    return fit


@cache
def own_model():
    ids, times, values = lines()
    table = Observations.from_table([*ids], times, values)
    line = ClosedForm(
        ("intercept", "slope"), lambda x, p: p["intercept"] + p["slope"] * x["t"], {"t": table.times}, table.occasion
    )
    parameters = [IndividualParameter(name, Identity()) for name in line.parameters]
    return MixedEffectsModel.of(
        line, table, parameters, residual={"y": "additive"}, between_individuals=[("intercept", "slope")]
    )


def values_of(fit):
    """The estimates of statsmodels as values of the own model."""
    (v11, v12), (_, v22) = fit.cov_re
    return own_model().values(
        dict(zip(("intercept", "slope"), fit.fe_params, strict=True)),
        variances={"intercept": v11, "slope,intercept": v12, "slope": v22},
        residual={"y:a": np.sqrt(fit.scale)},
    )


def start():
    return own_model().values(
        {"intercept": 5, "slope": 0}, variances={"intercept": 20, "slope": 2}, residual={"y:a": 3}
    )


@pytest.mark.parametrize("method", EXACT)
def test_the_objective_is_the_log_likelihood_of_statsmodels(method):
    fit = by_statsmodels()
    assert objective(method, own_model(), values_of(fit)).full == pytest.approx(-2 * fit.llf, abs=1e-6)


def test_other_likelihoods_are_the_same():
    model, fit = own_model(), by_statsmodels()
    values = values_of(fit)
    modes = objective(Method.FOCEI, model, values).random
    assert linearised_likelihood(model, values, modes).sum() == pytest.approx(-2 * fit.llf, abs=1e-6)
    sampled = importance_sampling(model, values, modes, laplace_covariance(model, values, modes), seed=1, n_draws=4000)
    assert sampled.full == pytest.approx(-2 * fit.llf, abs=4 * sampled.standard_error)


@pytest.mark.parametrize("method", EXACT)
def test_the_optimum_is_that_of_statsmodels(method):
    fit, found = by_statsmodels(), maximise(method, own_model(), start())
    assert found.converged
    assert found.objective.full == pytest.approx(-2 * fit.llf, abs=1e-3)
    estimates, expected = (own_model().coordinates.named(values) for values in (found.values, values_of(fit)))
    for name, value in expected.items():
        assert estimates[name] == pytest.approx(value, rel=2e-3)


def test_saem_is_at_the_same_optimum():
    fit, found = by_statsmodels(), saem(own_model(), start(), seed=1).values
    assert objective(Method.FOCEI, own_model(), found).full == pytest.approx(-2 * fit.llf, abs=0.05)
    estimates, expected = (own_model().coordinates.named(values) for values in (found, values_of(fit)))
    for name, value in expected.items():
        assert estimates[name] == pytest.approx(value, rel=0.03 if "var" not in name else 0.15)
