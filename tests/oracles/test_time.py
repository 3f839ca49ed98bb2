"""Models whose equations have the time, and states below zero, against closed forms on both engines."""

import numpy as np
import pytest
import sympy as sp

import kinetics
from kinetics.compile import compile_model
from kinetics.engines import Tolerances, batch, sensitivity
from kinetics.expressions import ELEMENTARY
from kinetics.model import Model, Output, Parameter, State
from kinetics.regimen import Regimen, model_segments

T, X, V, K = sp.symbols("time x v k", real=True)
ENGINES = ["scipy", "batch"]
TIGHT = Tolerances(1e-12, 1e-13)


def made(parameters=None, outputs=None, **states):
    """A model without units from initial values and rates by name."""
    return Model.from_symbols(
        "made",
        time="1",
        parameters=[Parameter(name=name, unit="1", value=value) for name, value in (parameters or {}).items()],
        states=[State(name=name, unit="1", initial=initial, rate=rate) for name, (initial, rate) in states.items()],
        outputs=[Output(name=name, unit="1", value=value) for name, value in (outputs or {}).items()],
    )


def run(model, engine, until, every, **options):
    options = {"tolerances": TIGHT, "states": True} | options
    return kinetics.simulate(model, until=until, every=every, engine=engine, **options)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("speed", [1, 50])
def test_a_harmonic_oscillator_goes_below_zero(engine, speed):
    result = run(made(x=(1, speed * V), v=(0, -speed * X)), engine, 20, 0.25)
    at = speed * result["time"].values
    assert result["x"].values == pytest.approx(np.cos(at), abs=1e-8)
    assert result["v"].values == pytest.approx(-np.sin(at), abs=1e-8)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("start", [0.1, 1.0, 3.9])
def test_a_state_that_dips_below_zero_within_a_step_is_right(engine, start):
    """A cubic is integrated without error in steps of any length: its rate is positive at both ends of the dip."""
    result = run(made(x=(-start, 3 * (T - 1) * (T - 3))), engine, 12, 0.5, tolerances=None)
    at = result["time"].values
    assert result["x"].values == pytest.approx(at**3 - 6 * at**2 + 9 * at - start, abs=1e-7)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_negative_start_decays_to_zero_from_below(engine):
    result = run(made(x=(-2, -X)), engine, 30, 1)
    assert result["x"].values == pytest.approx(-2 * np.exp(-result["time"].values), rel=1e-7, abs=1e-11)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_clock_shows_the_time(engine):
    result = run(made(x=(0, T), outputs={"late": T**2}), engine, 100, 1, tolerances=None)
    assert result["clock"].values == pytest.approx(result["time"].values, rel=1e-14)
    assert result["late"].values == pytest.approx(result["time"].values ** 2, rel=1e-13)


@pytest.mark.parametrize("engine", ENGINES)
def test_patients_differ_in_what_time_does(engine):
    model = made({"k": 2.0}, x=(0, K * sp.cos(K * T)))
    sets = [{"k": value} for value in (0.5, 2.0, 7.0)]
    result = run(model, engine, 10, 0.5, parameters=sets)
    at = result["time"].values
    assert result["x"].values == pytest.approx(np.sin([[0.5], [2.0], [7.0]] * at), abs=1e-9)


@pytest.mark.parametrize("engine", [sensitivity, batch], ids=ENGINES)
def test_sensitivities_of_a_forced_state_are_exact(engine):
    """x' = k sin(w time) from 0: x = k (1 - cos(w t))/w."""
    w = sp.Symbol("w", real=True)
    model = made({"k": 2.0, "w": 3.0}, x=(0, K * ELEMENTARY["sin"](w * T)), outputs={"y": X})
    system, times = compile_model(model), np.linspace(0.0, 10.0, 41)
    solution = engine.integrate_with_sensitivities(
        system, system.parameter_array(), ["k", "w"], model_segments(Regimen.none(), model, 10.0), tolerances=TIGHT
    )
    by_k = (1 - np.cos(3 * times)) / 3
    by_w = 2 * (times * np.sin(3 * times) / 3 - by_k / 3)
    assert solution.outputs(times)[:, 0] == pytest.approx(2 * by_k, abs=1e-9)
    assert solution.output_gradient(times)[:, 0] == pytest.approx(np.stack([by_k, by_w], axis=1), abs=1e-8)


ON = sp.And(sp.Symbol("on") < T, sp.Symbol("off") >= T)


def ramp(times, on, off):
    """The integral of 1 from `on` to `off`."""
    return np.clip(times, on, off) - on


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pulse_in_time_is_not_jumped_over(engine):
    """The model rests for long before and after: steps as long as the whole would see nothing of it."""
    pulse = sp.Piecewise((2, (T >= 400) & (2 * T < 801)), (0, True))
    result = run(made(x=(0, pulse)), engine, 1000, 50, tolerances=None)
    assert result["x"].values == pytest.approx(2 * ramp(result["time"].values, 400, 400.5), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pulse_of_each_patient_begins_at_its_own_time(engine):
    model = made({"on": 1.0, "off": 2.0}, x=(0, sp.Piecewise((1, ON), (0, True))), outputs={"y": X})
    sets = [{"on": on, "off": off} for on, off in ((100.0, 101.0), (250.5, 250.625), (0.0, 3.0), (7.0, 5.0))]
    result = run(model, engine, 500, 0.5, parameters=sets, tolerances=None)
    at = result["time"].values
    for found, own in zip(result["y"].values, sets, strict=True):
        expected = ramp(at, own["on"], own["off"]) if own["on"] < own["off"] else 0 * at
        assert found == pytest.approx(expected, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_pieces_of_time_decay_as_the_closed_form(engine):
    """x' = -r(t) x with r = 1, then 3, then 0.5: the exponential of the integral of r."""
    rate = sp.Piecewise((1, T < 2), (3, sp.Rational(5, 2) > T), (sp.Rational(1, 2), True))
    result = run(made(x=(1, -rate * X), outputs={"r": rate}), engine, 8, 0.25)
    at = result["time"].values
    total = np.minimum(at, 2) + 3 * ramp(at, 2, 2.5) + 0.5 * ramp(at, 2.5, 8)
    assert result["x"].values == pytest.approx(np.exp(-total), rel=1e-9)
    assert result["r"].values.tolist() == np.select([at < 2, at < 2.5], [1.0, 3.0], 0.5).tolist()


@pytest.mark.parametrize("engine", [sensitivity, batch], ids=ENGINES)
def test_sensitivities_beyond_a_pulse_are_exact(engine):
    """x' = -k x + (1 between 30 and 31): in closed form what is left of the pulse."""
    rate = -K * X + sp.Piecewise((1, (T >= 30) & (T < 31)), (0, True))
    model = made({"k": 0.25}, x=(0, rate), outputs={"y": X})
    system, times, k = compile_model(model), np.array([20.0, 32.0, 40.0]), 0.25
    solution = engine.integrate_with_sensitivities(
        system, system.parameter_array(), ["k"], model_segments(Regimen.none(), model, 50.0), tolerances=TIGHT
    )
    since_end, whole = np.exp(-k * (times - 31)), np.exp(-k * (times - 30))
    values = np.where(times > 31, (since_end - whole) / k, 0.0)
    slopes = (-(times - 31) * since_end + (times - 30) * whole) / k - values / k
    assert solution.outputs(times)[:, 0] == pytest.approx(values, rel=1e-9)
    assert solution.output_gradient(times)[:, 0, 0] == pytest.approx(np.where(times > 31, slopes, 0.0), rel=1e-8)
