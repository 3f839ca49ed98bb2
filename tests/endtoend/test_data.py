"""Tables of patients through the command: guessed, checked, read, written; the page of their format."""

import re
from pathlib import Path

import pytest

import kinetics

DOCS = Path(__file__).parents[2] / "docs" / "formats"
CLINIC = DOCS / "clinic"


def test_the_mapping_of_the_page_reads_the_tables_beside_it(tmp_path):
    text = re.search(
        r"^```toml\n(.*?)^```", (DOCS / "patients.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    for name in ("counts.csv", "doses.csv"):
        (tmp_path / name).write_bytes((CLINIC / name).read_bytes())
    (tmp_path / "clinic.toml").write_text(text[1], encoding="utf-8")
    data = kinetics.read_patients(tmp_path / "clinic.toml")
    assert repr(data) == "<PatientData: 2 patients, 7 counts of CD4, lymphocytes, 3 doses of alemtuzumab>"
    assert [(row.time, row.output, row.value, row.censored) for row in data["T1"].observations] == [
        (-2.0, "CD4", 0.98, ""),
        (-2.0, "lymphocytes", 1.9, ""),
        (31.0, "CD4", 0.02, "below"),
        (184.0, "CD4", 0.21, ""),
    ]
    assert data["T1"].covariates["Weight"].values == (62.0, 61.0, 63.0)


def test_guess_read_and_check(run, tmp_path):
    mapping, tidy, result = (tmp_path / name for name in ("clinic.toml", "tidy.csv", "data.nc"))
    guessed = run("data", "guess", CLINIC / "counts.csv", "--doses", CLINIC / "doses.csv", "--model", "reconstitution")
    assert guessed.status == 0
    assert '[analytes."CD4 abs"]\noutput = "CD4"' in guessed.out
    arguments = (CLINIC / "counts.csv", "--doses", CLINIC / "doses.csv", "--model", "reconstitution")
    written = run("data", "guess", *arguments, "--out", mapping)
    assert (written.status, mapping.is_file()) == (0, True)
    read = run("data", "read", mapping, "--out", tidy)
    assert read.status == 0
    assert read.out.startswith("2 patients, 7 counts of CD4, lymphocytes, 3 doses of alemtuzumab\n")
    assert run("data", "read", *arguments, "--out", result).status == 0
    assert kinetics.read_result(result)["CD4"].attrs["units"] == "1/nL"
    assert kinetics.read_patients(tidy) == kinetics.read_patients(mapping)
    for path in (mapping, tidy, CLINIC / "counts.csv"):
        checked = run("check", path)
        assert checked.status == 0
        assert checked.out.startswith(f"{path}: 2 patients, 7 counts of ")
        assert checked.out.endswith("1 file, no fault\n")
    assert run("show", tidy).out.startswith("2 patients, 7 counts")
    assert isinstance(kinetics.load(tidy), kinetics.PatientData)


def test_check_names_every_fault_with_status_2_and_prints_no_escape(run, tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("patient,day,test,result\nP1,0,A,high\nP\x1b[2J,0,A,1\nP1,x,A,1\n")
    answer = run("check", path)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("error: ") == 3
    assert answer.err.startswith(f"{path}: has faults, among 3 rows of 2 patients\n")
    assert "\x1b" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("data", "read", "counts.csv", "--out", "x.txt"), "end the name in .nc or .csv or .xlsx"),
        (("data", "guess", "counts.csv", "--out", "counts.csv"), "end the name in .toml"),
        (("data", "read", "none.csv"), "none.csv: cannot be read"),
        (("data", "read", "counts.csv", "--out", "counts.csv"), "is what is read; name another file"),
        (("data", "read", "counts.csv", "--model", "none"), "no 'none' in models"),
    ],
)
def test_a_wrong_call_is_refused(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "counts.csv").write_text("patient,day,test,result\nP1,0,A,1\n")
    answer = run(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert message in answer.err
