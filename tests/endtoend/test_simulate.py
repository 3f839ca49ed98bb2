"""`kinetics simulate`: pinned options, results, and an --out that only a success replaces."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kinetics.results import read_result

LICENSED = ("simulate", "reconstitution", "--cohort", "relapsing", "--regimen", "ms_licensed")
YEARS = ("--until", "2 year", "--every", "3 month")


def test_as_pinned_in_a_process_of_its_own(tmp_path: Path) -> None:
    out = tmp_path / "licensed.nc"
    command = [sys.executable, "-m", "kinetics.cli", *LICENSED, "--until", "10 year", "--every", "1 month"]
    done = subprocess.run([*command, "--out", str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "lower limit of normal" in done.stdout
    assert "CD4 (1e9/L)" not in done.stdout
    result = read_result(out).to_dataset()
    assert result["time"].attrs["units"] == "day"
    assert result["time"].dtype == np.float64
    assert result["time"].values[[0, -1]].tolist() == [0.0, 3652.5]
    assert {"CD4", "CD8", "B", "Treg", "Treg_fraction", "NK", "lymphocytes"} <= set(result.data_vars)
    assert result["CD4"].attrs["units"] == "1/nL"
    assert [name for name in result.attrs if "hash" in name]
    assert [path.name for path in tmp_path.iterdir()] == ["licensed.nc"]


def test_json_is_one_strict_object(run) -> None:
    answer = run(*LICENSED, *YEARS, "--json")
    assert answer.status == 0, answer.err
    content = answer.json
    assert content["model"] == "reconstitution"
    assert content["cohort"] == "relapsing"
    assert len(content["time"]["values"]) == len(content["outputs"]["CD4"]["values"]) == 9
    rows = {(row["output"], row["course"]): row for row in content["recovery"]}
    first = rows["CD4", 1]
    assert first["months"] is None
    assert first["censored"] is True
    assert rows["B", 1]["months"] > 0
    assert rows["B", 1]["censored"] is False


def test_table_has_units_and_recovery(run) -> None:
    answer = run(*LICENSED, *YEARS)
    assert answer.status == 0, answer.err
    assert "CD4 (1e9/L)" in answer.out
    assert "not in 12 months" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 100


def test_retreatment_adds_courses(run) -> None:
    answer = run(
        *LICENSED, "--retreat", "24 month", "--retreat", "40 month", "--until", "5 year", "--every", "1 year", "--json"
    )
    assert answer.status == 0, answer.err
    assert {row["course"] for row in answer.json["recovery"]} == {1, 2, 3, 4}


def test_without_a_regimen_nothing_moves(run) -> None:
    answer = run(
        "simulate", "reconstitution", "--cohort", "relapsing", "--until", "5 year", "--every", "1 year", "--json"
    )
    assert answer.json["recovery"] == []
    values = answer.json["outputs"]["CD4"]["values"]
    assert values == pytest.approx([values[0]] * 6, rel=1e-9)


def test_what_is_exploratory_is_marked_wherever_it_is_named(run, project: Path) -> None:
    model = project / "models" / "pool.toml"
    text = model.read_text()
    name = text.split("[outputs.", 1)[1].split("]", 1)[0]
    model.write_text(text.replace(f"[outputs.{name}]\n", f"[outputs.{name}]\nexploratory = true\n"))
    call = ("simulate", str(model), "--until", "2 day", "--every", "1 day")
    assert f"{name} (exploratory)" in run(*call).out
    assert run(*call, "--json").json["exploratory"] == [name]
    answer = run(*call, "--out", str(project / "out.nc"))
    assert answer.status == 0, answer.err
    result = read_result(project / "out.nc").to_dataset()
    assert [key for key, array in result.data_vars.items() if "exploratory" in array.attrs] == [name]


def test_it_is_told_what_rules_gave_and_that_a_cap_was_reached(run, project: Path) -> None:
    model, regimen = project / "models" / "pool.toml", project / "models" / "regimens" / "again.toml"
    model.write_text(model.read_text() + '\n[outputs.amount]\nunit = "mg"\nvalue = "A"\n')
    rule = {
        "output": "amount",
        "level": "1 mg",
        "direction": "down",
        "drug": "drug",
        "amount": "9 mg",
        "apart": "1 day",
    }
    text = "\n".join(f'{key} = "{value}"' for key, value in rule.items())
    regimen.write_text(f"{(regimen.parent / 'once.toml').read_text()}\n[[rules]]\n{text}\nmost = 2\n")
    call = ("simulate", model, "--regimen", regimen, "--until", "30 day", "--every", "1 day")
    found = run(*call, "--json").json
    # 10 mg, eliminated at 0.3 1/day, fall to 1 mg and are filled up again
    each = np.log(10) / 0.3
    assert [row.pop("time") for row in found["triggers"]] == pytest.approx([each, 2 * each], rel=1e-5)
    assert found["triggers"] == [{"rule": 1, "drug": "drug", "amount": "9 mg"}] * 2
    assert found["capped"] == [1]
    assert "rule 1: drug 9 mg at day 7.68, 15.4; its cap (at most 2) kept it from acting again" in run(*call).out
    among = run(*call, "--patients", "3", "--json").json
    assert among["triggers"][0]["doses"] == {"lower": 2, "median": 2, "upper": 2}
    assert among["triggers"][0]["first"]["median"] == pytest.approx(each, rel=1e-5)
    assert among["capped"] == [{"rule": 1, "patients": 3}]
    assert "in median 2 times [5 to 95 % of patients: 2 to 2]" in " ".join(run(*call, "--patients", "3").out.split())
    early = run(*call[:-3], "5 day", "--every", "1 day")
    assert "rule 1: drug 9 mg not given" in early.out


def test_patients_keep_their_numbers_when_more_are_drawn(run, project: Path) -> None:
    model, regimen = project / "models" / "pool.toml", project / "models" / "regimens" / "once.toml"
    common = (
        "simulate",
        model,
        "--regimen",
        regimen,
        "--until",
        "100 day",
        "--every",
        "10 day",
        "--seed",
        7,
        "--states",
    )
    few, many = project / "few.nc", project / "many.nc"
    assert run(*common, "--patients", 2, "--out", few).status == 0
    assert run(*common, "--patients", 3, "--out", many).status == 0
    two, three = read_result(few).to_dataset(), read_result(many).to_dataset()
    assert two["pool"].dims == ("patient", "time")
    assert {"A", "N"} <= set(two.data_vars)
    np.testing.assert_array_equal(two["pool"], three["pool"].isel(patient=slice(2)))
    assert len(np.unique(three["pool"].isel(time=0))) == 3
    assert run(*common, "--patients", 3, "--json").json["outputs"]["pool"].keys() == {
        "unit",
        "values",
        "lower",
        "upper",
    }
    assert "median of 3 patients" in run(*common, "--patients", 3).out


def test_set_converts_units(run, project: Path) -> None:
    common = ("simulate", project / "models" / "pool.toml", "--until", "10 day", "--every", "5 day", "--json")
    half = run(*common, "--set", "N0=500 cells/uL")
    assert half.status == 0, half.err
    assert half.json["outputs"]["pool"]["values"] == pytest.approx([0.5] * 3)


def test_absolute_tolerances_of_states(run, project: Path, tmp_path: Path) -> None:
    """An amount that decays for 300 days has no digits of its own but for a tolerance of its own."""
    common = ("simulate", project / "models" / "pool.toml", "--regimen", project / "models" / "regimens" / "once.toml")
    common += ("--until", "300 day", "--every", "300 day", "--states", "--out", tmp_path / "out.nc")
    assert run(*common, "--absolute", "A=1e-50 g").status == 0
    result = read_result(tmp_path / "out.nc").to_dataset()
    assert float(result["A"][-1]) == pytest.approx(10 * np.exp(-90), rel=1e-6)
    assert result.attrs["absolute_tolerances"] == "A = 1e-47"
    wrong = run(*common, "--absolute", "B=1 mg", "--absolute", "N=0 1e9/L", "--absolute", "A")
    assert wrong.status == 2
    assert wrong.err.splitlines() == [
        "error: --absolute A: write NAME='VALUE UNIT', such as N='1e-30 1e9/L'",
        "error: absolute tolerance of B: model 'pool' has no such state; there are A, N",
        "error: absolute tolerance of N: must be positive, found '0 1e9/L'",
    ]


def test_integrators_agree(run, project: Path) -> None:
    regimen = project / "models" / "regimens" / "once.toml"
    common = (
        "simulate",
        project / "models" / "pool.toml",
        "--regimen",
        regimen,
        "--until",
        "90 day",
        "--every",
        "30 day",
    )
    values = [
        run(*common, "--method", method, "--rtol", "1e-9", "--json").json["outputs"]["pool"]["values"]
        for method in ("LSODA", "BDF", "Radau")
    ]
    assert values[1] == pytest.approx(values[0], rel=1e-5)
    assert values[2] == pytest.approx(values[0], rel=1e-5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--until", "10", "--every", "1 month"), "--until: quantity '10' has no unit; write for example '10 day'"),
        (("--until", "10 year", "--every", "1"), "--every: quantity '1' has no unit"),
        (("--until", "10 mg", "--every", "1 day"), "--until: 'mg' is not a kind of 'day'"),
        (("--until", "-1 day", "--every", "1 day"), "--until: must be positive"),
        (("--until", "1 year", "--every", "0 day"), "--every: must be positive"),
        (("--until", "nan day", "--every", "1 day"), "--until"),
        (("--until", "1 year", "--every", "1 day", "--retreat", "24"), "retreatment at 24: quantity '24' has no unit"),
        (("--until", "1 year", "--every", "1 day", "--retreat", "-2 month"), "before time zero"),
        (("--until", "1 year", "--every", "1 day", "--regimen", "ms_licenced"), "did you mean 'ms_licensed'"),
        (("--until", "1 year", "--every", "1 day", "--cohort", "young"), "no cohort 'young'"),
        (("--until", "1 year", "--every", "1 day", "--method", "Euler"), "unknown method 'Euler'"),
        (("--until", "1 year", "--every", "1 day", "--set", "x=1 day"), "no parameter 'x'"),
        (
            ("--until", "1 year", "--every", "1 day", "--set", "limit_CD4=1"),
            "--set limit_CD4: quantity '1' has no unit",
        ),
        (("--until", "1 year", "--every", "1 day", "--set", "limit_CD4=1 day"), "--set limit_CD4"),
        (("--until", "1 year", "--every", "1 day", "--set", "limit_CD4"), "write NAME='VALUE UNIT'"),
        (("--until", "1 year", "--every", "1 day", "--out", "no/such/folder/x.nc"), "cannot be written"),
        (("--until", "1 year", "--every", "1 day", "--out", "x.txt"), "end the name in .nc"),
    ],
)
def test_bad_options_name_the_option(run, options: tuple[str, ...], said: str) -> None:
    answer = run("simulate", "reconstitution", *options)
    assert answer.status == 2
    assert answer.out == ""
    assert said in answer.err


def test_every_fault_of_a_call_is_reported_at_once(run) -> None:
    answer = run(
        "simulate",
        "nk",
        "--until",
        "10",
        "--every",
        "1",
        "--regimen",
        "none_such",
        "--out",
        "x.txt",
        "--method",
        "Euler",
    )
    assert answer.status == 2
    assert all(symbol in answer.err for symbol in ("--until", "--every", "none_such", "x.txt", "Euler"))
    assert len(answer.err.splitlines()) == 5


def test_a_failure_leaves_out_untouched(run, project: Path, monkeypatch) -> None:
    out = project / "result.nc"
    out.write_bytes(b"what was there")
    call = ("simulate", "reconstitution", "--until", "1 year", "--every", "1 month", "--out", out)
    assert run(*call, "--cohort", "young").status == 2

    def broken(self: object, path: Path, **_: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xarray.Dataset.to_netcdf", broken)
    assert run(*call).status != 0
    assert out.read_bytes() == b"what was there"
    assert sorted(path.name for path in project.iterdir()) == ["fits", "models", "result.nc"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused_first(run, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    answer = run("simulate", "nk", "--until", "1 day", "--every", "1 day", "--out", tmp_path / "x.nc")
    tmp_path.chmod(0o700)
    assert answer.status == 2


RUNAWAY = """
[model]
title = "x"
time = "day"
[parameters]
k = { value = 1.0, unit = "1/day", source = "choice", spread = 0.1 }
[doses.drug]
unit = "mg"
into = "D"
[states.D]
unit = "mg"
initial = "0"
rate = "0"
[states.A]
unit = "1"
initial = "1"
rate = "k*A^2"
[outputs.a]
unit = "1"
value = "A"
"""
ONCE = """
[regimen]
title = "x"
source = "choice"
[[courses]]
start = "0 day"
doses = [{ drug = "drug", amount = "1 mg" }]
"""
COMPARED = """
[comparison]
title = "x"
model = "./runaway.toml"
until = "9 day"
every = "1 day"
unit = "day"
[[rows]]
output = "a"
label = "A"
measures = ["nadir"]
"""


def test_a_run_in_which_every_patient_fails_is_told_and_is_a_failure(run, project: Path) -> None:
    model = project / "models" / "runaway.toml"
    model.write_text(RUNAWAY)
    for engine in ("scipy", "batch"):
        answer = run("simulate", model, "--until", "9 day", "--every", "1 day", "--patients", "3", "--engine", engine)
        assert [line for line in answer.err.splitlines() if line.startswith("warning")] == [
            "warning: 3 of 3 could not be integrated; see the variable 'failure'"
        ]
        assert answer.status == 1
        assert "median of 3 patients" in answer.out
        (told,) = (line for line in answer.err.splitlines() if line.startswith("error"))
        assert told.startswith("error: none of 3 patients could be integrated; the first: ")
    out = project / "failed.zarr"
    answer = run("simulate", model, "--until", "9 day", "--every", "1 day", "--patients", "3", "--out", out)
    assert (answer.status, out.is_dir()) == (1, True)


def test_a_comparison_in_which_every_patient_fails_is_told_and_is_a_failure(run, project: Path) -> None:
    for name, text in (("runaway", RUNAWAY), ("once", ONCE), ("compared", COMPARED)):
        (project / "models" / f"{name}.toml").write_text(text)
    spec, once, picture = (project / "models" / name for name in ("compared.toml", "once.toml", "drawn.svg"))
    answer = run("compare", once, "--spec", spec, "--patients", "3", "--out", picture)
    assert (answer.status, picture.exists()) == (1, False)
    assert "could not be integrated and are left out: 3 under once" in answer.out
    assert answer.err.splitlines()[-1] == "error: none of 3 patients could be integrated under once"
