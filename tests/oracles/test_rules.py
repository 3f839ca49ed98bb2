"""Doses that the state calls for: times known in closed form, and the two engines against each other."""

import math

import numpy as np
import pytest

from kinetics.compile import compile_model
from kinetics.engines import Tolerances, batch, scipy
from kinetics.engines.batch import integrate_many
from kinetics.model import Model
from kinetics.model.cohorts import cohort_parameters
from kinetics.regimen import Course, Regimen, Rule, course_starts, segments, triggers

K = 0.1
TIGHT = Tolerances(1e-12, 1e-15)
UNTIL = 100.0


def engine_view(model: Model, regimen: Regimen, until: float):
    doses = {name: dose.unit for name, dose in model.doses.items()}
    outputs = {name: output.unit for name, output in model.outputs.items()}
    return segments(regimen, doses, model.time, until), triggers(regimen, outputs, doses, model.time)


def run(solve, model: Model, regimen: Regimen, until: float = UNTIL, tolerances: Tolerances | None = TIGHT):
    """The trajectory, and the times and rules of what was given."""
    system = compile_model(model)
    given, rules = engine_view(model, regimen, until)
    trajectory = solve(system, system.constants(system.parameter_array()), given, tolerances=tolerances, triggers=rules)
    fired = trajectory.fired
    there = ~np.isnan(fired.times)
    assert (fired.rules[there] > 0).all()
    assert (fired.rules[~there] == 0).all()
    return trajectory, fired.times[there], fired.rules[there]


def test_a_fall_is_made_good_again_and_again(solve, deficit):
    """From 1, a bolus back to 1 whenever Z is down at one half: every ln 2 / k."""
    regimen = Regimen(
        [Course.of("drug", "1 mg")], rules=[Rule("Z", "0.5 mg", "drug", "0.5 mg", direction="down", most=50)]
    )
    _, times, _ = run(solve, deficit, regimen)
    expected = np.arange(1, 15) * math.log(2) / K
    np.testing.assert_allclose(times, expected, rtol=1e-9)


def test_the_closed_form_holds_at_default_tolerances(solve, deficit):
    regimen = Regimen(
        [Course.of("drug", "1 mg")], rules=[Rule("Z", "0.5 mg", "drug", "0.5 mg", direction="down", most=50)]
    )
    _, times, _ = run(solve, deficit, regimen, tolerances=None)
    np.testing.assert_allclose(times, np.arange(1, 15) * math.log(2) / K, rtol=1e-8)


def test_a_recovery_is_knocked_down_again_and_again(solve, deficit):
    """1 - Y = 0.9 exp(-k t) is back at 0.6 after ln(0.9/0.6)/k; a bolus of 0.3 then needs the same again."""
    regimen = Course.of("drug", "0.9 mg") + Rule("Y", "40 % of baseline", "drug", "0.3 mg", most=100)
    trajectory, times, _ = run(solve, deficit, regimen)
    step = math.log(0.9 / 0.6) / K
    np.testing.assert_allclose(times, step * np.arange(1, 1 + int(UNTIL / step)), rtol=1e-9)
    # before a dose the output is on its level
    np.testing.assert_allclose(trajectory.outputs(times)[:, 0], 0.4, rtol=1e-10)


def infusion_wait(level: float, rate: float, duration: float) -> float:
    """From the start of an infusion at deficit ``level`` to the next time the deficit is back there."""
    after = level * math.exp(-K * duration) + rate / K * -math.expm1(-K * duration)
    return duration + math.log(after / level) / K


def test_an_infusion_ends_when_it_should(solve, deficit):
    regimen = Course.of("drug", "0.9 mg") + Rule("Y", "40 % of baseline", "drug", "0.5 mg", "2 day", most=3)
    trajectory, times, _ = run(solve, deficit, regimen)
    first, wait = math.log(0.9 / 0.6) / K, infusion_wait(0.6, 0.25, 2.0)
    np.testing.assert_allclose(times, first + wait * np.arange(3), rtol=1e-9)
    assert trajectory.fired.capped.tolist() == [True]
    np.testing.assert_allclose(trajectory.outputs(np.array([UNTIL]))[0, 2], 0.9 + 3 * 0.5, rtol=1e-10)


def test_infusions_overlap(solve, deficit):
    """Two rules meet at one time, and their infusions of different length add."""
    regimen = (
        Course.of("drug", "0.9 mg")
        + Rule("Y", "40 % of baseline", "drug", "0.5 mg", "2 day")
        + Rule("Y", "0.4 mg", "other", "0.6 mg", "5 day")
    )
    trajectory, times, rules = run(solve, deficit, regimen)
    first = math.log(0.9 / 0.6) / K
    assert rules.tolist() == [1, 2]
    np.testing.assert_allclose(times, first, rtol=1e-9)
    at = first + np.array([1.0, 2.0, 3.0, 5.0, 9.0])

    def infused(rate, duration):
        given = np.clip(at - first, 0, duration)
        return rate / K * -np.expm1(-K * given) * np.exp(-K * (at - first - given))

    expected = 0.6 * np.exp(-K * (at - first)) + infused(0.25, 2.0) + infused(0.12, 5.0)
    np.testing.assert_allclose(trajectory.outputs(at)[:, 1], expected, rtol=1e-9)


def test_an_infusion_of_a_rule_over_a_scheduled_one(solve, deficit):
    """A scheduled infusion starts while that of a rule runs, and the other way round."""
    regimen = Regimen(
        [Course.of("drug", "0.9 mg"), Course.of("drug", "0.4 mg", "4 day").at("6 day")],
        rules=[Rule("Y", "40 % of baseline", "other", "0.5 mg", "4 day", most=2)],
    )
    trajectory, times, _ = run(solve, deficit, regimen)
    first = math.log(0.9 / 0.6) / K
    assert first < 6 < first + 4
    assert times[0] == pytest.approx(first, rel=1e-9)
    z = 0.6 * math.exp(-K * (6 - first)) + 0.125 / K * -math.expm1(-K * (6 - first))
    z = z * math.exp(-K * (first - 2)) + 0.225 / K * -math.expm1(-K * (first - 2))
    z = z * math.exp(-K * (6 - first)) + 0.1 / K * -math.expm1(-K * (6 - first))
    assert trajectory.outputs(np.array([10.0]))[0, 1] == pytest.approx(z, rel=1e-9)
    assert times[1] == pytest.approx(10 + math.log(z / 0.6) / K, rel=1e-9)


def test_one_patient_alone_and_among_many(deficit):
    regimen = Course.of("drug", "0.9 mg") + Rule("Y", "40 % of baseline", "drug", "0.5 mg", "2 day", most=30)
    system = compile_model(deficit)
    given, rules = engine_view(deficit, regimen, UNTIL)
    rates = np.array([0.05, 0.1, 0.2, 0.1])
    table = np.array([system.constants(system.parameter_array({"k": rate})) for rate in rates])
    plans, times = [(given, course_starts(regimen, deficit.time))], np.linspace(0, UNTIL, 23)
    many = integrate_many(system, table, plans, np.zeros(4, int), times, triggers=rules)
    assert many.fired is not None
    for patient, own in enumerate(table):
        alone = batch.integrate(system, own, given, triggers=rules)
        np.testing.assert_array_equal(many.fired.times[patient], alone.fired.times)
        np.testing.assert_array_equal(many.fired.capped[patient], alone.fired.capped)
        # the plain output is that of the dense solution
        np.testing.assert_allclose(many.outputs[patient], alone.outputs(times), rtol=1e-12, atol=1e-15)


TEN_YEARS = 3652.5
AGAIN = {
    "return of one output": (
        "ms_first_course",
        [Rule("B", "40 % of baseline", "alemtuzumab", "12 mg", "4 hour", most=2, apart="60 day", after_course=1)],
    ),
    "three rules that meet": (
        "ms_licensed",
        [
            Rule("B", "40 % of baseline", "alemtuzumab", "12 mg", "4 hour", most=2, apart="60 day", after_course=1),
            Rule("CD4", "0.2 1e9/L", "alemtuzumab", "6 mg", "10 day", most=5, apart="10 day"),
            Rule("B", "120 % of baseline", "alemtuzumab", "3 mg", direction="down", most=3),
        ],
    ),
}


@pytest.mark.parametrize("case", AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("cohort", ["relapsing", "progressive"])
def test_engines_agree_on_a_shipped_model(case, cohort):
    name, rules = case
    model = Model.load("reconstitution")
    system = compile_model(model)
    regimen = Regimen.load(name)
    for rule in rules:
        regimen = regimen + rule
    given, acting = engine_view(model, regimen, TEN_YEARS)
    constants = system.constants(system.parameter_array(cohort_parameters(model, cohort).values))
    slow = scipy.integrate(system, constants, given, triggers=acting)
    fast = batch.integrate(system, constants, given, triggers=acting)
    assert np.isfinite(slow.fired.times).any()
    np.testing.assert_array_equal(fast.fired.rules, slow.fired.rules)
    np.testing.assert_array_equal(fast.fired.capped, slow.fired.capped)
    np.testing.assert_allclose(fast.fired.times, slow.fired.times, rtol=1e-7)
    times = np.linspace(0, TEN_YEARS, 400)
    peak = slow.outputs(times).max(axis=0)
    np.testing.assert_allclose(fast.outputs(times) / peak, slow.outputs(times) / peak, atol=1e-6)
