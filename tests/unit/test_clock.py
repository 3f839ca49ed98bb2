"""Time in expressions, times without a unit, and files whose units are unchecked."""

import numpy as np
import pytest
import sympy as sp

import kinetics
from kinetics.errors import InputError, UnitError
from kinetics.model import Derived, Model, Parameter, State, latex
from kinetics.reports.models import model_text
from kinetics.reports.simulation import simulation_text
from kinetics.units import parse_unit

T, X, K = sp.symbols("time x k", real=True)
HEADER = '[model]\ntitle = "A model"\ntime = "{time}"\n{more}\n'
STATE = '[states.{name}]\nunit = "{unit}"\ninitial = "0"\nrate = "{rate}"\n'


def write(tmp_path, name, rest, time="day", more=""):
    path = tmp_path / f"{name}.toml"
    path.write_text(HEADER.format(time=time, more=more) + rest)
    return path


def test_time_is_a_state_that_rises_by_one(tmp_path):
    path = write(tmp_path, "timed", STATE.format(name="x", unit="day", rate="time/day_") + DAY)
    clock = Model.load(path).states["clock"]
    assert (clock.initial, clock.rate, clock.unit, clock.latex) == (0, 1, parse_unit("day"), "t")
    assert Model.load(path).states["x"].rate == sp.Symbol("clock", real=True) / sp.Symbol("day_", real=True)


DAY = '[parameters]\nday_ = { value = 1, unit = "day", source = "choice" }\n'


def test_time_has_the_unit_of_the_model(tmp_path):
    path = write(tmp_path, "timed", STATE.format(name="x", unit="1", rate="sin(time)/day_") + DAY)
    with pytest.raises(UnitError, match="sin of 'clock', which has unit 'day'"):
        Model.load(path)


def test_a_model_without_time_has_no_clock_and_may_call_anything_so():
    made = Model.from_symbols("m", time="day", states=[State(name="clock", unit="1", initial=1, rate=0)])
    assert (list(made.states), made.states["clock"].initial) == (["clock"], 1)
    assert "clock" in latex(made)


@pytest.mark.parametrize("kind", ["parameters", "derived", "states"])
def test_a_name_that_is_the_clocks_is_refused(kind):
    rows = {
        "parameters": Parameter(name="clock", unit="1", value=1.0),
        "derived": Derived(name="clock", unit="1", value=1),
        "states": State(name="clock", unit="1", initial=0, rate=0),
    }
    tables = {"states": [State(name="x", unit="1", initial=0, rate=T)]}
    tables.setdefault(kind, []).append(rows[kind])
    with pytest.raises(InputError, match="a model that uses 'time' has a state of this name"):
        Model.from_symbols("m", time="1", **tables)


def test_an_initial_value_cannot_depend_on_time():
    with pytest.raises(InputError) as error:
        Model.from_symbols("m", time="1", states=[State(name="x", unit="1", initial=T, rate=0)])
    assert [fault.message for fault in error.value.faults] == ["an initial value cannot depend on time"]


def test_time_is_a_reserved_name():
    with pytest.raises(InputError, match="reserved"):
        Model.from_symbols("m", time="1", states=[State(name="time", unit="1", initial=0, rate=0)])


def test_the_parts_of_a_composite_have_one_clock(tmp_path):
    for name in ("one", "other"):
        write(tmp_path, name, STATE.format(name="x", unit="1", rate="cos(time)"), time="1")
    uses = '[uses]\none = "./one.toml"\nother = "./other.toml"\n[outputs.sum]\nunit = "1"\nvalue = "one.x + other.x"\n'
    model = Model.load(write(tmp_path, "both", uses, time="1"))
    assert list(model.states) == ["one_x", "other_x", "clock"]
    result = kinetics.simulate(model, until=3, engine="batch")
    assert result["sum"].values == pytest.approx(2 * np.sin(result["time"].values), abs=1e-6)


def test_equations_have_the_time_and_not_its_equation():
    made = Model.from_symbols("m", time="1", states=[State(name="x", unit="1", initial=0, rate=sp.cos(T))])
    assert r"\frac{\mathrm{d} x}{\mathrm{d} t} &= \cos{\left(t \right)}" in latex(made)
    assert "clock" not in latex(made)
    assert r"{\mathrm{d} t}{\mathrm{d} t}" not in latex(made)


# --- times without a unit

OSCILLATOR = STATE.format(name="x", unit="1", rate="v") + STATE.format(name="v", unit="1", rate="1 - x")


def test_times_are_bare_numbers_of_a_model_without_unit_of_time(tmp_path):
    path = write(tmp_path, "free", OSCILLATOR, time="1")
    result = kinetics.simulate(path, until=10, states=True)
    assert (result["time"].size, result["time"].values[-1], result["time"].attrs["units"]) == (101, 10.0, "1")
    assert kinetics.simulate(path, until="6", every=1.5)["time"].values.tolist() == [0.0, 1.5, 3.0, 4.5, 6.0]
    assert kinetics.simulate(path, times=[0, 1, np.float64(7.5)])["time"].values.tolist() == [0.0, 1.0, 7.5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"until": "10 day"}, "until: 'day' is not a kind of '1'"),
        ({"until": 10, "every": "1 month"}, "every: 'month' is not a kind of '1'"),
        ({"until": -1}, "must be positive"),
        ({"until": float("nan")}, "is not finite"),
        ({"until": True}, "True has no unit"),
        ({"times": ["1 day"]}, "times: 'day' is not a kind of '1'"),
        ({}, "give the last time, such as '10'"),
        (
            {"until": 10, "regimen": "retreatment"},
            "the time of the model has no unit: it takes neither doses nor rules",
        ),
    ],
)
def test_what_has_a_unit_of_time_is_refused(tmp_path, arguments, message):
    path = write(tmp_path, "free", OSCILLATOR, time="1")
    with pytest.raises(InputError) as error:
        kinetics.simulate(path, **arguments)
    assert message in str(error.value)


def test_a_bare_number_is_no_time_of_a_model_in_days(tmp_path):
    path = write(tmp_path, "days", STATE.format(name="x", unit="1", rate="0"))
    with pytest.raises(UnitError, match="until: 10 has no unit"):
        kinetics.simulate(path, until=10)


def test_a_model_without_unit_of_time_has_no_doses(tmp_path):
    dose = '[doses.drug]\nunit = "1"\ninto = "x"\n'
    with pytest.raises(InputError, match="drug: a model whose time has no unit takes no doses"):
        Model.load(write(tmp_path, "dosed", OSCILLATOR + dose, time="1"))


@pytest.mark.parametrize("time", ["mg", "%", "1e3"])
def test_a_time_is_a_unit_of_time_or_1(time):
    with pytest.raises(UnitError):
        Model.from_symbols("m", time=time, states=[State(name="x", unit="1", initial=0, rate=0)])


def test_a_table_of_times_without_unit_is_printed(tmp_path):
    result = kinetics.simulate(write(tmp_path, "free", OSCILLATOR + OUTPUT, time="1"), until=10, every=2.5)
    lines = simulation_text(result, [], [], 80).splitlines()
    assert [line.split()[0] for line in lines if line.strip()][1:] == ["time", "0", "2.5", "5", "7.5", "10"]


OUTPUT = '[outputs.y]\nunit = "1"\nvalue = "x"\n'


# --- units that are unchecked


def test_unchecked_units_are_said(tmp_path):
    path = write(tmp_path, "free", OSCILLATOR, time="1", more='units = "unchecked"')
    assert "units: unchecked" in model_text(Model.load(path)).splitlines()
    checked = write(tmp_path, "checked", OSCILLATOR, time="1")
    assert "unchecked" not in model_text(Model.load(checked))
    assert Model.load(path).content_hash == Model.load(checked).content_hash


def test_unchecked_units_are_all_1(tmp_path):
    rest = OSCILLATOR + STATE.format(name="z", unit="mg", rate="0")
    with pytest.raises(InputError) as error:
        Model.load(write(tmp_path, "free", rest, more='units = "unchecked"'))
    messages = [fault.message for fault in error.value.faults]
    assert "has unit 'mg', and the units of the model are unchecked: write '1'" in messages
    assert "the units of the model are unchecked: write time = '1'" in messages


def test_units_are_unchecked_or_not_mentioned(tmp_path):
    with pytest.raises(InputError, match=r"model\.units"):
        Model.load(write(tmp_path, "free", OSCILLATOR, time="1", more='units = "none"'))


def test_what_builds_on_unchecked_units_is_unchecked(tmp_path):
    write(tmp_path, "free", OSCILLATOR, time="1", more='units = "unchecked"')
    assert Model.load(write(tmp_path, "user", '[uses]\npart = "./free.toml"\n', time="1")).is_unchecked
    (tmp_path / "extension.toml").write_text('[model]\ntitle = "More"\nextends = "./free.toml"\n')
    assert Model.load(tmp_path / "extension.toml").is_unchecked


OBSERVED = '[outputs.x_seen]\nunit = "1"\nvalue = "x"\n'


@pytest.mark.parametrize("out", ["x.xml", "x.ant", "x.py", "x.tex", "x.png", "x.html"])
def test_a_model_without_unit_of_time_goes_through_every_door(tmp_path, out):
    """Exports, a figure and a report of its result."""
    path = write(tmp_path, "free", OSCILLATOR + OBSERVED, time="1", more='units = "unchecked"')
    file = tmp_path / out
    if file.suffix in (".xml", ".ant"):
        pytest.importorskip("libsbml" if file.suffix == ".xml" else "antimony", reason="needs the extra sbml")
    if file.suffix not in (".png", ".html"):
        assert kinetics.export(path, out=file)
        return
    result = kinetics.simulate(path, until=3, every=0.5)
    if file.suffix == ".html":
        kinetics.write_report(result, file, model=path)
        assert "3 in the time of the model" in file.read_text()
        return
    drawn = kinetics.draw(result, file, model=path)
    (axes, *_) = drawn.axes
    assert (axes.get_xlabel(), axes.get_xlim()[1]) == ("time", 3)
