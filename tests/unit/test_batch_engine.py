"""The batch engine: the same bits however it is run, a failure stays with its patient, nothing is compiled in vain."""

import re

import numba
import numpy as np
import pytest
import sympy as sp

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model, object_code
from kinetics.compile.definitions import STAGES
from kinetics.engines import Tolerances, batch
from kinetics.engines.batch import plans, single, stopping
from kinetics.errors import InputError, IntegrationError
from kinetics.measures import TimeToThreshold
from kinetics.model import Model
from kinetics.model.quantities import Derived, Output, Parameter, State
from kinetics.model.quantities import Dose as DoseInput
from kinetics.population.draws import draw_patients
from kinetics.regimen import Course, Regimen, course_starts
from kinetics.simulation import runs
from kinetics.simulation.simulating import simulate
from tests.conftest import plan_of

TIMES = np.linspace(0, 730.5, 50)
Y, K, V = sp.symbols("y k V")


@pytest.fixture(scope="module")
def drawn():
    """A system, two plans, and the constants of so many patients that lanes are refilled and threads share them."""
    system = compile_model(Model.load("reconstitution"))
    model, plans = system.model, []
    for name in ("ms_licensed", "single_100mg"):
        regimen = Regimen.load(name)
        plans.append((plan_of(model, regimen, TIMES[-1]), course_starts(regimen, model.time)))
    table = draw_patients(system, cohort_parameters(model, "relapsing"), 70, seed=3)
    return system, plans, system.constants_table(table)


def integrated(drawn, chosen=slice(None)):
    """Patients with even numbers have the first plan, the others the second."""
    system, plans, constants = drawn
    which, constants = (np.arange(len(constants)) % 2)[chosen], constants[chosen]
    events = (["CD4", "B"], np.tile([0.4, 0.1], (len(constants), 1)))
    return batch.integrate_many(system, constants, plans, which, TIMES, events=events, states=True)


def same_bits(one: batch.Batch, other: batch.Batch) -> None:
    for name in ("outputs", "states", "threshold_times", "steps"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


# --- the same numbers


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="there is one thread alone")
def test_the_number_of_threads_changes_no_bit(drawn):
    before, found = numba.get_num_threads(), []
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            found.append(integrated(drawn))
    finally:
        numba.set_num_threads(before)
    same_bits(*found)


@pytest.mark.parametrize(
    "chosen", [slice(4, 5), slice(2, 41, 3), slice(None, None, -1)], ids=["one", "some", "backwards"]
)
def test_the_company_of_a_patient_changes_no_bit(drawn, chosen):
    together = integrated(drawn)
    picked = batch.Batch(
        together.outputs[chosen],
        together.states[chosen],
        together.threshold_times[chosen],
        together.steps[chosen],
        together.reasons[chosen],
    )
    same_bits(integrated(drawn, chosen), picked)


@pytest.mark.parametrize("chunk", [2, 3])
def test_the_size_of_a_chunk_changes_no_bit(monkeypatch, chunk):
    def run():
        return simulate(
            Model.load("reconstitution"), Regimen.load("ms_licensed"), until="2 year", every="1 month",
            cohort="relapsing", patients=4, seed=8, measures=[TimeToThreshold("CD4", "0.4 1e9/L")],
        )  # fmt: skip

    whole = run()
    monkeypatch.setattr(runs, "CHUNK", chunk)
    parts = run()
    for name in whole.data_vars:
        np.testing.assert_array_equal(whole[name], parts[name], err_msg=str(name))


@pytest.mark.parametrize("patient", [2, 5, 40, 69])
def test_one_patient_with_a_dense_solution_is_that_patient_of_many(drawn, patient):
    system, plans, constants = drawn
    plan, starts = plans[patient % 2]
    alone, together = batch.integrate(system, constants[patient], plan), integrated(drawn)
    np.testing.assert_allclose(alone.outputs(TIMES), together.outputs[patient], rtol=1e-6)
    np.testing.assert_allclose(alone.states(TIMES), together.states[patient], rtol=1e-6, atol=1e-12)
    # between the ends of steps NumPy's sums round differently
    np.testing.assert_array_equal(alone.pieces[0].values[-1, 1], together.states[patient, -1])
    assert together.threshold_times.shape == (70, 2, 2)
    assert np.isnan(together.threshold_times[patient, :, starts.size :]).all()


def test_values_at_a_dose_are_those_before_it():
    system = compile_model(drug())
    dose = Course.of("drug", "4 mg").repeat(2, every="0.3 day")
    plan = plan_of(system.model, dose, 1.0)
    times = np.array([0.0, 3 * 0.1, 0.3, 0.4])  # the second lies a rounding after the dose
    constants = system.constants(system.parameter_array())
    found = batch.integrate_many(system, constants[None], [(plan, np.empty(0))], np.zeros(1, int), times)
    first = 4 / 2 * np.exp(-0.1 * 0.3)
    np.testing.assert_allclose(found.outputs[0, :, 0], [0, first, first, (first + 2) * np.exp(-0.01)], rtol=1e-6)


# --- patients that fail


def drug() -> Model:
    """An amount in a volume, with a clearance that a derived rate keeps positive."""
    return Model.from_symbols(
        "drug",
        time="day",
        parameters=[Parameter(name="k", value=0.2, unit="L/day"), Parameter(name="V", value=2.0, unit="L")],
        derived=[Derived(name="k_out", value=K / V, unit="1/day", minimum=0.0)],
        doses=[DoseInput(name="drug", unit="mg", into="y")],
        states=[State(name="y", unit="mg", initial=0, rate=-sp.Symbol("k_out") * Y)],
        outputs=[Output(name="C", unit="mg/L", value=Y / V)],
    )


def explosive() -> Model:
    return Model.from_symbols(
        "explosive",
        time="day",
        parameters=[Parameter(name="k", value=0.01, unit="1/day"), Parameter(name="a", value=0.0, unit="1")],
        states=[State(name="y", unit="1", initial=1, rate=K * Y**2 / (1 - sp.Symbol("a")))],
        outputs=[Output(name="size", unit="1", value=Y)],
    )


def test_impossible_patients_are_nan_with_their_reasons_and_the_rest_are_right():
    system = compile_model(drug())
    plan = plan_of(system.model, Course.of("drug", "4 mg").repeat(1, every="1 day"), 10.0)
    sets = [{}, {"V": -2.0}, {"k": np.nan}, {"V": np.nan}, {"V": 0.0}, {"k": np.inf}, {"k": 0.4}]
    constants = np.array([system.constants(system.parameter_array(values)) for values in sets])
    times, events = np.linspace(0, 10, 11), (["C"], np.full((len(sets), 1), 0.5))
    which = np.zeros(len(sets), int)
    found = batch.integrate_many(system, constants, [(plan, np.zeros(1))], which, times, events=events, states=True)
    nan = "k = nan, k_out = nan"
    blamed = ("", "k_out = -0.1", nan, "V = nan, k_out = nan", "k_out = inf", "k = inf, k_out = inf", "")
    for patient in range(1, 6):
        assert found.reasons[patient] == f"impossible parameters, out of range or not finite: {blamed[patient]}"
        assert np.isnan(found.outputs[patient]).all()
        assert np.isnan(found.states[patient]).all()
        assert np.isnan(found.threshold_times[patient]).all()
    assert (found.reasons[0], found.reasons[6]) == ("", "")
    for patient, rate in ((0, 0.1), (6, 0.2)):
        np.testing.assert_allclose(found.outputs[patient, 1:, 0], 2 * np.exp(-rate * times[1:]), rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"k": 0.2}, r"at 5 day, state y: (the step size fell to zero|the rates are not finite)"),
        ({"a": 1.0}, r"at 0 day, state y: the rates are not finite"),
        ({"k": 1e9}, r"at 1e-09 day, state y"),
    ],
    ids=["pole", "division by zero", "pole at once"],
)
def test_a_solution_that_ends_is_told_with_segment_time_and_state(change, said):
    system = compile_model(explosive())
    plan = plan_of(system.model, None, 30.0)
    sets, times = [{}, change, {"k": 0.02}], np.array([0.0, 10.0, 30.0])
    constants = np.array([system.constants(system.parameter_array(values)) for values in sets])
    found = batch.integrate_many(system, constants, [(plan, np.empty(0))], np.zeros(3, int), times)
    assert re.search(rf"^Rodas5P stopped in segment 1 of 1 {said}.*try ", found.reasons[1]), found.reasons[1]
    assert np.isnan(found.outputs[1]).all()
    assert (found.reasons[0], found.reasons[2]) == ("", "")
    np.testing.assert_allclose(found.outputs[[0, 2], :, 0], 1 / (1 - np.outer([0.01, 0.02], times)), rtol=1e-6)
    with pytest.raises(IntegrationError, match=said):
        batch.integrate(system, constants[1], plan)


@pytest.mark.parametrize(
    ("rate", "start"),
    [(-1 / sp.sqrt(sp.Symbol("z")), 1), (1 / (sp.Symbol("z") - 1), 1), (sp.Symbol("z") ** sp.Rational(7, 10) - 1, 0)],
    ids=["runs dry", "infinite rate", "infinite derivative"],
)
def test_the_state_that_cannot_go_on_is_named(rate, start):
    x, y, z = sp.symbols("x y z")
    made = Model.from_symbols(
        "stuck",
        time="day",
        states=[
            State(name="x", unit="1", initial=1, rate=-x / sp.Symbol("T")),
            State(name="y", unit="1", initial=1, rate=(x - y) / sp.Symbol("T")),
            State(name="z", unit="1", initial=start, rate=rate / sp.Symbol("T")),
        ],
        parameters=[Parameter(name="T", value=1.0, unit="day")],
        outputs=[Output(name="out", unit="1", value=x + y + z)],
    )
    system = compile_model(made)
    plan, constants = plan_of(made, None, 30.0), system.constants(system.parameter_array())
    found = batch.integrate_many(system, constants[None], [(plan, np.empty(0))], np.zeros(1, int), np.array([30.0]))
    assert "state z: " in found.reasons[0]
    with pytest.raises(IntegrationError, match="state z: "):
        batch.integrate(system, constants, plan)


def test_plans_with_edges_a_rounding_apart_are_read_before_the_dose():
    system, times = compile_model(drug()), np.array([0.1 + 0.2])
    assert times[0] != 0.3
    plans = [
        (plan_of(system.model, Course.of("drug", "4 mg").repeat(2, every=every), 1.0), np.array([0.0, 0.3]))
        for every in ("0.3 day", f"{0.1 + 0.2!r} day")
    ]
    constants = np.tile(system.constants(system.parameter_array()), (2, 1))
    found = batch.integrate_many(system, constants, plans, np.arange(2), times)
    np.testing.assert_allclose(found.outputs[:, 0, 0], 2 * np.exp(-0.1 * 0.3), rtol=1e-6)


@pytest.mark.parametrize("times", [[0.0, 5.0, 2.0], [0.0, np.nan], [-1.0, 2.0], [0.0, 11.0]])
def test_output_times_out_of_order_or_out_of_range_are_refused(times):
    system = compile_model(drug())
    plan = plan_of(system.model, None, 10.0)
    constants = system.constants(system.parameter_array())[None]
    with pytest.raises(InputError, match="in order, from 0 to the end at 10"):
        batch.integrate_many(system, constants, [(plan, np.empty(0))], np.zeros(1, int), np.array(times))


@pytest.mark.parametrize("engine", ["batch", "scipy"])
def test_impossible_draws_are_told_and_the_rest_are_right(engine):
    asked = {"until": "4 day", "every": "1 day", "engine": engine}
    once = Course.of("drug", "4 mg").repeat(1)
    with pytest.warns(UserWarning, match="2 of 4 could not be integrated"):
        found = simulate(drug(), once, **asked, parameters=[{}, {"V": "-2 L"}, {"k": np.nan}, {"k": 0.4}])
    assert [reason.split(":")[-1] for reason in found.failure.values] == [
        "",
        " k_out = -0.1",
        " k = nan, k_out = nan",
        "",
    ]
    assert np.isnan(found["C"][1:3]).all()
    np.testing.assert_allclose(found["C"][[0, 3], 1:], 2 * np.exp(-np.outer([0.1, 0.2], found.time[1:])), rtol=1e-6)


def test_a_run_that_needs_too_many_steps_is_given_up(monkeypatch, drawn):
    for module in (plans, stopping):
        monkeypatch.setattr(module, "MOST_STEPS", 50)
    found = integrated(drawn, slice(0, 2))
    assert all("more than 50 steps after 50 steps" in reason for reason in found.reasons)
    assert (found.steps == 50).all()


def test_a_record_grows_with_the_steps(monkeypatch, drawn):
    system, ((plan, _), _), constants = drawn
    whole = batch.integrate(system, constants[0], plan)
    monkeypatch.setattr(single, "FIRST_RECORD", 10)
    grown = batch.integrate(system, constants[0], plan)
    np.testing.assert_array_equal(whole.pieces[0].ts, grown.pieces[0].ts)
    np.testing.assert_array_equal(whole.outputs(TIMES), grown.outputs(TIMES))


def test_a_failing_draw_warns_and_keeps_the_others():
    with pytest.warns(UserWarning, match="1 of 3 could not be integrated; see the variable 'failure'"):
        found = simulate(
            explosive(), Regimen.none(), until="30 day", every="10 day", parameters=[{}, {"k": 0.2}, {"k": 0.02}],
            engine="batch",
        )  # fmt: skip
    assert np.isnan(found["size"][1]).all()
    assert np.isfinite(found["size"][[0, 2]]).all()
    assert "Rodas5P stopped" in str(found.failure.values[1])


# --- what is compiled


def test_a_single_patient_compiles_the_functions_of_one_alone(tmp_path, monkeypatch):
    made = Model.from_symbols(
        "of_this_test_alone",
        time="day",
        parameters=[Parameter(name="k", value=0.123, unit="1/day"), Parameter(name="m", value=3.0, unit="1")],
        states=[State(name="y", unit="1", initial=sp.Symbol("m"), rate=-K * Y / (1 + Y**2 + sp.Symbol("m")))],
        outputs=[Output(name="twice", unit="1", value=2 * Y)],
    )
    monkeypatch.setattr(object_code, "cache_folder", lambda: tmp_path)
    simulate(made, Regimen.none(), until="10 day", every="1 day", engine="batch")
    flat = {"dense_terms", "interpolate", *(f"combine_{slopes}" for slopes in range(STAGES))}
    steps = {"coefficients", "factor", "stage", "error", "rate", "kinks"}
    compiled = {path.name for path in tmp_path.glob("*/*")}
    assert compiled == {f"{name}_0.object" for name in {"constants", "start", "outputs", *steps, *flat}}


def test_error_bounds_are_in_the_attributes():
    made = drug()
    given = {"until": "1 day", "every": "1 day", "parameters": [{}, {"k": 0.1}]}
    found = simulate(made, Regimen.none(), **given)
    assert found.attrs["engine"] == "batch Rodas5P"
    assert (found.attrs["relative_tolerance"], found.attrs["absolute_tolerance"]) == (1e-7, 1e-13)
    found = simulate(made, Regimen.none(), **given, tolerances=Tolerances(1e-5, 1e-9))
    assert (found.attrs["relative_tolerance"], found.attrs["absolute_tolerance"]) == (1e-5, 1e-9)
    assert simulate(made, Regimen.none(), until="1 day", every="1 day").attrs["engine"] == "scipy LSODA"
