"""Events of model files: how they are read, checked, merged and shown, and who refuses them."""

from __future__ import annotations

import pytest
import sympy as sp

import kinetics
from kinetics.errors import InputError
from kinetics.identifiability import MeasuredArm, structure
from kinetics.model import Event, Model, Output, Parameter, State, latex
from kinetics.model.events import condition_truth
from kinetics.reduction import find_rest
from kinetics.regimen import History, histories
from kinetics.regimen.histories import check_events_followed
from kinetics.reports.showing import show

CELL = """
[model]
title = "A cell that divides"
time = "hour"

[parameters]
k = { value = 0.5, unit = "1/hour", source = "choice" }
full = { value = 2, unit = "pg", source = "choice" }
lag = { value = 30, unit = "minute", source = "choice" }

[states.mass]
unit = "pg"
initial = "full/2"
rate = "k*mass"

[states.number]
unit = "1"
initial = "1"
rate = "0"

[outputs.M]
unit = "ng"
value = "mass"
"""
DIVISION = """
[events.division]
trigger = "mass >= full and time > 2*lag"
delay = "lag"
priority = "number"
persistent = false
initial = false
values_at = "execution"
about = "halves the mass"
[events.division.assignments]
mass = "mass/2"
number = "2*number"
"""


def written(folder, text, name="cell.toml"):
    path = folder / name
    path.write_text(text)
    return path


def faults_of(path):
    with pytest.raises(InputError) as error:
        Model.load(path)
    return [(fault.where.rpartition(":")[2], fault.name, fault.message) for fault in error.value.faults]


def test_an_event_is_read_with_its_units_converted(tmp_path):
    event = Model.load(written(tmp_path, CELL + DIVISION)).events["division"]
    mass, full, clock, lag, number = sp.symbols("mass full clock lag number", real=True)
    assert event.trigger == sp.And(mass >= full, clock > lag / 30)  # in hours, where the lag is in minutes
    assert (event.delay, event.priority) == (lag / 60, number)
    assert event.assignments == {"mass": mass / 2, "number": 2 * number}
    assert (event.persistent, event.initial, event.values_at) == (False, False, "execution")
    assert repr(event).endswith(": halves the mass>")


def test_every_fault_of_an_event_is_told_with_its_line(tmp_path):
    text = CELL + (
        '[events.exp]\ntrigger = "mass"\nassignments = { mass = "full" }\n'
        '[events.units]\ntrigger = "mass >= lag"\ndelay = "k"\npriority = "mass"\nassignments = { mass = "lag" }\n'
        '[events.names]\ntrigger = "gone > 1"\nassignments = { full = "1", mas = "full", clock = "lag" }\n'
        '[events.none]\ntrigger = "mass > full"\nassignments = {}\n'
        '[events.keys]\ntriger = "mass > full"\nvalues_at = "once"\nassignments = { mass = 3 }\n'
    )
    faults = faults_of(written(tmp_path, text))
    messages = {name: message for _, name, message in faults}
    assert messages.keys() == {
        "events.exp",
        "events.exp.trigger",
        "events.units.trigger",
        "events.units.delay",
        "events.units.priority",
        "events.units.assignments.mass",
        "events.names.trigger",
        "events.names.assignments.full",
        "events.names.assignments.mas",
        "events.names.assignments.clock",
        "events.none.assignments",
        "events.keys",
        "events.keys.triger",
        "events.keys.values_at",
        "events.keys.assignments.mass",
    }
    lines = text.splitlines()
    for where, name, _ in faults:
        key = name.rpartition(".")[2]
        assert key in lines[int(where) - 1], (where, name)
    assert messages["events.units.delay"] == "'k' has unit '1/hour', expected 'hour'"
    assert "an event sets states alone" in messages["events.names.assignments.full"]
    assert "did you mean 'mass'" in messages["events.names.assignments.mas"]


def test_time_cannot_be_set(tmp_path):
    text = CELL + '[events.back]\ntrigger = "time > lag"\nassignments = { clock = "0*lag" }\n'
    assert [row[1:] for row in faults_of(written(tmp_path, text))] == [
        ("events.back.assignments.clock", "an event cannot set the time")
    ]


def test_a_composite_prefixes_events_and_may_set_states_of_its_parts(tmp_path):
    written(tmp_path, CELL + DIVISION)
    whole = (
        '[model]\ntitle = "two"\ntime = "day"\n[uses]\na = "cell.toml"\nb = "cell.toml"\n'
        '[events.both]\ntrigger = "a.mass > b.full"\nassignments = { a.mass = "b.mass", b.number = "a.number" }\n'
    )
    model = Model.load(written(tmp_path, whole, "whole.toml"))
    assert list(model.events) == ["both", "a_division", "b_division"]
    assert model.events["both"].assignments == {
        "a_mass": sp.Symbol("b_mass", real=True),
        "b_number": sp.Symbol("a_number", real=True),
    }
    assert str(model.events["a_division"].trigger) == "(a_mass >= a_full) & (clock > a_lag/720)"  # now in days
    assert list(model.events["b_division"].assignments) == ["b_mass", "b_number"]


def test_an_extension_replaces_an_event_of_the_same_name(tmp_path):
    written(tmp_path, CELL + DIVISION)
    more = '[model]\ntitle = "other"\nextends = "cell.toml"\n[events.division]\ntrigger = "mass > 3*full"\n'
    more += 'assignments = { mass = "full" }\n[events.stop]\ntrigger = "number > 8"\nassignments = { mass = "0" }\n'
    events = Model.load(written(tmp_path, more, "other.toml")).events
    assert list(events) == ["division", "stop"]
    assert (str(events["division"].trigger), events["division"].delay) == ("mass > 3*full", None)


def test_events_are_in_the_hashes_of_models_that_have_some(tmp_path):
    plain = Model.load(written(tmp_path, CELL))
    texts = [CELL + DIVISION, CELL + DIVISION.replace("2*number", "3*number"), CELL + DIVISION.replace("false", "true")]
    hashes = {Model.load(written(tmp_path, text)).structure_hash for text in texts} | {plain.structure_hash}
    assert len(hashes) == 4
    about = Model.load(written(tmp_path, CELL + DIVISION.replace("halves", "divides")))
    assert about.structure_hash in hashes


def test_an_event_is_shown(tmp_path):
    path = written(tmp_path, CELL + DIVISION)
    assert show(path, only="events") == (
        "Events\n  division: when mass >= full and clock > lag/30 becomes true; after lag/60; if it still is; mass =\n"
        "    mass/2, number = 2*number as they are then; at the start too; priority number; halves the mass"
    )
    lines = latex(Model.load(path)).splitlines()
    assert lines[-2] == (
        r"  \mathrm{number} &\leftarrow 2 \mathrm{number} \quad \text{when } \mathrm{mass} \geq \mathrm{full} "
        r"\wedge t > \frac{\mathrm{lag}}{30} \text{, after } \frac{\mathrm{lag}}{60}"
    )


x, y, k = sp.symbols("x y k")
STATES = [State(name="x", unit="1", initial=0, rate=k), State(name="y", unit="1", initial=0, rate=0)]
RATE = [Parameter(name="k", value=1.0, unit="1/day")]
OUTPUT = [Output(name="Y", unit="1", value=y)]


def built(*events):
    rows = {"states": STATES, "parameters": RATE, "outputs": OUTPUT}
    return Model.from_symbols("built", time="day", **rows, events=events)


def test_an_event_built_in_python_is_that_of_a_file():
    event = Event(name="e", trigger=(x >= 0.5) | sp.Not(y < 2), assignments={"y": 0.25 * x})
    made = built(event).events["e"]
    real = sp.Symbol("x", real=True)
    assert made.assignments == {"y": real / 4}
    assert made.trigger == sp.Or(real >= sp.Rational(1, 2), sp.Symbol("y", real=True) >= 2)
    assert built(Event(name="e", trigger=True, assignments={"y": 1})).events["e"].trigger is sp.true


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"trigger": x}, "events.e: e.trigger: must be a comparison of sympy"),
        ({"trigger": "x > 1"}, "events.e: e.trigger: must be a comparison of sympy"),
        ({"delay": "1"}, "events.e: e.delay: must be a finite real number"),
        ({"delay": sp.S.One}, "events.e: e.delay: '1' has unit '1', expected 'day'"),
        ({"assignments": {"y": sp.Symbol("z")}}, "events.e: e.assignments.y: unknown name 'z'"),
        ({"values_at": "later"}, "events.e: e.values_at: must be 'trigger' or 'execution'"),
        ({"persistent": 1}, "events.e: e.persistent: must be True or False"),
        ({"name": "1e"}, "events.1e: 1e: reserved or no identifier"),
    ],
)
def test_what_is_wrong_in_python_is_told(changes, fault):
    with pytest.raises(InputError) as error:
        built(Event(**{"name": "e", "trigger": x > 1, "assignments": {"y": x}} | changes))
    assert fault in str(error.value)


def test_a_state_that_an_event_sets_moves():
    assert find_rest(built(Event(name="e", trigger=x > 1, assignments={"y": x})), []).resting == ()
    assert find_rest(built(Event(name="e", trigger=x > 1, assignments={"x": y})), []).resting == ("y",)


def test_a_condition_follows_from_the_signs_of_its_comparisons():
    condition = sp.Xor(x > 1, sp.Eq(y, 2), evaluate=False)
    for first, second, expected in ((1, 0, False), (1, 1, True), (-1, 0, True), (0, -1, False)):
        assert bool(condition_truth(condition, {x > 1: first, sp.Eq(y, 2): second})) is expected


def test_verbs_that_cannot_follow_events_say_what_is_missing(tmp_path):
    model = built(Event(name="e", trigger=x > 1, assignments={"y": x}))
    message = r"model 'built' has events \(e\), which identify cannot follow: its power series of the outputs end at"
    with pytest.raises(InputError, match=message):
        structure(model, ["k"], [MeasuredArm(["Y"])])
    written(tmp_path, CELL + DIVISION)
    head = '[fit]\ntitle = "x"\nmodel = "cell.toml"\ntables = ["rows.csv"]\nsource = "choice"\n[population]\n'
    fit = written(tmp_path, head, "f.toml")
    message = r"f\.toml:3: fit\.model: model 'cell' has events \(division\), which a population fit cannot follow: its"
    with pytest.raises(InputError, match=message):
        kinetics.FitProblem.load(fit)


def test_patients_with_events_are_of_one_episode():
    model = built(Event(name="e", trigger=x > 1, assignments={"y": x}))
    prepared = histories([History([], [0.0, 3.0]), History([], [0.0, 3.0], occasions=[2.0])], model)
    with pytest.raises(InputError, match=r"patient 2 has a reset, an occasion, or a covariate.* events \(e\), which"):
        check_events_followed(prepared, model)
