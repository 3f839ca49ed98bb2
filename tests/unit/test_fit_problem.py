"""Fit problems: what is read, and every fault of a problem and its tables at once, with file, line and name."""

import time

import pytest

from kinetics.cohorts.fit_results import result_path
from kinetics.errors import InputError
from kinetics.estimate import FitProblem

A0 = 'lower = 0.1, upper = 10, unit = "1e9/L"'
ROW = {"time": "0 day", "value": 3.0, "log_se": 0.1}
RECOVERY = {
    "kind": "time_to_threshold",
    "output": "N_blood",
    "level": "0.5 1e9/L",
    "time": "",
    "value": 12,
    "unit": "day",
    "regimen": "../models/regimens/once.toml",
}


def faults_of(path) -> list[str]:
    started = time.process_time()
    with pytest.raises(InputError) as caught:
        FitProblem.load(path)
    assert time.process_time() - started < 2
    return str(caught.value).splitlines()


def test_a_problem_of_a_users_own_finds_its_files_beside_it(project, monkeypatch, tmp_path):
    path = project.fit(ROW, free={"A0": A0})
    monkeypatch.chdir(tmp_path.parent)
    problem = FitProblem.load(path)
    assert problem.name == "one"
    assert problem.model.reference == str(project.model.resolve())
    assert problem.targets[0].regimen.title == "no drug"


def test_bounds_and_priors_are_in_the_units_of_the_model(project):
    problem = FitProblem.load(project.fit(ROW, free={"A0": 'lower = 100, upper = 10000, unit = "cells/uL"'}))
    (free,) = problem.free
    assert (free.start, free.lower, free.upper, free.log_sd) == (2.0, 0.1, 10.0, 0.5)


def test_visits_of_a_typical_patient_that_measure_an_unknown_output_are_a_fault(project):
    (project.fits / "mine.toml").write_text(
        '[visits]\ntitle = "t"\nsource = "choice"\n[[series]]\nname = "a"\nat = ["1 day"]\noutputs = ["A_blod"]\n'
    )
    (fault,) = faults_of(project.fit(ROW | RECOVERY | {"visits": "mine.toml"}, free={"A0": A0}))
    assert "has no output 'A_blod', which series 'a' of visits 'mine' measures; did you mean 'A_blood'?" in fault


def test_a_prior_in_the_problem_goes_before_the_models(project):
    problems = [FitProblem.load(project.fit(ROW, free={"A0": f"{A0}, prior = {p}"})) for p in ("0.2", '"flat"')]
    assert [problem.free[0].log_sd for problem in problems] == [0.2, None]


@pytest.mark.parametrize("population", ["", "\n[population]\npatients = 16\n"])
def test_rows_marked_for_calibration_are_fitted_if_the_fit_says_so(project, population):
    project.model.write_text(project.model.read_text().replace('value = "A" }', 'value = "A", noise = 0.1 }'))
    rows = [row | {"sd": 1.0, "n": 20} for row in (ROW, ROW | {"use": "calibrate"}, ROW | {"use": "validate"})]
    path = project.fit(*rows, free={"A0": A0}, header="HEADER")
    text, used = path.read_text() + population, []
    for header in ("", "calibrate = false", "calibrate = true"):
        path.write_text(text.replace("HEADER", header))
        used.append([target.row.name for target in FitProblem.load(path).fitted])
    assert used == [["row_1"], ["row_1"], ["row_1", "row_2"]]
    path.write_text(text.replace("HEADER", 'calibrate = "yes"'))
    assert any(f"{path}:5: fit.calibrate: " in fault for fault in faults_of(path))


def test_a_fit_builds_on_the_others_its_cohort_names(project):
    project.model.write_text(project.model.read_text().replace('from_fit = "one"', 'from_fit = ["three", "one"]'))
    problem = FitProblem.load(project.fit(ROW, free={"A0": A0}))
    assert problem.fits_before("first") == ("three",)
    assert problem.fits_before("second") == ("three", "two")


def test_the_data_hash_changes_with_whatever_the_estimates_depend_on(project):
    path = project.fit(ROW, free={"A0": A0})
    hashes = [FitProblem.load(path).data_hash]
    path.write_text(path.read_text().replace("upper = 10", "upper = 11"))
    hashes.append(FitProblem.load(path).data_hash)
    table = path.with_suffix(".csv")
    table.write_text(table.read_text().replace("3.0", "3.1"))
    hashes.append(FitProblem.load(path).data_hash)
    regimen = project.models / "regimens" / "none.toml"
    regimen.write_text((project.models / "regimens" / "once.toml").read_text())
    hashes.append(FitProblem.load(path).data_hash)
    values = '[cohorts.plain.parameters]\nN0 = { value = 3.0, unit = "1e9/L", source = "choice" }\n'
    project.model.write_text(project.model.read_text().replace("[cohorts.plain]\n", values))
    hashes.append(FitProblem.load(path).data_hash)
    assert len(set(hashes)) == 5
    assert FitProblem.load(path).data_hash == hashes[-1]


def test_a_problem_does_not_start_from_its_own_result(project):
    path = project.fit(ROW | {"cohort": "first"}, free={"A0": A0})
    assert not result_path(path).exists()
    assert FitProblem.load(path).free[0].start == 2.0


@pytest.mark.parametrize(
    ("change", "name", "message"),
    [
        ({"output": "V3"}, "row_2", "model 'toy' has no output 'V3'; there are A_blood, Q"),
        ({"unit": "litter"}, "row_2.unit", "litter"),
        ({"unit": "mg"}, "row_2", "'1/nL' is not a kind of 'mg'"),
        ({"time": "3"}, "row_2.time", "has no unit"),
        ({"time": "3 mg"}, "row_2.time", "'mg' is not a kind of 'day'"),
        ({"time": "30 year"}, "row_2.time", "outside the simulation"),
        ({"time": "-1 day"}, "row_2.time", "outside the simulation"),
        ({"cohort": "nobody"}, "row_2.cohort", "model 'toy' has no cohort 'nobody'; there are first, plain"),
        ({"regimen": "nothing"}, "row_2.regimen", "no 'nothing' in models/regimens"),
        ({"regimen": "../models/regimens/absent.toml"}, "", "absent.toml: row_2.regimen: cannot be read"),
        ({"regimen": "ms_licensed"}, "row_2", "alemtuzumab"),
        ({"log_se": ""}, "row_2.log_se", "a row for fitting needs log_se"),
        ({"kind": "percent_of_baseline", "output": "D_blood", "unit": "percent"}, "row_2", "is 0 before treatment"),
        (RECOVERY | {"level": "1.5 1e9/L"}, "row_2", "N_blood at rest, 1, is already below the threshold 1.5 1e9/L"),
        (RECOVERY | {"level": "0 1e9/L"}, "row_2", "is not positive"),
        (RECOVERY | {"level": "3 mg"}, "row_2", "'mg' is not a kind of '1/nL'"),
        (RECOVERY | {"level": "low"}, "row_2", "a level reads '0.4 mg/L'"),
        (RECOVERY | {"unit": "1e9/L"}, "row_2", "is not a kind of"),
        (RECOVERY | {"regimen": "../models/regimens/none.toml"}, "row_2", "needs a regimen with a course"),
    ],
)
def test_each_fault_of_a_row_has_file_line_and_name(project, change, name, message):
    path = project.fit(ROW, ROW | change, free={"A0": A0})
    found = faults_of(path)
    place = f"{path.with_suffix('.csv')}:3: {name}" if name else ""
    assert any(fault.startswith(place) and message in fault for fault in found), found
    assert len(found) == 1


def test_all_faults_of_a_row_are_told_at_once(project):
    path = project.fit(ROW, ROW | {"output": "V3", "unit": "litter", "time": "3", "log_se": ""}, free={"A0": A0})
    assert len(faults_of(path)) == 4


@pytest.mark.parametrize(
    ("free", "name", "message"),
    [
        ({"V9": A0}, "free.V9", "no parameter 'V9'"),
        ({"cd4.V9": A0}, "free.cd4.V9", "no parameter 'cd4.V9'"),
        ({"k_max": 'lower = 1, upper = 2, unit = "1/day"'}, "free.k_max", "is an input; only parameters can be free"),
        ({"A0": 'lower = 10, upper = 0.1, unit = "1e9/L"'}, "free.A0", "lower bound 10 is not below upper bound 0.1"),
        ({"A0": 'lower = 3, upper = 10, unit = "1e9/L"'}, "free.A0", "starts from 2 1/nL, outside its bounds 3 to 10"),
        ({"A0": 'lower = 0, upper = 10, unit = "1e9/L"'}, "free.A0.lower", "greater than 0"),
        ({"A0": 'lower = 1, upper = inf, unit = "1e9/L"'}, "free.A0.upper", "finite"),
        ({"A0": 'lower = 1, upper = 10, unit = "mg"'}, "free.A0", "'mg' is not a kind of '1/nL'"),
        ({"A0": 'lower = 1, upper = 10, unit = "10**10**8"'}, "free.A0", "cannot read unit"),
        ({"A0": "lower = 1, upper = 10"}, "free.A0", "missing 'unit'"),
        ({"A0": f'{A0}, prior = "wide"'}, "free.A0.prior", "must be 'flat' or a positive log"),
        ({"A0": f"{A0}, prior = -1"}, "free.A0.prior", "must be 'flat' or a positive log"),
        ({"A0": f"{A0}, start = 1"}, "free.A0.start", "unknown key"),
        ({"j": 'lower = 0.1, upper = 10, unit = "1"'}, "free.j", "has no prior in the model file"),
    ],
)
def test_each_fault_of_a_free_parameter_has_file_line_and_name(project, free, name, message):
    path = project.fit(ROW, free={"c": 'lower = 0.1, upper = 10, unit = "1"'} | free)
    found = faults_of(path)
    assert any(fault.startswith(f"{path}:8: {name}: ") and message in fault for fault in found), found


def test_a_parameter_that_is_free_twice(project):
    text = project.model.read_text()
    project.model.write_text(text)
    path = project.fit(ROW, free={"A0": A0, "k": 'lower = 0.01, upper = 1, unit = "1/day"'})
    path.write_text(path.read_text().replace("k = {", '"A0." = {', 1))
    assert any("no parameter 'A0.'" in fault for fault in faults_of(path))
    care = project.fits / "care.toml"
    care.write_text(
        '[fit]\ntitle = "t"\nmodel = "reconstitution"\ntables = ["one.csv"]\n'
        '[free]\ncd4.phi = { lower = 0.1, upper = 9, unit = "1", prior = "flat" }\n'
        'cd4_phi = { lower = 0.1, upper = 9, unit = "1", prior = "flat" }\n'
    )
    assert f"{care}:7: free.cd4_phi: duplicate: 'cd4.phi' is the same parameter" in faults_of(care)


@pytest.mark.parametrize(
    ("header", "name", "message"),
    [
        ("starts = 0", "fit.starts", "greater than or equal to 1"),
        ("discrepancy = -1", "fit.discrepancy", "greater than or equal to 0"),
        ("discrepancy = nan", "fit.discrepancy", ""),
        ('horizon = "20"', "fit.horizon", "has no unit"),
        ('horizon = "-1 day"', "fit.horizon", "must be a positive duration"),
        ("colour = 1", "fit.colour", "unknown key"),
    ],
)
def test_each_fault_of_the_header_has_file_line_and_name(project, header, name, message):
    path = project.fit(ROW, free={"A0": A0}, header=header)
    (fault,) = [fault for fault in faults_of(path) if name in fault]
    assert fault.startswith(f"{path}:5: {name}: ")
    assert message in fault


def test_all_faults_of_problem_tables_and_regimens_are_told_at_once(project):
    path = project.fit(
        ROW | {"output": "V3"},
        ROW | {"n": -1},
        free={"V9": A0, "A0": "lower = 1"},
        header="starts = 0\n[wrong]\nx = 1\n",
    )
    found = "\n".join(faults_of(path))
    for part in (
        "one.toml:6: wrong: unknown table",
        "fit.starts",
        "V9",
        "missing 'upper'",
        "no output 'V3'",
        "row_2.n",
    ):
        assert part in found


def test_without_a_model_the_rest_is_checked(project):
    path = project.fit(ROW | {"n": -1}, free={"A0": "lower = 1"})
    path.write_text(path.read_text().replace("toy.toml", "absent.toml"))
    found = "\n".join(faults_of(path))
    for part in ("absent.toml: fit.model: cannot be read", "missing 'upper'", "row_1.n"):
        assert part in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fit", "not valid TOML"),
        ("", "missing 'title'"),
        ("fit = 3\nfree = 3", "must be a table"),
        ('[fit]\ntitle = "t"\nmodel = "alemtuzumab"\ntables = []\n[free]\n', "at least 1 item"),
        ('[fit]\ntitle = "t"\nmodel = "alemtuzumab"\ntables = [3]\n', "fit.tables"),
    ],
)
def test_unreadable_problems(tmp_path, text, message):
    path = tmp_path / "fit.toml"
    path.write_text(text)
    assert any(message in fault for fault in faults_of(path))


def test_no_rows_for_fitting(project):
    path = project.fit(ROW | {"use": "validate"}, free={"A0": A0})
    assert faults_of(path) == [f"{path}:4: fit.tables: no row is for fitting (use = fit)"]


def test_a_name_in_two_tables(project):
    path = project.fit(ROW, free={"A0": A0})
    project.table(ROW, name="more")
    path.write_text(path.read_text().replace('["one.csv"]', '["one.csv", "more.csv"]'))
    one, more = (project.fits / f"{name}.csv" for name in ("one", "more"))
    assert faults_of(path) == [f"{more}:2: row_1: duplicate name: also at {one}:2"]


def test_a_table_that_is_not_there(project):
    path = project.fit(ROW, free={"A0": A0})
    path.with_suffix(".csv").unlink()
    told = "fit.tables: cannot be read: No such file or directory"
    assert faults_of(path) == [f"{path.with_suffix('.csv')}: {told} (named at {path}:4)"]


def test_a_cohort_whose_fit_has_no_result_says_what_to_run(project):
    path = project.fit(ROW | {"cohort": "second"}, free={"A0": A0}, name="two")
    (fault,) = faults_of(path)
    problem = project.fits.resolve() / "one.toml"
    assert f"there is no result {result_path(problem)}; run 'kinetics fit {problem} --save'" in fault
    assert "toy.toml:52: cohorts.first.from_fit: " in fault
