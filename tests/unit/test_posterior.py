"""Draws from the posterior against normal theory: the toy model is A(t) = A0 exp(-k j t), Q = A c^2, U = A u."""

import gc
import weakref

import numpy as np
import pytest

from kinetics.engines.trajectory import Trajectory
from kinetics.errors import InputError, IntegrationError
from kinetics.estimate import FitProblem, fit
from kinetics.estimate.search import objective_of
from kinetics.estimate.uncertainty.posterior import Chain, sample, walkers

FLAT = 'prior = "flat"'
A0 = 'lower = 0.01, upper = 100, unit = "1e9/L"'
C = 'lower = 0.01, upper = 100, unit = "1"'


class Normal:
    """A posterior that is normal, for speed: what `sample` asks of an objective."""

    def __init__(self, mean, covariance, lower=-10.0, upper=10.0):
        self.mean, self.precision = np.asarray(mean), np.linalg.inv(covariance)
        self.lower, self.upper = np.full(len(mean), lower), np.full(len(mean), upper)
        self.calls = 0
        self.stop_at = np.inf

    def log_posterior(self, x):
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        return -0.5 * float((x - self.mean) @ self.precision @ (x - self.mean))


MEAN, COVARIANCE = np.array([0.3, -1.0, 2.0]), np.array([[1.0, 0.8, 0.0], [0.8, 1.0, -0.2], [0.0, -0.2, 0.3]])


def normal(**bounds):
    return Normal(MEAN, COVARIANCE, **bounds)


def within_monte_carlo_error(found, mean, covariance):
    """Mean and covariance of the draws, within four standard errors of so many independent ones."""
    draws, size = found.logs.reshape(-1, len(mean)), found.effective_sample_size.min()
    sd = np.sqrt(np.diag(covariance))
    assert size > 500
    assert (np.abs(draws.mean(axis=0) - mean) < 4 * sd / np.sqrt(size)).all()
    assert (np.abs(np.cov(draws.T) - covariance) < 4 * np.outer(sd, sd) * np.sqrt(2 / size)).all()


def test_a_normal_posterior_has_its_mean_and_covariance():
    found = sample(normal(), MEAN, COVARIANCE, 20_000, seed=1)
    within_monte_carlo_error(found, MEAN, COVARIANCE)
    assert found.logs.shape[0] == walkers(3) == 8
    assert found.log_density.size >= 20_000
    assert not found.warnings("abc")
    # the log density of a normal is half a chi-square below its top
    assert -2 * found.log_density.mean() == pytest.approx(3, abs=0.3)


def test_a_wrong_start_is_forgotten():
    found = sample(normal(), MEAN + 0.5, 0.01 * COVARIANCE, 20_000, seed=1)
    within_monte_carlo_error(found, MEAN, COVARIANCE)


def test_a_linear_fit_has_the_posterior_of_normal_theory(project):
    # ln A(5) = ln A0 - 0.5 and ln Q(2) = ln A0 + 2 ln c - 0.2 are linear in (ln A0, ln c)
    path = project.fit(
        {"time": "5 day", "value": 1.0, "log_se": 0.1},
        {"output": "Q", "time": "2 day", "value": 1500, "unit": "cells/uL", "log_se": 0.2},
        free={"A0": A0, "c": C},
    )
    design = np.array([[1.0, 0.0], [1.0, 2.0]]) / np.array([[0.1], [0.2]])
    data = np.array([0.0 + 0.5, np.log(1.5) + 0.2]) / np.array([0.1, 0.2])
    precision = np.diag([1 / 0.5**2, 1 / 0.3**2])
    covariance = np.linalg.inv(design.T @ design + precision)
    mean = covariance @ (design.T @ data + precision @ np.log([2.0, 1.0]))
    problem = FitProblem.load(path)
    finished = fit(problem)
    found = sample(objective_of(problem), finished.best.end, finished.uncertainty.covariance, 6000, problem.seed)
    within_monte_carlo_error(found, mean, covariance)
    ends = mean + np.array([[-1], [1]]) * 1.96 * np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(found.quantiles([0.025, 0.975]), ends, atol=0.3 * np.sqrt(np.diag(covariance)).max())


def test_a_parameter_that_no_row_sees_is_uniform_between_its_bounds(project):
    path = project.fit(
        {"time": "0 day", "value": 3.0, "log_se": 0.1}, free={"A0": f"{A0}, {FLAT}", "u": f"{C}, {FLAT}"}
    )
    problem = FitProblem.load(path)
    finished, objective = fit(problem), objective_of(problem)
    found = sample(objective, finished.best.end, finished.uncertainty.covariance, 6000, 0)
    u = (found.logs[:, :, 1] - objective.lower[1]) / (objective.upper[1] - objective.lower[1])
    assert (u.min() >= 0) & (u.max() <= 1)
    error = 4 / np.sqrt(found.effective_sample_size[1])
    np.testing.assert_allclose(np.quantile(u, [0.1, 0.25, 0.5, 0.75, 0.9]), [0.1, 0.25, 0.5, 0.75, 0.9], atol=error / 2)


def test_the_density_is_that_of_the_search(project):
    rows = [{"time": f"{day} day", "value": 1.2, "log_se": 0.3} for day in (0, 7)]
    objective = objective_of(FitProblem.load(project.fit(*rows, free={"A0": A0, "c": C})))
    for point in (objective.start, objective.start + 0.3):
        residual = objective.residuals(point)[0]
        assert objective.log_posterior(point) == pytest.approx(-0.5 * residual @ residual, rel=1e-12)


def test_the_same_seed_gives_the_same_numbers_whatever_numpy_drew_before():
    first = sample(normal(), MEAN, COVARIANCE, 400, seed=7)
    np.random.random(5)  # noqa: NPY002
    again = sample(normal(), MEAN, COVARIANCE, 400, seed=7)
    other = sample(normal(), MEAN, COVARIANCE, 400, seed=8)
    np.testing.assert_array_equal(first.chain.positions, again.chain.positions)
    np.testing.assert_array_equal(first.log_density, again.log_density)
    assert not np.array_equal(first.logs, other.logs)


@pytest.mark.parametrize("stop_at", [9, 12, 13, 100, 333])
def test_an_interrupted_run_goes_on_to_the_same_bits(stop_at):
    whole = sample(normal(), MEAN, COVARIANCE, 400, seed=3)
    objective, kept = normal(), []
    objective.stop_at = stop_at
    with pytest.raises(KeyboardInterrupt):
        sample(objective, MEAN, COVARIANCE, 400, seed=3, keep=kept.append)
    part = kept[-1]
    assert part.steps == len(kept) - 1 == max(stop_at - 9, 0) // 8  # the start takes eight evaluations, as each step
    np.testing.assert_array_equal(part.positions, whole.chain.positions[: part.steps + 1])
    rest = sample(normal(), MEAN, COVARIANCE, 400, seed=3, done=part)
    np.testing.assert_array_equal(rest.chain.positions, whole.chain.positions)
    np.testing.assert_array_equal(rest.chain.log_density, whole.chain.log_density)
    np.testing.assert_array_equal(rest.chain.random[0], whole.chain.random[0])


def test_no_draw_is_outside_the_bounds_or_where_nothing_can_be_simulated():
    class Half(Normal):
        def log_posterior(self, x):
            if x[0] > 0.5:
                raise IntegrationError("not there")
            return super().log_posterior(x)

    found = sample(Half(MEAN, COVARIANCE, -1.5, 3.0), MEAN, COVARIANCE, 4000, seed=2)
    assert found.logs[:, :, 0].max() <= 0.5
    assert found.logs.min() >= -1.5
    assert found.logs.max() <= 3.0
    assert np.isfinite(found.log_density).all()


def test_an_optimum_at_a_bound_is_left_inwards():
    objective = Normal([0.0], [[1.0]], lower=0.0, upper=5.0)
    found = sample(objective, np.array([0.0]), np.zeros((1, 1)), 20_000, seed=2)
    # half a normal: its mean is sqrt(2/pi)
    error = 4 * np.sqrt((1 - 2 / np.pi) / found.effective_sample_size[0])
    assert found.logs.mean() == pytest.approx(np.sqrt(2 / np.pi), abs=error)


def test_a_place_that_cannot_be_simulated_is_an_error():
    class Nowhere(Normal):
        def log_posterior(self, x):
            raise IntegrationError("nowhere")

    with pytest.raises(InputError, match="none that can be simulated"):
        sample(Nowhere(MEAN, COVARIANCE), MEAN, COVARIANCE, 10, seed=0)


def test_effective_size_is_that_of_independent_draws_and_few_draws_are_told():
    generator = np.random.default_rng(0)
    found = sample(normal(), MEAN, COVARIANCE, 400, seed=1)
    (warning,) = found.warnings(("first", "second", "third"))
    assert "is rough: give at least" in warning
    independent = Chain(generator.standard_normal((3001, 8, 3)), np.zeros((3001, 8)), found.chain.random)
    np.testing.assert_allclose(type(found)(independent).effective_sample_size, 2000 * 8 * np.ones(3), rtol=0.1)
    assert type(found)(independent).accepted.mean() == 1


def test_an_evaluation_keeps_no_trajectory_in_memory(project):
    # thousands of evaluations follow one another, and the command hardly ever collects garbage
    recovery = {
        "kind": "time_to_threshold",
        "statistic": "median",
        "output": "N_blood",
        "regimen": "../models/regimens/once.toml",
        "level": "0.5 1e9/L",
        "unit": "day",
        "time": "",
        "value": 14,
        "log_se": 0.4,
    }
    path = project.fit(recovery, free={"g": f'lower = 0.0001, upper = 0.9, unit = "1/day", {FLAT}'})
    objective = objective_of(FitProblem.load(path))
    objective.log_posterior(objective.start)
    dead = weakref.proxy(type("Gone", (), {})())  # another test may have left one; none must stop the count
    gc.collect()
    gc.disable()
    try:
        before = trajectories_in_memory()
        objective.log_posterior(objective.start + 0.1)
        assert trajectories_in_memory() == before
    finally:
        gc.enable()
        del dead


def trajectories_in_memory() -> int:
    # by type: isinstance asks an object for its class, and what a dead proxy stands for is gone
    return sum(type(one) is Trajectory for one in gc.get_objects())


def test_the_posterior_of_a_population_is_that_of_its_closed_form(project):
    # patients vary in nothing that A sees: the mean of n counts is normal about m = A exp(noise^2/2), of variance
    # m^2 (exp(noise^2) - 1)/n
    noise, n, published = 0.5, 9, 1.0
    project.model.write_text(project.model.read_text().replace('value = "A" }', f'value = "A", noise = {noise} }}'))
    row = {"time": "5 day", "value": published, "n": n}
    path = project.fit(row, free={"A0": f"{A0}, {FLAT}"}, header="starts = 1")
    path.write_text(path.read_text() + "[population]\npatients = 64\n")
    problem = FitProblem.load(path)
    finished = fit(problem)
    found = sample(objective_of(problem), finished.best.end, finished.uncertainty.covariance, 3000, 0)
    grid = np.linspace(-1.5, 3, 20_001)
    mean = np.exp(grid - 0.5 + noise**2 / 2)
    sd = mean * np.sqrt(np.expm1(noise**2) / n)
    density = np.exp(-0.5 * ((published - mean) / sd) ** 2) / sd
    shares = np.cumsum(density) / density.sum()
    drawn = np.interp(found.logs.ravel(), grid, shares)  # uniform if the draws are of this density
    error = 4 / np.sqrt(found.effective_sample_size[0])
    np.testing.assert_allclose(np.quantile(drawn, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=error / 2)
