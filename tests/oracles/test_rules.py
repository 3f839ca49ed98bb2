"""Doses that the state calls for: times known in closed form, and the two engines against each other."""

import math

import numpy as np
import pytest
import sympy as sp

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.compile import compile_model
from kinetics.engines import Tolerances, batch, scipy
from kinetics.engines.batch import integrate_many
from kinetics.model import Model
from kinetics.model.quantities import Dose, Output, Parameter, State
from kinetics.population.draws import draw_patients
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
    fired = trajectory.triggered_doses
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
    assert trajectory.triggered_doses.capped.tolist() == [True]
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


def exponential(rate: float) -> Model:
    """dM/dt = r M; drugs move log N at once: N = M exp(help - kill), so that log N is a straight line between doses."""
    r, M, K, H = sp.symbols("r M K H")
    return Model.from_symbols(
        "exponential",
        time="day",
        parameters=[Parameter(name="r", value=rate, unit="1/day")],
        doses=[
            Dose(name="kill", unit="1", into="K"),
            Dose(name="rescue", unit="1", into="K"),
            Dose(name="help", unit="1", into="H"),
        ],
        states=[
            State(name="M", unit="1", initial=1, rate=r * M),
            State(name="K", unit="1", initial=0, rate=0),
            State(name="H", unit="1", initial=0, rate=0),
        ],
        outputs=[Output(name="N", unit="1", value=M * sp.exp(H - K))],
    )


REPEATED = {
    "growth after a kill": (K, [Course.of("kill", "3 1")], "up", "kill", (3 + math.log(0.4)) / K),
    "decline": (-K, [], "down", "help", -math.log(0.4) / K),
}


@pytest.mark.parametrize(("tolerances", "bound"), [(TIGHT, 1e-10), (None, 2e-8)], ids=["tight", "default"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("case", REPEATED.values(), ids=REPEATED)
def test_a_crossing_of_an_exponential(solve, case, count, tolerances, bound):
    """At 0.4 first at log(...)/r; each dose moves log N by 1/2, so that a course puts the next off by count/2r."""
    rate, courses, direction, drug, first = case
    every = {"every": "1 day"} if count > 1 else {}
    rule = Rule("N", "40 % of baseline", drug, "0.5 1", direction=direction, most=50, count=count, **every)
    _, times, _ = run(solve, exponential(rate), Regimen(courses, rules=[rule]), tolerances=tolerances)
    expected = first + np.add.outer(np.arange(0, UNTIL, 0.5 * count / K), np.arange(count)).ravel()
    np.testing.assert_allclose(times, expected[expected < UNTIL], rtol=bound)


def test_the_batch_engine_meets_an_exponential_to_a_few_roundings():
    regimen = Course.of("kill", "3 1") + Rule("N", "40 % of baseline", "kill", "0.5 1", most=50)
    _, times, _ = run(batch.integrate, exponential(K), regimen)
    np.testing.assert_allclose(times, (3 + math.log(0.4)) / K + 5 * np.arange(times.size), rtol=2e-14)
    assert times.size == 16


def test_a_crossing_too_soon_after_the_last_is_lost_and_a_later_one_is_not(solve):
    """Killed by e^2.5 every 30 days N is back at 0.4 after 15.8; of three crossings 70 days apart allow one."""
    rule = Rule("N", "40 % of baseline", "rescue", "0.75 1", most=9, apart="70 day", count=2, every="2 day")
    courses = [Course.of("kill", "2.5 1").at(f"{30 * number} day") for number in range(10)]
    _, times, _ = run(solve, exponential(K), Regimen(courses, rules=[rule]), until=300.0)
    # three courses and one of the rule kill as much as grows in 90 days
    first = (2.5 + math.log(0.4)) / K + 90 * np.arange(4)
    np.testing.assert_allclose(times, np.add.outer(first, [0, 2]).ravel(), rtol=1e-10)


def after(z: float, wait: float, *, rate: float = 0.0) -> float:
    """The deficit after a wait under an infusion."""
    return z * math.exp(-K * wait) + rate / K * -math.expm1(-K * wait)


def test_a_course_of_boluses(solve, deficit):
    """The deficit is at 0.6 at the crossing, and again log(z/0.6)/k after the last dose."""
    regimen = Course.of("drug", "0.9 mg") + Rule(
        "Y", "40 % of baseline", "drug", "0.4 mg", every="2 day", count=3, most=2
    )
    trajectory, times, _ = run(solve, deficit, regimen)
    first = math.log(0.9 / 0.6) / K
    z = after(after(1.0, 2.0) + 0.4, 2.0) + 0.4
    again = first + 4 + math.log(z / 0.6) / K
    np.testing.assert_allclose(times, [first, first + 2, first + 4, again, again + 2, again + 4], rtol=1e-9)
    np.testing.assert_allclose(trajectory.outputs(np.array([UNTIL]))[0, 2], 0.9 + 6 * 0.4, rtol=1e-10)
    assert trajectory.triggered_doses.capped.tolist() == [True]


@pytest.mark.parametrize("every", [2.0, 3.0, 1.25], ids=["end to end", "apart", "overlapping"])
def test_a_course_of_infusions(solve, deficit, every):
    """Two infusions of 0.5 mg over 2 days whose edges meet, stand apart, or overlap."""
    rule = Rule("Y", "40 % of baseline", "drug", "0.5 mg", "2 day", every=f"{every} day", count=2, most=2)
    trajectory, times, _ = run(solve, deficit, Course.of("drug", "0.9 mg") + rule)
    first = math.log(0.9 / 0.6) / K
    at = first + np.array([0.5, 1.9, 2.6, every + 2])
    begin = np.array([[0.0], [every]])
    given = np.clip(at - first - begin, 0, 2)
    infused = (0.25 / K * -np.expm1(-K * given) * np.exp(-K * (at - first - begin - given))).sum(axis=0)
    expected = 0.6 * np.exp(-K * (at - first)) + infused
    np.testing.assert_allclose(trajectory.outputs(at)[:, 1], expected, rtol=1e-9)
    again = at[-1] + math.log(expected[-1] / 0.6) / K
    np.testing.assert_allclose(times, [first, first + every, again, again + every], rtol=1e-9)


def test_a_crossing_while_a_course_is_given_is_lost(solve, deficit):
    """Z is down at 0.2 during the course, at its dose of day 8 too, and acts again only after its last dose."""
    rule = Rule("Z", "0.2 mg", "drug", "0.15 mg", direction="down", every="4 day", count=3, most=2)
    _, times, _ = run(solve, deficit, Course.of("drug", "0.9 mg") + rule)
    first = math.log(0.9 / 0.2) / K
    second = after(0.35, 4.0) + 0.15
    third = after(second, 4.0) + 0.15
    assert min(after(second, 4.0), 0.3) > 0.2
    again = first + 8 + math.log(third / 0.2) / K
    np.testing.assert_allclose(times, [*(first + 4 * np.arange(3)), *(again + 4 * np.arange(3))], rtol=1e-9)


def test_two_courses_at_once(solve, deficit):
    """Courses of two rules cross one another; the doses stand in order of time, each with its rule."""
    regimen = (
        Course.of("drug", "0.9 mg")
        + Rule("Y", "40 % of baseline", "drug", "0.3 mg", every="3 day", count=3)
        + Rule("Y", "0.4 mg", "other", "0.2 mg", "1 day", every="2 day", count=4)
    )
    trajectory, times, rules = run(solve, deficit, regimen)
    first = math.log(0.9 / 0.6) / K
    np.testing.assert_allclose(times - first, [0, 0, 2, 3, 4, 6, 6], rtol=1e-8, atol=1e-8)
    assert rules[:5].tolist() == [1, 2, 2, 1, 2]
    assert sorted(rules[5:]) == [1, 2]
    total = trajectory.outputs(np.array([UNTIL]))[0, 2]
    assert total == pytest.approx(0.9 + 3 * 0.3 + 4 * 0.2, rel=1e-10)


def test_doses_of_a_course_beyond_the_end_are_left_out(solve, deficit):
    first = math.log(0.9 / 0.6) / K
    rule = Rule("Y", "40 % of baseline", "drug", "0.3 mg", "1 day", every="2 day", count=5)
    trajectory, times, _ = run(solve, deficit, Course.of("drug", "0.9 mg") + rule, until=first + 4.5)
    np.testing.assert_allclose(times, first + np.array([0.0, 2.0, 4.0]), rtol=1e-9)
    total = trajectory.outputs(np.array([first + 4.5]))[0, 2]
    assert total == pytest.approx(0.9 + 2.5 * 0.3, rel=1e-9)


def test_one_patient_alone_and_among_many(deficit):
    rule = Rule("Y", "40 % of baseline", "drug", "0.5 mg", "2 day", most=20, every="30 hour", count=2)
    regimen = Course.of("drug", "0.9 mg") + rule
    system = compile_model(deficit)
    given, rules = engine_view(deficit, regimen, UNTIL)
    rates = np.array([0.05, 0.1, 0.2, 0.1])
    table = np.array([system.constants(system.parameter_array({"k": rate})) for rate in rates])
    plans, times = [(given, course_starts(regimen, deficit.time))], np.linspace(0, UNTIL, 23)
    many = integrate_many(system, table, plans, np.zeros(4, int), times, triggers=rules)
    assert many.triggered_doses is not None
    for patient, own in enumerate(table):
        alone = batch.integrate(system, own, given, triggers=rules)
        np.testing.assert_array_equal(many.triggered_doses.times[patient], alone.triggered_doses.times)
        np.testing.assert_array_equal(many.triggered_doses.capped[patient], alone.triggered_doses.capped)
        # the plain output is that of the dense solution
        np.testing.assert_allclose(many.outputs[patient], alone.outputs(times), rtol=1e-12, atol=1e-15)


TEN_YEARS = 3652.5
AGAIN = {
    "return of one output": (
        "ms_first_course",
        [Rule("B", "40 % of baseline", "alemtuzumab", "12 mg", "4 hour", most=2, apart="30 day", after_course=1)],
    ),
    "a course at each return": (
        "ms_first_course",
        [Rule("B", "0.1 1e9/L", "alemtuzumab", "12 mg", "4 hour", most=4, apart="45 day", every="1 day", count=3)],
    ),
    "three rules that meet": (
        "ms_licensed",
        [
            Rule("B", "40 % of baseline", "alemtuzumab", "12 mg", "4 hour", most=2, apart="30 day", after_course=1),
            Rule("CD4", "0.2 1e9/L", "alemtuzumab", "6 mg", "10 day", most=5, apart="10 day"),
            Rule("B", "120 % of baseline", "alemtuzumab", "3 mg", direction="down", most=3),
        ],
    ),
}


@pytest.mark.parametrize("case", AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("cohort", ["relapsing", pytest.param("progressive", marks=pytest.mark.thorough)])
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
    assert np.isfinite(slow.triggered_doses.times).any()
    np.testing.assert_array_equal(fast.triggered_doses.rules, slow.triggered_doses.rules)
    np.testing.assert_array_equal(fast.triggered_doses.capped, slow.triggered_doses.capped)
    np.testing.assert_allclose(fast.triggered_doses.times, slow.triggered_doses.times, rtol=1e-7)
    times = np.linspace(0, TEN_YEARS, 400)
    peak, expected = slow.outputs(times).max(axis=0), slow.outputs(times)
    # a dose of a rule may come earlier or later by what its time may be off, and the curves with it
    moved = np.abs(slow.outputs(np.minimum(times * (1 + 1e-7), TEN_YEARS)) - slow.outputs(times * (1 - 1e-7)))
    assert (np.abs(fast.outputs(times) - expected) <= 1e-6 * peak + moved).all()


@pytest.mark.parametrize("share", [40, *(pytest.param(other, marks=pytest.mark.thorough) for other in (45, 50))])
def test_engines_agree_on_the_returns_of_many_patients(share):
    """Rituximab whenever B is back at a share of its baseline, after courses 1 and 2, at default tolerances."""
    model = Model.load("reconstitution")
    system, until = compile_model(model), 1461.0
    regimen, again = Regimen.load("ms_licensed"), ("100 mg/m^2", "4 hour")
    for course in (1, 2):
        regimen = regimen + Rule("B", f"{share} % of baseline", "rituximab", *again, most=3, after_course=course)
    given, acting = engine_view(model, regimen, until)
    table = system.constants_table(draw_patients(system, cohort_parameters(model, "relapsing"), 4, 1))
    plans = [(given, course_starts(regimen, model.time))]
    fast = integrate_many(
        system, table, plans, np.zeros(4, int), np.array([0.0, until]), triggers=acting
    ).triggered_doses
    assert fast is not None
    for patient, constants in enumerate(table):
        slow = scipy.integrate(system, constants, given, triggers=acting).triggered_doses
        assert slow is not None
        assert {1, 2} <= set(slow.rules.tolist())
        np.testing.assert_array_equal(fast.rules[patient], slow.rules)
        np.testing.assert_array_equal(fast.capped[patient], slow.capped)
        np.testing.assert_allclose(fast.times[patient], slow.times, rtol=1e-6)
