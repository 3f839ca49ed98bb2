"""Likelihoods of published summaries against closed forms: moments, order statistics, binomials, chi-square."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import integrate, special, stats

from kinetics.observation.distribution import POWERS, Expected, share
from kinetics.observation.observed_counts import ObservedCounts
from kinetics.observation.observed_times import ObservedTimes
from kinetics.published.likelihoods import (
    Extremes,
    Mean,
    Median,
    Proportion,
    Quartiles,
    ReportedRange,
)
from kinetics.published.likelihoods.spread import log_spread


@dataclass(frozen=True)
class Uniform:
    """A population that is uniform from zero to one, where order statistics are beta distributed."""

    outcomes = None
    counted = 1.0
    jumps = np.array([0.0, 1.0])

    def below(self, level: float) -> Expected:
        at = min(max(level, 0.0), 1.0)
        return Expected(np.array([[at, 1 - at]]), None)

    def density(self, level: float) -> float:
        return float(0 < level < 1)

    def bracket(self) -> tuple[float, float]:
        return 0.0, 1.0

    def moments(self, *, log: bool) -> Expected:
        return Expected(1 / (1.0 + POWERS)[None, :], None)

    def nodes(self, *, log: bool):
        x, w = np.polynomial.legendre.leggauss(200)
        return 0.5 + x[None, :] / 2, w[None, :] / 2

    def averaged(self, function) -> Expected:
        return Expected((function @ self.nodes(log=False)[1].T), None)


def log_normal(cv: float, noise: float, limit: float = 0.0, patients: int = 1024) -> ObservedCounts:
    """A log-normal population of median 1 at evenly spaced quantiles."""
    z = special.ndtri((np.arange(patients) + 0.5) / patients)
    return ObservedCounts(math.sqrt(math.log1p(cv**2)) * z, noise, limit)


def moment(function, mean: float, noise: float, limit: float) -> float:
    """Expectation of a function of what is seen, by adaptive quadrature."""
    corner = (math.log(limit) - mean) / noise if limit > 0 else -12.0
    points = sorted(min(max(x, -12.0), 12.0) for x in (corner, 0.0, 4 * noise))

    def integrand(z):
        return function(max(limit, math.exp(mean + noise * z))) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    return integrate.quad(integrand, -12, 12, points=points, limit=400, epsabs=1e-13, epsrel=1e-12)[0]


@pytest.mark.parametrize("limit", [0.0, 0.05, 1.0, 3.0])
@pytest.mark.parametrize(("mean", "noise"), [(0.3, 0.1), (-2.0, 0.8), (0.0, 1.5)])
def test_moments_of_a_measurement_are_those_of_numerical_integration(mean, noise, limit):
    seen = ObservedCounts(np.array([mean]), noise, limit)
    for log, function in ((False, lambda y: y), (True, math.log)):
        found = seen.moments(log=log).of_patients[0]
        expected = [moment(lambda y, k=k, g=function: g(y) ** k, mean, noise, limit) for k in POWERS]
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("n", [1, 3, 5, 41, 376 + 1])
@pytest.mark.parametrize("at", [0.02, 0.4, 0.5, 0.93])
def test_the_median_of_an_odd_number_of_uniform_values_is_beta(n, at):
    expected = stats.beta.logpdf(at, (n + 1) / 2, (n + 1) / 2)
    assert Median(n, at).evaluate(Uniform()).log_likelihood == pytest.approx(expected, abs=1e-9)


def density_of_a_middle(n: int, m: float) -> float:
    """The density of the mean of the two middle ones of n uniform values, by adaptive quadrature."""
    j = n // 2
    front = special.gammaln(n + 1) - 2 * special.gammaln(j) + math.log(2)
    reach = min(m, 1 - m, 60 / n)
    inside, _ = integrate.quad(
        lambda u: math.exp(front + (j - 1) * (math.log(max(m - u, 1e-300)) + math.log(max(1 - m - u, 1e-300)))),
        0,
        reach,
    )
    return inside


@pytest.mark.parametrize("n", [4, 10, 60, 376])
@pytest.mark.parametrize("at", [0.3, 0.44, 0.5])
def test_the_median_of_an_even_number_of_uniform_values(n, at):
    found = Median(n, at).evaluate(Uniform()).log_likelihood
    assert found == pytest.approx(math.log(density_of_a_middle(n, at)), abs=2e-5)


def test_the_median_of_two_is_their_mean():
    # the mean of two uniform values has the triangular density
    for at in (0.1, 0.25, 0.5):
        assert Median(2, at).evaluate(Uniform()).log_likelihood == pytest.approx(math.log(4 * at), abs=2e-3)


@pytest.mark.parametrize("n", [3, 7, 12, 101])
def test_quartiles_and_extremes_of_uniform_values_are_dirichlet(n):
    levels = (0.2, 0.45, 0.8)
    spacings = np.diff([0, *levels, 1])
    quartiles, extremes = (kind(n, *levels).evaluate(Uniform()).log_likelihood for kind in (Quartiles, Extremes))
    ranks = np.full(4, (n + 1) / 4)
    assert quartiles == pytest.approx(stats.dirichlet.logpdf(spacings, ranks), abs=1e-9)
    middle = (n + 1) / 2 - 1
    assert extremes == pytest.approx(stats.dirichlet.logpdf(spacings, [1, middle, middle, 1]), abs=1e-9)


@pytest.mark.parametrize("cv", [0.5, 1.5])
@pytest.mark.parametrize("kind", [Quartiles, Extremes])
def test_a_density_of_order_statistics_is_that_of_shares_times_the_slopes(kind, cv):
    seen, levels = log_normal(cv, 0.2), (0.5, 1.1, 2.0)
    shares = [float(share(seen, level)) for level in levels]
    slopes = sum(math.log(seen.density(level)) for level in levels)
    alone = kind(21, *shares).evaluate(Uniform()).log_likelihood
    assert kind(21, *levels).evaluate(seen).log_likelihood == pytest.approx(alone + slopes, abs=1e-9)


@pytest.mark.parametrize("n", [2, 3, 8, 41, 100])
@pytest.mark.parametrize(
    ("cv", "noise", "limit"), [(0.3, 0.1, 0.0), (1.5, 0.3, 0.0), (1.5, 0.3, 0.6), (0.8, 0.2, 1.05)]
)
def test_the_density_of_a_median_integrates_to_one(n, cv, noise, limit):
    seen = log_normal(cv, noise, limit, patients=64)
    start, end = math.log(limit) if limit else -5.0, 5.0
    grid = start + 1e-9 + (end - start) * np.linspace(0, 1, 400) ** (2 if limit else 1)
    density = [math.exp(Median(n, math.exp(x)).evaluate(seen).log_likelihood + x) for x in grid]
    at_limit = share(seen, limit) if limit else 0.0
    # the median is the limit if its upper half is there too
    mass = stats.binom.sf(n // 2, n, at_limit)
    assert np.trapezoid(density, grid) + mass == pytest.approx(1.0, abs=4e-3)


def recovery(never: float = 0.1, unseen: float = 0.0) -> ObservedTimes:
    times = np.array([1.0, 2.0, 3.0, 6.0, 9.0, 12.0])
    back = np.array([0.0, 0.1, 0.2, 0.3, 0.25, 0.15])
    row = np.concatenate([back * (1 - never) * (1 - unseen), [never * (1 - unseen), unseen]])
    return ObservedTimes(times, np.tile(row, (8, 1)))


@pytest.mark.parametrize("n", [2, 7, 30, 41])
@pytest.mark.parametrize("never", [0.0, 0.2])
def test_the_density_of_a_survival_median_integrates_to_the_chance_that_it_is_reached(n, never):
    seen = recovery(never, 0.3)
    grid = np.linspace(1.0, 15.0, 141)[:-1] + 0.05
    density = [math.exp(Median(n, float(t)).evaluate(seen).log_likelihood) for t in grid]
    reached = stats.binom.sf(n // 2, n, 1 - never)
    assert np.sum(density) * 0.1 == pytest.approx(reached, abs=5e-3)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("window", [0.25, 2.0, math.inf])
def test_days_of_visits_have_the_moments_of_uniform_windows(log, window):
    seen = replace(recovery(), window=window)
    half_way = [0.5, 1.5, 2.5, 4.5, 7.5, 10.5, 13.5]
    expected = np.zeros(3)
    for a, b, at, p in zip(half_way[:-1], half_way[1:], seen.times, seen.probabilities[0, :-2], strict=True):
        start, end = max(a, at - window), min(b, at + window)
        law = stats.uniform(start, end - start)
        expected += p * np.array([law.expect(lambda t, k=k: (np.log(t) if log else t) ** k) for k in POWERS])
    np.testing.assert_allclose(seen.moments(log=log).of_patients.mean(axis=0), expected, rtol=1e-6)


def test_shares_of_times_are_areas_under_the_density():
    seen = recovery(0.1, 0.2)
    for level in (0.6, 1.7, 3.0, 8.2, 13.4):
        area = integrate.quad(seen.density, 0, level, points=[0.5, 1.5, 2.5, 4.5, 7.5, 10.5], limit=200)[0]
        assert share(seen, level) == pytest.approx(area, abs=1e-9)


@pytest.mark.parametrize("n", [1, 12, 376])
@pytest.mark.parametrize("above", [False, True])
def test_a_share_is_binomial(n, above):
    seen = log_normal(0.6, 0.2)
    p = float(share(seen, 0.8))
    for count in {0, 1, n // 3, n}:
        found = Proportion(n, count / n, 0.8, above).evaluate(seen).log_likelihood
        assert found == pytest.approx(stats.binom.logpmf(count, n, 1 - p if above else p), abs=1e-9)


def test_a_share_close_to_one_keeps_the_chance_of_the_others():
    # half of the chance that a normal deviate is above 12 is lost if it is taken from one
    seen = ObservedCounts(np.zeros(4), 0.1)
    found = Proportion(10, 0.9, math.exp(1.2)).evaluate(seen).log_likelihood
    assert found == pytest.approx(math.log(10) + special.log_ndtr(-12.0), rel=1e-9)


def test_a_step_of_a_kaplan_meier_curve_counts_those_seen_back_by_then():
    seen = recovery(0.1, 0.2)
    assert Proportion(30, 0.5).value(seen) == pytest.approx(0.9)
    # the visit at 3 itself counts, whatever conversion of units makes of it
    for until in (3.0, 3.0 * (1 - 1e-12), 5.9):
        assert Proportion(30, 0.5, until=until).value(seen) == pytest.approx(0.9 * (0.1 + 0.2))
    for between in (3.0, 4.0):
        both = Proportion(30, 0.5, until=between).value(seen) + Proportion(30, 0.5, since=between).value(seen)
        assert both == pytest.approx(0.9)
    sample = np.array([2.0, 3.0, 6.0, np.inf, np.nan])
    found = [Proportion(4, 0.5, **times).of(sample).share for times in ({"until": 3.0}, {"since": 3.0}, {})]
    assert found == [0.5, 0.25, 0.75]


@pytest.mark.parametrize("n", [5, 20, 100])
def test_the_standard_deviation_of_normal_values_has_the_law_of_chi_square(n):
    # logarithms of a log-normal population are normal
    seen = log_normal(0.7, 0.2)
    _, first, second = seen.moments(log=True).of_patients.mean(axis=0)
    found = log_spread(seen, first, second - first**2, n, log=True)
    half = (n - 1) / 2
    expected = 0.5 * (special.digamma(half) - math.log(half) + math.log(second - first**2))
    assert found.mean == pytest.approx(expected, abs=2e-3)
    assert found.variance == pytest.approx(0.25 * special.polygamma(1, half), rel=2e-2)
    assert found.with_mean == pytest.approx(0.0, abs=1e-9)


def test_the_standard_deviation_of_many_has_the_law_of_cramer():
    seen, n = log_normal(0.5, 0.1), 200_000
    values, weights = seen.nodes(log=False)
    mean = (values * weights).sum()
    second, third, fourth = (((values - mean) ** k * weights).sum() for k in (2, 3, 4))
    found = log_spread(seen, mean, second, n, log=False)
    assert n * found.variance == pytest.approx((fourth / second**2 - 1) / 4, rel=2e-3)
    assert n * found.with_mean == pytest.approx(third / second / 2, rel=2e-3)
    assert found.mean == pytest.approx(0.5 * math.log(second), abs=1e-4)


@pytest.mark.parametrize("log", [False, True])
def test_the_density_of_a_mean_is_normal_about_that_of_the_population(log):
    seen, n = log_normal(0.6, 0.15, limit=0.5), 50
    y = np.maximum(0.5, np.exp(seen.location[:, None] + 0.15 * special.ndtri((np.arange(2000) + 0.5) / 2000)))
    y = np.log(y) if log else y
    grid = np.linspace(y.mean() - 0.6, y.mean() + 0.6, 400)
    found = [Mean(n, float(at), log).evaluate(seen).log_likelihood for at in grid]
    np.testing.assert_allclose(found, stats.norm.logpdf(grid, y.mean(), y.std() / math.sqrt(n)), rtol=2e-3, atol=2e-3)
    assert np.trapezoid(np.exp(found), grid) == pytest.approx(1.0, abs=1e-6)


def test_rounding_adds_the_variance_of_a_uniform_step():
    seen = log_normal(0.6, 0.15)
    bare, rounded = (Mean(50, 1.2, sd=0.7, rounding=step).evaluate(seen).variance for step in (0.0, 0.1))
    np.testing.assert_allclose(rounded - bare, np.diag([0.01 / 12, 0.01 / 12 / 0.49]), atol=1e-15)


def test_an_interval_of_the_mean_gives_back_the_standard_error():
    reach = stats.t.ppf(0.975, 24) * 0.3
    assert Mean.with_interval(25, 2.0, 2 - reach, 2 + reach, log=False, rounding=0).standard_error == pytest.approx(0.3)
    ends = 2 * np.exp([-reach, reach])
    geometric = Mean.with_interval(25, 2.0, *ends, log=True, rounding=0)
    assert (geometric.mean, geometric.standard_error) == (pytest.approx(math.log(2)), pytest.approx(0.3))


def test_a_range_holds_the_median_without_error_and_counts_from_its_nearer_end():
    seen = ObservedCounts(np.array([math.log(2.0)]), 0.3)
    inside, outside = (ReportedRange(*ends, 0.2).evaluate(seen) for ends in ((1.5, 2.5), (3.0, 4.0)))
    assert inside.error == 0
    assert outside.error == pytest.approx(math.log(1.5))
    assert outside.log_likelihood == pytest.approx(stats.norm.logpdf(math.log(1.5), scale=0.2))


def test_where_few_have_a_median_a_stated_one_leads_back():
    # the last visit is by 13.5 at the latest, and 40 % are back by then: 13.5/0.8
    seen = recovery(never=0.6)
    assert ReportedRange(9.0, 9.0, 0.5).evaluate(seen).error[0] == pytest.approx(math.log(9 / 16.875))
    assert ReportedRange(9.0, 9.0, 0.5).value(seen) == math.inf
