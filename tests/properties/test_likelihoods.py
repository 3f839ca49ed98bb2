"""Likelihoods of published summaries: derivatives by a complex step, and no number of a population breaks them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics.observation.distribution import ObservedDistribution
from kinetics.observation.normal import STEP
from kinetics.observation.observed_counts import ObservedCounts
from kinetics.observation.observed_times import first_observed_return
from kinetics.published.likelihoods import (
    Extremes,
    Mean,
    Median,
    Proportion,
    Quartiles,
    ReportedRange,
    covariance,
    log_likelihood,
)

Z = np.linspace(-2.0, 2.0, 24)
VISITS = np.arange(1.0, 25.0, 1.5)


def counts(scale, spread, limit: float) -> ObservedCounts:
    return ObservedCounts(scale + spread * Z, 0.2, limit)


def times(scale, spread) -> ObservedDistribution:
    """Counts that fall and come back at a speed that differs."""
    slow = np.exp(1.8 + scale + 0.3 * spread * Z)[:, None]
    return first_observed_return(VISITS, np.log(1.02 - np.exp(-VISITS / slow)), math.log(0.6), 0.25)


ROWS = {
    "mean": Mean(40, 1.2),
    "mean and sd": Mean(40, 1.2, sd=0.8, rounding=0.01),
    "mean and interval": Mean(40, 1.2, standard_error=0.1),
    "geometric mean": Mean(40, 0.1, log=True, standard_error=0.08),
    "median, odd": Median(41, 1.1),
    "median, even": Median(40, 1.1),
    "median of four": Median(4, 1.1),
    "quartiles": Quartiles(30, 0.7, 1.0, 1.6),
    "extremes": Extremes(12, 0.55, 1.0, 3.0),
    "extremes of three": Extremes(3, 0.55, 1.0, 3.0),
    "share below": Proportion(30, 0.4, 0.9),
    "share above": Proportion(30, 0.4, 0.9, above=True),
    "all": Proportion(30, 1.0, 1.4),
    "none": Proportion(30, 0.0, 0.6),
    "a value": ReportedRange(1.2, 1.2, 0.2),
    "a range": ReportedRange(0.2, 0.4, 0.2),
}
OF_TIMES = {
    "mean": Mean(40, 9.0),
    "mean and sd": Mean(40, 9.0, sd=5.0),
    "geometric mean": Mean(40, 2.1, log=True, standard_error=0.1),
    "median, odd": Median(41, 8.1),
    "median, even": Median(40, 8.1),
    "quartiles": Quartiles(30, 5.0, 8.0, 14.0),
    "share by a time": Proportion(30, 0.4, until=8.0),
    "share since": Proportion(30, 0.4, since=8.0),
    "share ever": Proportion(30, 0.9),
    "a value": ReportedRange(9.0, 9.0, 0.2),
}
SPANS = {"scale": st.floats(-0.5, 0.5), "spread": st.floats(0.2, 1.2), "by_spread": st.booleans()}
H = 1e-5


def derivative(function, scale: float, spread: float, by_spread: bool) -> tuple[np.ndarray, np.ndarray]:
    """Of a function of scale and spread, by a complex step and by central differences."""
    step = (0.0, 1.0) if by_spread else (1.0, 0.0)
    ahead, behind = (np.asarray(function(scale + h * step[0], spread + h * step[1])) for h in (H, -H))
    along = np.asarray(function(scale + 1j * STEP * step[0], spread + 1j * STEP * step[1]))
    return np.imag(along) / STEP, (ahead - behind) / (2 * H)


def assert_derivatives(row, make, scale: float, spread: float, by_spread: bool) -> None:
    def numbers(*parameters):
        found = row.evaluate(make(*parameters))
        return np.concatenate([[found.log_likelihood], found.error, found.variance.ravel()])

    by_step, by_difference = derivative(numbers, scale, spread, by_spread)
    np.testing.assert_allclose(by_step, by_difference, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@settings(max_examples=12, deadline=None)
@given(**SPANS, limit=st.sampled_from([0.0, 0.3]))
def test_derivatives_by_a_complex_step_are_those_of_differences(row, scale, spread, by_spread, limit):
    assert_derivatives(row, lambda a, b: counts(a, b, limit), scale, spread, by_spread)


@pytest.mark.parametrize("row", OF_TIMES.values(), ids=OF_TIMES)
@settings(max_examples=8, deadline=None)
@given(**SPANS)
def test_derivatives_of_times_are_those_of_differences(row, scale, spread, by_spread):
    assert_derivatives(row, times, scale, spread, by_spread)


@settings(max_examples=10, deadline=None)
@given(**SPANS)
def test_derivatives_of_a_study_are_those_of_differences(scale, spread, by_spread):
    def likelihood(a, b):
        seen, recovery = counts(a, b, 0.0), times(a, b)
        rows = [(ROWS["mean and sd"], seen), (ROWS["quartiles"], counts(a, 0.5 * b, 0.0)), (ROWS["a value"], seen)]
        rows += [(OF_TIMES[name], recovery) for name in ("median, odd", "share by a time")]
        evaluations = [row.evaluate(one) for row, one in rows]
        return log_likelihood(evaluations, covariance(rows, evaluations))

    by_step, by_difference = derivative(likelihood, scale, spread, by_spread)
    np.testing.assert_allclose(by_step, by_difference, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("step", [0.0, 1j * STEP])
@pytest.mark.parametrize("limit", [0.0, 0.3])
@settings(max_examples=12, deadline=None)
@given(scale=st.floats(-27.0, 20.0), spread=st.sampled_from([0.0, 0.3, 3.0]), noise=st.floats(0.02, 2.0))
def test_no_count_breaks_a_likelihood(scale, spread, noise, limit, step):
    # warnings are errors: no logarithm of zero, and nothing is divided by it
    seen = ObservedCounts(scale + step + spread * Z, noise, limit)
    assert_sound(ROWS.values(), seen)


@pytest.mark.parametrize("step", [0.0, 1j * STEP])
@settings(max_examples=12, deadline=None)
@given(location=st.lists(st.floats(-27.0, 20.0), min_size=16, max_size=16), noise=st.floats(0.02, 2.0))
def test_no_recovery_breaks_a_likelihood(location, noise, step):
    seen = first_observed_return(VISITS, np.array([location]) + step, 0.0, noise)
    assert_sound(OF_TIMES.values(), seen)


@pytest.mark.parametrize("step", [0.0, 1j * STEP])
@pytest.mark.parametrize(
    "course", [[9.0] * 16, [-9.0] * 16, [-9.0] * 8 + [9.0] * 8], ids=["never below", "never back", "at once"]
)
def test_one_outcome_alone_breaks_no_likelihood(course, step):
    assert_sound(OF_TIMES.values(), first_observed_return(VISITS, np.tile(course, (3, 1)) + step, 0.0, 0.1))


def assert_sound(rows, seen: ObservedDistribution) -> None:
    found = [row.evaluate(seen) for row in rows]
    for row, one in zip(rows, found, strict=True):
        assert np.real(one.log_likelihood) == -math.inf or np.isfinite(one.log_likelihood)
        assert np.isfinite(one.error).all()
        np.linalg.cholesky(np.real(one.variance))
        row.value(seen)
        row.interval(seen)
    pairs = [(row, seen) for row in rows]
    joint = log_likelihood(found, covariance(pairs, found))
    assert not np.isnan(np.real(joint))
