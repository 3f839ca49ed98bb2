"""Steady states of rates: closed forms, a root finder of SciPy, several of them, and none."""

import numpy as np
import pytest
from scipy.optimize import root

from tests.oracles.rate_models import reached, system_of

ENGINES = ["batch", "scipy"]


@pytest.mark.parametrize("engine", ENGINES)
def test_production_and_decay(engine):
    """made/k from anywhere, with derivatives 1/k and -made/k^2, and none by the start."""
    found = reached(system_of({"A": "made - k*A"}, {}, {"made": 3.0, "k": 0.5}), [[0.0], [40.0]], engine)
    assert found.reasons == ["", ""]
    np.testing.assert_allclose(found.states, [[6.0], [6.0]], rtol=1e-14)
    np.testing.assert_allclose(found.changes, [[[2.0, -12.0, 0.0]]] * 2, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_conserved_total_is_that_of_the_start(engine):
    """A <-> B: A = T k2/(k1 + k2) for the total T, of starts that differ by seven orders of magnitude."""
    k1, k2 = 3.0, 0.5
    system = system_of({"A": "-k1*A + k2*B", "B": "k1*A - k2*B"}, {}, {"k1": k1, "k2": k2})
    starts = np.array([[1.0, 0.0], [2.0, 5.0], [1e-3, 1e4]])
    found = reached(system, starts, engine)
    totals, share = starts.sum(axis=1), k2 / (k1 + k2)
    np.testing.assert_allclose(found.states, np.stack([totals * share, totals * (1 - share)], axis=1), rtol=1e-12)
    for total, changes in zip(totals, found.changes, strict=True):
        by_speeds = total / (k1 + k2) ** 2 * np.array([-k2, k1])
        expected = np.array([[*by_speeds, share, share], [*-by_speeds, 1 - share, 1 - share]])
        np.testing.assert_allclose(changes, expected, rtol=1e-11)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_conserved_may_depend_on_parameters(engine):
    """Concentrations in volumes v and w: v A + w B is conserved, so B ends at v A0/w + B0."""
    system = system_of({"A": "-k*A", "B": "k*A*v/w"}, {}, {"k": 2.0, "v": 3.0, "w": 5.0})
    found = reached(system, [[4.0, 1.0]], engine)
    np.testing.assert_allclose(found.states[0], [0.0, 3.4], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(found.changes[0, 1], [0.0, 0.8, -0.48, 0.6, 1.0], rtol=1e-12, atol=1e-14)


CYCLE = {"A": "v2*B/(m2 + B) - v1*A/(m1 + A)", "B": "v1*A/(m1 + A) - v2*B/(m2 + B)"}


@pytest.mark.parametrize("engine", ENGINES)
def test_futile_cycle_against_a_root_finder(engine):
    """Zero-order ultrasensitivity (10.1073/pnas.78.11.6840): steep, so derivatives are large."""
    values = {"v1": 1.0, "m1": 0.01, "v2": 1.02, "m2": 0.02}
    system = system_of(CYCLE, {}, values)

    def solved(v1, m1, v2, m2, total):
        def balance(a):
            return v1 * a / (m1 + a) - v2 * (total - a) / (m2 + total - a)

        return root(balance, 0.5 * total, tol=1e-14).x[0]

    found = reached(system, [[1.0, 0.0], [0.3, 0.7]], engine)
    arguments = np.array([*values.values(), 1.0])
    np.testing.assert_allclose(found.states[:, 0], solved(*arguments), rtol=1e-11)
    for number, value in enumerate(arguments):
        step = 2e-4 * value
        moved = [solved(*np.where(np.arange(5) == number, value + count * step, arguments)) for count in (-2, -1, 1, 2)]
        slope = (moved[0] - 8 * moved[1] + 8 * moved[2] - moved[3]) / (12 * step)
        np.testing.assert_allclose(found.changes[:, 0, number], slope, rtol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_of_several_the_one_that_the_start_leads_to(engine):
    """x' = x (1 - x)(x - 3) rests at 0, 1 and 3, and 0 and 3 attract; from an unstable state nothing leaves."""
    system = system_of({"x": "k*x*(x - 1)*(3 - x)"}, {}, {"k": 2.0})
    starts = np.array([0.0, 1e-6, 0.9, 0.9999, 1.0001, 1.5, 3.0, 50.0])
    found = reached(system, starts[:, None], engine)
    np.testing.assert_allclose(found.states[:, 0], np.where(starts < 1, 0.0, 3.0), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.changes, 0.0, atol=1e-12)
    assert "the steady state has no derivatives: that of x" in reached(system, [[1.0]], engine).reasons[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_switch_keeps_the_side_on_which_it_starts(engine):
    """Two genes that repress each other, beside a state of a million: of a small one nothing is too small."""
    rates = {"u": "a/(1 + v^2) - u", "v": "a/(1 + u^2) - v", "big": "b - big"}
    found = reached(system_of(rates, {}, {"a": 4.0, "b": 1e6}), [[1.01, 1.0, 0.0], [1.0, 1.01, 1e6]], engine)
    high, low = 2 + np.sqrt(3), 2 - np.sqrt(3)  # u v = 1 and u + v = a
    np.testing.assert_allclose(found.states, [[high, low, 1e6], [low, high, 1e6]], rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_where_steady_states_lie_side_by_side(engine):
    """An epidemic ends at S0 - S = log(S0/S)/R + ..., with no linear law: 10.1098/rspa.1927.0118."""
    b, g, s0, i0 = 2.0, 1.0, 1.0, 0.1
    found = reached(system_of({"S": "-b*S*I", "I": "b*S*I - g*I"}, {}, {"b": b, "g": g}), [[s0, i0]], engine)
    left = found.states[0, 0]
    assert left - g / b * np.log(left) == pytest.approx(s0 + i0 - g / b * np.log(s0), rel=1e-7)
    slope = 1 - g / (b * left)
    expected = np.array([-np.log(left / s0) * g / b**2, np.log(left / s0) / b, 1 - g / (b * s0), 1.0]) / slope
    np.testing.assert_allclose(found.changes[0, 0], expected, rtol=1e-5)


NONE = {
    "growth": ({"x": "k*x"}, [1.0]),
    "drift": ({"x": "k"}, [1.0]),
    "oscillation": ({"x": "k*y", "y": "-k*x"}, [1.0, 0.0]),
    "predators": ({"x": "k*x*(1 - y)", "y": "-k*y*(1 - x)"}, [2.0, 0.5]),
    "limit cycle": ({"x": "k*y", "y": "2*(1 - x^2)*y - k*x"}, [1.0, 0.5]),
    "a tide": ({"x": "k*cos(time) - x"}, [1.0]),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", NONE)
def test_no_steady_state(case, engine):
    rates, start = NONE[case]
    system = system_of(rates, {}, {"k": 1.0})
    found = reached(system, [start + [0.0] * (len(system.states) - len(start))], engine)
    assert found.reasons[0].startswith("no steady state: ")
    assert np.isnan(found.states).all()
    assert np.isnan(found.changes).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_clock_does_not_count(engine):
    """A pulse from 2 to 5 that is over, beside a pool that never saw it: both rest, and the clock is not looked at."""
    rates = {"A": "piecewise(time < 2, 1, time < 5, k, 1) - A", "B": "2*k - B"}
    found = reached(system_of(rates, {}, {"k": 3.0}), [[1.0, 1.0, 0.0]], engine)
    assert found.reasons == [""]
    np.testing.assert_allclose(found.states, [[1.0, 6.0, 0.0]], rtol=1e-12)
    np.testing.assert_allclose(found.changes[0, :2, 0], [0.0, 2.0], rtol=1e-12, atol=1e-15)


def test_other_rows_do_not_mind_one_that_fails():
    """A start that is no number, and a parameter that is none."""
    system = system_of({"A": "made - k*A"}, {}, {"made": 3.0, "k": 0.5})
    found = reached(system, [[0.0], [np.nan], [2.0]], "batch", np.array([[3.0, 0.5], [3.0, 0.5], [np.inf, 0.5]]))
    assert found.reasons[0] == ""
    assert found.reasons[1] == "no steady state: its start is not finite."
    assert found.reasons[2].startswith("impossible parameters")
    assert found.states[0, 0] == pytest.approx(6.0)
