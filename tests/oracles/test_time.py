"""Models whose equations have the time, and states below zero, against closed forms on both engines."""

import numpy as np
import pytest
import sympy as sp

import kinetics
from kinetics.compile import compile_model
from kinetics.engines import Tolerances, batch, sensitivity
from kinetics.expressions import ELEMENTARY
from kinetics.model import Model, Output, Parameter, State
from kinetics.regimen import Regimen
from tests.conftest import plan_of

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
        system, system.parameter_array(), ["k", "w"], plan_of(model, Regimen.none(), 10.0), tolerances=TIGHT
    )
    by_k = (1 - np.cos(3 * times)) / 3
    by_w = 2 * (times * np.sin(3 * times) / 3 - by_k / 3)
    assert solution.outputs(times)[:, 0] == pytest.approx(2 * by_k, abs=1e-9)
    assert solution.output_gradient(times)[:, 0] == pytest.approx(np.stack([by_k, by_w], axis=1), abs=1e-8)
