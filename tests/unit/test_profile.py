"""Profiles against closed forms: the toy model is A(t) = A0 exp(-k j t), Q = A c^2, U = A u."""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from kinetics.estimate import FitProblem, fit
from kinetics.estimate.search import minimise, objective_of
from kinetics.estimate.uncertainty.practical import profile_verdict, profile_warnings
from kinetics.estimate.uncertainty.profile import profile
from kinetics.estimate.uncertainty.stepping import DROP

FLAT = 'prior = "flat"'
A0 = 'lower = 0.01, upper = 100, unit = "1e9/L"'
K = 'lower = 0.001, upper = 1, unit = "1/day"'
C = 'lower = 0.01, upper = 100, unit = "1"'
POPULATION = "[population]\npatients = 64\n"


def profiled(path, name):
    """The profile of a parameter, the fit, and what was profiled."""
    problem = FitProblem.load(path)
    found, objective = fit(problem), objective_of(problem)
    index = [free.name for free in problem.free].index(name)
    return profile(objective, found.best.end, index, found.uncertainty.covariance), found, objective


def linear(project):
    # ln A(5) = ln A0 - 0.5 and ln Q(2) = ln A0 + 2 ln c - 0.2 are linear in (ln A0, ln c)
    return project.fit(
        {"time": "5 day", "value": 1.0, "log_se": 0.1},
        {"output": "Q", "time": "2 day", "value": 1500, "unit": "cells/uL", "log_se": 0.2},
        free={"A0": A0, "c": C},
    )


@pytest.mark.parametrize("name", ["A0", "c"])
def test_of_a_linear_problem_the_profile_interval_is_that_of_the_covariance(project, name):
    found, finished, _ = profiled(linear(project), name)
    log_se = finished.uncertainty.log_se[found.index]
    np.testing.assert_allclose(
        [found.lower.at - found.optimum, found.upper.at - found.optimum],
        np.array([-1, 1]) * np.sqrt(2 * DROP) * log_se,
        rtol=1e-5,
    )
    assert (found.lower.state, found.upper.state) == ("closed", "closed")
    # the drop is the parabola, and the other parameter follows on the line of normal theory
    along = found.points[:, found.index] - found.optimum
    np.testing.assert_allclose(found.drop, 0.5 * (along / log_se) ** 2, atol=1e-6)
    other, covariance = 1 - found.index, finished.uncertainty.covariance
    line = finished.best.end[other] + covariance[other, found.index] / log_se**2 * along
    np.testing.assert_allclose(found.points[:, other], line, atol=1e-4)


def test_a_profile_takes_few_points_of_less_than_one_in_log_posterior(project):
    found, _, _ = profiled(linear(project), "A0")
    assert 5 <= found.drop.size <= 9
    assert np.abs(np.diff(found.drop)).max() < 1
    assert np.abs(np.diff(found.drop)).min() > 0.5


def test_a_parameter_that_no_row_sees_is_open_on_both_sides(project):
    path = project.fit(
        {"time": "0 day", "value": 3.0, "log_se": 0.1}, free={"A0": f"{A0}, {FLAT}", "u": f"{C}, {FLAT}"}
    )
    found, _, objective = profiled(path, "u")
    assert (found.lower.state, found.upper.state) == ("open", "open")
    np.testing.assert_allclose([found.lower.at, found.upper.at], np.log([0.01, 100]))
    assert found.interval == (0.0, np.inf)
    np.testing.assert_allclose(found.drop, 0, atol=1e-9)
    verdict = profile_verdict(found, objective.prior_sd[1])
    assert verdict == "open below and open above: the data do not bound it"


def test_a_count_that_ends_near_zero_bounds_the_rate_only_from_below(project):
    # a range from almost nothing to 1.0 of a start of 2.0: ln A(10) = ln 2 - 10 k must not be above 0
    row = {"time": "10 day", "statistic": "range", "lower": 1e-6, "upper": 1.0, "log_se": 0.1}
    found, _, objective = profiled(project.fit(row, free={"k": f"{K}, {FLAT}"}), "k")
    assert (found.lower.state, found.upper.state) == ("closed", "open")
    # the residual (ln 2 - 10 k)/0.1 is the root of twice the drop
    k = (np.log(2) - 0.1 * np.sqrt(2 * DROP)) / 10
    assert found.lower.at == pytest.approx(np.log(k), abs=2e-3)
    assert profile_verdict(found, objective.prior_sd[0]) == "open above: the data bound it only from below"


def test_along_a_product_the_other_parameter_follows_to_the_bounds(project):
    rows = [{"time": f"{day} day", "value": 2 * np.exp(-0.1 * day), "log_se": 0.1} for day in (2, 12)]
    free = {"k": f"{K}, {FLAT}", "j": f"lower = 0.5, upper = 2, unit = '1', {FLAT}"}
    found, finished, _ = profiled(project.fit(*rows, free=free), "j")
    assert (found.lower.state, found.upper.state) == ("open", "open")
    np.testing.assert_allclose(found.points.sum(axis=1), finished.best.end.sum(), atol=1e-4)  # ln k + ln j


def test_a_decay_is_bounded_less_tightly_from_below_than_the_covariance_says(project):
    # ln A(10) = ln 2 - 10 k, linear in k and not in ln k
    row = {"time": "10 day", "value": 1.0, "log_se": 0.4}
    found, finished, _ = profiled(project.fit(row, free={"k": f"{K}, {FLAT}"}), "k")
    k = (np.log(2) + np.array([-1, 1]) * 0.4 * np.sqrt(2 * DROP)) / 10
    assert k[0] < 0  # nothing bounds it from below: the bound is met
    assert found.lower.state == "open"
    assert found.upper.at == pytest.approx(np.log(k[1]), abs=2e-3)
    wald = found.optimum + np.sqrt(2 * DROP) * finished.uncertainty.log_se[0]
    assert found.upper.at < wald - 0.3


def test_the_ends_of_a_curved_profile_are_where_the_log_posterior_says(project):
    # recovery of N after one dose: rate g of growth, two rows, the kill s follows
    recovery = {
        "kind": "time_to_threshold",
        "statistic": "median",
        "output": "N_blood",
        "regimen": "../models/regimens/once.toml",
        "unit": "day",
        "time": "",
        "log_se": 0.4,
    }
    path = project.fit(
        {**recovery, "level": "0.5 1e9/L", "value": 14},
        {**recovery, "level": "0.8 1e9/L", "value": 32},
        free={
            "g": f'lower = 0.0001, upper = 0.9, unit = "1/day", {FLAT}',
            "s": 'lower = 0.1, upper = 100, unit = "1/mg/day"',
        },
        header="starts = 1",
    )
    found, finished, objective = profiled(path, "g")

    def drop(at):
        start = finished.best.end.copy()
        return minimise(objective, start, {0: at}).cost - finished.best.cost - DROP

    se = finished.uncertainty.log_se[0]
    exact = [
        brentq(drop, found.optimum + sign * 0.2 * se, found.optimum + sign * 4 * se, xtol=1e-6) for sign in (-1, 1)
    ]
    np.testing.assert_allclose([found.lower.at, found.upper.at], exact, atol=0.01 * se)
    # skewed upwards, by what the search over the kill says and the covariance cannot
    wald = np.sqrt(2 * DROP) * se
    assert found.optimum - found.lower.at < 0.98 * wald < 1.03 * wald < found.upper.at - found.optimum


@pytest.mark.parametrize(("value", "side"), [(1e-3, "lower"), (1e3, "upper")])
def test_an_estimate_at_its_bound_is_open_there(project, value, side):
    path = project.fit(
        {"time": "0 day", "value": value, "log_se": 3.0},
        free={"A0": f'lower = 0.5, upper = 10, unit = "1e9/L", {FLAT}'},
    )
    found, _, _ = profiled(path, "A0")
    other = {"lower": "upper", "upper": "lower"}[side]
    assert getattr(found, side).state == "open"
    # the residual at a point is (ln A0 - ln value)/3
    at_bound = np.log({"lower": 0.5, "upper": 10}[side] / value)
    reach = np.sqrt(at_bound**2 + 2 * DROP * 9) - abs(at_bound)
    assert abs(getattr(found, other).at - found.optimum) == pytest.approx(reach, rel=5e-3)


def test_a_prior_that_alone_holds_a_parameter_is_named(project):
    path = project.fit({"time": "0 day", "value": 3.0, "log_se": 0.1}, free={"A0": f"{A0}, {FLAT}", "u": C})
    found, _, objective = profiled(path, "u")
    assert found.upper.at == pytest.approx(np.sqrt(2 * DROP) * 0.5, rel=1e-5)
    assert profile_verdict(found, objective.prior_sd[1]) == "not identified: the prior alone"
    seen, _, _ = profiled(path, "A0")
    assert profile_verdict(seen, objective.prior_sd[0]) == "estimated from the data"


def test_a_profile_ends_where_the_model_cannot_be_simulated(project):
    # the margin 1 - g must not be negative; the row says g = 1 and next to nothing else
    row = {"output": "N_blood", "time": "10 day", "value": 1.0, "log_se": 5.0}
    path = project.fit(row, free={"g": f'lower = 0.0001, upper = 5, unit = "1/day", {FLAT}'})
    found, _, _ = profiled(path, "g")
    assert found.upper.state == "impossible"
    assert found.upper.at <= 0.0
    assert found.lower.state == "open"


def test_a_better_fit_found_on_the_way_is_told(project):
    path = linear(project)
    problem = FitProblem.load(path)
    finished, objective = fit(problem), objective_of(problem)
    wrong = finished.best.end + 0.1
    found = profile(objective, wrong, 0, finished.uncertainty.covariance)
    (warning,) = profile_warnings(["A0", "c"], [found])
    assert "along the profile of A0 there is a better fit" in warning


def test_the_profile_of_a_population_is_that_of_its_closed_form(project):
    # patients vary in nothing that A sees: the mean of n counts is normal about m = A exp(noise^2/2), of variance
    # m^2 (exp(noise^2) - 1)/n, so that error and spread move together; u has its prior alone
    noise, n, published = 0.5, 9, 1.0
    model = project.model.read_text()
    project.model.write_text(model.replace('value = "A" }', f'value = "A", noise = {noise} }}'))
    row = {"time": "5 day", "value": published, "n": n}
    path = project.fit(row, free={"A0": f"{A0}, {FLAT}", "u": C}, header="starts = 1")
    path.write_text(path.read_text() + POPULATION)
    found, _, _ = profiled(path, "A0")

    def log_likelihood(log_a0):
        mean = np.exp(log_a0 - 0.5 + noise**2 / 2)
        sd = mean * np.sqrt(np.expm1(noise**2) / n)
        return -np.log(sd) - 0.5 * ((published - mean) / sd) ** 2

    best = minimize_scalar(lambda x: -log_likelihood(x), bounds=(-2, 2), method="bounded", options={"xatol": 1e-9})
    assert found.optimum == pytest.approx(best.x, abs=0.01)
    np.testing.assert_allclose(found.drop, -best.fun - log_likelihood(found.points[:, 0]), atol=2e-3)
    ends = [
        brentq(lambda x: log_likelihood(x) + best.fun + DROP, best.x, best.x + reach, xtol=1e-9) for reach in (-2, 2)
    ]
    np.testing.assert_allclose([found.lower.at, found.upper.at], ends, atol=2e-3)
    assert best.x - ends[0] < ends[1] - best.x - 0.05
    np.testing.assert_allclose(found.points[:, 1], 0, atol=1e-6)


POOL = """\
[model]
title = "a pool that a drug empties; the drug leaves at twenty times the turnover of the pool"
time = "day"
[parameters]
N0 = { value = 1.0, unit = "1e9/L", source = "choice" }
d = { value = 0.05, unit = "1/day", source = "choice" }
k = { value = 5.0, unit = "1/mg/day", source = "choice" }
[doses.drug]
unit = "mg"
into = "D"
[states.D]
unit = "mg"
initial = "0"
rate = "-20*d*D"
[states.N]
unit = "1e9/L"
initial = "N0"
rate = "d*(N0 - N) - k*D*N"
[outputs.A_blood]
unit = "1e9/L"
value = "N"
[cohorts.plain]
"""
BOUNDS = {"d": (0.005, 1.0), "k": (0.05, 500.0), "N0": (0.1, 10.0)}
TIMES, PUBLISHED, ERROR = (10.0, 30.0), np.log([0.33, 0.7]), 0.1


def pool_cost(d, k):
    """Least of half the squared residuals over N0, by quadrature: N/N0 = int d exp(G(s) - G(t)) ds + exp(-G(t)).

    G(t) = d t + k/(20 d) (1 - exp(-20 d t)), of a dose of 1 mg; ln N is linear in ln N0.
    """
    nodes, weights = np.polynomial.legendre.leggauss(20)
    logs = []
    for t in TIMES:
        edges = np.concatenate([[0.0], t * np.logspace(-5, 0, 12)])
        s = (0.5 * np.diff(edges)[:, None] * nodes + 0.5 * (edges[:-1] + edges[1:])[:, None]).ravel()
        w = (0.5 * np.diff(edges)[:, None] * weights).ravel()
        integral = [d * at + k / (20 * d) * -np.expm1(-20 * d * at) for at in (s[:, None], t)]
        logs.append(np.log(w @ (d * np.exp(integral[0] - integral[1])) + np.exp(-integral[1])))
    residuals = PUBLISHED[:, None] - np.array(logs)
    n0 = np.clip(residuals.mean(axis=0), *np.log(BOUNDS["N0"]))
    return 0.5 * (((residuals - n0) / ERROR) ** 2).sum(axis=0)


def dense(low, high, number):
    return np.exp(np.linspace(np.log(low), np.log(high), number))


def grid_drop(name, at, number=801):
    """The profile of d or k at a value, the other on a dense grid."""
    other = dense(*BOUNDS["k" if name == "d" else "d"], number)
    held = np.full_like(other, at)
    return pool_cost(*((held, other) if name == "d" else (other, held))).min()


def grid_ends(name):
    """Where the profile of d or k passes the drop; none where it does not."""
    along = dense(*BOUNDS[name], 31)
    beyond = np.sign([grid_drop(name, at) - DROP for at in along])
    return [
        np.log(brentq(lambda at: grid_drop(name, at) - DROP, along[n], along[n + 1], rtol=1e-3))
        for n in np.flatnonzero(np.diff(beyond))
    ]


@pytest.fixture
def pool(project):
    project.model.write_text(POOL)
    rows = [
        {"time": f"{t:g} day", "value": float(np.exp(y)), "log_se": ERROR, "regimen": "../models/regimens/once.toml"}
        for t, y in zip(TIMES, PUBLISHED, strict=True)
    ]
    units = {"d": "1/day", "k": "1/mg/day", "N0": "1e9/L"}
    free = {n: f'lower = {lo}, upper = {hi}, unit = "{units[n]}", {FLAT}' for n, (lo, hi) in BOUNDS.items()}
    return project.fit(*rows, free=free, header="starts = 1")


def test_profiles_end_where_those_of_a_dense_grid_do(pool):
    """Two rows, three parameters: along d and k the others trade off over decades, up to their own bounds."""
    (upper,), (lower,) = grid_ends("d"), grid_ends("k")
    d, finished, objective = profiled(pool, "d")
    assert (d.lower.state, d.upper.state) == ("open", "closed")
    assert d.upper.at == pytest.approx(upper, abs=0.01)
    k = profile(objective, finished.best.end, 1, finished.uncertainty.covariance)
    assert (k.lower.state, k.upper.state) == ("closed", "open")
    assert k.lower.at == pytest.approx(lower, abs=0.01)
    for one in (d, k):  # no bracket of an end is coarse, and no point is worse than the grid's by a local search
        assert one.drop.max() < 100
        name = "d" if one is d else "k"
        for point, drop in zip(np.exp(one.points[:, one.index]), one.drop, strict=True):
            assert drop < grid_drop(name, point) + 0.01
    # at its lower bound d = 0.005 the pool cannot come back from 0.33 to 0.7 but with N0 at its bound of 10
    assert d.lower.held
    told = profile_warnings(list(BOUNDS), [d])
    assert any("profile of d ends below with" in line and "N0 at its upper bound" in line for line in told)


def test_an_end_between_points_too_far_apart_is_not_closed():
    from kinetics.estimate.uncertainty.stepping import Point, is_coarse, next_reach

    near, far = Point(np.zeros(1), 1.0, 0.5, True), Point(np.ones(1), 2.0, 50.0, True)
    assert is_coarse(near, far)
    assert 1.0 < next_reach([Point(np.zeros(1), 0.0, 0.0, True), near, far], 1.0, 10.0) < 2.0
    assert not is_coarse(near, dataclasses.replace(far, drop=1.5))
    assert not is_coarse(near, dataclasses.replace(far, reach=1.0005))
