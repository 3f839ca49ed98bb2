"""Laws of linear kinetics under any regimen: nothing is lost, responses add, and units do not matter."""

import functools

import numpy as np
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics.compile import compile_model
from kinetics.engines.scipy import METHODS, integrate
from kinetics.model import Model
from kinetics.model.quantities import Dose as DoseInput
from kinetics.model.quantities import Parameter, State
from kinetics.regimen import Course, Dose, Regimen, segments

doses = st.builds(
    lambda amount, start, duration: Dose("drug", f"{amount:.6f} mg", f"{start:.6f} day", f"{duration:.6f} day"),
    st.floats(0.1, 500),
    st.floats(0, 30),
    st.one_of(st.just(0.0), st.floats(0.01, 10)),
)
regimens = st.lists(doses, min_size=1, max_size=4).map(lambda rows: Regimen([Course(rows)]))
UNTIL = 50.0
TIMES = np.linspace(0, UNTIL, 101)


@functools.cache
def system():
    """Two compartments and what has left them."""
    central, second, out, there, back = sp.symbols("central second k_out k_there k_back")
    flow = there * central - back * second
    return compile_model(
        Model.from_symbols(
            "closed",
            time="day",
            parameters=[
                Parameter(name=name, value=value, unit="1/day")
                for name, value in (("k_out", 0.4), ("k_there", 1.3), ("k_back", 0.2))
            ],
            doses=[DoseInput(name="drug", unit="mg", into="central")],
            states=[
                State(name="central", unit="mg", initial=0, rate=-out * central - flow),
                State(name="second", unit="mg", initial=0, rate=flow),
                State(name="gone", unit="mg", initial=0, rate=out * central),
            ],
        )
    )


def states(regimen: Regimen, method: str = "LSODA") -> np.ndarray:
    compiled = system()
    cut = segments(regimen, {"drug": compiled.model.doses["drug"].unit}, compiled.model.time, UNTIL)
    return integrate(compiled, compiled.constants(compiled.parameter_array()), cut, method=method).states(TIMES)


def total(regimen: Regimen) -> float:
    return sum(dose.amount.magnitude for dose in regimen.doses)


@settings(max_examples=25)
@given(regimens, st.sampled_from(METHODS))
def test_no_drug_is_lost(regimen, method):
    so_far = np.zeros_like(TIMES)
    for dose in regimen.doses:
        start, duration = dose.start.magnitude, dose.duration.magnitude
        given_share = np.clip((TIMES - start) / duration, 0, 1) if duration else (start + 1e-9 < TIMES).astype(float)
        so_far += dose.amount.magnitude * given_share
    np.testing.assert_allclose(states(regimen, method).sum(axis=1), so_far, rtol=1e-9, atol=1e-9 * total(regimen))


@settings(max_examples=25)
@given(regimens, regimens)
def test_responses_add(one, other):
    together = states(one + other)
    np.testing.assert_allclose(together, states(one) + states(other), rtol=1e-7, atol=1e-8 * total(one + other))


@settings(max_examples=25)
@given(regimens, st.floats(0.01, 100))
def test_response_is_in_proportion_to_the_dose(regimen, factor):
    scaled = Regimen(
        [
            Course([Dose(d.drug, d.amount * factor, d.start, d.duration) for d in course.doses])
            for course in regimen.courses
        ]
    )
    np.testing.assert_allclose(states(scaled), factor * states(regimen), rtol=1e-7, atol=1e-8 * factor * total(regimen))


@settings(max_examples=25)
@given(st.floats(1, 500), st.floats(0, 20), st.floats(0.1, 20), st.floats(0.05, 0.95))
def test_an_infusion_in_two_parts_is_one_infusion(amount, start, duration, share):
    whole = Regimen([Course([Dose("drug", f"{amount!r} mg", f"{start!r} day", f"{duration!r} day")])])
    parts = Regimen(
        [
            Course(
                [
                    Dose("drug", f"{amount * share!r} mg", f"{start!r} day", f"{duration * share!r} day"),
                    Dose(
                        "drug",
                        f"{amount * (1 - share)!r} mg",
                        f"{start + duration * share!r} day",
                        f"{duration * (1 - share)!r} day",
                    ),
                ]
            )
        ]
    )
    np.testing.assert_allclose(states(parts), states(whole), rtol=1e-7, atol=1e-8 * amount)
