"""Derivatives across events against closed forms and differences of high order, in both engines."""

from __future__ import annotations

import cmath
import re
from pathlib import Path

import numpy as np
import pytest

from kinetics.compile import compile_model
from kinetics.engines import Tolerances, events
from kinetics.errors import IntegrationError
from kinetics.interop.sbml import import_sbml
from kinetics.model import Model
from kinetics.regimen import Regimen, Segments, segments
from tests.oracles.differences import differences

TIGHT = Tolerances(1e-12, 1e-15)
LOOSER = Tolerances(1e-11, 1e-14)
ENGINES = pytest.mark.parametrize("engine", ["scipy", "batch"])


def model_of(tmp_path, parameters, states, tables):
    """A model without dimensions: values of parameters, and of each state the initial value and the rate a day, u."""
    text = '[model]\ntitle = "events"\ntime = "day"\n[parameters]\nu = { value = 1, unit = "day", source = "choice" }\n'
    text += "".join(
        f'{name} = {{ value = {value}, unit = "1", source = "choice" }}\n' for name, value in parameters.items()
    )
    for name, (initial, rate) in states.items():
        text += f'[states.{name}]\nunit = "1"\ninitial = "{initial}"\nrate = "({rate})/u"\n'
        text += f'[outputs.{name.upper()}]\nunit = "1"\nvalue = "{name}"\n'
    path = tmp_path / "model.toml"
    path.write_text(text + tables)
    return Model.load(path)


def differentiated(model, until, engine, *, tolerances=TIGHT, **values):
    """One patient with derivatives by all parameters."""
    system, plan = compile_model(model, ()), segments(Regimen.none(), {}, model.time, until)
    parameters = system.parameter_array(values)
    return events.integrate_with_sensitivities(
        engine, system, parameters, list(model.parameters)[1:], plan, tolerances=tolerances
    )


def gradients(found, *times):
    """(time, output, parameter)."""
    return found.output_gradient(np.array(times, dtype=float))


def slopes(function, values):
    """The derivatives of a closed form by its arguments, by steps along the imaginary axis."""
    return [function(*(x + 1e-30j * (i == j) for j, x in enumerate(values))).imag / 1e-30 for i in range(len(values))]


@ENGINES
def test_a_ball_that_bounces(tmp_path, engine):
    def height(g, e, h0, time):
        begin, speed = cmath.sqrt(2 * h0 / g), cmath.sqrt(2 * g * h0) * e
        while time > (begin + 2 * speed / g).real:
            begin, speed = begin + 2 * speed / g, speed * e
        return speed * (time - begin) - g / 2 * (time - begin) ** 2

    values = {"g": 9.81, "e": 0.7, "h0": 1.3}
    table = '[events.bounce]\ntrigger = "h <= 0 and v < 0"\nassignments = { h = "0", v = "-e*v" }'
    model = model_of(tmp_path, values, {"h": ("h0", "v"), "v": ("0", "-g")}, table)
    found = differentiated(model, 2.2, engine)
    for time in (0.7, 1.5, 2.0, 2.2):
        expected = slopes(lambda *x, time=time: height(*x, time), values.values())
        np.testing.assert_allclose(gradients(found, time)[0, 0], expected, rtol=1e-8)


@ENGINES
def test_a_pool_that_is_set_anew_at_a_level(tmp_path, engine):
    values = {"k": 0.5, "low": 0.25, "top": 2.0}
    table = '[events.refill]\ntrigger = "a < low"\nassignments = { a = "top", n = "n + 1" }'
    model = model_of(tmp_path, values, {"a": ("1", "-k*a"), "n": ("0", "0")}, table)
    found = differentiated(model, 20.0, engine)
    for time, n in ((2.0, 0), (3.0, 1), (12.0, 3), (20.0, 5)):
        assert round(found.outputs(np.array([time]))[0, 1], 9) == n

        def level(k, low, top, time=time, n=n):
            return (top / low) ** n * cmath.exp(-k * time)

        np.testing.assert_allclose(gradients(found, time)[0, 0], slopes(level, values.values()), rtol=1e-9)
    np.testing.assert_allclose(gradients(found, 20.0)[0, 1], 0.0, atol=1e-12)


LATE = """
[events.dose]
trigger = "a < low"
delay = "lag*b*u"
values_at = "{values}"
assignments = {{ a = "a + dose" }}
"""


@ENGINES
@pytest.mark.parametrize("values", ["trigger", "execution"])
def test_a_dose_after_a_delay_that_depends_on_parameters(tmp_path, engine, values):
    def level(k, low, lag, dose, time=6.0):
        fires = cmath.log(1 / low) / k
        given = fires + lag * (1 + k * fires)  # b rises by k
        before = low if values == "trigger" else cmath.exp(-k * given)
        return (before + dose) * cmath.exp(-k * (time - given))

    given = {"k": 0.5, "low": 0.4, "lag": 0.7, "dose": 3.0}
    states = {"a": ("1", "-k*a"), "b": ("1", "k")}
    found = differentiated(model_of(tmp_path, given, states, LATE.format(values=values)), 6.0, engine)
    np.testing.assert_allclose(found.outputs(np.array([6.0]))[0, 0], level(*given.values()).real, rtol=1e-9)
    np.testing.assert_allclose(gradients(found, 6.0)[0, 0], slopes(level, given.values()), rtol=1e-9)


@ENGINES
def test_a_time_that_is_a_parameter(tmp_path, engine):
    table = '[events.stop]\ntrigger = "time >= 2*d*u"\nassignments = { s = "0" }'
    model = model_of(tmp_path, {"d": 1.5, "r": 2.0}, {"x": ("0", "r*s"), "s": ("1", "0")}, table)
    found = differentiated(model, 5.0, engine)  # x = r min(t, 2 d)
    np.testing.assert_allclose(gradients(found, 2.0, 3.5, 5.0)[:, 0], [[0, 2], [4, 3], [4, 3]], rtol=1e-10, atol=1e-12)


@ENGINES
def test_rates_that_have_the_condition_of_a_trigger(tmp_path, engine):
    table = '[events.down]\ntrigger = "x >= top"\nassignments = { x = "low" }\n'
    table += '[events.twice]\ntrigger = "time >= d*u"\nassignments = { y = "2*y" }'
    states = {"x": ("0", "piecewise(x < top, r, 0)"), "y": ("0", "piecewise(time < d*u, r, 3*r)")}
    model = model_of(tmp_path, {"r": 1.3, "top": 2.0, "low": 0.4, "d": 1.7}, states, table)
    found = differentiated(model, 3.7, engine, tolerances=None)  # x = r t + 2 (low - top), y = 2 r d + 3 r (t - d)
    np.testing.assert_allclose(gradients(found, 3.7)[0, 0], [3.7, -2, 2, 0], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(gradients(found, 3.7)[0, 1], [11.1 - 1.7, 0, 0, -1.3], rtol=1e-6, atol=1e-9)


@ENGINES
def test_an_event_at_the_start_does_not_move(tmp_path, engine):
    table = '[events.begin]\ntrigger = "x < 2*p"\ninitial = false\nassignments = { x = "x*p" }\n'
    table += '[events.then]\ntrigger = "x > 2*p"\nassignments = { y = "p" }'
    model = model_of(tmp_path, {"p": 3.0}, {"x": ("p", "x"), "y": ("0", "0")}, table)
    found = differentiated(model, 1.0, engine)  # x = p^2 exp(t), and y = p from the start on
    np.testing.assert_allclose(gradients(found, 0.0, 1.0)[:, 0, 0], [6, 6 * np.e], rtol=1e-9)
    assert gradients(found, 1.0)[0, 1, 0] == 1.0


SAME_TIME = """
[events.first]
trigger = "x >= p"
priority = "2"
assignments = { x = "q*x", y = "x" }
[events.second]
trigger = "x >= p"
priority = "1"
values_at = "execution"
assignments = { y = "y*x" }
[events.third]
trigger = "y > 0"
assignments = { z = "1 + q" }
[events.fourth]
trigger = "z > 1"
delay = "q*u"
assignments = { x = "p/2" }
"""


@ENGINES
def test_several_events_at_one_time_and_what_they_set_off(tmp_path, engine):
    states = {"x": ("1", "x"), "y": ("0", "-y"), "z": ("0", "-z")}
    given = {"p": 2.0, "q": 0.3}
    found = differentiated(model_of(tmp_path, given, states, SAME_TIME), 1.5, engine)
    assert [row.name for row in found.executed] == ["first", "second", "third", "fourth"]

    def expected(p, q):
        """At 1.5, the states: all happens at ln p, but x is p/2 q later."""
        at = cmath.log(p)
        return p / 2 * cmath.exp(1.5 - at - q), q * p * p * cmath.exp(at - 1.5), (1 + q) * cmath.exp(at - 1.5)

    for output in range(3):
        by = slopes(lambda p, q, output=output: expected(p, q)[output], given.values())
        np.testing.assert_allclose(gradients(found, 1.5)[0, output], by, rtol=1e-9, atol=1e-11)


@ENGINES
def test_doses_and_infusions_with_events(tmp_path, engine):
    """Against differences of order 8: an event between doses, one set off by a dose, an infusion that goes on."""
    table = '[doses.drug]\nunit = "1"\ninto = "a"\n[events.high]\ntrigger = "a >= top"\n'
    table += 'assignments = { a = "a/2", b = "b + a*k" }\n[events.low]\ntrigger = "a < low"\ndelay = "lag*u"\n'
    table += 'assignments = { b = "2*b" }'
    values = {"k": 0.8, "top": 2.1, "low": 0.9, "lag": 0.15}
    states = {"a": ("1", "-k*a"), "b": ("0.2", "a - b")}
    system = compile_model(model_of(tmp_path, values, states, table))
    edges, rates, boluses = np.array([0, 1, 2.5, 6]), np.array([[0], [2], [0.3]]), np.array([[0.5], [0], [1.9]])
    plan, names, times = Segments(("drug",), edges, rates, boluses), list(values), np.array([0.9, 2.0, 3.0, 6.0])

    def integrated(parameters, by=()):
        return events.integrate_with_sensitivities(engine, system, parameters, by, plan, tolerances=TIGHT)

    at = system.parameter_array()
    found = integrated(at, names)
    exact = found.output_gradient(times)
    direction = np.array([0.0, 0.3, -0.5, 0.2, 0.7])
    by_differences = differences(lambda x: integrated(x).outputs(times), at, direction, 2e-3)
    np.testing.assert_allclose(exact @ direction[1:], by_differences, rtol=1e-7, atol=1e-8)


SUITE = sorted((Path(__file__).parents[3] / "shared" / "oracles" / "sbml").glob("[0-9]*/*-sbml-*.xml"))
WITH_EVENTS = [path for path in SUITE if "<event" in path.read_text()]


def named(path):
    """A case of the SBML suite; one stands for the others in `make test`."""
    return pytest.param(path, id=path.parent.name, marks=[] if path.parent.name == "01241" else pytest.mark.thorough)


@ENGINES
@pytest.mark.parametrize("path", map(named, WITH_EVENTS))
def test_models_of_the_sbml_suite_against_differences(path, engine):
    pytest.importorskip("libsbml", reason="SBML needs the extra sbml")
    settings = (path.parent / f"{path.parent.name}-settings.txt").read_text()
    until = float(re.search(r"duration: *(\S+)", settings)[1])
    model, times = import_sbml(path).model, until * np.array([0.113, 0.317, 0.5171, 0.8313, 0.9771])
    system, plan = compile_model(model), segments(Regimen.none(), {}, model.time, until)

    def integrated(parameters, by=()):
        return events.integrate_with_sensitivities(engine, system, parameters, by, plan, tolerances=LOOSER)

    at = system.parameter_array()
    exact = integrated(at, system.parameters).output_gradient(times)
    for index, direction in enumerate(np.eye(at.size)):
        found = differences(lambda x: integrated(x).outputs(times), at, direction, 1e-4 * max(abs(at[index]), 0.01))
        np.testing.assert_allclose(exact[:, :, index], found, rtol=1e-5, atol=1e-5 * (1.0 + np.abs(found).max()))


TOUCHED = '[events.high]\ntrigger = "x >= 1 + 1e-13*p"\nassignments = { y = "1" }'


@ENGINES
@pytest.mark.parametrize("p", [1.0, -1.0])
def test_a_trigger_that_is_touched_has_no_derivative(tmp_path, engine, p):
    # whether rounding makes it fire or not
    model = model_of(tmp_path, {"p": p, "w": 1.0}, {"x": ("0", "w*v"), "v": ("1", "-w*x"), "y": ("0", "0")}, TOUCHED)
    with pytest.raises(IntegrationError, match=r"trigger of event high is touched at time 1\.57\d* day"):
        differentiated(model, 3.0, engine)


@ENGINES
def test_events_of_one_time_that_move_apart_have_no_derivative(tmp_path, engine):
    table = '[events.one]\ntrigger = "time >= d*u"\nassignments = { x = "2*x" }\n'
    table += '[events.other]\ntrigger = "time >= e*u"\nassignments = { x = "x + 1" }'
    model = model_of(tmp_path, {"d": 1.0, "e": 1.0}, {"x": ("1", "x")}, table)
    with pytest.raises(IntegrationError, match=r"two things happen at time 1 day, of events or doses, that move apart"):
        differentiated(model, 2.0, engine)
    assert gradients(differentiated(model, 2.0, engine, e=1.1), 2.0).shape == (1, 1, 2)


def test_what_is_read_where_an_event_makes_it_jump_has_no_derivative(tmp_path):
    table = '[events.set]\ntrigger = "time >= d*u"\nassignments = { x = "7" }'
    model = model_of(tmp_path, {"d": 1.0}, {"x": ("1", "0"), "y": ("1", "y")}, table)
    found = differentiated(model, 2.0, "scipy")
    with pytest.raises(IntegrationError, match=r"an output is read at time 1 day, at which an event makes it jump"):
        found.output_gradient(np.array([1.0]))
    assert found.crossing_gradient("X", 1.0).tolist() == [1.0]
