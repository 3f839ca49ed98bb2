"""What an integration does at dose edges, and what it says when it cannot go on."""

import re

import numpy as np
import pytest
import sympy as sp

from kinetics.compile import System, compile_model
from kinetics.engines.batch import single
from kinetics.engines.scipy import METHODS, integrate
from kinetics.engines.sensitivity import integrate_with_sensitivities
from kinetics.engines.tolerances import Tolerances, state_scale
from kinetics.errors import IntegrationError, KineticsError
from kinetics.model import Model
from kinetics.model.quantities import Dose as DoseInput
from kinetics.model.quantities import Output, Parameter, State
from kinetics.regimen import Course, Dose, Regimen
from tests.conftest import plan_of

Y, Z, K = sp.symbols("y z k")


def scalar(rate, initial=1, value: float = 1.0, name: str = "scalar"):
    return compile_model(
        Model.from_symbols(
            name,
            time="day",
            parameters=[Parameter(name="k", value=value, unit="1/day")],
            doses=[DoseInput(name="drug", unit="1", into="y")],
            states=[State(name="y", unit="1", initial=initial, rate=rate)],
            outputs=[Output(name="double", unit="1", value=2 * Y)],
        )
    )


def run(system, regimen: Regimen | None = None, until: float = 10.0, **options):
    plan = plan_of(system.model, regimen, until)
    return integrate(system, system.constants(system.parameter_array()), plan, **options)


@pytest.fixture(scope="module")
def decay():
    return scalar(-K * Y, initial=0)


def test_value_at_a_bolus_is_the_value_before_it(decay):
    found = run(decay, boluses())
    np.testing.assert_allclose(
        found.states(np.array([0.0, 1e-9, 2.0, 2.0 + 1e-6]))[:, 0],
        [0.0, 3.0, 3 * np.exp(-2), 3 * np.exp(-2) + 5],
        rtol=2e-6,
    )


def boluses(second: str = "2 day") -> Regimen:
    return Regimen([Course([Dose("drug", "3 1"), Dose("drug", "5 1", second)])])


def test_an_output_time_a_rounding_after_a_bolus_is_before_it(decay):
    assert 3 * 0.1 > 0.3
    found = run(decay, boluses("0.3 day"))
    np.testing.assert_allclose(found.states(np.array([3 * 0.1]))[:, 0], [3 * np.exp(-0.3)], rtol=1e-6)


def test_values_do_not_depend_on_which_others_are_asked_for(decay):
    found = run(decay, boluses())
    times = np.linspace(0, 10, 101)
    together = found.outputs(times)
    alone = np.vstack([found.outputs(times[i : i + 1]) for i in range(times.size)])
    np.testing.assert_allclose(together, alone, rtol=1e-14)  # an interpolant's sums may be ordered otherwise
    np.testing.assert_array_equal(found.curve("double")(times), together[:, 0])
    np.testing.assert_array_equal(found.curve("double")(times), 2 * found.curve("y")(times))
    assert found.outputs(np.array([])).shape == (0, 1)


def test_knots_hold_every_dose_edge(decay):
    knots = run(decay, boluses()).curve("y").knots
    assert {0.0, 2.0, 10.0} <= set(knots)
    assert (np.diff(knots) > 0).all()


def test_scale_of_a_state_is_its_start_or_the_largest_dose_or_that_of_its_unit():
    a, b, c, d = sp.symbols("a b c d")
    model = Model.from_symbols(
        "scales",
        time="day",
        parameters=[Parameter(name="k", value=1.0, unit="1/day"), Parameter(name="rest", value=0.3, unit="1e9/L")],
        doses=[DoseInput(name="drug", unit="g", into="a")],
        states=[
            State(name="a", unit="mg", initial=0, rate=-K * a),
            State(name="b", unit="mg", initial=0, rate=K * (a - b)),
            State(name="c", unit="1e9/L", initial=sp.Symbol("rest"), rate=-K * c),
            State(name="d", unit="1", initial=0, rate=-K * d),
        ],
    )
    system = compile_model(model)
    regimen = Regimen([Course([Dose("drug", "12 mg", duration="4 hour"), Dose("drug", "30 mg", "1 day")])])
    constants, plan = system.constants(system.parameter_array()), plan_of(model, regimen, 5.0)
    start = system.functions.initial(constants)
    np.testing.assert_allclose(state_scale(system, constants, start, plan.largest), [30.0, 30.0, 0.3, 1.0], rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("rate", "initial", "time"),
    [
        (K * Y**2, 1, 1.0),  # 1/(1 - t)
        (K * sp.exp(Y), 1, np.exp(-1)),
        (-K / Y, 1, 0.5),  # sqrt(1 - 2 t)
        (K * sp.log(Y - 2), 1, 0.0),  # no number from the start
    ],
    ids=["pole", "exponential", "root", "no number"],
)
def test_a_solution_that_ends_is_told_with_segment_time_and_state(rate, initial, time, method):
    with pytest.raises(IntegrationError) as caught:
        run(scalar(rate, initial), until=3.0, method=method)
    message = str(caught.value)
    told = re.fullmatch(
        rf"{method} stopped in segment 1 of 1 \(0 to 3\) at time (\S+), state y: .+ Try .+ or check the parameters\.",
        message,
    )
    assert told, message
    assert float(told[1]) == pytest.approx(time, abs=1e-3)
    assert all((other in message) for other in METHODS)
    assert isinstance(caught.value, KineticsError)
    assert isinstance(caught.value, RuntimeError)


def test_failure_names_the_segment_and_the_state_that_runs_away():
    system = compile_model(
        Model.from_symbols(
            "runaway",
            time="day",
            parameters=[Parameter(name="k", value=1.0, unit="1/day")],
            doses=[DoseInput(name="drug", unit="1", into="z")],
            states=[
                State(name="y", unit="1", initial=1, rate=-K * Y),
                State(name="z", unit="1", initial=0, rate=K * Z**2),
            ],
        )
    )
    regimen = Regimen([Course([Dose("drug", "0.1 1", "1 day"), Dose("drug", "0.9 1", "2 day")])])
    # 0.1 at day 1 is 1/9 at day 2; with 0.9 more the pole comes 90/91 day later
    with pytest.raises(IntegrationError, match=r"segment 3 of 3 \(2 to 9\) at time 2\.98901.*, state z"):
        run(system, regimen, until=9.0)


def test_sensitivities_fail_with_the_same_words():
    system = scalar(K * Y**2)
    with pytest.raises(IntegrationError, match=r"LSODA stopped in segment 1 of 1 .* at time (1|0\.99\d*), state y"):
        integrate_with_sensitivities(system, system.parameter_array(), ["k"], plan_of(system.model, None, 3.0))


@pytest.mark.parametrize("method", METHODS)
def test_tighter_tolerances_are_closer_to_the_truth(method):
    system = scalar(-K * Y**2)  # 1/(1 + t)
    errors = []
    for relative in (1e-4, 1e-6, 1e-8):
        found = run(system, method=method, tolerances=Tolerances(relative, relative * 1e-5))
        times = np.linspace(0, 10, 41)
        errors.append(np.max(np.abs(found.states(times)[:, 0] * (1 + times) - 1)))
    assert errors[0] > 10 * errors[1] > 100 * errors[2]
    assert errors[2] < 1e-6


X, A, B, R = sp.symbols("x a b r")
TENT = sp.Max(0, 1 - sp.Abs(X - B))


def passing(gain) -> System:
    """x = t passes what z gains by: nothing, but for a while."""
    return compile_model(
        Model.from_symbols(
            "passing",
            time="day",
            parameters=[Parameter(name=name, value=value, unit="1") for name, value in (("a", 2.0), ("b", 5.0))]
            + [Parameter(name="r", value=1.0, unit="1/day")],
            states=[
                State(name="x", unit="1", initial=0, rate=R),
                State(name="z", unit="1", initial=1, rate=R * gain),
            ],
            outputs=[Output(name="gained", unit="1", value=Z - 1)],
        )
    )


@pytest.mark.parametrize(
    ("gain", "gained", "engines"),
    [
        (sp.Piecewise((1, (A < X) & (X < B)), (0, True)), 3.0, [*METHODS, "batch"]),
        (sp.Min(sp.Max(0, X - A), sp.Max(0, B - X)), 2.25, [*METHODS, "batch"]),
        # one that the stages of a step of the batch engine do not see
        (sp.Piecewise((50, (A < X) & (X - A < A / 100)), (0, True)), 1.0, METHODS),
        # both sides of the tent lie beyond its top, at which alone a sign changes from end to end of a step
        (TENT, 1.0, METHODS),
        (sp.Piecewise((1, TENT > 0), (0, True)), 2.0, METHODS),
    ],
    ids=["window", "extremes", "narrow window", "tent", "window of a tent"],
)
def test_no_step_jumps_over_a_branch_that_a_state_selects(gain, gained, engines):
    system, until = passing(gain), np.array([300.0])
    constants, plan = system.constants(system.parameter_array()), plan_of(system.model, None, 300.0)
    for engine in engines:
        found = (
            single.integrate(system, constants, plan) if engine == "batch" else run(system, None, 300.0, method=engine)
        )
        np.testing.assert_allclose(found.outputs(until), [[gained]], rtol=2e-8, err_msg=engine)
