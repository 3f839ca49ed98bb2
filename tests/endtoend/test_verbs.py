"""The verbs of the package, as the interpreter uses them: names, paths and objects; short reprs; tables in HTML."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

import kinetics
from kinetics import InputError, check, identify, load, models, recovery, report, show, simulate

TIMES = {"until": "60 day", "every": "1 day"}


def test_a_check_returns_what_it_finds_in_each_file(project: Path):
    model, regimen = project / "models" / "pool.toml", project / "models" / "regimens" / "once.toml"
    assert repr(check(model, regimen)) == "<Findings: no fault in 2 files>"
    model.write_text(model.read_text().replace('value = "s*A"', 'value = "zz"'))
    seen = []
    findings = check(model, regimen, "no_such_name", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
    assert not findings.sound
    assert findings.by_file[str(regimen)] == ()
    assert {bool(findings.by_file[name]) for name in (str(model), "no_such_name")} == {True}
    assert f"<td>{model}" in findings._repr_html_()
    with pytest.raises(InputError, match="no_such_name"):
        findings.raise_if_any()


def test_load_reads_a_file_by_its_kind(project: Path):
    kinds = {"models/pool.toml": "Model", "models/regimens/once.toml": "Regimen", "fits/turnover.toml": "FitProblem"}
    assert {name: type(load(project / name)).__name__ for name in kinds} == kinds
    with pytest.raises(InputError, match="it is of kind table; 'kinetics check' checks it"):
        load(project / "fits" / "pool.csv")
    with pytest.raises(InputError, match="did you mean"):
        load("alemtuzumap")
    for table in ("thompson_2010", "evidence"):
        with pytest.raises(InputError, match=f"'{table}' is a table of published numbers; give its path"):
            load(table)


def test_identify_takes_a_fit_or_a_model_as_a_path_or_an_object(project: Path):
    fit, model = project / "fits" / "turnover.toml", project / "models" / "pool.toml"
    for problem in (fit, str(fit), load(fit)):
        found = identify(problem)
        assert found.identifiable == {"k": True}
        assert repr(found) == "<Identification of turnover: 1 of 1 known>"
    resting = identify(load(model), ["s", "ke"], ["pool"], cohort="adults")
    assert resting.resting
    assert "<td>no: not seen by these outputs</td>" in resting._repr_html_()
    dosed = identify(model, ["s", "ke"], ["pool"], regimen=project / "models" / "regimens" / "once.toml")
    assert dosed.identifiable == {"s": True, "ke": True}
    assert "Both can be known" in report(dosed)
    with pytest.raises(InputError, match=r"^outputs: name at least one"):
        identify(model, ["k"])
    with pytest.raises(InputError, match=r"^problem: must be a FitProblem"):
        identify(3)


def test_a_simulation_is_reported_and_its_recovery_is_read_in_months(project: Path):
    model, regimen = project / "models" / "pool.toml", project / "models" / "regimens" / "once.toml"
    result = simulate(model, regimen, measures=[kinetics.TimeToThreshold("pool", "0.9 1e9/L")], **TIMES)
    rows = recovery(result)
    assert [(row["output"], row["course"]) for row in rows] == [("pool", 1)]
    assert repr(rows) in report(result)
    assert "<th>months</th>" in rows._repr_html_()
    with pytest.raises(InputError, match="has no times to a level"):
        recovery(simulate(model, regimen, **TIMES))


def test_a_page_is_shown_as_it_is(project: Path):
    page = show(project / "models" / "pool.toml")
    assert repr(page) == page
    assert "d/dt A = -A*ke" in page
    assert repr(models()).startswith("<What ships: ")


@pytest.mark.parametrize(("name", "verb"), [("load_model", "load"), ("read_model", "load"), ("simulat", "simulate")])
def test_a_name_that_does_not_exist_suggests_a_verb(name: str, verb: str):
    with pytest.raises(AttributeError, match=f"did you mean '{verb}'"):
        getattr(kinetics, name)


@pytest.mark.parametrize("name", ["simulate", "predict", "fit", "refit", "compare", "evidence", "identify"])
def test_a_default_of_the_command_is_that_of_the_verb(name):
    command = inspect.signature(getattr(import_module("kinetics.cli.app"), name)).parameters
    verb = inspect.signature(getattr(kinetics, name)).parameters
    shared = {key: (command[key].default, verb[key].default) for key in command.keys() & verb.keys()}
    assert len(shared) > 2
    assert {key: both for key, both in shared.items() if both[0] is not None and both[0] != both[1]} == {}
