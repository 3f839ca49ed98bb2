"""Names in results: whatever a result calls its own, no output, state or measure in it can be called."""

import re

import numpy as np
import pytest
import xarray as xr

from kinetics.comparison import compare, read_comparison
from kinetics.errors import InputError
from kinetics.estimate import Estimates
from kinetics.expressions.grammar import FUNCTIONS
from kinetics.expressions.reserved import NAMES, PREFIXES, RESERVED, VERBS, check_names, is_name, joined
from kinetics.measures import Nadir, TimeToThreshold
from kinetics.model import Model
from kinetics.observation import Series, VisitSchedule
from kinetics.prediction.predicting import predict
from kinetics.regimen import Course, Regimen, Rule
from kinetics.simulation.simulating import simulate

QUANTITIES = {"N", "amount", "A"}
ONCE = Course.of("drug_a", "3 mg").repeat(1)
TIMES = {"until": "60 day", "every": "10 day"}
VISITS = VisitSchedule([Series(name="all", every="10 day", until="60 day")], name="mine")
SPEC = """\
[comparison]
title = "c"
model = "./model.toml"
cohort = "adults"
until = "60 day"
every = "10 day"
unit = "day"
[[rows]]
output = "OUTPUT"
label = "x"
measures = ["nadir"]
"""


@pytest.fixture
def folder(tmp_path, held_down):
    """A model that varies between patients, and a regimen."""
    text = held_down.replace('k = { value = 0.05, unit = "1/day",', 'k = { value = 0.05, unit = "1/day", spread = 0.1,')
    (tmp_path / "model.toml").write_text(text)
    return tmp_path


def called(folder, name):
    """The model with its output ``amount`` called otherwise."""
    path = folder / "model.toml"
    path.write_text(path.read_text().replace("[outputs.amount]", f"[outputs.{name}]"))
    return path


def simulated(model):
    rule = Rule("N", "0.9 1e9/L", "drug_a", "1 mg", direction="up", apart="20 day", most=1)
    patients = {"patients": 2, "measures": [Nadir("N")], "states": True, "observe": VISITS}
    yield simulate(model, Regimen(ONCE.courses, rules=[rule]), cohort="adults", **patients, **TIMES)
    yield simulate(model, ONCE, parameters=[{"k": 0.1}, {"k": 0.2}], **TIMES)


def predicted(path):
    one = np.ones(1)
    estimates = Estimates("f", str(path), "adults", ("k",), ("1/day",), ("",), 0.05 * one, 0.01 * np.eye(1), (),
                          np.empty(0), np.empty((1, 0)), {})  # fmt: skip
    return predict(estimates, ONCE, draws=2, patients=3, study=4, states=True, **TIMES)


def names_of(tree):
    """Names in every group that holds an output, and of all groups."""
    groups = [node.to_dataset() for node in tree.subtree]
    found = {str(name) for group in groups if {"N", "N_mean"} & set(group) for name in (*group.variables, *group.dims)}
    return found | {node.name for node in tree.subtree if node.name}


def of_its_own(names):
    """Those that do not follow from the name of an output."""
    return {name for name in names if name not in QUANTITIES and not re.match("N_|amount_|A_", name)}


def test_every_name_of_a_result_of_simulate_is_refused_for_an_output(folder):
    found = set()
    for result in simulated(Model.load(folder / "model.toml")):
        found |= of_its_own(map(str, (*result.variables, *result.dims)))
    assert {"time", "course", "patient", "draw", "failure", "trigger", "visit_all", "triggered_amount"} <= found
    text = (folder / "model.toml").read_text()
    for name in found:
        (folder / "model.toml").write_text(text)
        path = called(folder, name)
        line = path.read_text().split("\n").index(f"[outputs.{name}]") + 1
        with pytest.raises(
            InputError, match=rf"model.toml:{line}: (outputs.)?{name}: .*(the name of something|reserved)"
        ):
            simulate(path, ONCE, **TIMES)


def test_every_name_of_a_result_of_predict_is_refused_for_an_output(folder):
    found = of_its_own(names_of(predicted(folder / "model.toml")))
    assert {"recovery", "draws", "patients", "study", "quantile", "patient_quantile"} <= found
    text = (folder / "model.toml").read_text()
    for name in found:
        (folder / "model.toml").write_text(text)
        with pytest.raises(InputError, match=rf"model.toml:\d+: (outputs.)?{name}: "):
            predicted(called(folder, name))


def test_every_name_of_a_comparison_is_refused_for_an_output(folder):
    (folder / "spec.toml").write_text(SPEC.replace("OUTPUT", "N"))
    result = compare([ONCE], read_comparison(folder / "spec.toml"), patients=2)
    found = of_its_own(map(str, (*result.variables, *result.dims)))
    assert {"regimen", "quantile", "failed", "course_start"} <= found
    text = (folder / "model.toml").read_text()
    for name in found:
        (folder / "model.toml").write_text(text)
        called(folder, name)
        (folder / "spec.toml").write_text(SPEC.replace("OUTPUT", name))
        said = rf"(spec.toml:8: rows.0: '{name}' is the name of|model.toml:20: outputs.{name}: .*reserved)"
        with pytest.raises(InputError, match=said):
            read_comparison(folder / "spec.toml")


def test_what_a_comparison_shows_of_an_output_is_no_other_output(folder):
    for name in ("N_percent", "N_limit", "N_nadir"):
        called(folder, name)
        row = SPEC[SPEC.index("[[rows]]") :]
        (folder / "spec.toml").write_text(SPEC.replace("OUTPUT", "N") + row.replace("OUTPUT", name))
        with pytest.raises(InputError, match=f"'{name}' is also called what is shown of N"):
            read_comparison(folder / "spec.toml")
        (folder / "model.toml").write_text(
            (folder / "model.toml").read_text().replace(f"outputs.{name}", "outputs.amount")
        )


@pytest.mark.parametrize("name", ["N_nadir", "N_time_to_0p5_1_per_nL"])
def test_a_measure_is_not_called_as_an_output_is(folder, name):
    path = called(folder, name)
    measures = [TimeToThreshold("N", "0.5 1/nL"), Nadir("N")]
    with pytest.raises(InputError, match=rf"measures\[\d\]: would be called '{name}'"):
        simulate(path, ONCE, measures=measures, **TIMES)
    with pytest.raises(InputError, match=r"measures\[1\]: would be called 'NK_nadir'"):
        simulate("nk", Regimen.none(), measures=[Nadir("NK"), Nadir("NK")], **TIMES)


def test_a_state_is_refused_only_where_it_is_returned(folder):
    path = folder / "model.toml"
    path.write_text(path.read_text().replace("[states.A]", "[states.failure]").replace('"A"', '"failure"')
                    .replace("-k*A", "-k*failure").replace("A/a", "failure/a"))  # fmt: skip
    with pytest.raises(InputError, match="failure: 'failure' is the name of something else in results of simulate"):
        simulate(path, ONCE, states=True, **TIMES)
    check_names(Model.load(path).outputs)


@pytest.mark.parametrize("name", [*" ".join(NAMES.values()).split(), *(prefix + "x" for prefix in PREFIXES), "N_seen"])
def test_check_refuses_each_name_that_any_result_needs(folder, name):
    from kinetics.checking.files import check_file
    from kinetics.errors import Faults

    path, faults = called(folder, name), Faults()
    check_file(path, "model", faults)
    line = path.read_text().split("\n").index(f"[outputs.{name}]") + 1
    assert [(fault.where, fault.name.removeprefix("outputs.")) for fault in faults] == [(f"{path}:{line}", name)]
    assert VERBS == ("simulate", "predict", "compare")


def test_nothing_takes_the_place_of_something_else():
    assert joined({"a": 1}, {"b": 2}) == {"a": 1, "b": 2}
    with pytest.raises(InputError, match="a: would stand for two things"):
        joined({"a": 1}, {"b": 2}, xr.Dataset({"a": 1}).variables)


def test_functions_of_the_grammar_name_no_quantity():
    assert {*FUNCTIONS, "piecewise"} <= RESERVED
    assert not any(map(is_name, RESERVED))
