"""Population estimation on small models: derivatives, censoring, occasions, priors, and numbers that do not depend on
the order of rows or on an interruption."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import kstest, multivariate_normal, norm

from kinetics.errors import InputError, UnknownNameError
from kinetics.mixed_effects import (
    ClosedForm,
    Identity,
    IndividualParameter,
    Kernels,
    Logit,
    Method,
    MixedEffectsModel,
    Observations,
    PopulationPrior,
    SaemSettings,
    SaemState,
    conditional_distribution,
    conditional_modes,
    conditional_weighted_residuals,
    importance_sampling,
    laplace_covariance,
    linearised_information,
    louis_information,
    maximise,
    npde,
    objective,
    random_effect_shrinkage,
    residual_shrinkage,
    saem,
    simulate_observations,
    uncertainty,
    visual_predictive_check,
)
from kinetics.mixed_effects.likelihood.objectives import slopes
from kinetics.mixed_effects.model.levels import levels_of
from kinetics.mixed_effects.model.observation_density import curvature, density
from kinetics.mixed_effects.model.residual_error import ResidualErrors
from kinetics.mixed_effects.saem.maximisation import Maximisation, Simulated, squares_about
from kinetics.mixed_effects.saem.parameter_expansion import expand

KINDS = ["additive", "proportional", "combined1", "combined2", "lognormal"]


def decay(observations, kind="additive", parameters=None, **changes):
    """y = A exp(-k t)."""
    structural = ClosedForm(
        ("A", "k"), lambda x, p: p["A"] * np.exp(-p["k"] * x["t"]), {"t": observations.times}, observations.occasion
    )
    settings = {"between_individuals": ["A", "k"], "residual": {"y": kind}} | changes
    parameters = parameters or [IndividualParameter("A"), IndividualParameter("k")]
    return MixedEffectsModel.of(structural, observations, parameters, **settings)


def decay_table(n=12, seed=0, occasions=1, limit=None):
    """Simulated rows: ids, times, values, upper ends, occasions."""
    rng = np.random.default_rng(seed)
    ids, times, values, upper, visits = [], [], [], [], []
    for individual in range(n):
        eta = rng.normal(0, [0.3, 0.4])
        for occasion in range(occasions):
            kappa = rng.normal(0, 0.2)
            for time in np.arange(1, 5 if individual % 3 else 4) * 0.7:
                y = 10 * np.exp(eta[0]) * np.exp(-0.5 * np.exp(eta[1] + kappa) * time) + rng.normal(0, 0.3)
                low = limit is not None and y < limit
                ids.append(f"P{individual}")
                times.append(time)
                values.append(-np.inf if low else y)
                upper.append(limit if low else y)
                visits.append(occasion)
    return ids, times, values, upper, visits


def table_of(rows, order=None):
    columns = [np.array(column, dtype=object)[order if order is not None else slice(None)] for column in rows]
    ids, times, values, upper, visits = columns
    return Observations.from_table(
        [*ids], times.astype(float), values.astype(float), upper=upper.astype(float), occasions=visits.astype(int)
    )


def start(model, **residual):
    return model.values({"A": 9, "k": 0.4}, variances={"A": 0.2, "k": 0.2}, residual=residual or {"y:a": 0.5})


ENDS = {"quantified": (3.0, 3.0), "below": (-np.inf, 3.0), "above": (3.0, np.inf), "between": (2.0, 3.0)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ends", ENDS.values(), ids=ENDS)
@settings(max_examples=15)
@given(f=st.floats(0.5, 9.0), a=st.floats(0.1, 2.0), b=st.floats(0.05, 1.0))
def test_the_density_of_an_observation_and_its_derivatives(kind, ends, f, a, b):
    table = Observations.from_table(["1"], [0.0], [ends[0]], upper=[ends[1]])
    errors = ResidualErrors({"y": kind})
    residual = {"additive": [a], "proportional": [b], "lognormal": [b]}.get(kind, [a, b])
    everyone = np.array([0])

    def at(f, residual):
        return density(table, errors, everyone, np.array([[f]]), np.array(residual))

    found = at(f, residual)
    sd = {"additive": a, "proportional": b * f, "combined1": a + b * f, "combined2": np.hypot(a, b * f)}.get(kind, b)
    with np.errstate(divide="ignore"):
        lower, upper = np.log(np.maximum(ends, 0.0)) if kind == "lognormal" else ends
    center = np.log(f) if kind == "lognormal" else f
    if ends[0] == ends[1]:
        expected = norm.logpdf(upper, center, sd) - (upper if kind == "lognormal" else 0.0)
    else:
        probability = norm.cdf(upper, center, sd) - norm.cdf(lower, center, sd)
        assume(probability > 1e-6)  # below, the difference has too few digits, not the density
        expected = np.log(probability)
    np.testing.assert_allclose(found.log, expected, rtol=1e-8, atol=1e-9)
    h = 1e-5
    slope = (at(f + h, residual).log - at(f - h, residual).log) / (2 * h)
    np.testing.assert_allclose(found.score, slope, rtol=1e-5, atol=1e-6)
    for index, step in enumerate(h * np.eye(len(residual))):
        slope = (at(f, residual + step).log - at(f, residual - step).log) / (2 * h)
        np.testing.assert_allclose(found.residual_score[..., index], slope, rtol=1e-5, atol=1e-6)
    bend = curvature(table, errors, everyone, np.array([[f]]), np.array(residual))
    second = (at(f - 1e-4, residual).score - at(f + 1e-4, residual).score) / 2e-4
    np.testing.assert_allclose(bend, second, rtol=1e-3, atol=1e-4)


def test_information_is_the_mean_square_of_the_score():
    rng = np.random.default_rng(1)
    for kind in KINDS:
        errors, f = ResidualErrors({"y": kind}), 4.0
        residual = np.array([0.3, 0.2])[: len(errors.names)]
        sd = errors.deviations(np.zeros(1, dtype=int), np.array([f]), residual)[0][0]
        y = f * np.exp(sd * rng.normal(size=200_000)) if kind == "lognormal" else f + sd * rng.normal(size=200_000)
        table = Observations.from_table(["1"] * y.size, np.zeros(y.size), y)
        found = density(table, errors, np.array([0]), np.full((1, y.size), f), residual)
        assert (found.score**2).mean() == pytest.approx(found.information[0, 0], rel=0.02)


def test_a_prediction_of_zero_has_no_logarithm_and_is_surely_below_a_limit():
    table = Observations.from_table(["1", "1"], [0.0, 1.0], [2.0, -np.inf], upper=[2.0, 0.5])
    found = density(table, ResidualErrors({"y": "lognormal"}), np.array([0]), np.zeros((1, 2)), np.ones(1))
    assert np.isnan(found.log[0, 0])
    assert found.log[0, 1] == 0.0


def test_percentiles_of_censored_values_are_ranks():
    values = np.arange(1.0, 21.0)
    below = values <= 4
    table = Observations.from_table(
        ["1"] * 20, np.repeat([1.0, 9.0], 10), np.where(below, -np.inf, values), upper=np.where(below, 4.5, values)
    )
    limits = np.full((1, 20), 4.5)
    order = np.where(below, 4.5, values)[table.rows[0]]  # of equal times, censored values may stand anywhere
    check = visual_predictive_check(table, 0, limits, np.tile(order, (50, 1, 1)) + 0.001)
    np.testing.assert_array_equal(check.time, [1.0, 9.0])
    np.testing.assert_array_equal(check.observed, [[np.nan, 5.0, 10.0], [11.0, 15.0, 20.0]])
    np.testing.assert_allclose(check.below, [0.4, 0.0])
    np.testing.assert_allclose(check.simulated_below, 0.0)  # just above the limit, all of them
    np.testing.assert_allclose(check.simulated[1], check.observed[1][:, None] + [0.001] * 3)


def test_a_censored_value_far_from_its_prediction_has_a_finite_density():
    table = Observations.from_table(["1"] * 3, [0.0, 1.0, 2.0], [-np.inf, 5.0, 1.0], upper=[0.5, np.inf, 1.1])
    found = density(
        table, ResidualErrors({"y": "additive"}), np.array([0]), np.array([[60.0, -60.0, 40.0]]), np.ones(1)
    )
    for part in (found.log, found.score, found.information):
        assert np.isfinite(part).all()
    np.testing.assert_allclose(found.log[0, 0], norm.logcdf(0.5 - 60))
    # far out, the tail falls as the density at its nearer end
    np.testing.assert_allclose(found.log[0, 2], norm.logpdf(1.1, 40) - np.log(38.9), rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", [Method.FO, Method.FOCE, Method.FOCEI])
def test_the_gradient_of_an_objective_is_its_derivative(method, kind):
    rows = decay_table(6, limit=1.0 if kind == "additive" else None)
    model = decay(table_of(rows), kind, between_individuals=[("A", "k")])
    named = {"y:a": 0.4, "y:b": 0.2}
    values = start(model, **{name: named[name] for name in model.errors.names})
    coordinates, at = model.coordinates, model.coordinates.pack(values)
    here = objective(method, model, values)
    found = slopes(method, model, values, here.random, 0.1 * np.eye(at.size)).sum(axis=0) / 0.1

    def full(change):
        return objective(method, model, coordinates.unpack(at + change, values), here.random).full

    expected = [(full(h) - full(-h)) / 1e-3 for h in 5e-4 * np.eye(at.size)]
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4)


def marginal(model, values, individual):
    """The likelihood of an individual of a decay by quadrature over both random effects, written out anew."""
    table = model.observations
    here = table.present[individual]
    times, lower, upper = table.times[individual, here], table.lower[individual, here], table.upper[individual, here]
    sd = values.residual[0]
    omega = np.sqrt(np.diag(values.individuals))

    grid = np.linspace(-6, 6, 121)  # a sum over a fine grid converges fast for a smooth integrand
    first, second = grid[:, None, None], grid[:, None]
    f = np.exp(values.fixed[0] + omega[0] * first) * np.exp(-np.exp(values.fixed[1] + omega[1] * second) * times)
    terms = np.where(lower == upper, norm.pdf(upper, f, sd), norm.cdf(upper, f, sd) - norm.cdf(lower, f, sd))
    weights = norm.pdf(grid[:, None]) * norm.pdf(grid)
    return (terms.prod(axis=2) * weights).sum() * (grid[1] - grid[0]) ** 2


def test_the_likelihood_of_censored_values_is_that_of_quadrature():
    model = decay(table_of(decay_table(3, limit=5.0)))
    assert model.observations.censored.sum() >= 3
    values = start(model)
    expected = np.array([-2 * np.log(marginal(model, values, individual)) for individual in range(3)])
    modes = conditional_modes(model, values)
    proposal = modes.random, np.linalg.inv(modes.joint.hessian)
    sampled = importance_sampling(model, values, *proposal, seed=3, n_draws=4000)
    assert (np.abs(sampled.individual - expected) < 4 * sampled.individual_error + 1e-4).all()
    assert sampled.individual_error.max() < 0.05
    laplace = objective(Method.LAPLACE, model, values).individual
    np.testing.assert_allclose(laplace, expected, atol=0.3)


def test_modes_are_those_of_a_general_optimiser():
    model = decay(table_of(decay_table(5, limit=2.0)), "combined1")
    values = start(model, **{"y:a": 0.3, "y:b": 0.1})
    found = conditional_modes(model, values)
    assert found.converged.all()
    for individual in range(5):
        table, here = model.observations, model.observations.present[individual]
        t, lower, upper = (part[individual, here] for part in (table.times, table.lower, table.upper))

        def minus_log(b, t=t, lower=lower, upper=upper):
            f = np.exp(values.fixed[0] + b[0] - np.exp(values.fixed[1] + b[1]) * t)
            sd = 0.3 + 0.1 * f
            terms = np.where(lower == upper, norm.logpdf(upper, f, sd), norm.logcdf(upper, f, sd))
            return -terms.sum() + 0.5 * (b**2 / 0.2).sum()

        best = minimize(minus_log, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12})
        np.testing.assert_allclose(found.random[individual], best.x, atol=1e-5)


def straight_lines(n=15, occasions=3, seed=5):
    """Lines whose intercept differs between individuals and occasions, and their exact marginal distribution."""
    rng = np.random.default_rng(seed)
    rows = [(i, o, t) for i in range(n) for o in range(occasions) for t in (0.0, 1.0, 2.0) if (i + o) % 4 or not o]
    eta, kappa = rng.normal(0, 2, n), rng.normal(0, 1, (n, occasions))
    y = np.array([5 + eta[i] + kappa[i, o] + 0.7 * t + rng.normal(0, 0.5) for i, o, t in rows])
    ids, visits, times = (np.array(column) for column in zip(*rows, strict=True))
    table = Observations.from_table([f"{i:02d}" for i in ids], times, y, occasions=visits)
    structural = ClosedForm(("a", "b"), lambda x, p: p["a"] + p["b"] * x["t"], {"t": table.times}, table.occasion)
    parameters = [IndividualParameter(name, Identity()) for name in ("a", "b")]
    model = MixedEffectsModel.of(
        structural, table, parameters, residual={"y": "additive"}, between_individuals=["a"], between_occasions=["a"]
    )

    def deviance(p):
        total = 0.0
        for individual in range(n):
            own = ids == individual
            same = visits[own][:, None] == visits[own]
            covariance = np.exp(p[2]) + np.exp(p[3]) * same + np.exp(p[4]) * np.eye(own.sum())
            total -= 2 * multivariate_normal.logpdf(y[own], p[0] + p[1] * times[own], covariance)
        return total

    return model, deviance


def line_values(model):
    return model.values({"a": 4, "b": 0.5}, variances={"a": 2}, occasion_variances={"a": 2}, residual={"y:a": 1})


def test_occasions_have_the_exact_likelihood_of_straight_lines():
    model, deviance = straight_lines()
    best = minimize(deviance, [5, 0.7, 1.0, 0.0, -1.0], method="BFGS")
    found = maximise(Method.FOCEI, model, line_values(model))
    assert found.objective.full == pytest.approx(best.fun, abs=1e-3)
    named = model.coordinates.named(found.values)
    assert named["var_occasion(a,a)"] == pytest.approx(np.exp(best.x[3]), rel=0.01)
    stochastic = saem(model, line_values(model), seed=2, settings=SaemSettings(explore=80, smooth=150, n_chains=4))
    exact = [*best.x[:2], *np.exp(best.x[2:4]), np.exp(best.x[4] / 2)]
    for (name, value), expected in zip(model.coordinates.named(stochastic.values).items(), exact, strict=True):
        assert value == pytest.approx(expected, rel=0.15 if name.startswith("var") else 0.03)


def test_standard_errors_of_straight_lines_are_those_of_the_exact_likelihood():
    model, deviance = straight_lines()
    fit = maximise(Method.FOCEI, model, line_values(model))
    named = model.coordinates.named(fit.values)
    at = np.array([*fit.values.fixed, *np.log([named["var(a,a)"], named["var_occasion(a,a)"], named["y:a"] ** 2])])
    h = 1e-3 * np.eye(5)
    hessian = np.array([[deviance(at + a + b) - deviance(at + a - b) - deviance(at - a + b) + deviance(at - a - b)
                         for a in h] for b in h]) / 4e-6  # fmt: skip
    exact = np.sqrt(np.diag(np.linalg.inv(0.5 * hessian)))
    exact[2:4] *= np.exp(at[2:4])
    exact[4] *= 0.5 * np.exp(at[4] / 2)
    linearised = uncertainty(model, fit.values, linearised_information(model, fit.values, fit.objective.random))
    np.testing.assert_allclose([*linearised.standard_errors.values()], exact, rtol=0.1)
    conditional = conditional_distribution(model, fit.values, seed=1, start=fit.objective.random, n_draws=400)
    louis = uncertainty(model, fit.values, louis_information(model, fit.values, conditional))
    np.testing.assert_allclose([*louis.standard_errors.values()], exact, rtol=0.1)


@pytest.mark.parametrize(
    "kernels", [Kernels(6, 0, 0), Kernels(0, 2, 0), Kernels(0, 0, 6), Kernels(0, 0, 0, 2)], ids=str
)
def test_every_kernel_samples_the_exact_distribution_of_straight_lines(kernels):
    model, _ = straight_lines(n=4, occasions=2)
    values = line_values(model)
    design = model.linearise(values.fixed, np.zeros((4, 3)), model.everyone)
    table = model.observations
    sampled = conditional_distribution(model, values, seed=3, n_draws=700, n_chains=8, kernels=kernels)
    for individual in range(4):
        here = table.present[individual]
        z, y = design.by_random[individual, here], (table.upper - design.predictions)[individual, here]
        covariance = np.linalg.inv(z.T @ z / values.residual[0] ** 2 + np.diag([0.5, 0.5, 0.5]))
        mean = covariance @ z.T @ y / values.residual[0] ** 2
        sd = np.sqrt(np.diag(covariance))
        assert (np.abs(sampled.mean[individual] - mean) < 0.15 * sd).all()
        np.testing.assert_allclose(sampled.standard_deviation[individual], sd, rtol=0.12)


def test_the_laplace_covariance_of_straight_lines_is_exact():
    model, _ = straight_lines(n=4, occasions=2)
    values = line_values(model)
    design = model.linearise(values.fixed, np.zeros((4, 3)), model.everyone).by_random
    present = model.observations.present[:, :, None]
    information = np.where(present, design, 0.0).swapaxes(1, 2) @ design / values.residual[0] ** 2 + 0.5 * np.eye(3)
    found = laplace_covariance(model, values, conditional_modes(model, values).random)
    np.testing.assert_allclose(found, np.linalg.inv(information), rtol=1e-6)


def test_an_individual_beside_parameters_without_predictions_has_a_covariance():
    table = table_of(decay_table(3))
    structural = ClosedForm(
        ("A", "k"),
        lambda x, p: np.where(np.real(p["A"]) > 9.0005, np.nan, p["A"]) * np.exp(-p["k"] * x["t"]),
        {"t": table.times},
        table.occasion,
    )
    model = MixedEffectsModel.of(
        structural, table, [IndividualParameter("A"), IndividualParameter("k")], residual={"y": "additive"},
        between_individuals=["A", "k"],
    )  # fmt: skip
    values, random = start(model), np.zeros((3, 2))  # A is 9: a step of 1e-4 of its logarithm is beyond
    found = laplace_covariance(model, values, random)
    by_random = model.linearise(values.fixed, random, model.everyone).by_random
    here = np.where(table.present[:, :, None], by_random, 0.0)
    information = here.swapaxes(1, 2) @ here / 0.5**2 + np.linalg.inv(values.individuals)
    np.testing.assert_allclose(found, np.linalg.inv(information), rtol=1e-6)


def test_an_individual_without_observations_is_as_the_population_says():
    rows = decay_table(3)
    table = Observations.from_table(rows[0], rows[1], rows[2], individuals=["P7"])
    assert table.ids == ("P0", "P1", "P2", "P7")
    model = decay(table)
    values = start(model)
    modes = conditional_modes(model, values).random
    np.testing.assert_allclose(modes[3], 0.0, atol=1e-12)
    np.testing.assert_allclose(laplace_covariance(model, values, modes)[3], values.individuals, rtol=1e-9)
    assert objective(Method.FOCEI, model, values).individual[3] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(npde(model, values, seed=1, n_replicates=50)[3]).all()
    with pytest.raises(InputError, match="P7: has no observation"):
        table.first(rows[1])


def test_a_model_without_random_effects_is_a_regression():
    rows = decay_table(4)
    model = decay(table_of(rows), between_individuals=[])
    fit = maximise(Method.FOCEI, model, model.values({"A": 9, "k": 0.4}, variances={}, residual={"y:a": 1.0}))
    times, values = np.array(rows[1]), np.array(rows[2])

    def deviance(p):
        return -2 * norm.logpdf(values, np.exp(p[0] - np.exp(p[1]) * times), np.exp(p[2])).sum()

    best = minimize(deviance, [2.0, -1.0, 0.0], method="BFGS")
    assert fit.objective.full == pytest.approx(best.fun, abs=1e-5)
    np.testing.assert_allclose(fit.values.fixed, best.x[:2], atol=1e-3)


def test_a_start_without_predictions_is_refused_by_the_individual():
    table = table_of(decay_table(3))
    structural = ClosedForm(("A",), lambda x, p: p["A"] * np.nan + x["t"], {"t": table.times}, table.occasion)
    model = MixedEffectsModel.of(
        structural, table, [IndividualParameter("A")], residual={"y": "additive"}, between_individuals=["A"]
    )
    begin = model.values({"A": 1}, variances={"A": 1}, residual={"y:a": 1})
    with pytest.raises(InputError, match="P0: the objective is not a number at the start"):
        maximise(Method.FOCEI, model, begin)


def test_a_covariate_that_changes_between_occasions_agrees_between_methods():
    lines, _ = straight_lines(n=20)
    table, rng = lines.observations, np.random.default_rng(8)
    dose = rng.integers(0, 2, (20, 3)).astype(float)
    parameters = [IndividualParameter("a", Identity(), covariates=("dose",)), IndividualParameter("b", Identity())]
    structural = ClosedForm(("a", "b"), lambda x, p: p["a"] + p["b"] * x["t"], {"t": table.times}, table.occasion)
    model = MixedEffectsModel.of(
        structural, table, parameters, residual={"y": "additive"}, between_individuals=["a"],
        between_occasions=["a"], covariates={"dose": dose},
    )  # fmt: skip
    exact = maximise(Method.FOCEI, model, line_values(model)).values
    stochastic = saem(model, line_values(model), seed=2, settings=SaemSettings(explore=60, smooth=200)).values
    error = uncertainty(model, exact, linearised_information(model, exact, np.zeros((20, 4)))).standard_errors
    for index, name in enumerate(("a", "a:dose", "b")):
        assert stochastic.fixed[index] == pytest.approx(exact.fixed[index], abs=0.2 * error[name])


def test_what_the_data_do_not_determine_has_no_small_standard_error():
    rows = decay_table(4)
    structural = ClosedForm(
        ("A", "B", "k"), lambda x, p: (p["A"] + p["B"]) * np.exp(-p["k"] * x["t"]),
        {"t": table_of(rows).times}, table_of(rows).occasion,
    )  # fmt: skip
    names = ["A", "B", "k"]
    model = MixedEffectsModel.of(
        structural, table_of(rows), [IndividualParameter(name) for name in names],
        residual={"y": "additive"}, between_individuals=["k"],
    )  # fmt: skip
    values = model.values({"A": 5, "B": 4, "k": 0.4}, variances={"k": 0.1}, residual={"y:a": 0.4})
    errors = uncertainty(model, values, linearised_information(model, values, np.zeros((4, 1)))).standard_errors
    assert min(errors["A"], errors["B"]) > 100
    assert errors["k"] < 1


QUICK = SaemSettings(explore=30, smooth=30, n_chains=2)


def test_the_order_of_rows_changes_no_number():
    rows = decay_table(8, limit=1.0)
    order = np.random.default_rng(3).permutation(len(rows[0]))
    found = []
    for table in (table_of(rows), table_of(rows, order)):
        model = decay(table)
        estimate = saem(model, start(model), seed=7, settings=QUICK)
        fit = maximise(Method.FOCEI, model, start(model))
        found.append((estimate.trace, model.coordinates.natural(fit.values), npde(model, fit.values, seed=1)))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kernels", [Kernels(), Kernels(1, 0, 1, 2, renew=5)], ids=str)
def test_an_interrupted_run_goes_on_to_the_same_numbers(kernels):
    model = decay(table_of(decay_table(8)))
    quick = replace(QUICK, kernels=kernels)
    whole = saem(model, start(model), seed=7, settings=quick)
    kept = {}
    saem(model, start(model), seed=7, settings=replace(quick, smooth=7), on_iteration=lambda s: kept.update(s.arrays()))
    state = SaemState.from_arrays({name: np.array(value) for name, value in kept.items()})
    assert state.iteration == 37
    again = saem(model, start(model), seed=7, settings=quick, state=state)
    np.testing.assert_array_equal(again.trace, whole.trace)


def test_parameter_expansion_rests_at_a_maximum_and_moves_statistics_with_the_variances():
    model, _ = straight_lines(n=6)
    levels, values = levels_of(model), line_values(model)
    step, lanes = Maximisation(model, levels), np.repeat(model.everyone, 2)
    random = np.random.default_rng(4).normal(size=(lanes.size, model.n_random))
    drawn = Simulated(lanes, random, model.predict(values.fixed, random, lanes), 2)
    statistics, score = step.simulate_statistics(values, drawn)
    new = step.maximise(values, statistics, score, 0.5)
    at_rest, unmoved = expand(levels, statistics, new, new)
    np.testing.assert_array_equal(at_rest.individuals, new.individuals)
    np.testing.assert_allclose(unmoved.occasion_second, statistics.occasion_second, rtol=1e-12)
    moved_values, moved = expand(levels, statistics, new, values)
    assert (
        0 < moved_values.individuals[0, 0] < new.individuals[0, 0] < values.individuals[0, 0]
    )  # further, the same way
    assert 0 < moved_values.occasions[0, 0] < new.occasions[0, 0] < values.occasions[0, 0]
    for level, one, other in (
        (levels.individuals, (statistics.first, statistics.second), (moved.first, moved.second)),
        (
            levels.occasions,
            (statistics.occasion_first, statistics.occasion_second),
            (moved.occasion_first, moved.occasion_second),
        ),
    ):
        before, after = (squares_about(level, new.fixed, *pair)[0, 0] for pair in (one, other))
        assert after / before == pytest.approx(
            level.covariance(moved_values)[0, 0] / level.covariance(new)[0, 0], rel=1e-9
        )


def test_a_damaged_state_is_refused():
    model = decay(table_of(decay_table(3)))
    arrays = saem(model, start(model), seed=7, settings=SaemSettings(explore=2, smooth=0)).state.arrays()
    with pytest.raises(InputError, match=r"lacks the array 'chains\.random'"):
        SaemState.from_arrays({name: value for name, value in arrays.items() if name != "chains.random"})
    with pytest.raises(InputError, match="not finite: trace"):
        SaemState.from_arrays({**arrays, "trace": np.full_like(arrays["trace"], np.nan)})


def test_an_individual_has_the_same_samples_whoever_else_is_there():
    rows = decay_table(6)
    own = np.flatnonzero(np.array(rows[0]) == "P4")
    all_models, alone = decay(table_of(rows)), decay(table_of(rows, own))
    draws = [
        conditional_distribution(model, start(model), seed=5, n_draws=20, burn_in=5).samples
        for model in (all_models, alone)
    ]
    np.testing.assert_allclose(draws[0][all_models.observations.ids.index("P4")], draws[1][0], rtol=1e-12)


def test_a_prior_of_great_weight_holds_the_population():
    table = table_of(decay_table(6))
    center = start(decay(table))
    prior = PopulationPrior(center.fixed, 1e6 * np.eye(2), center.individuals, 1e6)
    model = decay(table, prior=prior)
    other = model.values({"A": 12, "k": 0.8}, variances={"A": 0.5, "k": 0.5}, residual={"y:a": 1.0})
    for values in (
        maximise(Method.FOCEI, model, other).values,
        saem(model, other, seed=1, settings=replace(QUICK, cooling=0.0)).values,
    ):
        np.testing.assert_allclose(values.fixed, center.fixed, atol=1e-3)
        np.testing.assert_allclose(values.individuals, center.individuals, atol=1e-3)


def test_values_that_are_held_stay():
    model = decay(table_of(decay_table(6)), held=("k", "var(A,A)"))
    begin = start(model)
    for values in (maximise(Method.FOCEI, model, begin).values, saem(model, begin, seed=1, settings=QUICK).values):
        assert values.fixed[1] == begin.fixed[1]
        assert values.individuals[0, 0] == pytest.approx(begin.individuals[0, 0], rel=1e-12)
        assert values.fixed[0] != begin.fixed[0]


def test_nothing_is_estimated_where_all_is_held():
    table = table_of(decay_table(3))
    model = decay(table, held=decay(table).coordinates.all_names)
    fit = maximise(Method.FOCEI, model, start(model))
    assert fit.converged
    assert fit.trace.shape == (0, 1)
    assert fit.objective.full == objective(Method.FOCEI, model, start(model)).full


def test_fixed_effects_without_random_effects_agree_between_methods():
    parameters = [IndividualParameter("A"), IndividualParameter("k", Logit(0.0, 2.0))]
    model = decay(table_of(decay_table(20)), parameters=parameters, between_individuals=["A"])
    begin = model.values({"A": 8, "k": 0.3}, variances={"A": 0.3}, residual={"y:a": 1.0})
    best = maximise(Method.FOCEI, model, begin).values
    stochastic = saem(model, begin, seed=1, settings=SaemSettings(explore=80, smooth=120)).values
    np.testing.assert_allclose(stochastic.fixed, best.fixed, atol=0.05)
    np.testing.assert_allclose(stochastic.residual, best.residual, rtol=0.05)


@pytest.fixture(scope="module")
def simulated():
    """Sixty individuals that follow the model exactly, with one value below a limit in five."""
    rng = np.random.default_rng(11)
    ids = np.repeat([f"{i:02d}" for i in range(60)], 5)
    times = np.tile([0.2, 0.8, 1.5, 2.5, 4.0], 60)
    model = decay(Observations.from_table([*ids], times, np.ones(times.size)))
    truth = model.values({"A": 10, "k": 0.5}, variances={"A": 0.1, "k": 0.15}, residual={"y:a": 0.4})
    y = simulate_observations(model, truth, seed=4, n_replicates=1)[0]
    values = np.empty(times.size)
    values[model.observations.rows] = y
    return decay(Observations.from_table([*ids], times, values)), truth, (ids, times, values, rng)


def test_residuals_of_simulated_individuals_are_standard_normal(simulated):
    model, truth, (ids, times, values, _) = simulated
    modes = conditional_modes(model, truth).random
    for residuals in (npde(model, truth, seed=2), conditional_weighted_residuals(model, truth, modes)):
        assert kstest(residuals.ravel(), "norm").pvalue > 0.01
        assert np.abs(np.corrcoef(residuals.T) - np.eye(5)).max() < 0.4
    low = values < 2.0
    censored = Observations.from_table([*ids], times, np.where(low, -np.inf, values), upper=np.where(low, 2.0, values))
    assert kstest(npde(decay(censored), truth, seed=2).ravel(), "norm").pvalue > 0.01


def test_shrinkage_is_none_with_rich_data_and_whole_with_none(simulated):
    model, truth, _ = simulated
    modes = conditional_modes(model, truth).random
    rich = random_effect_shrinkage(model, truth, modes)
    assert set(rich) == {"A", "k"}
    assert all(-0.2 < value < 0.3 for value in rich.values())
    assert 0.1 < residual_shrinkage(model, truth, modes)["y"] < 0.4  # two of five degrees of freedom
    vague = replace(truth, residual=np.array([1e4]))
    none = random_effect_shrinkage(model, vague, conditional_modes(model, vague).random)
    assert all(value > 0.999 for value in none.values())


def test_wrong_names_and_shapes_are_refused_all_at_once():
    table = table_of(decay_table(3))
    with pytest.raises(InputError, match="no such covariate") as caught:
        decay(table, parameters=[IndividualParameter("A", covariates=("age",)), IndividualParameter("k")],
              between_individuals=["A", "z"])  # fmt: skip
    assert len(caught.value.faults) == 2
    with pytest.raises(UnknownNameError, match="no residual error"):
        decay(table, "cubic")
    with pytest.raises(InputError, match="two blocks"):
        decay(table, between_individuals=["A", ("A", "k")])
    with pytest.raises(UnknownNameError, match="no such value"):
        decay(table, held=("CL",))
    with pytest.raises(InputError, match=r"hold all of var\(A,A\), var\(k,A\), var\(k,k\), or none"):
        decay(table, between_individuals=[("A", "k")], held=("var(k,A)",))
    model = decay(table)
    with pytest.raises(InputError, match="typical value is missing"):
        model.values({"A": 1.0}, variances={"A": 1, "k": 1}, residual={"y:a": 1})
    with pytest.raises(InputError, match=r"var\(k,k\): the value is nan"):
        model.values({"A": 1.0, "k": 1}, variances={"A": 1}, residual={"y:a": 1})
    with pytest.raises(InputError, match=r"value is from 2\.0 to 1\.0"):
        Observations.from_table(["1"], [0.0], [2.0], upper=[1.0])
