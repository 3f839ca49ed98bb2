"""Export and import again: every model that ships is the same model, in its equations and in its curves."""

import numpy as np
import pytest

import kinetics
from kinetics import Model, Regimen
from kinetics.compile import compile_model
from kinetics.exports.dosing.dosed import dosed_model
from kinetics.files.library import library_names

pytest.importorskip("libsbml", reason="needs python-libsbml, of the extra sbml")
REGIMENS = {"alemtuzumab": "ms_licensed", "reconstitution": "whack_a_mole", "consequences": "retreatment_on_activity"}
REGIMENS |= {"rituximab": "rituximab_2_x_1000mg", "cladribine": "cladribine_tablets", "conditioning": "ahsct"}
EQUAL = 1e-12
# A percentage of shares is written with its factor 100, which SBML does not know as a conversion.
UNCHECKED = ("autoimmunity", "consequences")
pytestmark = pytest.mark.filterwarnings("ignore:.*units do not agree")


def given(model):
    return Regimen.load(REGIMENS[model.name]) if model.name in REGIMENS else Regimen.none()


@pytest.fixture(params=library_names("models"))
def pair(request, tmp_path):
    """A model with its regimen as events, and what comes back of it."""
    model = Model.load(request.param)
    path = tmp_path / "model.xml"
    model.to_sbml(regimen=REGIMENS.get(model.name), out=path)
    return dosed_model(model, model.defaults, given(model)), Model.from_sbml(path)


def values_at(model, states):
    """Rates, outputs, and the truth and values of events, by name, at states by name."""
    system = compile_model(model)
    constants = system.constants(system.parameter_array())
    y = np.array([states[name] for name in system.states])
    rates = dict(zip(system.states, system.functions.rate(y, constants, np.zeros(y.size)), strict=True))
    outputs = dict(zip(system.outputs, system.functions.outputs(y, constants), strict=True))
    return rates, outputs


def states_of(model, random):
    """Positive states about the start; the clock is at some time of the first years."""
    system = compile_model(model)
    start = system.functions.initial(system.constants(system.parameter_array()))
    values = (np.abs(start) + 0.01) * random.uniform(0.2, 2.0, start.size)
    return dict(zip(system.states, values.tolist(), strict=True))


def test_rates_and_outputs_are_the_same(pair):
    model, again = pair
    random = np.random.default_rng(5)
    for _ in range(10):
        states = states_of(model, random)
        named = {f"{name}_state": value for name, value in states.items()} | states
        rates, outputs = values_at(model, states)
        rates_again, outputs_again = values_at(again, named)
        for name, value in outputs.items():
            assert outputs_again[name] == pytest.approx(value, rel=EQUAL, abs=EQUAL), name
        for name, value in rates.items():
            found = rates_again.get(f"{name}_state", rates_again.get(name, 0.0))
            assert found == pytest.approx(value, rel=EQUAL, abs=EQUAL), name


def test_units_come_back_and_agree(pair):
    model, again = pair
    if model.name in UNCHECKED:
        assert again.is_unchecked
        return
    assert again.time == model.time
    for name in model.outputs:
        assert again.outputs[name].unit == model.outputs[name].unit, name


def test_curves_are_the_same(tmp_path):
    """The same numbers but for roundings, which an integration over courses makes a thousand times larger."""
    model = Model.load("alemtuzumab")
    model.to_sbml(regimen="ms_licensed", out=tmp_path / "model.xml")
    dosed = dosed_model(model, model.defaults, Regimen.load("ms_licensed"))
    again = Model.from_sbml(tmp_path / "model.xml")
    one, other = (kinetics.simulate(m, until="24 month", every="1 month", engine="batch") for m in (dosed, again))
    for name in model.outputs:
        size = float(np.abs(one[name]).max())
        assert float(np.abs(one[name] - other[name]).max()) <= 1000 * EQUAL * size, name
