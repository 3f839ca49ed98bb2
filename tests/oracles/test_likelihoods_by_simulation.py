"""Likelihoods of published summaries against simulated studies: patients are drawn, measured, and summed up."""

import math
from functools import cache

import numpy as np
import pytest
from scipy import optimize, special, stats

from kinetics.observation.distribution import share
from kinetics.observation.normal import STEP, log_density_of_normals
from kinetics.observation.observed_counts import ObservedCounts
from kinetics.observation.observed_times import first_observed_return
from kinetics.observation.population_values import PopulationValues, RecoveryProbe
from kinetics.published.likelihoods import (
    Mean,
    Median,
    Proportion,
    Quartiles,
    covariance,
)

STUDIES = 4000
PATIENTS = 1024
Z = special.ndtri((np.arange(PATIENTS) + 0.5) / PATIENTS)
CASES = {"usual": (0.5, 0.15, 0.0), "wide": (1.5, 0.3, 0.0), "limited": (0.8, 0.2, 0.45)}
"""Coefficient of variation between patients, noise, and limit of quantification of a median of 1."""


def population(case: str) -> ObservedCounts:
    cv, noise, limit = CASES[case]
    return ObservedCounts(math.sqrt(math.log1p(cv**2)) * Z, noise, limit)


def measured(seen: ObservedCounts, patients: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = seen.noise * rng.standard_normal(patients.shape)
    return np.maximum(seen.limit, np.exp(seen.location[patients] + noise))


@cache
def studies(case: str, n: int) -> np.ndarray:
    """Values of n patients of many studies, (study, patient)."""
    rng = np.random.default_rng(20)
    return measured(population(case), rng.integers(PATIENTS, size=(STUDIES, n)), rng)


def assert_covers(found: np.ndarray, least: float = 0.94, most: float = 0.96) -> None:
    """Coverage within a range and three binomial standard errors."""
    margin = 3 * math.sqrt(0.05 * 0.95 / found.size)
    assert least - margin < found.mean() < most + margin


def inside(numbers: np.ndarray, ends: tuple[float, ...]) -> np.ndarray:
    return (ends[-2] <= numbers) & (numbers <= ends[-1])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n", [40, 101, 376])
def test_intervals_hold_the_numbers_of_studies(case, n):
    seen, y = population(case), studies(case, n)
    assert_covers(inside(y.mean(axis=1), Mean(n, 1.0).interval(seen)))
    assert_covers(inside(y.std(axis=1, ddof=1), Mean(n, 1.0, sd=1.0).sd_interval(seen)), 0.93)
    assert_covers(inside(np.exp(np.log(y).mean(axis=1)), Mean(n, 0.0, log=True).interval(seen)))
    # the mean of two in the middle scatters a little less than the beta distribution of one
    assert_covers(inside(np.median(y, axis=1), Median(n, 1.0).interval(seen)), 0.94, 0.97)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n", [40, 376])
def test_intervals_of_a_share_leave_out_at_most_a_fortieth_at_either_end(case, n):
    seen, level = population(case), 0.8
    shares = (studies(case, n) < level).mean(axis=1)
    row = Proportion(n, 0.5, level)
    lower, upper = row.interval(seen)
    margin = 3 * math.sqrt(0.025 / STUDIES)
    assert (shares < lower).mean() < 0.025 + margin
    assert (shares > upper).mean() < 0.025 + margin
    p = row.value(seen)
    assert inside(shares, (lower, upper)).mean() == pytest.approx(
        stats.binom.cdf(round(upper * n), n, p) - stats.binom.cdf(round(lower * n) - 1, n, p), abs=2 * margin
    )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n", [30, 101, 376])
def test_mean_and_spread_err_as_they_say(case, n):
    seen, y = population(case), studies(case, n)
    row = Mean(n, 0.0, sd=1.0).evaluate(seen)
    numbers = np.stack([y.mean(axis=1), np.log(y.std(axis=1, ddof=1))])
    sd = np.sqrt(np.diag(row.variance))
    # its expectation: published minus error, where 0 was published
    assert np.all(abs(numbers.mean(axis=1) + row.error) < 0.1 * sd * (30 / n) + 4 * sd / math.sqrt(STUDIES))
    found = np.cov(numbers)
    np.testing.assert_allclose(np.sqrt(np.diag(found)), sd, rtol=0.04 + 2 / n)
    assert np.corrcoef(numbers)[0, 1] == pytest.approx(row.variance[0, 1] / sd[0] / sd[1], abs=0.05)


def visits(n: int, rng: np.random.Generator) -> tuple[list[ObservedCounts], np.ndarray]:
    """Five visits of the same patients, and studies of n of them, (visit, study, patient)."""
    second = rng.standard_normal(PATIENTS)
    seen = [
        ObservedCounts(0.9 * (math.cos(turn) * Z + math.sin(turn) * second), 0.2) for turn in (0, 0.3, 0.6, 0.9, 2.5)
    ]
    chosen = rng.integers(PATIENTS, size=(STUDIES, n))
    return seen, np.stack([measured(one, chosen, rng) for one in seen])


def test_rows_of_the_same_patients_are_correlated_as_they_say():
    n, fewer = 80, 50
    seen, y = visits(n, np.random.default_rng(4))
    rows = [
        Mean(n, 1.5, sd=1.0),
        Median(n, 1.0),
        Proportion(fewer, 0.5, 0.8),
        Mean(n, 0.0, log=True),
        Quartiles(n, 0.6, 1.0, 1.6),
    ]
    pairs = list(zip(rows, seen, strict=True))
    joint = covariance(pairs, [row.evaluate(one) for row, one in pairs])
    cut = np.quantile(y[4], [0.25, 0.5, 0.75], axis=1, method="weibull")
    errors = np.stack(
        [
            y[0].mean(axis=1),
            np.log(y[0].std(axis=1, ddof=1)),
            [share(seen[1], m) for m in np.median(y[1], axis=1)],
            2 * np.arcsin(np.sqrt((y[2, :, :fewer] < 0.8).mean(axis=1))),
            np.log(y[3]).mean(axis=1),
            *([share(seen[4], q) for q in levels] for levels in cut),
        ]
    )
    found = np.cov(errors)
    sd, expected = np.sqrt(np.diag(found)), np.sqrt(np.diag(joint))
    np.testing.assert_allclose(sd, expected, rtol=0.06)
    np.testing.assert_allclose(found / np.outer(sd, sd), joint / np.outer(expected, expected), atol=0.06)
    assert np.linalg.eigvalsh(joint).min() > 0


LEVEL = 0.4
VISITS = np.arange(3.0, 49.0, 3.0)


def recovering(rng: np.random.Generator, patients: int = PATIENTS) -> np.ndarray:
    """Logarithms of counts that fall at a dose and come back, some not far enough, (patient, visit and rest)."""
    rest, slow, depth = np.exp(
        [[0.0], [2.7], [-2.0]] + np.array([[0.4], [0.5], [0.3]]) * rng.standard_normal((3, patients))
    )
    times = np.append(VISITS, np.inf)
    return np.log(rest[:, None] * (1 - (1 - np.minimum(depth, 0.9)[:, None]) * np.exp(-times / slow[:, None])))


def followed(
    location: np.ndarray, log_level: np.ndarray, noise: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """When each patient is seen back: the scheduled visit and its day; infinite for never, NaN for one never below.

    Days are anywhere nearer to their visit than to another.
    """
    shape = location.shape[:-1]
    state, scheduled, days = np.zeros(shape, int), np.full(shape, np.nan), np.full(shape, np.nan)
    for visit in range(VISITS.size):
        value = location[..., visit] + noise * rng.standard_normal(shape)
        back = (state == 1) & (value >= log_level)
        scheduled[back] = VISITS[visit]
        days[back] = (VISITS[visit] + rng.uniform(-1.5, 1.5, shape))[back]
        state[back] = 2
        state[(state == 0) & (value < log_level)] = 1
    scheduled[state == 1] = days[state == 1] = np.inf
    return scheduled, days


@cache
def recoveries(n: int):
    """A population, and studies of n patients that are seen below, (study, patient)."""
    location = recovering(np.random.default_rng(5))
    seen = first_observed_return(VISITS, location[:, :-1], math.log(LEVEL), 0.2)
    rng = np.random.default_rng(6)
    chosen = rng.integers(PATIENTS, size=(2000, 2 * n))
    scheduled, days = followed(location[chosen], np.array(math.log(LEVEL)), 0.2, rng)
    # the first n that are seen below
    order = np.argsort(np.isnan(days), axis=1, kind="stable")[:, :n]
    scheduled, days = (np.take_along_axis(times, order, axis=1) for times in (scheduled, days))
    assert not np.isnan(days).any()
    return seen, scheduled, days


def test_patients_are_seen_back_when_they_say():
    location = recovering(np.random.default_rng(5))
    seen = first_observed_return(VISITS, location[:, :-1], math.log(LEVEL), 0.2)
    scheduled, when = followed(np.tile(location, (200, 1)), np.array(math.log(LEVEL)), 0.2, np.random.default_rng(1))
    assert np.isnan(when).mean() == pytest.approx(seen.outcomes[-1], abs=0.004)
    assert np.isinf(when).mean() == pytest.approx(seen.outcomes[-2], abs=0.004)
    counted = when[~np.isnan(when)]
    for level in (4.0, 9.0, 10.5, 20.0, 47.0):
        assert (counted < level).mean() == pytest.approx(share(seen, level), abs=0.005)
    counted = scheduled[~np.isnan(scheduled)]
    for until in (6.0, 9.0, 10.5, 48.0):
        found = Proportion(100, 0.5, until=until).value(seen)
        assert found == pytest.approx((counted <= until).mean(), abs=0.005)


@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_a_level_of_baseline_is_of_the_baseline_as_it_was_measured(noise):
    location = recovering(np.random.default_rng(7), 256)
    probe = RecoveryProbe("N", tuple(VISITS), 0.0, 0.6, True, 1.0, noise)
    times = np.append(0.0, VISITS)
    seen = probe.observed(
        PopulationValues(times, ["N"], np.exp(np.concatenate([location[:, -1:], location[:, :-1]], axis=1))[..., None])
    )
    rng, many = np.random.default_rng(8), np.tile(location, (800, 1))
    level = math.log(0.6) + many[:, -1] + noise * rng.standard_normal(len(many))
    _, when = followed(many, level, noise, rng)
    counted = when[~np.isnan(when)]
    assert np.isnan(when).mean() == pytest.approx(seen.outcomes[-1], abs=0.004)
    for level in (6.0, 12.0, 20.0, 40.0, 52.0):
        assert (counted < level).mean() == pytest.approx(share(seen, level), abs=0.005)


@pytest.mark.parametrize("n", [36, 101])
def test_intervals_hold_the_times_of_studies(n):
    seen, scheduled, when = recoveries(n)
    back = np.where(np.isfinite(when), when, np.nan)
    assert_covers(inside(np.nanmean(back, axis=1), Mean(n, 9.0).interval(seen)))
    assert_covers(inside(np.exp(np.nanmean(np.log(back), axis=1)), Mean(n, 0.0, log=True).interval(seen)))
    assert_covers(inside(np.median(when, axis=1), Median(n, 9.0).interval(seen)), 0.94, 0.97)
    early = (scheduled <= 12.0).mean(axis=1)
    assert inside(early, Proportion(n, 0.5, until=12.0).interval(seen)).mean() > 0.94


def test_rows_of_one_recovery_are_correlated_as_they_say():
    n = 90
    seen, scheduled, when = recoveries(n)
    back = np.where(np.isfinite(when), when, np.nan)
    middle = Median(n, 9.0).value(seen)
    rows = [Median(n, middle), Proportion(n, 0.3, until=6.0), Proportion(n, 0.6, until=13.0), Mean(n, 12.0, sd=8.0)]
    joint = covariance([(row, seen) for row in rows], [row.evaluate(seen) for row in rows])
    errors = np.stack(
        [
            [share(seen, m) if np.isfinite(m) else share(seen, 60.0) for m in np.median(when, axis=1)],
            *(2 * np.arcsin(np.sqrt((scheduled <= until).mean(axis=1))) for until in (6.0, 13.0)),
            np.nanmean(back, axis=1),
            np.log(np.nanstd(back, axis=1, ddof=1)),
        ]
    )
    found = np.cov(errors)
    sd, expected = np.sqrt(np.diag(found)), np.sqrt(np.diag(joint))
    np.testing.assert_allclose(sd, expected, rtol=0.08)
    np.testing.assert_allclose(found / np.outer(sd, sd), joint / np.outer(expected, expected), atol=0.1)


def moved(case: str, scale: float = 0.0, spread: float = 0.0) -> ObservedCounts:
    """The population with its median, and the spread between patients, changed by a factor exp(...)."""
    seen = population(case)
    return ObservedCounts(seen.location * np.exp(spread) + scale, seen.noise, seen.limit)


DIRECTIONS = ({"scale": 1j * STEP}, {"spread": 1j * STEP})


@pytest.mark.parametrize("case", CASES)
def test_the_score_of_mean_and_spread_is_zero_on_average(case):
    n = 101
    y = studies(case, n)
    numbers = np.stack([y.mean(axis=1), np.log(y.std(axis=1, ddof=1))], axis=1)
    for direction in DIRECTIONS:
        row = Mean(n, 0.0, sd=1.0).evaluate(moved(case, **direction))
        scores = np.array([log_density_of_normals(pair + row.error, row.variance).imag / STEP for pair in numbers])
        assert abs(scores.mean()) < (0.2 + 4 / math.sqrt(STUDIES)) * scores.std()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n", [40, 101])
def test_the_score_of_order_statistics_and_shares_is_zero_on_average(case, n):
    y = studies(case, n)[: 300 if n % 2 else 60]
    quartiles = np.quantile(y, [0.25, 0.5, 0.75], axis=1, method="weibull").T
    rows = [
        [Median(n, float(m)) for m in np.median(y, axis=1)],
        [Proportion(n, float(s), 0.8) for s in (y < 0.8).mean(axis=1)],
        [Quartiles(n, *map(float, q)) for q in quartiles if q[0] > CASES[case][2]],
    ]
    for direction in DIRECTIONS:
        seen = moved(case, **direction)
        for several in rows:
            scores = np.array([np.imag(row.evaluate(seen).log_likelihood) / STEP for row in several])
            assert abs(scores.mean()) < 0.1 * scores.std() + 4 * scores.std() / math.sqrt(len(several))


@pytest.mark.parametrize("case", CASES)
def test_the_likelihood_of_many_studies_is_largest_at_the_truth(case):
    n, of = 101, 200
    y = studies(case, n)[:of]
    numbers = np.stack([y.mean(axis=1), np.log(y.std(axis=1, ddof=1))], axis=1)

    def minus(x: np.ndarray) -> float:
        row = Mean(n, 0.0, sd=1.0).evaluate(moved(case, *x))
        return -sum(log_density_of_normals(pair + row.error, row.variance) for pair in numbers)

    found = optimize.minimize(minus, [0.2, -0.2], method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-2})
    # of the mean and of the spread between patients, each within a twentieth
    np.testing.assert_allclose(found.x, 0.0, atol=0.05)


@pytest.mark.parametrize("n", [40, 101])
def test_medians_of_many_studies_give_back_the_median(n):
    medians = np.median(studies("wide", n)[:60], axis=1)

    def minus(scale: float) -> float:
        seen = moved("wide", scale)
        return -sum(Median(n, float(m)).evaluate(seen).log_likelihood for m in medians)

    found = optimize.minimize_scalar(minus, bounds=(-0.5, 0.5), method="bounded", options={"xatol": 1e-3})
    # the standard error of the logarithm of a median is 1.25 spreads over the root of all patients
    assert found.x == pytest.approx(0.0, abs=3 * 1.25 * 1.13 / math.sqrt(60 * n))
