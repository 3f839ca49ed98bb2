"""Events against closed forms, in both engines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kinetics.compile import compile_model
from kinetics.engines import Tolerances, events
from kinetics.errors import IntegrationError
from kinetics.model import Model
from kinetics.regimen import Course, Regimen, Rule, segments, triggers
from kinetics.simulation.engine import choose_engine
from kinetics.simulation.simulating import simulate

TIGHT = Tolerances(1e-12, 1e-15)
ENGINES = pytest.mark.parametrize("engine", ["scipy", "batch"])
HEAD = '[model]\ntitle = "events"\ntime = "day"\n[parameters]\nd = { value = 1, unit = "day", source = "choice" }\n'


def model_of(tmp_path, states, tables, parameters="", more=""):
    """A model of states that are dimensionless: name, initial value and rate a day."""
    text = HEAD + parameters + more
    for name, (initial, rate) in states.items():
        text += f'[states.{name}]\nunit = "1"\ninitial = "{initial}"\nrate = "({rate})/d"\n'
    path = tmp_path / "model.toml"
    path.write_text(text + tables)
    return Model.load(path)


def trajectory(model, until, engine, regimen=None):
    """One patient, with the events that were executed."""
    regimen = regimen or Regimen.none()
    system = compile_model(model, regimen.drugs)
    units = {name: dose.unit for name, dose in model.doses.items()}
    outputs = {name: row.unit for name, row in model.outputs.items()}
    doses, rules = segments(regimen, units, model.time, until), triggers(regimen, outputs, units, model.time)
    found = choose_engine(engine, None, 1, TIGHT).integrate(
        system, system.constants(system.parameter_array()), doses, rules
    )
    assert isinstance(found, events.EventTrajectory)
    return found


def times_of(found, name):
    return np.array([row.time for row in found.executed if row.name == name])


def states(found, *times):
    return found.states(np.array(times, dtype=float))


@ENGINES
def test_a_ball_bounces_when_and_as_high_as_newton_says(tmp_path, engine):
    g, e = 9.81, 0.7
    model = model_of(
        tmp_path,
        {"h": ("1", "v"), "v": ("0", f"-{g}")},
        f'[events.bounce]\ntrigger = "h <= 0 and v < 0"\nassignments = {{ h = "0", v = "-{e}*v" }}',
    )
    found = trajectory(model, 2.2, engine)
    fall = math.sqrt(2 / g)
    bounces = fall * (1 + 2 * np.cumsum([0, *e ** np.arange(1, 8)]))
    bounces = bounces[bounces < 2.2]
    assert len(bounces) == 5
    np.testing.assert_allclose(times_of(found, "bounce"), bounces, rtol=1e-10)
    tops = (bounces[:-1] + bounces[1:]) / 2
    np.testing.assert_allclose(states(found, *tops)[:, 0], e ** (2 * np.arange(1, 5)), rtol=1e-8)


@ENGINES
def test_a_ball_that_comes_to_rest_is_an_endless_series_of_bounces(tmp_path, engine):
    table = '[events.bounce]\ntrigger = "h <= 0 and v < 0"\nassignments = { v = "-v/2" }'
    model = model_of(tmp_path, {"h": ("1", "v"), "v": ("0", "-2")}, table)
    with pytest.raises(IntegrationError, match=r"more than 1000 times at time 3 day, without an end: bounce"):
        trajectory(model, 5.0, engine)


@ENGINES
def test_a_cell_divides_each_time_it_has_doubled(tmp_path, engine):
    table = '[events.division]\ntrigger = "m >= 2"\nassignments = { m = "m/2" }\n[outputs.M]\nunit = "1"\nvalue = "m"'
    model = model_of(tmp_path, {"m": ("1", "k*m*d")}, table, 'k = { value = 3, unit = "1/day", source = "choice" }\n')
    found = trajectory(model, 10.0, engine)
    np.testing.assert_allclose(times_of(found, "division"), np.arange(1, 44) * math.log(2) / 3, rtol=1e-10)
    sampled = np.linspace(0, 10, 57)
    np.testing.assert_allclose(found.outputs(sampled)[:, 0], 2 ** (3 * sampled / math.log(2) % 1), rtol=1e-8)


@ENGINES
def test_a_value_at_the_time_of_an_event_is_the_one_after_it(tmp_path, engine):
    table = '[events.set]\ntrigger = "time >= 3*d"\nassignments = { x = "7" }\n'
    table += '[events.last]\ntrigger = "time >= 5*d"\nassignments = { x = "9" }'
    found = trajectory(model_of(tmp_path, {"x": ("1", "0")}, table), 5.0, engine)
    assert states(found, 0, 2.999999, 3, 4.999999, 5)[:, 0].tolist() == [1, 1, 7, 7, 9]
    assert found.curve("x")(found.knots).min() == 1  # what lies before a jump is among the knots


@ENGINES
def test_a_pulse_in_time_within_one_step_is_found(tmp_path, engine):
    table = '[events.on]\ntrigger = "time >= 377.7*d and time < 377.701*d"\nassignments = { x = "x + 1" }'
    found = trajectory(model_of(tmp_path, {"x": ("0", "0")}, table), 1000.0, engine)
    np.testing.assert_allclose(times_of(found, "on"), [377.7], rtol=1e-12)


@ENGINES
def test_a_wave_of_time_is_followed_where_nothing_else_moves(tmp_path, engine):
    table = '[events.up]\ntrigger = "sin(time/d) > 0.5"\nassignments = { x = "x + 1" }'
    found = trajectory(model_of(tmp_path, {"x": ("0", "0")}, table), 100.0, engine)
    np.testing.assert_allclose(times_of(found, "up"), math.pi * (1 / 6 + 2 * np.arange(16)), rtol=1e-12)


@ENGINES
def test_an_equality_holds_at_an_instant(tmp_path, engine):
    table = '[events.at]\ntrigger = "time == 3.3*d"\ndelay = "d/2"\nassignments = { x = "x + 1" }\n'
    table += '[events.off]\ntrigger = "x != time/d - 4.1"\nassignments = { y = "y + 1" }'
    found = trajectory(model_of(tmp_path, {"x": ("0", "0"), "y": ("0", "0")}, table), 6.0, engine)
    np.testing.assert_allclose(times_of(found, "at"), [3.8], rtol=1e-12)
    np.testing.assert_allclose(times_of(found, "off"), [5.1], rtol=1e-12)


@ENGINES
def test_an_equality_of_whole_numbers_is_found_where_it_begins(tmp_path, engine):
    table = '[events.odd]\ntrigger = "floor(time/d) - 2*floor(time/(2*d)) == 1"\nassignments = { n = "n + 1" }'
    found = trajectory(model_of(tmp_path, {"n": ("0", "0")}, table), 8.0, engine)
    np.testing.assert_allclose(times_of(found, "odd"), [1, 3, 5, 7], rtol=1e-12)


@ENGINES
@pytest.mark.parametrize(("persistent", "expected"), [("true", [2.5, 4.5]), ("false", [4.5])])
def test_what_is_not_persistent_is_given_up_when_its_trigger_is_false_again(tmp_path, engine, persistent, expected):
    trigger = "time >= d and time < 2*d or time >= 3*d"
    table = f'[events.late]\ntrigger = "{trigger}"\ndelay = "1.5*d"\npersistent = {persistent}\n'
    model = model_of(tmp_path, {"x": ("0", "0")}, table + 'assignments = { x = "x + 1" }')
    np.testing.assert_allclose(times_of(trajectory(model, 6.0, engine), "late"), expected, rtol=1e-12)


@ENGINES
def test_an_event_may_fire_again_before_it_is_executed(tmp_path, engine):
    table = '[events.late]\ntrigger = "time >= d and time < 1.1*d or time >= 1.2*d"\ndelay = "d*(1 + x)"\n'
    model = model_of(tmp_path, {"x": ("0", "1")}, table + 'assignments = { x = "x" }')
    # each has the delay, and the value, of when it fired
    found = trajectory(model, 6.0, engine)
    np.testing.assert_allclose(times_of(found, "late"), [3.0, 3.4], rtol=1e-11)
    np.testing.assert_allclose(states(found, 3.0, 3.4)[:, 0], [1.0, 1.2], rtol=1e-11)


SAME_TIME = """
[events.double]
trigger = "time >= d"
assignments = {{ n = "2*n" }}
values_at = "{values}"
{first}
[events.add]
trigger = "time >= d"
assignments = {{ n = "n + 3" }}
values_at = "{values}"
{second}
"""


@ENGINES
@pytest.mark.parametrize(
    ("values", "first", "second", "expected"),
    [
        ("execution", "", "", 5),  # in the order of the file: 1, 2, 5
        ("execution", 'priority = "1"', 'priority = "2"', 8),  # 1, 4, 8
        ("execution", "", 'priority = "-7"', 8),  # one without priority is last
        ("execution", 'priority = "3 - n"', 'priority = "1"', 5),
        ("trigger", "", "", 4),  # worked out from 1 both; the last is what stays
        ("trigger", 'priority = "1"', 'priority = "2"', 2),
    ],
)
def test_priority_and_when_values_are_worked_out(tmp_path, engine, values, first, second, expected):
    tables = SAME_TIME.format(values=values, first=first, second=second)
    found = trajectory(model_of(tmp_path, {"n": ("1", "0")}, tables), 2.0, engine)
    assert states(found, 1.0)[0, 0] == pytest.approx(expected, rel=1e-12)


@ENGINES
@pytest.mark.parametrize(("persistent", "expected"), [("true", 10), ("false", 0)])
def test_what_another_event_undoes_at_the_same_time_is_given_up_unless_persistent(
    tmp_path, engine, persistent, expected
):
    table = '[events.first]\ntrigger = "time >= d"\nassignments = { x = "1" }\npriority = "2"\n'
    table += (
        f'[events.second]\ntrigger = "time >= d and x < 1"\nassignments = {{ y = "10" }}\npersistent = {persistent}'
    )
    found = trajectory(model_of(tmp_path, {"x": ("0", "0"), "y": ("0", "0")}, table), 2.0, engine)
    assert states(found, 1.0)[0, 1] == expected


@ENGINES
@pytest.mark.parametrize(("initial", "expected"), [("true", [1, 1]), ("false", [5, 5])])
def test_a_trigger_that_holds_at_the_start_fires_if_it_counts_as_false_before(tmp_path, engine, initial, expected):
    table = f'[events.begin]\ntrigger = "x < 2"\ninitial = {initial}\nassignments = {{ x = "5" }}'
    found = trajectory(model_of(tmp_path, {"x": ("1", "0")}, table), 2.0, engine)
    assert states(found, 0, 2)[:, 0].tolist() == expected


@ENGINES
def test_events_set_one_another_off(tmp_path, engine):
    table = '[events.a]\ntrigger = "x >= 1"\nassignments = { y = "1" }\n'
    table += '[events.b]\ntrigger = "y >= 1"\nassignments = { z = "1", x = "x - 1" }\n'
    table += '[events.c]\ntrigger = "z >= 1"\nassignments = { z = "0", y = "0" }'
    found = trajectory(model_of(tmp_path, {"x": ("0", "1"), "y": ("0", "0"), "z": ("0", "0")}, table), 3.5, engine)
    assert [row.name for row in found.executed] == ["a", "b", "c"] * 3
    np.testing.assert_allclose([row.time for row in found.executed], np.repeat([1, 2, 3], 3), rtol=1e-11)


@ENGINES
def test_an_endless_cascade_is_named(tmp_path, engine):
    table = '[events.there]\ntrigger = "x >= 1"\nassignments = { x = "0", y = "1" }\n'
    table += '[events.back]\ntrigger = "y >= 1"\nassignments = { x = "1", y = "0" }'
    model = model_of(tmp_path, {"x": ("0", "1"), "y": ("0", "0")}, table)
    with pytest.raises(IntegrationError, match=r"at time 1 day, without an end: back, there\. Check their triggers"):
        trajectory(model, 2.0, engine)


@ENGINES
def test_equations_need_not_make_sense_behind_an_event(tmp_path, engine):
    # Torricelli: the square root of the height falls evenly, and has no value below zero
    table = '[events.fill]\ntrigger = "h <= 0.0001"\nassignments = { h = "1" }'
    found = trajectory(model_of(tmp_path, {"h": ("1", "-2*sqrt(h)")}, table), 5.0, engine)
    np.testing.assert_allclose(times_of(found, "fill"), 0.99 * np.arange(1, 6), rtol=1e-9)


DRUG = '[doses.drug]\nunit = "1"\ninto = "A"\n'


@ENGINES
def test_a_crossing_fires_once_though_nothing_undoes_it(tmp_path, engine):
    """Times of crossings have a rounding, and the events leave as it was what their triggers compare."""
    wave = {"x": ("0", "7.3*v"), "v": ("1", "-7.3*x"), "n": ("0", "0"), "m": ("0", "0")}
    model = model_of(
        tmp_path,
        wave,
        '[events.now]\ntrigger = "x > 0.3"\nassignments = { n = "n + 1" }\n'
        '[events.later]\ntrigger = "x > 0.3"\ndelay = "0.01*d"\nassignments = { m = "m + 1" }',
    )
    found = trajectory(model, 10, engine)
    crossings = (math.asin(0.3) + 2 * math.pi * np.arange(12)) / 7.3
    np.testing.assert_allclose(times_of(found, "now"), crossings, rtol=1e-9)
    np.testing.assert_allclose(times_of(found, "later"), crossings + 0.01, rtol=1e-9)


def test_a_series_of_executions_that_wait_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr("kinetics.engines.events.execution.MOST_WAITING", 3)
    wave = {"x": ("0", "7.3*v"), "v": ("1", "-7.3*x"), "n": ("0", "0")}
    event = '[events.later]\ntrigger = "x > 0.3"\ndelay = "100*d"\nassignments = { n = "n + 1" }'
    with pytest.raises(IntegrationError, match=r"more than 3 executions of events wait at time 2\.6.* of event later"):
        trajectory(model_of(tmp_path, wave, event), 10, "batch")


@ENGINES
def test_a_dose_comes_before_an_event_of_its_time(tmp_path, engine):
    table = DRUG + '[events.doubled]\ntrigger = "time >= d"\nassignments = { A = "2*A" }\n'
    table += '[events.seen]\ntrigger = "A >= 6"\nassignments = { B = "B + 1" }'
    model = model_of(tmp_path, {"A": ("1", "0"), "B": ("0", "0")}, table)
    found = trajectory(model, 3.0, engine, Regimen([Course.of("drug", "2 1", every="1 day", count=3)]))
    assert [row.name for row in found.executed] == ["doubled", "seen"]
    # at a dose alone the value before it, at an event the one after
    assert states(found, 0, 0.5, 1, 1.5, 2, 3)[:, 0].tolist() == [1, 3, 10, 10, 10, 12]


@ENGINES
def test_an_infusion_goes_on_through_an_event(tmp_path, engine):
    table = DRUG + '[events.half]\ntrigger = "A >= 1"\nassignments = { A = "A/2" }'
    model = model_of(tmp_path, {"A": ("0", "0")}, table)
    found = trajectory(model, 3.0, engine, Regimen([Course.of("drug", "4.2 1", "2 day")]))
    np.testing.assert_allclose(times_of(found, "half"), (1 + 0.5 * np.arange(7)) / 2.1, rtol=1e-10)
    np.testing.assert_allclose(states(found, 3.0)[0, 0], 0.7, rtol=1e-9)


@ENGINES
def test_an_event_that_gives_a_dose_is_a_rule(tmp_path, engine):
    common = DRUG + '[outputs.Y]\nunit = "1"\nvalue = "A"\n'
    states_of = {"A": ("1", "-0.3*A"), "B": ("0", "A")}
    with_rule = trajectory(
        model_of(tmp_path, states_of, common + '[events.never]\ntrigger = "B < 0"\nassignments = { B = "0" }'),
        30.0,
        engine,
        Regimen([], rules=[Rule("Y", "0.4 1", "drug", "1 1", direction="down", most=20)]),
    )
    event = trajectory(
        model_of(tmp_path, states_of, common + '[events.dose]\ntrigger = "A <= 0.4"\nassignments = { A = "A + 1" }'),
        30.0,
        engine,
    )
    given = with_rule.triggered_doses.times
    np.testing.assert_allclose(times_of(event, "dose"), given[np.isfinite(given)], rtol=1e-8)
    period = math.log(1.4 / 0.4) / 0.3
    np.testing.assert_allclose(times_of(event, "dose"), math.log(2.5) / 0.3 + period * np.arange(7), rtol=1e-9)
    sampled = np.linspace(0.1, 30, 50)
    np.testing.assert_allclose(states(event, *sampled), states(with_rule, *sampled), rtol=1e-8)


@ENGINES
def test_a_rule_comes_before_an_event_that_it_sets_off(tmp_path, engine):
    table = DRUG + '[outputs.Y]\nunit = "1"\nvalue = "A"\n'
    table += '[events.high]\ntrigger = "A >= 3"\nassignments = { A = "A/4" }'
    model = model_of(tmp_path, {"A": ("4", "-A")}, table)
    regimen = Regimen([], rules=[Rule("Y", "2 1", "drug", "2 1", direction="down", most=1)])
    found = trajectory(model, 1.0, engine, regimen)
    np.testing.assert_allclose(times_of(found, "high"), [math.log(2)], rtol=1e-9)
    np.testing.assert_allclose(states(found, 1.0)[0, 0], math.exp(math.log(2) - 1), rtol=1e-9)


def test_patients_divide_as_often_as_each_grows(tmp_path):
    parameters = 'k = { value = 1.3, unit = "1/day", spread = 0.5, source = "choice" }\n'
    table = '[events.division]\ntrigger = "m >= 2"\nassignments = { m = "m/2", n = "n + 1" }\n'
    table += '[outputs.N]\nunit = "1"\nvalue = "n"\n[outputs.M]\nunit = "1"\nvalue = "m"'
    model = model_of(tmp_path, {"m": ("1", "k*m*d"), "n": ("0", "0")}, table, parameters)
    options = {"until": "9 day", "every": "3 day", "patients": 20, "seed": 3, "keep_parameters": True}
    found = {name: simulate(model, engine=name, **options) for name in ("scipy", "batch")}
    doublings = found["batch"].k.values[:, None] * found["batch"].time.values / math.log(2)
    for result in found.values():
        np.testing.assert_allclose(result.N.values, np.floor(doublings), rtol=1e-12)
        np.testing.assert_allclose(result.M.values, 2 ** (doublings % 1), rtol=2e-5)
    tight = {name: simulate(model, engine=name, tolerances=TIGHT, **options) for name in ("scipy", "batch")}
    np.testing.assert_allclose(tight["scipy"].M.values, tight["batch"].M.values, rtol=1e-8)


def test_a_stream_has_the_numbers_that_memory_has(tmp_path):
    parameters = 'k = { value = 1.3, unit = "1/day", spread = 0.5, source = "choice" }\n'
    table = '[events.division]\ntrigger = "m >= 2"\nassignments = { m = "m/2" }\n[outputs.M]\nunit = "1"\nvalue = "m"'
    model = model_of(tmp_path, {"m": ("1", "k*m*d")}, table, parameters)
    options = {"until": "4 day", "every": "1 day", "patients": 3, "seed": 3}
    streamed = simulate(tmp_path / "model.toml", out=tmp_path / "out.zarr", chunk=2, **options)
    assert (streamed.M.values == simulate(model, **options).M.values).all()


@ENGINES
def test_a_dose_that_comes_late_sets_off_an_event(tmp_path, engine):
    table = '[doses.drug]\nunit = "1"\ninto = "A"\nlag = "d/2"\n[outputs.Y]\nunit = "1"\nvalue = "B"\n'
    table += '[events.seen]\ntrigger = "A >= 1"\nassignments = { B = "time/d" }'
    model = model_of(tmp_path, {"A": ("0", "-A"), "B": ("0", "0")}, table)
    result = simulate(model, Course.of("drug", "2 1"), until="2 day", every="1 day", engine=engine)
    np.testing.assert_allclose(result.Y.values, [0, 0.5, 0.5], rtol=1e-12)
