"""Derivatives by parameters against closed forms and against differences of sixth order."""

from functools import cache

import numpy as np
import pytest
import sympy as sp

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.engines import Tolerances, batch, sensitivity
from kinetics.engines.scipy import integrate
from kinetics.model import Model
from kinetics.model.quantities import Derived, Output, Parameter, State
from kinetics.model.quantities import Dose as DoseInput
from kinetics.regimen import Course, Dose, Regimen
from tests.conftest import plan_of

N0, K, V, DOSE, LEVEL = 0.8, 0.21, 14.1, 30.0, 0.3
ENGINES = {engine.__name__.split(".")[-1]: engine.integrate_with_sensitivities for engine in (sensitivity, batch)}


@pytest.fixture(scope="module", params=ENGINES.values(), ids=ENGINES)
def with_sensitivities(request):
    """The augmented system of the reference, or the exact tangent of the batch engine, at their own tolerances."""
    return request.param


@pytest.fixture(scope="module")
def small(with_sensitivities):
    """A pool that decays from its own baseline, and a drug in a volume; k is CL/V, a derived constant."""
    n, a, base, clearance, volume, k = sp.symbols("N A N_0 CL V k")
    model = Model.from_symbols(
        "small",
        time="day",
        parameters=[
            Parameter(name="N_0", value=N0, unit="1e9/L"),
            Parameter(name="CL", value=K * V, unit="L/day"),
            Parameter(name="V", value=V, unit="L"),
        ],
        derived=[Derived(name="k", unit="1/day", value=clearance / volume)],
        doses=[DoseInput(name="drug", unit="mg", into="A")],
        states=[
            State(name="N", unit="1e9/L", initial=base, rate=-k * n),
            State(name="A", unit="mg", initial=0, rate=-k * a),
        ],
        outputs=[
            Output(name="count", unit="1e9/L", value=n),
            Output(name="ratio", unit="1", value=n / base),
            Output(name="C", unit="mg/L", value=a / volume),
        ],
    )
    system = compile_model(model)
    regimen = Regimen([Course([Dose("drug", f"{DOSE} mg", "1 day")])])
    given = plan_of(model, regimen, 20.0)
    return with_sensitivities(system, system.parameter_array(), ["N_0", "CL", "V"], given)


def test_gradients_of_a_small_model_are_those_of_its_closed_form(small):
    times = np.array([0.0, 0.5, 1.5, 3.0, 7.0, 20.0])
    found = small.output_gradient(times)
    assert found.shape == (6, 3, 3)
    decay, zero = np.exp(-K * times), np.zeros(6)
    since = np.maximum(times - 1.0, 0.0)
    drug = np.where(times > 1.0, DOSE / V * np.exp(-K * since), 0.0)
    expected = [
        [decay, -times / V * N0 * decay, times * K / V * N0 * decay],
        [zero, -times / V * decay, times * K / V * decay],
        [zero, -since / V * drug, (since * K - 1) / V * drug],
    ]
    np.testing.assert_allclose(np.moveaxis(found, 0, -1), expected, rtol=1e-6, atol=1e-11)


def test_gradients_past_a_kink_are_those_of_the_closed_form(with_sensitivities):
    """M' = r max(0, a - N) with N = N_0 exp(-k t): nothing until N falls to a, smooth from then on."""
    n, m, base, level, rate = sp.symbols("N M N_0 a r")
    model = Model.from_symbols(
        "kinked",
        time="day",
        parameters=[
            Parameter(name="N_0", value=N0, unit="1"),
            Parameter(name="a", value=LEVEL, unit="1"),
            Parameter(name="r", value=2.0, unit="1/day"),
            Parameter(name="k", value=K, unit="1/day"),
        ],
        states=[
            State(name="N", unit="1", initial=base, rate=-sp.Symbol("k") * n),
            State(name="M", unit="1", initial=0, rate=rate * sp.Max(0, level - n)),
        ],
        outputs=[Output(name="M_out", unit="1", value=m)],
    )
    system = compile_model(model)
    given = plan_of(model, None, 20.0)
    times, start = np.array([3.0, 6.0, 10.0, 20.0]), np.log(N0 / LEVEL) / K
    late = np.maximum(times, start)
    fall = (np.exp(-K * start) - np.exp(-K * late)) / K
    expected = np.array([-2.0 * fall, 2.0 * (late - start), LEVEL * (late - start) - N0 * fall])
    found = with_sensitivities(system, system.parameter_array(), ["N_0", "a", "r"], given)
    np.testing.assert_allclose(found.output_gradient(times)[:, 0].T, expected, rtol=2e-6, atol=1e-9)


def test_gradients_past_branches_inside_a_step_are_those_of_the_closed_form(with_sensitivities):
    """z' = r min(max(0, x - a), max(0, b - x)) with x = r t gains (b - a)^2 / 4."""
    x, z, low, high, rate = sp.symbols("x z a b r")
    gain = sp.Min(sp.Max(0, x - low), sp.Max(0, high - x))
    model = Model.from_symbols(
        "passing",
        time="day",
        parameters=[Parameter(name=name, value=value, unit="1") for name, value in (("a", 2.0), ("b", 5.0))]
        + [Parameter(name="r", value=1.0, unit="1/day")],
        states=[
            State(name="x", unit="1", initial=0, rate=rate),
            State(name="z", unit="1", initial=1, rate=rate * gain),
        ],
        outputs=[Output(name="gained", unit="1", value=z)],
    )
    system = compile_model(model)
    found = with_sensitivities(system, system.parameter_array(), ["a", "b"], plan_of(model, None, 300.0))
    np.testing.assert_allclose(found.outputs(np.array([300.0]))[0], [3.25], rtol=1e-8)
    np.testing.assert_allclose(found.output_gradient(np.array([300.0]))[0, 0], [-1.5, 1.5], rtol=1e-7)


def resting_on_a_kink():
    """What tissue holds feeds back by max(0, 1 - share), which is 0 at rest; a drug late in time empties the blood."""
    fast, feed, half, whole, part, day = sp.symbols("k f m x_0 z_0 day")
    marrow, tissue, blood, other, drug = sp.symbols("P X B Z C")
    return Model.from_symbols(
        "resting",
        time="day",
        parameters=[
            Parameter(name="k", value=0.1, unit="1/day"),
            Parameter(name="x_0", value=0.3, unit="1"),
            Parameter(name="z_0", value=0.4, unit="1"),
            Parameter(name="f", value=0.6, unit="1"),
            Parameter(name="m", value=0.5, unit="mg"),
            Parameter(name="day", value=1.0, unit="day"),
        ],
        doses=[DoseInput(name="drug", unit="mg", into="C")],
        states=[
            State(
                name="P",
                unit="1",
                initial=1,
                rate=fast * (1 + feed * sp.Max(0, 1 - (tissue + other) / (whole + part)) - marrow),
            ),
            State(
                name="X",
                unit="1",
                initial=whole,
                rate=fast * (whole * marrow - tissue) - (tissue - blood) / (5 * day),
            ),
            State(
                name="B",
                unit="1",
                initial=whole,
                rate=10 * (tissue - blood) / day - 100 * blood * drug**2 / (half**2 + drug**2) / day,
            ),
            State(name="Z", unit="1", initial=part, rate=fast * (part * tissue / whole - other)),
            State(name="C", unit="mg", initial=0, rate=-fast * drug),
        ],
        outputs=[Output(name="total", unit="1", value=tissue + other)],
    )


@pytest.mark.parametrize(
    "values",
    [
        (
            0.11240090913216771,
            0.3187113018999018,
            0.45583221880748814,
            0.48898876890482607,
            0.5723917924087505,
            0.92674,
        ),
        (
            0.12573638194603512,
            0.5665181798000922,
            0.3543856381628826,
            0.5162290211728948,
            0.5547067516599257,
            1.0999877953140271,
        ),
        (
            0.09984320941931929,
            0.2505847048662305,
            0.2475515691726257,
            0.5063406041354368,
            0.645625531204153,
            0.9038012630081205,
        ),
    ],
)
def test_sensitivities_leave_a_rest_that_lies_on_a_kink(values):
    system = compile_model(resting_on_a_kink())
    given = plan_of(system.model, Regimen([Course([Dose("drug", "12 mg", "34 day", "4 hour")])]), 60.0)
    times, parameters = np.array([20.0, 36.0, 60.0]), np.array(values)
    found, reference = (
        integrate_with_sensitivities(system, parameters, ["x_0", "z_0", "k"], given).output_gradient(times)
        for integrate_with_sensitivities in (
            batch.integrate_with_sensitivities,
            sensitivity.integrate_with_sensitivities,
        )
    )
    np.testing.assert_allclose(found, reference, rtol=2e-5, atol=1e-6)


def test_time_of_crossing_follows_its_closed_form(small):
    time = np.log(N0 / LEVEL) / K
    expected = [1 / (K * N0), -time / (K * V), time / V]
    np.testing.assert_allclose(small.crossing_gradient("count", time), expected, rtol=1e-6)
    assert small.curve("count")(np.array([time]))[0] == pytest.approx(LEVEL, rel=1e-7)


def infused():
    """A drug that runs in for two days at the rate R: A = R (1 - exp(-k t))/k."""
    k, a = sp.symbols("k A")
    model = Model.from_symbols(
        "infused",
        time="day",
        parameters=[Parameter(name="k", value=K, unit="1/day")],
        doses=[DoseInput(name="drug", unit="mg", into="A")],
        states=[State(name="A", unit="mg", initial=0, rate=-k * a)],
        outputs=[Output(name="amount", unit="mg", value=a)],
    )
    regimen = Regimen([Course([Dose("drug", "8 mg", "0 day", "2 day")])])
    return compile_model(model), plan_of(model, regimen, 5.0)


def test_time_of_crossing_during_an_infusion_follows_its_closed_form(with_sensitivities):
    system, given = infused()
    rate, level = 4.0, 3.0
    decay = 1 - K * level / rate
    time = -np.log(decay) / K
    by_rate_constant = level / (rate * K * decay) - time / K
    found = with_sensitivities(system, system.parameter_array(), ["k"], given)
    assert found.crossing_gradient("amount", time) == pytest.approx([by_rate_constant], rel=1e-6)


def test_time_of_crossing_by_the_amount_of_a_dose_follows_its_closed_form():
    system, given = infused()
    rate, level = 4.0, 3.0
    decay = 1 - K * level / rate
    by_factor = -level / (rate * decay)  # dt/dR = -level/(R^2 decay), times R
    found = batch.integrate_with_sensitivities(system, system.parameter_array(), [], given, drugs=["drug"])
    assert found.crossing_gradient("amount", -np.log(decay) / K) == pytest.approx([by_factor], rel=1e-6)


def test_gradients_and_crossings_by_an_initial_value_follow_their_closed_form():
    """A = a exp(-k t) + R/k (1 - exp(-k t)), from a = 0: dA/da = exp(-k t), and dt*/da = -dA/da over dA/dt."""
    system, given = infused()
    rate, level, times = 4.0, 3.0, np.array([0.5, 1.0, 2.0, 5.0])
    found = batch.integrate_with_sensitivities(system, system.parameter_array(), [], given, initial=["A"])
    np.testing.assert_allclose(found.output_gradient(times)[:, 0, 0], np.exp(-K * times), rtol=1e-6)
    decay = 1 - K * level / rate
    assert found.crossing_gradient("amount", -np.log(decay) / K) == pytest.approx([-1 / rate], rel=1e-6)


NAMES = (
    "cd4_CD4_0",
    "cd8_CD8_0",
    "b_cells_B_0",
    "cd4_k_M4",
    "signals_e4",
    "alemtuzumab_EC50",
    "alemtuzumab_CL",
    "alemtuzumab_k_t",
    "cd4_phi",
    "b_cells_phi",
)
OUTPUTS = ("CD4", "CD8", "B", "Treg", "Treg_fraction", "NK", "lymphocytes", "C")
STEP = 2e-3
WEIGHTS = {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}  # central differences of sixth order


@pytest.fixture(scope="module")
def one_course():
    """The model, the relapsing cohort, one course, and a function that integrates a variant once for all tests."""
    system = compile_model(Model.load("reconstitution"))
    model = system.model
    given = plan_of(model, Regimen.load("ms_first_course"), 730.5)
    values = cohort_parameters(model, "relapsing", fits=["care_ms_course_1"]).values
    parameters = system.parameter_array(values)

    @cache
    def variant(name: str, factor: float):
        changed = parameters.copy()
        changed[system.parameters.index(name)] *= factor
        return integrate(system, system.constants(changed), given, tolerances=Tolerances(1e-12, 1e-16))

    return system, parameters, given, variant


@pytest.fixture(scope="module")
def reconstitution(with_sensitivities, one_course):
    """The sensitive trajectory, and the function that integrates a variant."""
    system, parameters, given, variant = one_course
    return with_sensitivities(system, parameters, NAMES, given), variant


def log_difference(variant, name: str, read):
    """d read / d ln(parameter), by differences."""
    return sum(
        weight * (read(variant(name, np.exp(k * STEP))) - read(variant(name, np.exp(-k * STEP)))) / STEP
        for k, weight in WEIGHTS.items()
    )


@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_reconstitution_are_those_of_differences(reconstitution, name):
    trajectory, variant = reconstitution
    system, times = trajectory.system, np.array([0.0, 0.1, 1.0, 4.5, 7, 14, 30.4375, 61, 122, 244, 365.25, 730.5])
    columns = [system.outputs.index(output) for output in OUTPUTS]
    value = trajectory.constants[system.parameters.index(name)]
    found = trajectory.output_gradient(times)[:, columns, NAMES.index(name)] * value
    expected = log_difference(variant, name, lambda t: t.outputs(times)[:, columns])
    # differences resolve nothing below the noise of the integrations they are made of
    noise = 1e-8 * np.abs(trajectory.outputs(times)[:, columns]).max(axis=0)
    noise += 1e-6 * np.abs(expected).max(axis=0)  # and a derivative that passes zero is no more exact than beside it
    np.testing.assert_array_less(np.abs(found - expected), 1e-5 * np.abs(expected) + noise)


@pytest.mark.parametrize("name", ["cd4_CD4_0", "cd4_k_M4", "cd4_phi", "signals_e4"])
def test_crossing_of_reconstitution_moves_as_differences_say(reconstitution, name):
    trajectory, variant = reconstitution
    level = 0.3

    def crossing(t) -> float:
        low, high = 61.0, 730.5
        curve = t.curve("CD4")
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if curve(np.array([middle]))[0] < level else (low, middle)
        return (low + high) / 2

    value = trajectory.constants[trajectory.system.parameters.index(name)]
    found = trajectory.crossing_gradient("CD4", crossing(trajectory))[NAMES.index(name)] * value
    assert found == pytest.approx(log_difference(variant, name, crossing), rel=1e-5)
