"""Events at random rates and times: what is counted is known."""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kinetics.compile import compile_model
from kinetics.model import Event, Model, Parameter, State
from kinetics.regimen import Segments
from kinetics.simulation.engine import choose_engine

k, width, m, n, x, time = sp.symbols("k width m n x time")
CELL = Model.from_symbols(
    "cell",
    time="day",
    parameters=[Parameter(name="k", value=1.0, unit="1/day"), Parameter(name="width", value=1.0, unit="day")],
    states=[
        State(name="m", unit="1", initial=1, rate=k * m),
        State(name="n", unit="1", initial=0, rate=0),
        State(name="x", unit="1", initial=0, rate=0),
    ],
    events=[
        Event(name="division", trigger=m >= 2, assignments={"m": m / 2, "n": n + 1}),
        # time in units of k, so that the pulse is anywhere in a step
        Event(name="pulse", trigger=(k * time > 1) & (time < 1 / k + width), assignments={"x": x + 1}),
    ],
)
SYSTEM = compile_model(CELL)


def integrated(engine, until, **values):
    constants = SYSTEM.constants(SYSTEM.parameter_array(values))
    doses = Segments((), np.array([0.0, until]), np.zeros((1, 0)), np.zeros((1, 0)))
    return choose_engine(engine, None, 1, None).integrate(SYSTEM, constants, doses)


@settings(max_examples=25)
@given(st.sampled_from(["scipy", "batch"]), st.floats(0.05, 5), st.floats(0.5, 8), st.floats(1e-7, 0.5))
def test_divisions_are_the_whole_number_of_doublings_and_no_pulse_is_missed(engine, rate, until, share):
    doublings = rate * until / math.log(2)
    assume(abs(doublings - round(doublings)) > 1e-4)
    assume(abs(rate * until - 1) > 1e-6)
    found = integrated(engine, until, k=rate, width=share * until)
    mass, count, pulses = found.states(np.array([until]))[0][:3]
    assert round(count) == math.floor(doublings)
    assert abs(mass - 2 ** (doublings % 1)) < 1e-4
    assert round(pulses) == (rate * until > 1)


@settings(max_examples=10)
@given(st.floats(0.05, 3), st.floats(0.5, 6))
def test_both_engines_find_the_same_events_at_the_same_times(rate, until):
    doublings = rate * until / math.log(2)
    assume(abs(doublings - round(doublings)) > 1e-4)
    one, other = (integrated(engine, until, k=rate).executed for engine in ("scipy", "batch"))
    assert [row.name for row in one] == [row.name for row in other]
    np.testing.assert_allclose([row.time for row in one], [row.time for row in other], rtol=2e-5)
