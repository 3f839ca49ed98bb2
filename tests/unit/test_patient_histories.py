"""Predictions along records that no regimen has, against closed forms: steady states, resets, lag, bioavailability."""

import numpy as np
import pytest
from scipy.optimize import brentq

from kinetics import fit_patient, simulate
from kinetics.compile import compile_model
from kinetics.errors import InputError
from kinetics.measures import Nadir, TimeBelow, TimeToThreshold
from kinetics.patients import DoseRecord, Observation, Patient
from kinetics.regimen import Course, History, Regimen, histories
from kinetics.simulation.engine import choose_engine
from kinetics.simulation.runs import Run

from . import patient_cases as cases

SHARE, LEVEL, LIMIT, LENGTH = 0.6, 20.0, 15.0, 3.0
TEXT = f"""
[model]
title = "One compartment, and what a drug takes away from a level"
time = "day"
[parameters]
k = {{ value = 0.3, unit = "1/day", spread = 0.3, source = "choice" }}
late = {{ value = 0.4, unit = "day", spread = 0.2, source = "choice" }}
share = {{ value = {SHARE}, unit = "1", source = "choice" }}
long = {{ value = {LENGTH}, unit = "day", source = "choice" }}
level = {{ value = {LEVEL}, unit = "mg", source = "choice" }}
limit = {{ value = {LIMIT}, unit = "mg", source = "choice" }}
[doses.drug_a]
unit = "mg"
into = "A"
lag = "late"
bioavailability = "share"
duration = "long"
[states.A]
unit = "mg"
initial = "0"
rate = "-k*A"
[outputs.amount]
unit = "mg"
value = "A"
[outputs.left]
unit = "mg"
value = "level - A"
lower_limit = "limit"
"""
ERRORS = {"amount": "additive 0.3 mg"}
EVERY, MORE, PLANNED = 7.0, 2, 40.0
RECORDS = {
    "a steady state of infusions": [
        DoseRecord(0.0, "drug_a", 30.0, rate=9.0, interval=EVERY, additional=MORE, steady_state=1)
    ],
    "a steady state on top of a dose": [
        DoseRecord(0.0, "drug_a", 30.0, duration=2.0),
        DoseRecord(5.0, "drug_a", 30.0, rate=9.0, interval=EVERY, additional=MORE, steady_state=2, sequence=9),
    ],
    "a reset": [DoseRecord(0.0, "drug_a", 30.0, rate=9.0), DoseRecord(6.0, "", 0.0, reset=True, sequence=9)],
    "a reset and a dose": [
        DoseRecord(0.0, "drug_a", 30.0, duration=2.0, interval=EVERY, additional=MORE),
        DoseRecord(9.0, "drug_a", 20.0, rate=9.0, reset=True, sequence=9),
    ],
    "a modelled duration": [DoseRecord(0.0, "drug_a", 30.0, modelled="duration", interval=EVERY, additional=MORE)],
}


def infusion(times, k, amount, length):
    """The amount of an infusion that begins at 0, in one compartment."""
    rate = amount / length
    during = rate / k * -np.expm1(-k * np.clip(times, 0, length))
    return np.where(times > 0, during * np.exp(-k * np.maximum(times - length, 0)), 0.0)


def train(times, k, late, first, *, endless):
    """Infusions of 9 mg/day, one an interval: from ``first`` on, or without a beginning."""
    before = 30 if endless else 0
    starts = first + EVERY * np.arange(-before, MORE + 1)
    return sum(infusion(times - late - start, k, SHARE * 30.0, SHARE * 30.0 / 9.0) for start in starts)


def closed_form(case, times, k, late):
    """The amount at times, right before what is recorded at one."""
    if case == "a steady state of infusions":
        return train(times, k, late, 0.0, endless=True)
    if case == "a steady state on top of a dose":
        # what is added at the record counts from then on
        added = np.where(times > 5.0, train(times, k, late, 5.0, endless=True), 0.0)
        return infusion(times - late, k, SHARE * 30.0, 2.0) + added
    if case == "a reset":
        return np.where(times <= 6.0, infusion(times - late, k, SHARE * 30.0, SHARE * 30.0 / 9.0), 0.0)
    if case == "a reset and a dose":
        first = sum(infusion(times - late - start, k, SHARE * 30.0, 2.0) for start in (0.0, EVERY))
        return np.where(times <= 9.0, first, infusion(times - late - 9.0, k, SHARE * 20.0, SHARE * 20.0 / 9.0))
    starts = EVERY * np.arange(MORE + 1)
    return sum(infusion(times - late - start, k, SHARE * 30.0, LENGTH) for start in starts)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return cases.model(tmp_path_factory.mktemp("one"), TEXT)


@pytest.fixture(scope="module", params=RECORDS)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def fit(model, case):
    return fitted(model, RECORDS[case], case)


def fitted(model, records, case):
    times = np.array([1.0, 3.0, 5.0, 8.0, 12.0, 20.0])
    values = closed_form(case, times, 0.25, 0.5) + np.random.default_rng(3).normal(0, 0.3, times.size)
    rows = [Observation(t, "amount", v, sequence=n) for n, (t, v) in enumerate(zip(times, values, strict=True))]
    data = cases.data(Patient("P1", tuple(rows), tuple(records)), output="amount", unit="mg")
    return fit_patient(data, "P1", model=model, errors=ERRORS)


def estimates(fit):
    return (float(fit.parameters["estimate"].sel(parameter=name)) for name in ("k", "late"))


def test_a_prediction_after_the_last_record_is_the_closed_form(fit, case):
    tree = fit.predict(until="80 day", every="0.7 day", draws=20, seed=4)
    times, (k, late) = tree["time"].values, estimates(fit)
    np.testing.assert_allclose(tree["amount"], closed_form(case, times, k, late), rtol=1e-6, atol=1e-6)
    values = dict(zip(fit.names, fit.values(fit.draws(20, 4)).T, strict=True))
    for k, late, drawn in zip(values["k"], values["late"], tree["draws"]["amount"].values, strict=True):
        np.testing.assert_allclose(drawn, closed_form(case, times, k, late), rtol=1e-6, atol=1e-6)


def test_a_planned_course_adds_its_closed_form_and_its_recovery(fit, case):
    """A dose of a plan without a duration has that of the model; a named one too."""
    course = Course.of("drug_a", "40 mg", every="2 day", count=2)
    tree = fit.predict(until="80 day", every="0.7 day", draws=5, retreat=f"{PLANNED} day", retreat_with=course)

    def amount(times):
        planned = (infusion(times - late - start, k, SHARE * 40.0, LENGTH) for start in (PLANNED, PLANNED + 2))
        return closed_form(case, times, k, late) + sum(planned)

    k, late = estimates(fit)
    np.testing.assert_allclose(tree["amount"], amount(tree["time"].values), rtol=1e-6, atol=1e-6)
    assert tree["course_start"].values[-1] == PLANNED
    recovery = tree["recovery"].to_dataset().sel(output="left").isel(course=-1)
    low = PLANNED + late + 2 + LENGTH
    back = brentq(lambda at: LEVEL - amount(np.array(at)) - LIMIT, low, 80.0)
    assert float(recovery["estimate"]) == pytest.approx(back - PLANNED, abs=1e-5)


def test_a_reset_and_a_steady_state_begin_a_course(fit, case):
    starts = {"a steady state on top of a dose": [0, 5], "a reset and a dose": [0, 9]}
    assert fit.treatment.starts.tolist() == starts.get(case, [0])


@pytest.mark.parametrize("engine", ["scipy", "batch"])
def test_both_engines_measure_along_a_history(model, case, engine):
    """A steady state is below the limit from its record on; what a level is a share of is the untreated value."""
    system, k, late, end = compile_model(model, ["drug_a"]), 0.3, 0.4, 60.0
    history = histories([History(RECORDS[case], [0.0, end])], model)
    starts = np.array([5.0 if "on top" in case else 9.0 if "and a dose" in case else 0.0])
    measures = (TimeToThreshold("left", "75 % of baseline"), TimeBelow("left", "75 % of baseline"), Nadir("left"))
    times = np.linspace(0.0, end, 601)
    for chosen in (measures[:1], measures):
        run = Run(system, history, times, starts, chosen, False, choose_engine(engine, None, 2, None))
        table = np.tile(system.parameter_array(), (2, 1))
        results = run.of_patients(table)
        assert results.failures == ["", ""]
        expected = closed_form(case, times, k, late)
        np.testing.assert_allclose(results.values[1, :, 0], expected, rtol=1e-6, atol=1e-6)
        fine = np.linspace(starts[0] + 1e-9, end, 200_001)
        left = LEVEL - closed_form(case, fine, k, late)
        if case == "a reset":
            # the reset ends the course: what lies behind it belongs to none
            fine, left = fine[fine <= 6.0], left[fine <= 6.0]
        low = left.argmin()
        above = np.flatnonzero(left[low:] >= LIMIT)
        back = fine[low + above[0]] - starts[0] if above.size else np.inf
        assert results.measures[chosen[0].name][0, 0] == pytest.approx(back, abs=1e-3)
        if len(chosen) > 1:
            assert results.measures[chosen[2].name][0, 0] == pytest.approx(left.min(), abs=1e-3)
            below = (left < LIMIT).mean() * (fine[-1] - fine[0])
            assert results.measures[chosen[1].name][0, 0] == pytest.approx(below, abs=1e-3)


def test_a_steady_state_is_not_given_again_and_a_reset_is_not_either(model):
    steady = fitted(model, RECORDS["a steady state of infusions"], "a steady state of infusions")
    with pytest.raises(InputError, match="retreat: the last course of patient P1 comes from a steady state"):
        steady.predict(retreat="40 day")
    with pytest.raises(InputError, match="retreat: 14 day is before the last dose of patient P1 is given"):
        steady.predict(retreat="14 day", retreat_with=Course.of("drug_a", "1 mg"))
    reset = fitted(model, RECORDS["a reset and a dose"], "a reset and a dose")
    tree = reset.predict(retreat="40 day", until="60 day", every="0.7 day", draws=2)
    times, (k, late) = tree["time"].values, estimates(reset)
    again = infusion(times - late - PLANNED, k, SHARE * 20.0, SHARE * 20.0 / 9.0)
    expected = closed_form("a reset and a dose", times, k, late) + again
    np.testing.assert_allclose(tree["amount"], expected, rtol=1e-6, atol=1e-6)


def test_a_draw_without_a_steady_state_is_a_failure_with_its_reason(model):
    system = compile_model(model, ["drug_a"])
    record = DoseRecord(0.0, "drug_a", 30.0, duration=5e4, interval=1.0, steady_state=1)
    run = Run(
        system, histories([History([record], [0.0, 9.0])], model), np.array([0.0, 9.0]), np.zeros(1), (), False,
        choose_engine("batch", None, 2, None),
    )  # fmt: skip
    results = run.of_patients(np.tile(system.parameter_array(), (2, 1)))
    assert results.failures == ["no steady state: a dose still acts when 1000 more have been given."] * 2
    assert np.isnan(results.values).all()


@pytest.mark.parametrize("engine", ["scipy", "batch"])
def test_a_regimen_follows_what_the_model_says_of_its_drug(model, engine):
    course = Course.of("drug_a", "30 mg", every="7 day", count=3)
    expected = {"modelled": LENGTH, "stated": 2.0}
    stated = Course.of("drug_a", "30 mg", "2 day", every="7 day", count=3)
    for regimen, length in ((course, expected["modelled"]), (stated, expected["stated"])):
        options = {"until": "60 day", "every": "0.5 day", "engine": engine, "measures": ["left time_below 15 mg"]}
        tree = simulate(model, Regimen([regimen]), parameters=[{}, {"late": 1.5}], **options)
        for row, late in enumerate((0.4, 1.5)):
            times = tree["time"].values
            amounts = sum(infusion(times - late - start, 0.3, SHARE * 30.0, length) for start in (0.0, 7.0, 14.0))
            np.testing.assert_allclose(tree["amount"].values[row], amounts, rtol=1e-6, atol=1e-6)
