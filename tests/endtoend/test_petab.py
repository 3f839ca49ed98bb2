"""`kinetics fit PROBLEM.yaml`: estimates as text and as JSON; faults with status 2."""

import json

import pytest

from tests.petab_files import FILES, write_problem


def test_fit(run, tmp_path):
    answer = run("fit", write_problem(tmp_path, 1), "--starts", 2, "--json")
    assert answer.status == 0, answer.err
    found = json.loads(answer.out)
    assert (found["problem"], found["petab_version"], found["measurements"]) == ("problem", 1, 3)
    assert found["searches"] == 2
    assert found["estimates"].keys() == {"a0", "k"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"observables": FILES[1]["observables.tsv"].replace("\tA\t", "\t9^9^9^9\t")}, "exponent beyond 64"),
        ({"problem": FILES[1]["problem.yaml"].replace("[model.xml]", "[../model.xml]")}, "must lie in the folder"),
    ],
)
def test_faults(run, tmp_path, changes, said):
    answer = run("fit", write_problem(tmp_path, 1, **changes), "--out", tmp_path / "found.nc")
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err
    assert not (tmp_path / "found.nc").exists()


def test_options_that_it_does_not_take(run, tmp_path):
    answer = run("fit", write_problem(tmp_path, 1), "--save", "--whole", "--posterior", 100)
    assert answer.status == 2
    for option in ("--save", "--whole", "--posterior"):
        assert f"{option}: a problem of PEtab does not take it" in answer.err
    answer = run("fit", "hill_cawthorne_2012", "--workers", 2)
    assert answer.status == 2
    assert "--workers: is for a problem of PEtab" in answer.err


def test_files_of_other_programs_are_known(run, tmp_path):
    """Each verb takes them, or says what they are and which one does."""
    problem = write_problem(tmp_path, 1)
    model, picture = tmp_path / "model.xml", tmp_path / "x.png"
    assert run("check", problem, model).status == 0
    assert "A" in run("show", model, "--only", "equations").out
    assert "of_A" in run("show", problem).out
    for file, remedy in (
        (problem, "is a problem in PEtab; 'kinetics fit' takes it"),
        (model, "is a model in SBML; 'kinetics import' makes a model file of it"),
    ):
        for verb, *more in (
            *((verb,) for verb in ("simulate", "identify", "refit", "evidence", "fit-population", "cite", "explore")),
            *(("report", "--out", tmp_path / "x.html"), ("figure", "--out", picture), ("patient", "--id", "1")),
            *(("predict", "--regimen", "single_100mg"), ("data", "read"), ("export", "--out", tmp_path / "x.py")),
        ):
            command = ("data", "read", file) if verb == "data" else (verb, file, *more)
            answer = run(*command)
            assert (answer.status, answer.out) == (2, ""), (verb, answer.out)
            assert remedy in answer.err, (verb, answer.err)
    assert "'kinetics fit' takes it" in run("import", problem).err
    assert "'kinetics import' makes a model file of it" in run("fit", model).err


def test_check_finds_the_faults_of_a_problem(run, tmp_path):
    bad = FILES[1]["observables.tsv"].replace("\tA\t", "\t9^9^9^9\t")
    answer = run("check", write_problem(tmp_path, 1, observables=bad))
    assert answer.status == 2
    assert "observables.tsv:2: observableFormula: exponent beyond 64" in answer.err


def test_a_result_goes_where_it_can(run, tmp_path):
    """It is checked; a verb that cannot take it says what it is, and asks for no model in vain."""
    found = tmp_path / "found.nc"
    assert run("fit", write_problem(tmp_path, 2), "--starts", 1, "--out", found).status == 0
    assert run("check", found).status == 0
    assert "log-likelihood" in run("show", found).out
    for verb, *more in (("figure", "--out", tmp_path / "x.png"), ("report", "--out", tmp_path / "x.html"), ("cite",)):
        answer = run(verb, found, *more)
        assert answer.status == 0, answer.err
    for command, said in (
        (("predict", found, "--regimen", "single_100mg"), "it is the fit of a PEtab problem"),
        (("figure", "goodness_of_fit", found, "--out", tmp_path / "y.png"), "is the fit of a PEtab problem"),
        (("identify", found), "'kinetics show', 'figure' and 'report' take this one"),
        (("simulate", found, "--until", "1 year"), "'kinetics show', 'figure' and 'report' take results"),
    ):
        answer = run(*command)
        assert (answer.status, answer.out) == (2, "")
        assert said in answer.err, (command, answer.err)


def test_export(run, tmp_path):
    """The folder is said, and rows without a form; what has none at all is a fault that leaves no folder."""
    answer = run("export", "care_ms_course_1", "--format", "petab", "--out", tmp_path / "out")
    assert (answer.status, answer.out) == (0, "")
    assert f"wrote {tmp_path / 'out'}" in answer.err
    assert "lymphokinetics.tsv alone: B_month_12" in answer.err
    assert (tmp_path / "out" / "care_ms_course_1.yaml").is_file()
    refused = run("export", "hill_cawthorne_2012", "--format", "petab", "--out", tmp_path / "none")
    assert (refused.status, refused.out) == (2, "")
    assert "no row is a value of an output at a time" in refused.err
    assert not (tmp_path / "none").exists()
