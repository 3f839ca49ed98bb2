"""Derivatives of many patients: closed forms, one patient's own, differences, and the same bits in any company."""

import numba
import numpy as np
import pytest
import sympy as sp

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.engines import Tolerances, batch
from kinetics.engines.batch import plans, stopping
from kinetics.errors import InputError, UnknownNameError
from kinetics.model import Model
from kinetics.model.quantities import Output, Parameter, State
from kinetics.population.draws import draw_patients
from kinetics.regimen import Course, Dose, Regimen
from tests.conftest import plan_of

TIGHT = Tolerances(relative=1e-11, absolute=1e-15)
MIDDLE = Tolerances(relative=1e-9, absolute=1e-14)


def of_one_plan(system, patients, names, plan, times, outputs, **settings):
    """The derivatives of patients with the same doses."""
    which = np.zeros(len(patients), dtype=int)
    return batch.integrate_many_with_sensitivities(system, patients, names, [plan], which, times, outputs, **settings)


# --- closed forms


def deficits(deficit, *doses: Dose, until: float = 20.0):
    """A system, its plan, and patients whose rate constants and full values are their own."""
    system = compile_model(deficit)
    regimen = Regimen([Course(list(doses))])
    return system, plan_of(deficit, regimen, until), np.array([[0.05, 1.0], [0.1, 2.0], [0.7, 0.5]])


def test_derivatives_after_a_bolus_are_those_of_the_exponential(deficit):
    """z = D exp(-k s) at s after the bolus, so dz/dk = -s z; Y = full - z; what was given does not depend on k."""
    system, given, patients = deficits(deficit, Dose("drug", "3 mg", "2 day"))
    times = np.array([0.0, 1.0, 2.0, 2.5, 5.0, 20.0])
    wanted = ["Z", "Y", "given"]
    found = of_one_plan(system, patients, ["full", "k"], given, times, wanted, tolerances=TIGHT)
    k, full = patients[:, :1], patients[:, 1:]
    since = np.maximum(times - 2.0, 0.0)
    z = np.where(times > 2.0, 3.0 * np.exp(-k * since), 0.0)  # at the time of the dose the value before it
    total = np.broadcast_to(np.where(times > 2.0, 3.0, 0.0), z.shape)
    nothing = np.zeros_like(z)
    assert found.reasons == ["", "", ""]
    np.testing.assert_allclose(found.outputs, np.stack([z, full - z, total], axis=-1), rtol=1e-9, atol=1e-12)
    by_full = np.stack([nothing, nothing + 1.0, nothing], axis=-1)
    by_k = np.stack([-since * z, since * z, nothing], axis=-1)
    np.testing.assert_allclose(found.gradients, np.stack([by_full, by_k], axis=-1), rtol=1e-8, atol=1e-10)


def test_derivatives_during_and_after_an_infusion_are_those_of_its_closed_form(deficit):
    """z = R (1 - exp(-k s))/k while R runs in, and what there was at its end T times exp(-k (s - T)) after it."""
    system, given, patients = deficits(deficit, Dose("drug", "8 mg", "1 day", "4 day"))
    rate, length = 2.0, 4.0
    times = np.array([1.0, 1.5, 3.0, 5.0, 5.5, 12.0, 20.0])
    found = of_one_plan(system, patients, ["k"], given, times, ["Z"], tolerances=TIGHT)
    k = patients[:, :1]
    run = np.minimum(times - 1.0, length)
    after = times - 1.0 - run
    gone = np.exp(-k * run)
    at_end, by_k = rate * (1 - gone) / k, rate * (k * run * gone - (1 - gone)) / k**2
    left = np.exp(-k * after)
    np.testing.assert_allclose(found.outputs[..., 0], at_end * left, rtol=1e-9)
    np.testing.assert_allclose(found.gradients[..., 0, 0], (by_k - after * at_end) * left, rtol=1e-8, atol=1e-11)


def test_derivatives_by_more_parameters_than_a_block_has_lanes():
    """y' = sum_i a_i x, x = exp(-t): dy/da_i = 1 - exp(-t) for each i, and y starts at a_0, dy/da_0 = 1 more."""
    a = sp.symbols("a_0:37")
    x, y, k = sp.symbols("x y k")
    model = Model.from_symbols(
        "wide_sum",
        time="day",
        parameters=[
            Parameter(name="k", value=1.0, unit="1/day"),
            *[Parameter(name=str(one), value=1.0 + i, unit="1") for i, one in enumerate(a)],
        ],
        states=[
            State(name="x", unit="1", initial=1, rate=-k * x),
            State(name="y", unit="1", initial=a[0], rate=sum(a) * k * x),
        ],
        outputs=[Output(name="sum", unit="1", value=y), Output(name="weighed", unit="1", value=y * a[20])],
    )
    system, times = compile_model(model), np.array([0.0, 0.5, 3.0])
    names = [str(one) for one in a]
    given = plan_of(model, None, 3.0)
    parameters = system.parameter_array()[None] * np.array([[1.0], [1.0]])
    found = of_one_plan(system, parameters, names, given, times, ["weighed", "sum"], tolerances=TIGHT)
    total, gone = sum(range(1, 38)), 1.0 - np.exp(-times)
    of_sum = np.repeat(gone[:, None], 37, axis=1)
    of_sum[:, 0] += 1.0
    weighed = 21.0 * of_sum
    weighed[:, 20] += 1.0 + total * gone
    expected = np.stack([weighed, of_sum], axis=1)
    np.testing.assert_allclose(found.gradients, [expected, expected], rtol=1e-9, atol=1e-12)


# --- the shipped model

NAMES = (
    "cd4_CD4_0",
    "cd4_naive_fraction",
    "cd4_k_M4",
    "cd4_thym",
    "cd8_CD8_0",
    "cd8_k_M8",
    "b_cells_B_0",
    "b_cells_k_B",
    "b_cells_fbk",
    "nk_NK_0",
    "signals_e4",
    "signals_eI",
    "signals_w8",
    "alemtuzumab_V1",
    "alemtuzumab_CL",
    "alemtuzumab_EC50",
    "alemtuzumab_kill_max",
    "alemtuzumab_k_t",
)  # more than a block of lanes
OUTPUTS = ("B", "CD4", "Treg_fraction", "lymphocytes", "C")
TIMES = np.array([0.0, 0.1, 1.0, 4.5, 14.0, 61.0, 122.0, 365.25, 730.5])


@pytest.fixture(scope="module")
def drawn():
    """A system, a plan of five infusions, and patients of the relapsing cohort."""
    system = compile_model(Model.load("reconstitution"))
    model = system.model
    given = plan_of(model, Regimen.load("ms_first_course"), TIMES[-1])
    return system, given, draw_patients(system, cohort_parameters(model, "relapsing"), 21, seed=5)


def differentiated(drawn, chosen=slice(None), *, names=NAMES, times=TIMES, outputs=OUTPUTS, tolerances=MIDDLE):
    """Some of the patients."""
    system, given, patients = drawn
    return of_one_plan(system, patients[chosen], names, given, times, outputs, tolerances=tolerances)


@pytest.fixture(scope="module")
def found(drawn):
    return differentiated(drawn)


def test_many_patients_are_what_one_is(drawn, found):
    system, given, patients = drawn
    columns = [system.outputs.index(name) for name in OUTPUTS]
    for patient in range(0, len(patients), 4):
        alone = batch.integrate_with_sensitivities(system, patients[patient], NAMES, given, tolerances=MIDDLE)
        outputs, slopes = alone.outputs(TIMES)[:, columns], alone.output_gradient(TIMES)[:, columns]
        # a derivative by a name is compared at the size of its output: some are nothing but rounding
        sizes = np.abs(slopes).max(axis=(0, 1)) * np.ones((len(TIMES), 1, 1)) * 1e-6
        np.testing.assert_allclose(found.outputs[patient], outputs, rtol=1e-9, atol=1e-15)
        np.testing.assert_array_less(
            np.abs(found.gradients[patient] - slopes), 1e-9 * np.maximum(np.abs(slopes), sizes) + 1e-300
        )


STEP = 4e-3
# central differences of order 6: Fornberg 1988, Mathematics of Computation 51:699
STENCIL = {-3: -1 / 60, -2: 3 / 20, -1: -3 / 4, 1: 3 / 4, 2: -3 / 20, 3: 1 / 60}


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_those_of_differences_of_populations(drawn, found, name):
    system, given, patients = drawn
    patients, column = patients[:6], system.parameters.index(name)
    moved = np.repeat(patients[None], len(STENCIL), axis=0)
    moved[:, :, column] *= np.exp(STEP * np.array(list(STENCIL)))[:, None]
    constants = system.constants_table(moved.reshape(-1, patients.shape[1]))
    together = batch.integrate_many(
        system,
        constants,
        [(given, np.empty(0))],
        np.zeros(len(constants), int),
        TIMES,
        tolerances=Tolerances(1e-12, 1e-16),
    )
    outputs = together.outputs[..., [system.outputs.index(output) for output in OUTPUTS]]
    outputs = outputs.reshape(len(STENCIL), len(patients), TIMES.size, len(OUTPUTS))
    expected = np.tensordot(list(STENCIL.values()), outputs, 1) / STEP
    mine = found.gradients[:6, ..., NAMES.index(name)] * patients[:, None, None, column]
    # differences resolve nothing below the noise of the integrations they are made of
    noise = 1e-8 * np.abs(outputs).max(axis=(0, 2))[:, None]
    np.testing.assert_array_less(np.abs(mine - expected), 1e-5 * np.abs(expected) + noise)


# --- the same bits


def same_bits(one: batch.Gradients, other: batch.Gradients) -> None:
    np.testing.assert_array_equal(one.outputs, other.outputs)
    np.testing.assert_array_equal(one.gradients, other.gradients)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="there is one thread alone")
def test_the_number_of_threads_changes_no_bit(drawn, found):
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = differentiated(drawn)
    finally:
        numba.set_num_threads(before)
    same_bits(alone, found)


@pytest.mark.parametrize("chosen", [slice(7, 8), slice(1, 20, 3), slice(None, None, -1)], ids=["one", "some", "turned"])
def test_the_company_of_a_patient_changes_no_bit(drawn, found, chosen):
    together = batch.Gradients(found.outputs[chosen], found.gradients[chosen], found.reasons[chosen])
    same_bits(differentiated(drawn, chosen), together)


def test_what_else_is_asked_changes_no_derivative_and_no_step(drawn, found):
    """A step is chosen by the states alone: other names and other times leave the rest as it is."""
    some = differentiated(drawn, names=NAMES[10:13], times=TIMES[::2], outputs=OUTPUTS[1:2])
    np.testing.assert_array_equal(some.outputs, found.outputs[:, ::2, 1:2])
    np.testing.assert_allclose(some.gradients, found.gradients[:, ::2, 1:2, 10:13], rtol=1e-12)


# --- what fails, and what is refused


Y, K, R = sp.symbols("y k r")


def growing(rate, r: float, unit: str, **outputs):
    """A system of y from 1, with parameters k and r, and a plan of ten days."""
    model = Model.from_symbols(
        "growing",
        time="day",
        parameters=[Parameter(name="k", value=0.05, unit="1/day"), Parameter(name="r", value=r, unit=unit)],
        states=[State(name="y", unit="1", initial=1, rate=rate)],
        outputs=[Output(name=name, unit="1", value=value) for name, value in outputs.items()],
    )
    return compile_model(model), plan_of(model, None, 10.0)


@pytest.fixture(scope="module")
def bursting():
    """y' = k y^2 from 1: y = 1/(1 - k t), at infinity at 1/k; the derivative of y sqrt(r) by r is so at r = 0."""
    return growing(K * Y**2, 1.0, "1", size=Y, root=Y * sp.sqrt(R))


def test_a_patient_that_fails_is_nan_with_its_reason_and_alone(bursting):
    system, given = bursting
    patients = np.array([[0.05, 1.0], [0.2, 1.0], [np.nan, 1.0], [0.02, 1.0]])
    times = np.array([0.0, 4.0, 10.0])
    found = of_one_plan(system, patients, ["k"], given, times, ["size"], tolerances=TIGHT)
    good, k = [0, 3], patients[[0, 3], :1]
    np.testing.assert_allclose(found.outputs[good, :, 0], 1 / (1 - k * times), rtol=1e-9)
    np.testing.assert_allclose(found.gradients[good, :, 0, 0], times / (1 - k * times) ** 2, rtol=1e-8)
    assert [bool(reason) for reason in found.reasons] == [False, True, True, False]
    assert np.isnan(found.outputs[1:3]).all()
    assert np.isnan(found.gradients[1:3]).all()
    assert "at 5 day, state y" in found.reasons[1]
    assert "impossible parameters" in found.reasons[2]
    assert "k = nan" in found.reasons[2]


def test_a_derivative_that_is_not_finite_is_told(bursting):
    system, given = bursting
    times, patients = np.array([1.0, 2.0]), np.array([[0.05, 0.0], [0.05, 4.0]])
    found = of_one_plan(system, patients, ["k", "r"], given, times, ["size", "root"])
    assert found.reasons[0].startswith("the derivative of root by r at 1 day is not finite")
    assert np.isnan(found.gradients[0]).all()
    np.testing.assert_allclose(found.gradients[1, :, 1, 1], 0.25 / (1 - 0.05 * times), rtol=1e-6)


def test_an_infinite_derivative_leaves_those_by_other_parameters_alone():
    """y' = k y + sqrt(r) from 1, at r = 0: y = exp(k t) and dy/dk = t exp(k t), while dy/dr is infinite."""
    system, given = growing(K * Y + sp.sqrt(R), 0.0, "1/day^2", size=Y)
    times = np.array([2.0, 7.0])
    found = batch.integrate_with_sensitivities(system, system.parameter_array(), ["k", "r"], given, tolerances=TIGHT)
    gradient = found.output_gradient(times)[:, 0]
    np.testing.assert_allclose(gradient[:, 0], times * np.exp(0.05 * times), rtol=1e-8)
    assert not np.isfinite(gradient[:, 1]).any()


def test_a_patient_of_too_many_steps_is_given_up(monkeypatch, drawn):
    for module in (plans, stopping):
        monkeypatch.setattr(module, "MOST_STEPS", 60)
    some = differentiated(drawn, slice(2), names=NAMES[:1], tolerances=None)
    assert all("after 60 steps" in reason for reason in some.reasons)
    assert np.isnan(some.gradients).all()


def test_no_patient_and_no_name_are_no_fault(bursting):
    system, given = bursting
    times = np.array([0.0, 5.0])
    none = of_one_plan(system, np.empty((0, 2)), ["k"], given, times, ["size"])
    assert (none.outputs.shape, none.gradients.shape, none.reasons) == ((0, 2, 1), (0, 2, 1, 1), [])
    plain = of_one_plan(system, np.array([[0.05, 1.0]]), [], given, times, ["size"])
    np.testing.assert_allclose(plain.outputs[0, :, 0], [1.0, 1 / 0.75], rtol=1e-6)
    assert plain.gradients.shape == (1, 2, 1, 0)


def test_names_that_are_not_there_are_all_told(bursting):
    system, given = bursting
    with pytest.raises(UnknownNameError) as raised:
        of_one_plan(system, np.array([[0.05, 1.0]]), ["k", "m"], given, np.array([1.0]), ["size", "y"])
    assert [(fault.where, fault.name) for fault in raised.value.faults] == [("names", "m"), ("outputs", "y")]


@pytest.mark.parametrize(
    ("patients", "times"),
    [(np.ones((2, 3)), [1.0]), (np.ones(2), [1.0]), (np.ones((1, 2)), [2.0, 1.0]), (np.ones((1, 2)), [11.0])],
    ids=["columns", "axes", "order", "end"],
)
def test_arrays_that_do_not_fit_are_refused(bursting, patients, times):
    system, given = bursting
    with pytest.raises(InputError, match=r"parameters must be|output times must be"):
        of_one_plan(system, patients, ["k"], given, np.array(times), ["size"])


def test_patients_whose_plans_and_times_are_their_own_have_the_bits_that_they_have_alone(drawn):
    system, _, patients = drawn
    which, constants = np.arange(12) % 3, system.constants_table(patients[:12])
    times = np.array([[0.0, 3.0, 20.0, 20.0], [0.5, 60.0, 365.25, 400.0], [5.0, 5.0, 5.0, 100.0]])
    regimens = [Regimen.load("ms_first_course"), Regimen.load("ms_licensed"), Regimen.none()]
    plans = [plan_of(system.model, one, at[-1]) for one, at in zip(regimens, times, strict=True)]
    without_courses = [(plan, np.empty(0)) for plan in plans]
    asked = (["cd4_k_M4", "b_cells_k_B"], plans)
    side_by_side = batch.integrate_many(system, constants, without_courses, which, times).outputs
    together = batch.integrate_many_with_sensitivities(system, patients[:12], *asked, which, times, system.outputs)
    for plan in range(3):
        own = np.flatnonzero(which == plan)
        alone = of_one_plan(system, patients[own], asked[0], plans[plan], times[plan], system.outputs)
        plain = batch.integrate_many(
            system, constants[own], without_courses[plan : plan + 1], np.zeros(4, dtype=int), times[plan]
        )
        np.testing.assert_array_equal(side_by_side[own], plain.outputs)
        np.testing.assert_array_equal(together.outputs[own], alone.outputs)
        np.testing.assert_array_equal(together.gradients[own], alone.gradients)
