"""The batch engine: its coefficients and order, classic stiff problems, and SciPy's Radau on every shipped model."""

import json
from pathlib import Path

import numba
import numpy as np
import pytest
import sympy as sp
from scipy.integrate import solve_ivp

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import System, compile_model
from kinetics.engines import Tolerances, batch, scipy
from kinetics.engines.batch.kernels import rodas5p, step
from kinetics.engines.batch.work import addressed, code_of_one, step_arrays
from kinetics.files.library import library_names
from kinetics.model import Model
from kinetics.model.quantities import Parameter, State
from kinetics.population.draws import draw_patients
from kinetics.regimen import Regimen
from tests.conftest import plan_of

COEFFICIENTS = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "rodas5p.json"


def system_of(name: str, parameters: dict[str, float], states: dict[str, tuple[float, sp.Expr, str]]) -> System:
    """A system whose time is in seconds and whose parameters carry whatever unit makes rates fit."""
    return compile_model(
        Model.from_symbols(
            name,
            time="second",
            parameters=[Parameter(name=key, value=value, unit="1/second") for key, value in parameters.items()],
            states=[
                State(name=key, unit=unit, initial=initial, rate=rate) for key, (initial, rate, unit) in states.items()
            ],
        )
    )


# --- the method


@pytest.mark.skipif(not COEFFICIENTS.is_file(), reason=f"the oracle {COEFFICIENTS} is not here")
def test_coefficients_are_those_published():
    published = json.loads(COEFFICIENTS.read_text())
    assert published["gamma"] == rodas5p.GAMMA
    np.testing.assert_array_equal(rodas5p.A, published["a"])
    np.testing.assert_array_equal(rodas5p.C, published["c"])
    np.testing.assert_array_equal(rodas5p.DENSE, published["dense_h"])


@pytest.fixture(scope="module")
def orbit():
    """Predator and prey: smooth, nonlinear, coupled."""
    x, y, k = sp.symbols("x y k")
    return system_of("orbit", {"k": 1.0}, {"x": (1.5, k * x * (1 - y), "1"), "y": (0.6, k * y * (x - 1), "1")})


def exact_orbit(start: np.ndarray, until: float):
    """A dense solution by SciPy, to about 1e-13."""
    return solve_ivp(
        lambda _, z: [z[0] * (1 - z[1]), z[1] * (z[0] - 1)],
        (0, until), start, "DOP853", rtol=1e-13, atol=1e-15, dense_output=True,
    ).sol  # fmt: skip


@numba.njit
def stepped(code, arrays):
    """Take a step, with what its dense output needs."""
    step.take_step(code, arrays)
    step.dense_terms(code, arrays.k, arrays.terms)


@numba.njit
def looked_at(code, theta, arrays):
    step.interpolate(code, theta, arrays)


def errors_of_equal_steps(system: System, until: float, steps: int) -> tuple[float, float]:
    """Largest error at the ends of equal steps, and inside them."""
    code, c = code_of_one(system), system.constants(system.parameter_array())
    arrays = step_arrays(code, 1e-7)
    addresses, functions, size = addressed(arrays), addressed(code), code.states
    arrays.constants[:], arrays.y[:size] = c, system.functions.initial(c)
    exact = exact_orbit(arrays.y[:size].copy(), until)
    h, at_ends, within = until / steps, 0.0, 0.0
    for index in range(steps):
        arrays.h[:] = h
        stepped(functions, addresses)
        for theta in (0.25, 0.5, 0.75):
            looked_at(functions, theta, addresses)
            within = max(within, np.abs(arrays.state[:size] - exact((index + theta) * h)).max())
        arrays.y[:] = arrays.y_new
        at_ends = max(at_ends, np.abs(arrays.y[:size] - exact((index + 1) * h)).max())
    return at_ends, within


def test_the_step_is_of_order_five_and_its_dense_output_of_four_at_least(orbit):
    ladder = np.array([errors_of_equal_steps(orbit, 6.0, steps) for steps in (24, 48, 96, 192)])
    orders = np.log2(ladder[:-1] / ladder[1:])
    assert (orders[:, 0] > 4.8).all(), orders
    assert (orders[:, 0] < 5.5).all(), orders  # not by chance of a coarse first rung
    assert (orders[:, 1] > 4.0).all(), orders


def test_the_error_follows_the_tolerance(orbit):
    times = np.linspace(0, 20, 201)
    constants, plan, errors = orbit.constants(orbit.parameter_array()), plan_of(orbit.model, None, 20.0), []
    exact = exact_orbit(orbit.functions.initial(constants), 20.0)(times).T
    for relative in (1e-4, 1e-6, 1e-8, 1e-10):
        found = batch.integrate(orbit, constants, plan, tolerances=Tolerances(relative, relative))
        errors.append(np.abs(found.states(times) - exact).max())
    assert (np.array(errors) < 30 * np.array([1e-4, 1e-6, 1e-8, 1e-10])).all(), errors
    assert (np.diff(np.log10(errors)) < -1.5).all(), errors


# --- classic problems, with published digits: Hairer and Wanner, Solving Ordinary Differential Equations II, IV.10,
#     and their test set, https://www.unige.ch/~hairer/testset/testset.html


def at_end(system: System, until: float, tolerances: Tolerances) -> np.ndarray:
    """The states at ``until``, the same by a recorded integration and by that of a population."""
    constants, plan = system.constants(system.parameter_array()), plan_of(system.model, None, until)
    alone = batch.integrate(system, constants, plan, tolerances=tolerances).states(np.array([until]))[0]
    together = batch.integrate_many(
        system, constants[None], [(plan, np.empty(0))], np.zeros(1, int), np.array([until]),
        states=True, tolerances=tolerances,
    )  # fmt: skip
    assert together.reasons == [""]
    assert together.states is not None
    np.testing.assert_allclose(together.states[0, 0], alone, rtol=1e-9)
    return alone


def test_robertson_to_1e11_seconds():
    a, b, c, slow, fast, square = sp.symbols("y1 y2 y3 slow fast square")
    system = system_of(
        "robertson",
        {"slow": 0.04, "fast": 1e4, "square": 3e7},
        {
            "y1": (1, -slow * a + fast * b * c, "1"),
            "y2": (0, slow * a - fast * b * c - square * b**2, "1"),
            "y3": (0, square * b**2, "1"),
        },
    )
    found = at_end(system, 1e11, Tolerances(1e-10, 1e-22))
    published = [0.2083340149701255e-07, 0.8333360770334713e-13, 0.9999999791665050]
    # one rounding of the third, 1e-16, is 5e-9 of the first, whatever the tolerance: ten of them
    np.testing.assert_allclose(found, published, rtol=5e-8)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)


def test_van_der_pol_with_a_stiffness_of_a_million():
    y, v, k, stiff = sp.symbols("y v k stiff")
    system = system_of(
        "van_der_pol",
        {"k": 1.0, "stiff": 1e6},
        {"y": (2, v, "1"), "v": (0, stiff * ((1 - y**2) * v - k * y), "1/second")},
    )
    found = at_end(system, 2.0, Tolerances(1e-10, 1e-12))
    np.testing.assert_allclose(found, [1.706167732170483, -0.8928097010247975], rtol=1e-8)


# --- the models that ship

UNTIL = 3652.5
# close where the drug acts: within both courses, the first month after each, and then the years
TIMES = np.unique(
    np.concatenate([start + np.linspace(0, 45, 451) for start in (0, 365.25)] + [np.linspace(0, UNTIL, 500)])
)
EXACT = Tolerances(1e-11, 1e-16)


@pytest.fixture(scope="module")
def reconstitution():
    return compile_model(Model.load("reconstitution"))


def worst(found: np.ndarray, exact: np.ndarray) -> float:
    """The largest relative difference of an output, (time, output), where it is above 1e-6 of its peak."""
    compared = exact > 1e-6 * exact.max(axis=0)
    assert compared.mean() > 0.5
    return float(np.max(np.abs(found / np.where(compared, exact, 1.0) - 1.0), where=compared, initial=0.0))


def disagreement(system: System, table: np.ndarray, regimen: str | None = "ms_licensed") -> list[float]:
    """Of each patient, (patient, parameter), against Radau."""
    plan = plan_of(system.model, Regimen.load(regimen) if regimen else None, UNTIL)
    constants = np.array([system.constants(parameters) for parameters in table])
    found = batch.integrate_many(system, constants, [(plan, np.empty(0))], np.zeros(len(table), int), TIMES)
    assert found.reasons == [""] * len(table)
    exact = [scipy.integrate(system, own, plan, method="Radau", tolerances=EXACT).outputs(TIMES) for own in constants]
    return [worst(*pair) for pair in zip(found.outputs, exact, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("cohort", ["relapsing", pytest.param("progressive", marks=pytest.mark.thorough)])
def test_ten_years_of_patients_agree_with_radau_to_2e_6(reconstitution, cohort):
    values = cohort_parameters(reconstitution.model, cohort)
    typical = reconstitution.parameter_array(values.values)
    drawn = draw_patients(reconstitution, values, 5, seed=11)
    assert max(disagreement(reconstitution, np.vstack([typical, drawn]))) < 2e-6


def test_steps_across_kinks_of_the_rates_are_as_accurate_as_others(reconstitution):
    """Marrow output has a kink; 200 patients against themselves at a tolerance of 1e-11, which Radau confirms above."""
    drawn = draw_patients(reconstitution, cohort_parameters(reconstitution.model, "relapsing"), 200, seed=11)
    constants = reconstitution.constants_table(drawn)
    plan = plan_of(reconstitution.model, Regimen.load("single_100mg"), UNTIL)
    asked = (reconstitution, constants, [(plan, np.empty(0))], np.zeros(200, int), np.arange(0.0, 1000.0))
    exact = batch.integrate_many(*asked, tolerances=EXACT).outputs
    # ten times the tolerance: of one patient 7e-7, of the others below 2e-7
    assert max(worst(*pair) for pair in zip(batch.integrate_many(*asked).outputs, exact, strict=True)) < 1e-6


@pytest.mark.parametrize("regimen", ["oncology_12_weeks", "single_100mg", "ahsct", "cladribine_tablets"])
def test_other_regimens_agree_with_radau_to_2e_6(reconstitution, regimen):
    typical = reconstitution.parameter_array(cohort_parameters(reconstitution.model, "progressive").values)
    assert max(disagreement(reconstitution, typical[None], regimen)) < 2e-6


def regimen_of(model: Model) -> str | None:
    """The licensed regimen if the model takes the drug, else the first that it takes."""
    names = ("ms_licensed", *library_names("models/regimens"))
    return next((name for name in names if {*Regimen.load(name).drugs} <= model.doses.keys()), None)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.thorough] if name == "immunogenicity" else [])
        for name in sorted(set(library_names("models")) - {"reconstitution"})
    ],
)
def test_every_shipped_model_alone_agrees_with_radau_to_3e_6(name):
    """Under a regimen if it takes a drug, and pushed from rest by every input."""
    system = compile_model(Model.load(name))
    pushed = {row.name: 0.05 if row.rest == 0 else 1.3 * row.rest for row in system.model.inputs.values()}
    table = system.parameter_array(pushed)[None]
    assert max(disagreement(system, table, regimen_of(system.model))) < 3e-6
