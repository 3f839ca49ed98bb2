"""Random small systems: what is taken out as resting rests, and what is left moves as in the whole, by SciPy alone."""

from itertools import pairwise

import numpy as np
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics.compile import compile_model
from kinetics.engines import Tolerances, scipy
from kinetics.expressions import evaluate
from kinetics.model import Model, Output, Parameter, State
from kinetics.model.quantities import Dose as DoseInput
from kinetics.reduction import find_rest
from kinetics.regimen import Course, Dose, Regimen
from tests.conftest import plan_of

END = 4.0
SPEEDS = sp.symbols("k0:3", real=True)
LEVELS = sp.symbols("r0:3", real=True)
INITIAL = (sp.S.Zero, sp.S.One, *LEVELS, LEVELS[0] + LEVELS[1], LEVELS[0] * LEVELS[2])


def saturated(x):
    return x**2 / (1 + x**2)


# two states and the levels at which they are meant to rest to a term, which vanishes at rest or not; none grows faster
# than the states, so that no solution ends at a pole
TERMS = (
    lambda x, y, a, b: -saturated(x),
    lambda x, y, a, b: a - x,
    lambda x, y, a, b: y / (1 + y**2) - x,
    lambda x, y, a, b: (y - b) * sp.exp(-(y**2)) - x + a,
    lambda x, y, a, b: sp.Max(0, y - b) - x + a,
    lambda x, y, a, b: sp.Piecewise((y - b, y > b), (0, True)) + sp.Min(0, y - b),
    lambda x, y, a, b: saturated(y - b) - saturated(x - a),
    lambda x, y, a, b: (a + b) ** 2 - (a - b) ** 2 - 4 * x * b,
    lambda x, y, a, b: sp.Abs(x - a) * (y - x) / (1 + x**2),
    lambda x, y, a, b: sp.sqrt(1 + y**2) - sp.sqrt(1 + b**2),
    lambda x, y, a, b: a - x + LEVELS[0] / 50,
)


@st.composite
def models(draw):
    """A model of pools that pull at one another, with a drug into each, all without a unit."""
    size = draw(st.integers(2, 5))
    states = sp.symbols(f"x0:{size}", real=True)
    initial = [draw(st.sampled_from(INITIAL)) for _ in states]
    rows = []
    for i, x in enumerate(states):
        rate = sp.S.Zero
        for _ in range(draw(st.integers(1, 2))):
            j, term = draw(st.integers(0, size - 1)), draw(st.sampled_from(TERMS))
            rate += draw(st.sampled_from(SPEEDS)) * term(x, states[j], initial[i], initial[j])
        rows.append(State(name=x.name, unit="1", initial=initial[i], rate=rate))
    i, j = draw(st.integers(0, size - 1)), draw(st.integers(0, size - 1))
    return Model.from_symbols(
        "pools",
        time="day",
        parameters=[
            *(Parameter(name=speed.name, value=0.7, unit="1/day") for speed in SPEEDS),
            *(Parameter(name=level.name, value=1.3, unit="1") for level in LEVELS),
        ],
        states=rows,
        doses=[DoseInput(name=f"into_{x.name}", unit="1", into=x.name) for x in states],
        outputs=[Output(name="N", unit="1", value=states[i] * initial[j] - initial[i] * states[j] + states[j])],
    )


def symbols_of(values):
    return {sp.Symbol(name, real=True): value for name, value in values.items()}


def solved(system, values, drugs, times):
    """States and outputs by name, after a bolus of 1 of each drug at time zero, by LSODA."""
    model = system.model
    regimen = Regimen([Course([Dose(drug, "1 1") for drug in drugs])]) if drugs else None
    constants = system.constants(system.parameter_array(values))
    found = scipy.integrate(system, constants, plan_of(model, regimen, END), tolerances=Tolerances(1e-9, 1e-11))
    return np.hstack([found.states(times), found.outputs(times)])


@settings(max_examples=40)
@given(st.data(), models(), st.lists(st.floats(0.2, 2.0), min_size=6, max_size=6))
def test_whole_and_reduced_agree(data, model, numbers):
    drugs = data.draw(st.sets(st.sampled_from(list(model.doses)), max_size=2))
    values = dict(zip(model.defaults, numbers, strict=True))
    times = np.linspace(0.0, END, 5)
    whole, left = (
        solved(system, values, drugs, times) for system in (compile_model(model), compile_model(model, drugs))
    )
    np.testing.assert_allclose(left, whole, rtol=1e-6, atol=1e-7)


@given(st.data(), models())
def test_what_rests_has_no_rate_whatever_moves(data, model):
    drugs = data.draw(st.sets(st.sampled_from(list(model.doses)), max_size=2))
    moving = find_rest(model, drugs).moving
    rng = np.random.default_rng(0)
    for _ in range(3):
        known = symbols_of({name: float(rng.uniform(0.2, 2.0)) for name in model.defaults})
        rest = {row.symbol: evaluate(row.initial, known) for row in model.states.values()}
        known |= rest | symbols_of({name: float(rng.uniform(0.0, 3.0)) for name in moving})
        rates = {name: evaluate(row.rate, known) for name, row in model.states.items() if name not in moving}
        assert all(abs(rate) < 1e-12 for rate in rates.values())


@given(models())
def test_more_drugs_move_no_less(model):
    drugs = list(model.doses)
    moving = [set(find_rest(model, drugs[:number]).moving) for number in range(len(drugs) + 1)]
    assert all(before <= after for before, after in pairwise(moving))
