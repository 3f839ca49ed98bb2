"""What holds for any dosing: repetition written out, steady states that return, lags that shift, exact derivatives."""

from functools import cache

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics.compile import compile_model
from kinetics.engines import Tolerances
from kinetics.engines.dosing import integrate_histories
from kinetics.model import Model
from kinetics.model.quantities import Dose, Output, Parameter, State
from kinetics.regimen import DoseRecord, History, TimedValues, histories

ENGINES = ("batch", "scipy")
NAMES = ("KA", "V", "LAG", "F", "DUR", "RATE")
VALUES = {"KA": 1.3, "K": 0.15, "VMAX": 9.0, "KM": 4.0, "KIN": 2.0, "V": 8.0}
VALUES |= {"LAG": 0.7, "F": 0.6, "DUR": 2.5, "RATE": 12.0}
UNITS = {"KA": "1/hour", "K": "1/hour", "VMAX": "mg/hour", "KM": "mg", "KIN": "1/hour", "V": "L"}
UNITS |= {"LAG": "hour", "F": "1", "DUR": "hour", "RATE": "mg/hour"}
TIMES = [0.5, 3.0, 7.5, 11.0, 17.25, 26.0, 40.0]
TIGHT = Tolerances(relative=1e-9, absolute=1e-14)


@cache
def system(linear):
    """A depot and a central compartment, whose elimination may saturate; and cells at rest that the drug kills."""
    ka, k, vmax, km, kin, volume, depot, central, cells = sp.symbols("KA K VMAX KM KIN V depot central cells")
    lag, share, duration, rate = sp.symbols("LAG F DUR RATE")
    out = k * central if linear else vmax * central / (km + central)
    said = {"lag": lag, "bioavailability": share, "duration": duration, "rate": rate}
    units = {name: Parameter(name=name, value=value, unit=UNITS[name]) for name, value in VALUES.items()}
    killing = 0 if linear else central / km
    return compile_model(
        Model.from_symbols(
            f"dosing_{'linear' if linear else 'saturable'}",
            time="hour",
            parameters=units.values(),
            states=[
                State(name="depot", unit="mg", initial=0, rate=-ka * depot),
                State(name="central", unit="mg", initial=0, rate=ka * depot - out),
                State(
                    name="cells",
                    unit="1",
                    initial=0 if linear else 1,
                    rate=-kin * cells if linear else kin * (1 - cells) - kin * killing * cells,
                ),
            ],
            doses=[
                Dose(name="oral", unit="mg", into="depot", **said),
                Dose(name="iv", unit="mg", into="central"),
            ],
            outputs=[Output(name="C", unit="mg/L", value=central / volume), Output(name="N", unit="1", value=cells)],
        )
    )


def outputs(linear, records, times=TIMES, *, engine="batch", names=(), sequences=None, covariates=None, **values):
    """Outputs, (time, output), of one patient; with their derivatives if names are given."""
    of = system(linear)
    patients = histories([History(records, times, sequences, covariates or {})], of.model)
    parameters = of.parameter_array(VALUES | values)[None]
    found = integrate_histories(of, patients, parameters, ["C", "N"], names, engine=engine, tolerances=TIGHT)
    assert found.reasons == [""]
    return (found.outputs[0], found.gradients[0]) if names else found.outputs[0]


AMOUNTS, INTERVALS = st.floats(1.0, 30.0), st.floats(2.0, 14.0)
KINDS = st.sampled_from([{}, {"rate": 7.0}, {"duration": 1.5}, {"modelled": "duration"}, {"modelled": "rate"}])


@settings(max_examples=20)
@given(st.booleans(), AMOUNTS, INTERVALS, st.integers(1, 5), KINDS, st.floats(0.0, 5.0))
def test_additional_doses_are_the_doses_written_out(linear, amount, interval, additional, kind, lag):
    short = [DoseRecord(1.0, "oral", amount, interval=interval, additional=additional, **kind)]
    long = [DoseRecord(1.0 + n * interval, "oral", amount, **kind) for n in range(additional + 1)]
    np.testing.assert_allclose(outputs(linear, short, LAG=lag), outputs(linear, long, LAG=lag), rtol=1e-9, atol=1e-12)


@settings(max_examples=15)
@given(st.booleans(), st.floats(1.0, 12.0), st.floats(3.0, 14.0), KINDS, st.floats(0.0, 20.0))
def test_a_steady_state_returns_after_an_interval_and_is_what_many_doses_come_to(linear, amount, interval, kind, lag):
    times = [10.0, 10.0 + interval / 3, 10.0 + interval, 10.0 + 4 * interval / 3]
    steady = [DoseRecord(10.0, "oral", amount, interval=interval, steady_state=1, additional=2, **kind)]
    values = outputs(linear, steady, times, LAG=lag, VMAX=20.0)
    np.testing.assert_allclose(values[2:], values[:2], rtol=1e-6)
    number = 200
    begin = 10.0 - number * interval
    many = [DoseRecord(begin, "oral", amount, interval=interval, additional=number + 2, **kind)]
    np.testing.assert_allclose(outputs(linear, many, times, LAG=lag, VMAX=20.0), values, rtol=1e-6, atol=1e-9)


@settings(max_examples=15)
@given(st.booleans(), AMOUNTS, KINDS, st.floats(0.0, 6.0))
def test_a_lag_is_a_dose_that_comes_so_much_later(linear, amount, kind, lag):
    late, without = [DoseRecord(2.0 + lag, "oral", amount, **kind)], [DoseRecord(2.0, "oral", amount, **kind)]
    np.testing.assert_allclose(outputs(linear, without, LAG=lag), outputs(linear, late, LAG=0.0), rtol=1e-7, atol=1e-12)


@settings(max_examples=10)
@given(AMOUNTS, st.sampled_from([{}, {"duration": 1.5}, {"modelled": "duration"}]), st.floats(0.05, 1.0))
def test_bioavailability_scales_what_a_linear_model_does(amount, kind, share):
    records = [DoseRecord(0.0, "oral", amount, interval=9.0, additional=1, **kind)]
    scaled, whole = outputs(True, records, F=share), outputs(True, records, F=1.0)
    np.testing.assert_allclose(scaled, share * whole, rtol=1e-7, atol=1e-12)


@settings(max_examples=15)
@given(st.booleans(), AMOUNTS, KINDS, st.booleans())
def test_after_a_reset_all_is_as_at_a_fresh_start(linear, amount, kind, with_dose):
    before = DoseRecord(0.0, "oral", 20.0, interval=3.0, additional=9, duration=40.0)
    again = DoseRecord(12.0, "oral", amount, sequence=2, reset=with_dose, **kind)
    alone = [] if with_dose else [DoseRecord(12.0, "", 0.0, reset=True, sequence=1)]
    times = [12.5, 15.0, 31.0]
    fresh = outputs(linear, [DoseRecord(0.0, "oral", amount, **kind)], [0.5, 3.0, 19.0])
    np.testing.assert_allclose(outputs(linear, [before, *alone, again], times), fresh, rtol=1e-7, atol=1e-12)


def test_a_second_steady_state_is_added():
    first = DoseRecord(0.0, "oral", 8.0, interval=24.0, steady_state=1, additional=3)
    second = DoseRecord(6.0, "iv", 5.0, interval=24.0, steady_state=2, additional=3, sequence=1)
    alone = DoseRecord(6.0, "iv", 5.0, interval=24.0, steady_state=1, additional=3)
    times = [7.0, 20.0, 30.0]
    together = outputs(True, [first, second], times)
    np.testing.assert_allclose(together, outputs(True, [first], times) + outputs(True, [alone], times), rtol=1e-6)


def test_a_constant_infusion_at_steady_state_is_where_rates_balance_and_then_it_ends():
    at_end, later = outputs(True, [DoseRecord(5.0, "iv", 0.0, rate=3.0, steady_state=1)], [5.0, 9.0])[:, 0]
    np.testing.assert_allclose(at_end, 3.0 / VALUES["K"] / VALUES["V"], rtol=1e-6)
    np.testing.assert_allclose(later, at_end * np.exp(-4 * VALUES["K"]), rtol=1e-6)


def test_more_than_the_model_eliminates_has_no_steady_state():
    of = system(False)
    record = DoseRecord(0.0, "iv", 100.0, interval=6.0, steady_state=1)
    patients = histories([History([record], [1.0])], of.model)
    for engine in ENGINES:
        found = integrate_histories(of, patients, of.parameter_array()[None], ["C"], engine=engine)
        assert "steady state" in found.reasons[0]
        assert np.isnan(found.outputs).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_steady_state_keeps_a_sum_that_the_model_conserves(engine):
    a, free, bound, on, off, k, total = sp.symbols("drug free bound on off k total")
    rate, units = on * a * free - off * bound, {"on": "1/hour/mg", "off": "1/hour", "k": "1/hour", "total": "mg"}
    values = {"on": 0.3, "off": 0.2, "k": 0.25, "total": 5.0}
    of = compile_model(
        Model.from_symbols(
            "target",
            time="hour",
            parameters=[Parameter(name=name, value=value, unit=units[name]) for name, value in values.items()],
            states=[
                State(name="drug", unit="mg", initial=0, rate=-rate - k * a),
                State(name="free", unit="mg", initial=total, rate=-rate),
                State(name="bound", unit="mg", initial=0, rate=rate),
            ],
            doses=[Dose(name="iv", unit="mg", into="drug")],
            outputs=[Output(name="target", unit="mg", value=free), Output(name="A", unit="mg", value=a)],
        )
    )

    def run(record, **changed):
        patients = histories([History([record], [1.0, 5.0])], of.model)
        parameters = of.parameter_array(values | changed)[None]
        found = integrate_histories(of, patients, parameters, of.outputs, ["total"], engine=engine, tolerances=TIGHT)
        assert found.reasons == [""]
        return found

    steady = DoseRecord(0.0, "iv", 6.0, interval=8.0, steady_state=1)
    many = run(DoseRecord(-800.0, "iv", 6.0, interval=8.0, additional=100))
    found = run(steady)
    np.testing.assert_allclose(found.outputs, many.outputs, rtol=1e-6)
    np.testing.assert_allclose(found.gradients, many.gradients, rtol=1e-5)
    difference = (run(steady, total=5.001).outputs - run(steady, total=4.999).outputs) / 0.002
    np.testing.assert_allclose(found.gradients[..., 0], difference, rtol=1e-5)


RECORDS = {
    "bolus": [DoseRecord(0.0, "oral", 20.0, interval=8.0, additional=3)],
    "rate": [DoseRecord(0.0, "oral", 20.0, rate=9.0, interval=8.0, additional=3)],
    "duration": [DoseRecord(0.0, "oral", 20.0, duration=3.0), DoseRecord(9.0, "iv", 5.0)],
    "modelled duration": [DoseRecord(0.0, "oral", 20.0, modelled="duration", interval=8.0, additional=3)],
    "modelled rate": [DoseRecord(0.0, "oral", 20.0, modelled="rate", interval=8.0, additional=3)],
    "steady state": [DoseRecord(2.0, "oral", 20.0, interval=8.0, additional=3, steady_state=1)],
    "steady state of infusions": [
        DoseRecord(2.0, "oral", 20.0, modelled="duration", interval=2.0, additional=9, steady_state=1)
    ],
    "steady states added": [
        DoseRecord(0.0, "oral", 9.0, interval=8.0, additional=3, steady_state=1),
        DoseRecord(5.0, "oral", 6.0, modelled="rate", interval=8.0, additional=3, steady_state=2, sequence=1),
    ],
    "constant infusion": [DoseRecord(2.0, "oral", 0.0, modelled="rate", steady_state=1)],
    "reset": [DoseRecord(0.0, "oral", 20.0), DoseRecord(10.0, "oral", 9.0, reset=True, modelled="duration")],
}


@pytest.mark.parametrize(
    "linear", [pytest.param(True, id="linear", marks=pytest.mark.thorough), pytest.param(False, id="saturable")]
)
@pytest.mark.parametrize(
    "kind",
    # 'modelled rate' and 'steady states added' do all that these do
    [pytest.param(kind, marks=[pytest.mark.thorough] if kind in {"rate", "steady state"} else []) for kind in RECORDS],
)
def test_derivatives_are_those_of_differences(kind, linear):
    values = {"VMAX": 30.0}
    results = {engine: outputs(linear, RECORDS[kind], engine=engine, names=NAMES, **values) for engine in ENGINES}
    for index, name in enumerate(NAMES):
        h = 1e-4 * VALUES[name]
        more, less = (
            outputs(linear, RECORDS[kind], engine="scipy", **values | {name: VALUES[name] + sign * h})
            for sign in (1, -1)
        )
        difference = (more - less) / (2 * h)
        size = np.abs(difference).max() + np.abs(more).max() / VALUES[name]
        for _, gradients in results.values():
            np.testing.assert_allclose(gradients[:, :, index], difference, rtol=2e-5, atol=2e-6 * size, err_msg=name)


@pytest.mark.parametrize("engine", ENGINES)
def test_boluses_that_different_lags_bring_together_have_derivatives_of_their_own(engine):
    records = [DoseRecord(0.0, "oral", 20.0), DoseRecord(2.0, "iv", 10.0), DoseRecord(4.0, "iv", 5.0)]
    _, gradients = outputs(True, records, [3.0, 6.0], engine=engine, names=["LAG"], LAG=2.0)
    more, less = (outputs(True, records, [3.0, 6.0], engine="scipy", LAG=2.0 + sign * 1e-4) for sign in (1, -1))
    np.testing.assert_allclose(gradients[:, 0, 0], (more - less)[:, 0] / 2e-4, rtol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_parameter_that_changes_over_time_has_the_derivatives_of_differences(engine):
    covariates = {
        "K": TimedValues((0.0, 4.0, 10.0), (0.1, 0.3, 0.2), "next"),
        "VMAX": TimedValues((0.0, 6.0), (30.0, 15.0), "last"),
    }
    records = [DoseRecord(0.0, "oral", 20.0, modelled="duration", interval=5.5, additional=3)]
    for linear in (True, False):
        options = {"engine": engine, "covariates": covariates}
        _, gradients = outputs(linear, records, names=NAMES, **options)
        for index, name in enumerate(NAMES):
            h = 1e-4 * VALUES[name]
            more, less = (outputs(linear, records, **options, **{name: VALUES[name] + s * h}) for s in (1, -1))
            difference = (more - less) / (2 * h)
            np.testing.assert_allclose(
                gradients[:, :, index], difference, rtol=2e-5, atol=1e-6 * np.abs(difference).max() + 1e-8
            )


def test_a_covariate_in_steps_is_a_chain_of_closed_forms():
    times, values = (0.0, 5.0, 12.0), (0.1, 0.3, 0.05)
    decay = {"next": [0.3 * 5, 0.3 * 5 + 0.05 * 7], "last": [0.1 * 5, 0.1 * 5 + 0.3 * 7]}
    for rule, exponents in decay.items():
        series = {"K": TimedValues(times, values, rule)}
        found = outputs(True, [DoseRecord(0.0, "iv", 8.0)], [5.0, 12.0], covariates=series)[:, 0]
        np.testing.assert_allclose(found, np.exp(-np.array(exponents)), rtol=1e-7)


def test_a_linear_covariate_in_steps_of_its_middle_has_the_exact_area():
    series = {"K": TimedValues((0.0, 10.0), (0.1, 0.3), "linear")}
    found = outputs(True, [DoseRecord(0.0, "iv", 8.0)], [10.0], covariates=series)[0, 0]
    np.testing.assert_allclose(found, np.exp(-0.2 * 10), rtol=1e-7)


@pytest.mark.parametrize("rule", ["next", "last", "linear"])
@pytest.mark.parametrize("sequences", [None, [0, 1, 2, 3, 4]])
def test_an_output_at_the_time_of_a_covariate_has_the_value_of_its_record(rule, sequences):
    volume = TimedValues((0.0, 5.0, 12.0), (8.0, 20.0, 4.0), rule)
    records = [DoseRecord(0.0, "iv", 8.0, sequence=-1), DoseRecord(5.0, "iv", 8.0, sequence=9)]
    times = [0.0, 2.0, 5.0, 12.0, 15.0]
    found = outputs(True, records, times, sequences=sequences, covariates={"V": volume})[:, 0]
    amounts = 8.0 * np.exp(-VALUES["K"] * np.array(times)) + [0, 0, 0, *(8.0 * np.exp([-0.15 * 7, -0.15 * 10]))]
    amounts[0] *= sequences is not None
    between = {"next": 20.0, "last": 8.0, "linear": 8.0 + 12.0 * 7 / 16}[rule]
    np.testing.assert_allclose(found, amounts / [8.0, between, 20.0, 4.0, 4.0], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_dose_has_the_values_of_its_time_whatever_the_rule_of_each_is(engine):
    share = TimedValues((0.0, 5.0, 10.0), (0.1, 0.4, 0.9), "next")
    others = {"DUR": TimedValues((0.0, 5.0, 10.0), (9.0, 2.0, 1.0), "last"), "F": share}
    records = [DoseRecord(5.0, "oral", 8.0, modelled="duration")]
    both = outputs(True, records, [12.0, 20.0], covariates=others, engine=engine)
    of_time = outputs(True, records, [12.0, 20.0], F=0.4, DUR=2.0, engine=engine)
    np.testing.assert_allclose(both, of_time, rtol=1e-6)


def test_rows_of_equal_time_follow_each_other_by_number():
    records = [DoseRecord(0.0, "iv", 8.0, sequence=1), DoseRecord(4.0, "iv", 8.0, sequence=4)]
    found = outputs(True, records, [0.0, 0.0, 4.0, 4.0], sequences=[0, 2, 3, 5])[:, 0]
    left = np.exp(-4 * VALUES["K"])
    np.testing.assert_allclose(found, [0.0, 1.0, left, 1.0 + left], rtol=1e-8, atol=1e-12)


def test_patients_together_have_the_numbers_of_each_alone():
    of = system(False)
    given = [History(records, TIMES) for records in RECORDS.values()]
    parameters = np.tile(of.parameter_array({"VMAX": 30.0}), (len(given), 1))
    together = integrate_histories(of, histories(given, of.model), parameters, ["C", "N"], NAMES)
    for number, one in enumerate(given):
        alone = integrate_histories(of, histories([one], of.model), parameters[:1], ["C", "N"], NAMES)
        np.testing.assert_array_equal(together.outputs[number], alone.outputs[0])
        np.testing.assert_array_equal(together.gradients[number], alone.gradients[0])


@pytest.mark.parametrize("linear", [True, False])
def test_histories_that_are_taken_have_the_outputs_of_their_patients(linear):
    of = system(linear)
    patients = [
        History([DoseRecord(1.0, "oral", 20.0, modelled="duration", interval=6.0, additional=2)], TIMES),
        History([], TIMES[:2]),
        History([DoseRecord(0.0, "iv", 5.0, interval=8.0, steady_state=1), DoseRecord(9.0, "iv", 3.0)], TIMES[2:]),
        History([DoseRecord(0.0, "iv", 5.0), DoseRecord(6.0, "oral", 9.0, reset=True, sequence=1)], TIMES,
                covariates={"K" if linear else "KM": TimedValues((0.0, 9.0), (0.2, 3.0), "last")}),
    ]  # fmt: skip
    whole = histories(patients, of.model)
    chosen = np.array([3, 0, 2, 2, 1, 3])
    parameters = np.tile(of.parameter_array(), (len(chosen), 1)) * np.linspace(0.9, 1.1, len(chosen))[:, None]
    together = integrate_histories(of, whole.take(chosen), parameters, ["C", "N"], ["V", "LAG"])
    for lane, patient in enumerate(chosen):
        alone = integrate_histories(
            of, histories([patients[patient]], of.model), parameters[[lane]], ["C", "N"], ["V", "LAG"]
        )
        size = len(patients[patient].times)
        assert together.reasons[lane] == alone.reasons[0] == ""
        np.testing.assert_allclose(together.outputs[lane, :size], alone.outputs[0], rtol=1e-12)
        np.testing.assert_allclose(together.gradients[lane, :size], alone.gradients[0], rtol=1e-9, atol=1e-12)
        assert np.isnan(together.outputs[lane, size:]).all()
