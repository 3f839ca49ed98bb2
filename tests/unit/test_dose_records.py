"""Records of doses: what is wrong with them is said all at once, and what a model says of its drugs is checked."""

import numpy as np
import pytest
import sympy as sp

from kinetics.compile import compile_model
from kinetics.engines.dosing import integrate_histories
from kinetics.errors import InputError, UnknownNameError
from kinetics.model import Model
from kinetics.model.quantities import Dose, Output, Parameter, State
from kinetics.regimen import (
    Course,
    DoseRecord,
    History,
    Regimen,
    Rule,
    TimedValues,
    check_accepted,
    check_row_accepted,
    dose_records,
    histories,
    model_segments,
)

KA, K, LAG, F, A, B = sp.symbols("KA K LAG F A B")


def model(**of_dose):
    values = {"KA": (1.5, "1/hour"), "K": (0.2, "1/hour"), "LAG": (0.5, "hour"), "F": (0.7, "1")}
    return Model.from_symbols(
        "oral",
        time="hour",
        parameters=[Parameter(name=name, value=value, unit=unit) for name, (value, unit) in values.items()],
        states=[
            State(name="A", unit="mg", initial=0, rate=-KA * A),
            State(name="B", unit="mg", initial=0, rate=KA * A - K * B),
        ],
        doses=[Dose(name="oral", unit="mg", into="A", **of_dose)],
        outputs=[Output(name="central", unit="mg", value=B)],
    )


def test_every_fault_of_every_record_is_said_at_once():
    patients = [
        History([DoseRecord(0.0, "orla", 1.0), DoseRecord(0.0, "oral", -1.0)], [1.0]),
        History(
            [
                DoseRecord(0.0, "oral", 1.0, additional=2),
                DoseRecord(0.0, "oral", 1.0, steady_state=1),
                DoseRecord(0.0, "oral", 1.0, modelled="duration"),
                DoseRecord(0.0, "oral", 1.0, rate=1.0, duration=1.0),
                DoseRecord(np.nan, "oral", 0.0),
                DoseRecord(0.0, "", 1.0),
                DoseRecord(0.0, "oral", 1.0, steady_state=3, additional=-1),
            ],
            [np.inf],
            covariates={"weight": TimedValues((1.0, 0.0), (1.0, 2.0))},
        ),
    ]
    with pytest.raises(InputError) as error:
        histories(patients, model())
    text = str(error.value)
    for expected in (
        "patient 1: dose 1: unknown drug 'orla'; did you mean 'oral'?; the model accepts oral",
        "patient 1: dose 2: amount must not be negative, found -1",
        "patient 2: dose 1: 2 additional doses need a positive interval",
        "patient 2: dose 2: a steady state of repeated doses needs a positive interval",
        "patient 2: dose 3: the model has no duration of oral: add 'duration' to [doses.oral]",
        "patient 2: dose 4: an infusion has a rate, a duration, or one of the two from the model",
        "patient 2: dose 5: time must be a finite number, found nan",
        "patient 2: dose 5: amount must be positive",
        "patient 2: dose 6: unknown drug ''",
        "patient 2: dose 7: steady_state must be 0, 1 or 2, found 3",
        "patient 2: dose 7: additional must be from 0 to",
        "patient 2: times: must be finite numbers",
        "patient 2: weight: model 'oral' has no parameter 'weight'",
        "patient 2: weight: times must increase",
        "patient 2: weight: changes over time, so its rule must say how: state 'next'",
    ):
        assert expected in text


def test_a_lag_of_another_dimension_is_a_fault_of_the_model():
    with pytest.raises(InputError, match=r"oral\.lag"):
        model(lag=K)


def test_a_lag_that_depends_on_a_state_is_a_fault_of_the_model():
    with pytest.raises(InputError, match=r"oral\.lag: must follow from parameters alone"):
        model(lag=LAG * A / B)


def test_a_bioavailability_that_is_unknown_is_a_fault_of_the_model():
    with pytest.raises(InputError, match="unknown name 'G'"):
        model(bioavailability=sp.Symbol("G"))


def test_a_negative_lag_is_refused_with_the_parameters_behind_it():
    with pytest.raises(InputError, match=r"is -0\.5, below its minimum 0; it follows from LAG = 0\.5"):
        model(lag=-LAG)


def test_a_patient_of_a_negative_lag_is_left_out_with_the_reason():
    system = compile_model(model(lag=LAG))
    patients = histories([History([DoseRecord(0.0, "oral", 1.0)], [1.0])] * 2, system.model)
    parameters = np.array([system.parameter_array({"LAG": lag}) for lag in (-1.0, 0.5)])
    found = integrate_histories(system, patients, parameters, ["central"], ["LAG"])
    assert "lag_of_oral = -1" in found.reasons[0]
    assert np.isnan(found.outputs[0]).all()
    assert found.reasons[1] == ""
    assert found.outputs[1, 0, 0] > 0


def test_what_is_said_of_a_dose_changes_the_hash_of_a_model_and_nothing_else_does():
    assert model().content_hash == model().content_hash
    assert len({made.content_hash for made in (model(), model(lag=LAG), model(bioavailability=F))}) == 3
    assert "lag_of_oral" not in model().derived


def test_a_state_that_adds_up_without_end_has_no_steady_state():
    total = sp.Symbol("total")
    made = model()
    states = [*made.states.values(), State(name="total", unit="mg", initial=0, rate=K * B)]
    system = compile_model(
        Model.from_symbols(
            "sum",
            time="hour",
            parameters=made.parameters.values(),
            states=states,
            doses=made.doses.values(),
            outputs=[Output(name="total_mg", unit="mg", value=total)],
        )
    )
    patients = histories([History([DoseRecord(0.0, "oral", 1.0, interval=12.0, steady_state=1)], [1.0])], made)
    for engine in ("batch", "scipy"):
        found = integrate_histories(system, patients, system.parameter_array()[None], ["total_mg"], engine=engine)
        assert found.reasons[0] == "no steady state: total changes by as much in every interval."


def test_names_that_are_none_of_the_model_are_all_named():
    system = compile_model(model())
    patients = histories([History([DoseRecord(0.0, "oral", 1.0)], [1.0])], system.model)
    with pytest.raises(UnknownNameError) as error:
        integrate_histories(system, patients, system.parameter_array()[None], ["depot"], ["CL"])
    assert "CL: not a parameter of the model" in str(error.value)
    assert "depot: not an output of the model" in str(error.value)


def test_a_parameter_that_a_covariate_replaces_has_no_derivative():
    system = compile_model(model())
    given = History(
        [DoseRecord(0.0, "oral", 1.0)], [1.0], covariates={"K": TimedValues((0.0, 1.0), (0.2, 0.3), "last")}
    )
    with pytest.raises(UnknownNameError, match="K: values come from a covariate"):
        integrate_histories(
            system, histories([given], system.model), system.parameter_array()[None], ["central"], ["K"]
        )


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("next", [1, 2, 5, 5, 5]),
        ("last", [1, 1, 2, 2, 5]),
        # eight equal steps from one value to the next, each with the value of its middle
        ("linear", [1, 1 + 1 / 16, 2 + 3 / 16, 5 - 3 / 16, 5]),
    ],
)
def test_covariates_between_their_times_follow_the_rule(rule, values):
    series = TimedValues((0.0, 10.0, 20.0), (1.0, 2.0, 5.0), rule)
    times = np.array([-1.0, 0.1, 10.1, 19.9, 21.0])
    np.testing.assert_allclose(series.at(times, 1e-8), values)
    np.testing.assert_array_equal(series.at(np.array(series.times), 1e-8), series.values)


@pytest.mark.parametrize("rule", ["next", "last", "linear"])
def test_the_first_dose_has_the_constants_of_its_own_time(rule):
    system = compile_model(model(bioavailability=F))
    given = [
        History([DoseRecord(0.0, "oral", 1.0)], [1.0], covariates={"F": TimedValues((0.0, 10.0), values, rule)})
        for values in ((0.7, 0.1), (0.7, 0.7))
    ]
    patients = histories(given, system.model)
    found = integrate_histories(system, patients, np.tile(system.parameter_array(), (2, 1)), ["central"])
    np.testing.assert_allclose(found.outputs[0], found.outputs[1], rtol=1e-6)


@pytest.mark.parametrize("rule", ["next", "last", "linear"])
def test_the_constants_of_a_dose_are_those_of_its_own_record(rule):
    system, times = compile_model(model(bioavailability=F)), (0.0, 10.0, 20.0)
    given = [
        History([DoseRecord(10.0, "oral", 1.0)], [0.0, 11.0], covariates={"F": TimedValues(times, values, rule)})
        for values in ((0.1, 0.7, 0.3), (0.7, 0.7, 0.7))
    ]
    patients = histories(given, system.model)
    found = integrate_histories(system, patients, np.tile(system.parameter_array(), (2, 1)), ["central"])
    np.testing.assert_allclose(found.outputs[0], found.outputs[1], rtol=1e-6)


PART = """
[model]
title = "Oral"
time = "hour"

[parameters]
k = { value = 0.2, unit = "1/hour", source = "choice" }
late = { value = 30, unit = "minute", source = "choice" }

[doses.oral]
unit = "mg"
into = "A"
lag = "late"
bioavailability = "share"
duration = "2*late"
rate = "10*speed"

[derived]
share = { value = "exp(-k*late)", unit = "1" }
speed = { value = "full*k", unit = "mg/day" }
full = { value = "one", unit = "mg" }

[parameters.one]
value = 1
unit = "mg"
source = "choice"

[states.A]
unit = "mg"
initial = "0"
rate = "-k*A"

[outputs.amount]
unit = "mg"
value = "A"
"""


def test_what_a_file_says_of_a_dose_has_the_units_of_the_model_in_a_composite_too(tmp_path):
    (tmp_path / "part.toml").write_text(PART, encoding="utf-8")
    whole = '[model]\ntitle = "Whole"\ntime = "day"\n[uses]\npk = "./part.toml"\n'
    whole += '[states.B]\nunit = "1"\ninitial = "0"\nrate = "-pk.k*B"\n'
    (tmp_path / "whole.toml").write_text(whole, encoding="utf-8")
    for name, per_hour in (("part", 1.0), ("whole", 1 / 24)):
        made = Model.load(tmp_path / f"{name}.toml")
        values = made.constant_values(made.defaults)
        assert values["lag_of_oral"] == pytest.approx(0.5 * per_hour)
        assert values["duration_of_oral"] == pytest.approx(1.0 * per_hour)
        assert values["bioavailability_of_oral"] == pytest.approx(np.exp(-0.1))
        assert values["rate_of_oral"] == pytest.approx(2.0 / per_hour)


def test_every_fault_of_a_dose_in_a_file_has_its_line(tmp_path):
    text = PART.replace('lag = "late"', 'lag = "k"').replace('"share"', '"shear"').replace('"2*late"', '"late +"')
    (tmp_path / "part.toml").write_text(text.replace('"10*speed"', '"speed*A/one"'), encoding="utf-8")
    with pytest.raises(InputError) as error:
        Model.load(tmp_path / "part.toml")
    text = str(error.value)
    for number, key in enumerate(("lag", "bioavailability", "duration", "rate"), 13):
        assert f"part.toml:{number}: doses.oral.{key}: " in text


def test_derivatives_and_rules_do_not_go_through_a_lag():
    regimen, rule = Regimen([Course.of("oral", "1 mg")]), Rule("central", "2 mg", "oral", "1 mg")
    check_accepted(regimen, model(lag=LAG))
    with pytest.raises(InputError, match="model 'oral' has lag of oral: derivatives by parameters do not go through"):
        model_segments(regimen, model(lag=LAG), 1.0)
    check_row_accepted(regimen, model(lag=LAG))
    with pytest.raises(InputError, match="has lag of oral: a rule gives its dose at once and whole; plan the doses in"):
        check_accepted(Regimen(rules=[rule]), model(lag=LAG))


def test_a_dose_without_a_duration_has_what_the_model_states_and_never_two_things(tmp_path):
    stated = Course.of("oral", "1 g", "30 minute")
    records = dose_records(Regimen([Course.of("oral", "1 g"), stated.at("2 hour")]), model(duration=LAG))
    assert [(one.time, one.amount, one.duration, one.modelled) for one in records] == [
        (0.0, 1000.0, 0.0, "duration"),
        (2.0, 1000.0, 0.5, ""),
    ]
    (tmp_path / "part.toml").write_text(PART, encoding="utf-8")
    both = Model.load(tmp_path / "part.toml")
    with pytest.raises(InputError, match="oral: the model states a duration and a rate of oral: state the duration"):
        dose_records(Regimen([Course.of("oral", "1 g")]), both)
    assert dose_records(Regimen([stated]), both)[0].modelled == ""


def test_infusions_without_bound_on_how_many_overlap_have_no_steady_state():
    system = compile_model(model())
    record = DoseRecord(0.0, "oral", 1.0, duration=5e4, interval=1.0, steady_state=1)
    patients = histories([History([record], [1.0])], system.model)
    found = integrate_histories(system, patients, system.parameter_array()[None], ["central"])
    assert found.reasons == ["no steady state: a dose still acts when 1000 more have been given."]


def test_patients_without_doses_or_without_times_are_patients_too():
    system = compile_model(model())
    patients = histories([History([], [3.0]), History([DoseRecord(0.0, "oral", 1.0)], [])], system.model)
    found = integrate_histories(system, patients, np.tile(system.parameter_array(), (2, 1)), ["central"], ["K"])
    assert found.reasons == ["", ""]
    assert found.outputs[0, 0, 0] == 0.0
    assert np.isnan(found.outputs[1]).all()


def test_parameters_of_another_shape_are_refused():
    system = compile_model(model())
    patients = histories([History([], [3.0])], system.model)
    with pytest.raises(InputError, match=r"parameters must be \(1, 4\), found \(4,\)"):
        integrate_histories(system, patients, system.parameter_array(), ["central"])
    with pytest.raises(InputError, match="engine must be one of batch, scipy, found 'euler'"):
        integrate_histories(system, patients, system.parameter_array()[None], ["central"], engine="euler")
