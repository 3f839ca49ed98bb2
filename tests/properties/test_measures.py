"""What holds for the measures of any data."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kinetics.measures import (
    AreaUnderCurve,
    Nadir,
    Overshoot,
    TimeBelow,
    TimeOfNadir,
    TimeOfOvershoot,
    TimeToThreshold,
    first_return,
    measure,
)
from kinetics.measures.curves import interpolated

LEVEL = "0.5 1e9/L"
EVERY = [
    Nadir("A"),
    TimeOfNadir("A"),
    TimeToThreshold("A", LEVEL),
    TimeBelow("A", LEVEL),
    Overshoot("A"),
    TimeOfOvershoot("A"),
    AreaUnderCurve("A"),
]


@st.composite
def series(draw):
    """Counts at increasing times from 0; hundredths, so that a level is met exactly at times."""
    gaps = draw(st.lists(st.integers(1, 200), min_size=2, max_size=12))
    values = draw(st.lists(st.integers(1, 200), min_size=len(gaps) + 1, max_size=len(gaps) + 1))
    return np.concatenate([[0.0], np.cumsum(gaps, dtype=float)]), np.array(values) / 100


def dataset(times, values, unit="1/nL", time_unit="day"):
    return xr.Dataset({"A": ("time", values, {"units": unit})}, {"time": ("time", times, {"units": time_unit})})


def taken(data, courses=None):
    result = measure(data, EVERY, courses)
    return {each.name: result[each.name].values for each in EVERY}


NAMES = [each.name for each in EVERY]
NADIR, TIME_OF_NADIR, TO, BELOW, OVERSHOOT, TIME_OF_OVERSHOOT, AREA = NAMES


@settings(max_examples=60)
@given(series())
def test_bounds(points):
    times, values = points
    found = {name: value[0] for name, value in taken(dataset(times, values)).items()}
    length = times[-1]
    assert 0 <= found[BELOW] <= length * (1 + 1e-12)
    assert found[NADIR] == values.min()
    assert found[TIME_OF_NADIR] == times[values.argmin()]
    assert found[TIME_OF_NADIR] <= found[TIME_OF_OVERSHOOT] <= length
    assert found[OVERSHOOT] == pytest.approx(values[values.argmin() :].max() / values[0])
    assert values.min() * length * (1 - 1e-12) <= found[AREA] <= values.max() * length * (1 + 1e-12)
    assert np.isnan(found[TO]) == (values.min() >= 0.5)
    assert (found[TO] == np.inf) == (values.min() < 0.5 and values[values.argmin() :].max() < 0.5)


@settings(max_examples=60)
@given(series())
def test_the_crossing_is_on_the_level_and_nothing_before_it_is_above(points):
    times, values = points
    data = dataset(times, values)
    found = {name: value[0] for name, value in taken(data).items()}
    assume(np.isfinite(found[TO]))
    curve = interpolated(times, values)
    assert curve(np.array([found[TO]]))[0] == pytest.approx(0.5, abs=1e-9)
    between = np.linspace(found[TIME_OF_NADIR], found[TO], 50)
    assert (curve(between) <= 0.5 + 1e-9).all()


@settings(max_examples=60)
@given(series(), st.integers(1, 300))
def test_measures_agree_with_one_another(points, percent):
    times, values = points
    share = f"{percent} % of baseline"
    measures = [Overshoot("A"), TimeToThreshold("A", share), TimeBelow("A", share), Nadir("A")]
    overshoot, to, below, nadir = (
        value.item() for value in measure(dataset(times, values), measures).data_vars.values()
    )
    level = percent / 100 * values[0]
    assume(min(abs(overshoot * values[0] - level), abs(nadir - level)) > 1e-9)
    assert np.isnan(to) == (below == 0) == (nadir > level)
    assert np.isfinite(to) == (nadir < level < overshoot * values[0])


@settings(max_examples=40)
@given(series())
def test_units_of_the_data_do_not_matter(points):
    times, values = points
    plain = taken(dataset(times, values))
    other = taken(dataset(times * 24, values * 1000, "cells/uL", "hour"))
    factors = {NADIR: 1000, OVERSHOOT: 1, AREA: 24000}
    for name in NAMES:
        np.testing.assert_allclose(other[name], plain[name] * factors.get(name, 24), rtol=1e-9, atol=1e-7)


@settings(max_examples=40)
@given(series(), st.integers(1, 1000))
def test_shifting_data_and_course_changes_nothing_but_the_baseline(points, shift):
    times, values = points
    plain = taken(dataset(times, values))
    later = taken(dataset(times + shift, values), [f"{shift} day"])
    for name in NAMES:
        if name != OVERSHOOT:
            np.testing.assert_allclose(later[name], plain[name], rtol=1e-9, atol=1e-7)
    assert np.isnan(later[OVERSHOOT]).all()


@settings(max_examples=40)
@given(series(), st.data())
def test_windows_add_up(points, data):
    times, values = points
    second = data.draw(st.integers(1, int(times[-1]) - 1))
    whole = taken(dataset(times, values))
    parts = taken(dataset(times, values), ["0 day", f"{second} day"])
    for name in (BELOW, AREA):
        np.testing.assert_allclose(parts[name].sum(), whole[name][0], rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(parts[NADIR].min(), whole[NADIR][0], rtol=1e-12)


@given(series(), st.integers(1, 200))
def test_the_first_return_is_the_first_value_at_the_level_after_one_below(data, hundredths):
    times, values = data
    level = hundredths / 100
    below = [index for index, value in enumerate(values) if value < level]
    expected = np.nan if not below else np.inf
    for time, value in zip(times[below[0] :], values[below[0] :], strict=True) if below else ():
        if value >= level:
            expected = time
            break
    np.testing.assert_array_equal(first_return(values, level).times(times), expected)
    np.testing.assert_array_equal(first_return(np.stack([values] * 2), level).times(times), [expected] * 2)
