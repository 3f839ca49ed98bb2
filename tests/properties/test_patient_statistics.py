"""What holds for statistics of censored times, by their definitions."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kinetics.measures.patient_statistics import (
    at_risk,
    censored_median,
    censored_quantiles,
    share_at_risk,
    share_never,
    share_recovered,
    statistic_of,
)

SHARES = (0.125, 0.25, 0.5, 0.75, 0.875, 1.0)  # exact in binary, so that a share of patients meets them exactly
LATE = 10_000.0

finite = st.integers(0, 1000).map(float)
times_at_risk = st.lists(finite | st.just(math.inf), min_size=1, max_size=30).map(np.array)
fates = finite | st.sampled_from([math.inf, math.nan])
all_times = st.lists(fates, max_size=30).map(lambda drawn: np.array(drawn, float))


def with_never_as_late(times):
    return np.where(np.isinf(times), LATE, times)


@given(times_at_risk)
def test_a_quantile_is_the_earliest_time_by_which_its_share_has_recovered(times):
    for share, quantile in zip(SHARES, censored_quantiles(times, SHARES), strict=True):
        assert quantile in times
        assert (times <= quantile).mean() >= share
        assert (times < quantile).mean() < share


@given(times_at_risk, st.sampled_from(SHARES))
def test_a_quantile_is_infinite_where_fewer_recover_than_its_share(times, share):
    assert np.isinf(censored_quantiles(times, [share])[0]) == (share_recovered(times) < share)


@given(times_at_risk)
def test_never_is_later_than_any_time(times):
    late = censored_quantiles(with_never_as_late(times), SHARES)
    assert censored_quantiles(times, SHARES).tolist() == np.where(late == LATE, np.inf, late).tolist()


@given(times_at_risk)
def test_the_median_is_that_of_late_times_and_the_choice_matters_where_just_half_recover(times):
    infinite, last = censored_median(times), censored_median(times, if_half_recover="last")
    recovered = np.isfinite(times)
    if recovered.mean() > 0.5:
        assert infinite == last == np.median(with_never_as_late(times))
    elif recovered.mean() == 0.5:
        assert (infinite, last) == (np.inf, times[recovered].max())
    else:
        assert infinite == last == np.inf


@given(times_at_risk)
def test_the_median_and_the_quantile_agree_where_one_patient_is_in_the_middle(times):
    if times.size % 2:
        assert censored_median(times) == censored_quantiles(times, [0.5])[0]
    elif share_recovered(times) == 0.5:
        assert censored_median(times, if_half_recover="last") == censored_quantiles(times, [0.5])[0]


@given(all_times)
def test_who_is_not_at_risk_counts_in_no_statistic_of_recovery(times):
    alone = at_risk(times)
    for statistic in (censored_median, share_recovered, share_never):
        np.testing.assert_array_equal(statistic(times), statistic(alone))
    np.testing.assert_array_equal(censored_quantiles(times, SHARES), censored_quantiles(alone, SHARES))


@given(all_times)
def test_shares_count_patients(times):
    number = sum(not math.isnan(time) for time in times)
    recovered = sum(time < math.inf for time in times)
    np.testing.assert_array_equal(share_at_risk(times), number / times.size if times.size else np.nan)
    np.testing.assert_array_equal(share_recovered(times), recovered / number if number else np.nan)
    np.testing.assert_array_equal(share_never(times), (number - recovered) / number if number else np.nan)


@given(times_at_risk)
def test_the_higher_quantiles_are_times_of_patients_and_infinite_where_too_few_recover(times):
    for share, quantile in zip(SHARES, censored_quantiles(times, SHARES, "higher"), strict=True):
        assert quantile in times
        assert quantile >= censored_quantiles(times, [share])[0]


@given(st.lists(st.lists(fates, min_size=6, max_size=6), max_size=12))
def test_each_output_and_course_is_as_if_it_were_alone(rows):
    times = np.array(rows, float).reshape(len(rows), 2, 3)
    for statistic in (censored_median, share_at_risk, share_recovered, share_never):
        together = statistic(times)
        assert together.shape == (2, 3)
        np.testing.assert_array_equal(together, [[statistic(times[:, i, j]) for j in range(3)] for i in range(2)])
    quantiles = censored_quantiles(times, SHARES)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_array_equal(quantiles[:, i, j], censored_quantiles(times[:, i, j], SHARES))


def test_nobody_at_risk_has_no_statistic():
    for nobody in (np.empty(0), np.array([np.nan, np.nan])):
        assert np.isnan(censored_quantiles(nobody, SHARES)).all()
        assert np.isnan([censored_median(nobody), share_recovered(nobody), share_never(nobody)]).all()
    assert share_at_risk(np.array([np.nan, np.nan])) == 0.0


def test_the_median_a_publication_gives_is_the_censored_one():
    times = np.array([3.0, 1.0, np.inf, np.inf, np.nan])
    assert statistic_of(times, "median") == statistic_of(times, "survival_median") == np.inf
