"""Segments that are cut at times at which conditions of the time change."""

import numpy as np
import pytest
import sympy as sp

from kinetics.expressions import parse
from kinetics.model import Model, Parameter, State
from kinetics.model.timing.switches import Switches
from kinetics.regimen import Segments, cut

NAMES = {name: sp.Symbol(name, real=True) for name in ("time", "x", "on", "k")}


@pytest.fixture
def plan():
    """An infusion over the first two of four, and a bolus at 2."""
    return Segments(("drug",), np.array([0.0, 2.0, 4.0]), np.array([[3.0], [0.0]]), np.array([[0.0], [5.0]]))


def test_doses_stay_where_they_are(plan):
    found = cut(plan, [1.0, 3.0, 3.5])
    assert found.edges == pytest.approx([0, 1, 2, 3, 3.5, 4], rel=1e-11)
    assert found.rates[:, 0].tolist() == [3, 3, 0, 0, 0]
    assert found.boluses[:, 0].tolist() == [0, 0, 5, 0, 0]


def test_the_clock_is_never_at_a_switch_where_a_segment_begins_or_ends(plan):
    """The clock goes with the time, and is set forward at edges."""
    times = [0.5, 1.0, 1.25, 3.0, 3.5]
    found = cut(plan, times)
    ahead = np.cumsum(found.forward)
    begins, ends = found.edges[:-1] + ahead, found.edges[1:] + ahead
    for time in times:
        assert (abs(begins - time) > 1e-13 * time).all()
        assert (abs(ends - time) > 1e-13 * time).all()
        assert not ((begins < time) & (time < ends)).any()


@pytest.mark.parametrize("times", [[], [-1.0, 0.0, 4.0, 9.0]])
def test_times_outside_cut_nothing(plan, times):
    assert cut(plan, times) is plan


def test_a_time_that_is_given_twice_but_for_rounding_cuts_once(plan):
    assert len(cut(plan, [3.0, 3.0 * (1 + 2e-16), 3.0])) == 3


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("piecewise(time < 2, 1, 0)", [2.0]),
        ("piecewise(3 > 2*time - 4 and time*k >= on, 1, 0)", [3.5, 14.0]),
        ("max(0, piecewise(time == on, 1, 0))", [7.0]),
        ("piecewise(time < x, 1, 0)", []),  # a state decides
        ("piecewise(time^2 < 2, 1, 0)", []),  # not linear
        ("piecewise(x < 2, 1, 0) + time", []),
        ("piecewise(on < 2, 1, 0) + time", []),
    ],
)
def test_switches_are_found_where_a_comparison_is_linear_in_the_time(rate, expected):
    parameters = [Parameter(name="on", unit="1", value=7.0), Parameter(name="k", unit="1", value=0.5)]
    state = State(name="x", unit="1", initial=0, rate=parse(rate, NAMES))
    model = Model.from_symbols("switched", time="1", parameters=parameters, states=[state])
    assert sorted(Switches.of(model).at(np.array([7.0, 0.5]))) == expected
