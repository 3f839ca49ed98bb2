"""`kinetics fit-population`: the command, its file, what it prints and keeps."""

from pathlib import Path

import numpy as np
import pytest

import kinetics
from kinetics.patients.tables import opening
from kinetics.results import read_result

COUNTS = """\
patient,time,analyte,value,unit
{rows}
"""
CLINIC = """\
[clinic]
title = "A pool, four patients"
model = "../models/pool.toml"
data = "counts.csv"
doses = "doses.csv"
cohort = "adults"
method = "FOCEI"
seed = 2

[parameters]
N0 = {{}}
k = {{ spread = 0 }}

[errors]
pool = "{error}"

[algorithm]
explore = 10
smooth = 10
draws = 50
importance = 100
replicates = 100
"""


@pytest.fixture
def clinic(project: Path) -> Path:
    """The file of a clinic, whose patients rest at 0.8 to 1.2 and are emptied by a drug."""
    rng, folder = np.random.default_rng(1), project / "clinic"
    folder.mkdir()
    rows = [
        f"P{number},{day},pool,{rest * (share * np.exp(0.1 * rng.normal())):.4f},1e9/L"
        for number, rest in enumerate((0.8, 0.9, 1.1, 1.2), 1)
        for day, share in ((-5, 1.0), (-1, 1.0), (30, 0.25), (90, 0.58), (150, 0.78))
    ]
    (folder / "counts.csv").write_text(COUNTS.format(rows="\n".join(rows)))
    doses = "\n".join(f"P{number},0,drug,10,mg,0 h" for number in range(1, 5))
    (folder / "doses.csv").write_text(f"patient,time,drug,amount,unit,duration\n{doses}\n")
    (folder / "clinic.toml").write_text(CLINIC.format(error="proportional 0.1"))
    return folder / "clinic.toml"


def test_a_clinic_is_fitted_printed_and_written(run, clinic: Path) -> None:
    out, figures = clinic.parent / "out.nc", clinic.parent / "figures"
    answer = run("fit-population", clinic, "--out", out, "--figures", figures, "--json")
    assert answer.status == 0, answer.err
    kinds = {"goodness_of_fit", "individual_fits", "population_prediction", "visual_predictive_check"}
    assert {path.name for path in figures.iterdir()} == {
        f"{kind}{suffix}" for kind in kinds for suffix in (".pdf", ".md", ".csv")
    }
    again = clinic.parent / "fits.svg"
    answer_again = run("figure", "individual_fits", out, "--out", again)
    assert answer_again.status == 0, answer_again.err
    assert "individual-P4-pool" in again.read_text()
    assert answer.json["method"] == "FOCEI"
    assert answer.json["population"]["N0"]["value"] == pytest.approx(1.0, rel=0.1)
    assert answer.json["population"]["N0"]["unit"] == "1e9/L"
    assert answer.json["population"]["pool:b"]["value"] == pytest.approx(0.1, rel=0.6)
    tree = read_result(out)
    assert tree.attrs["seed"] == 2
    assert tree["visits"]["time"].values.min() == -5  # of the data, whatever the simulation begins with
    fit = kinetics.fit_population(clinic)
    text = kinetics.report(fit)
    assert "A pool, four patients" in text
    assert "var(N0,N0)" in text
    assert {**answer.json["objectives"]}["importance_sampling"] == dict(fit.objectives)["importance_sampling"][0]
    assert kinetics.load(clinic).name == "clinic"


def test_options_replace_those_of_the_file(run, clinic: Path) -> None:
    answer = run("fit-population", clinic, "--method", "SAEM", "--seed", 7, "--json")
    assert answer.status == 0, answer.err
    assert (answer.json["method"], answer.json["seed"]) == ("SAEM", 7)


def test_faults_of_the_file_and_of_options_are_told_at_once(run, clinic: Path) -> None:
    clinic.write_text(CLINIC.format(error="proportinal 0.1"))
    answer = run("fit-population", clinic, "--method", "SAEN", "--out", clinic.parent / "out.txt")
    assert (answer.status, answer.out) == (2, "")
    assert "clinic.toml:15: errors.pool: 'proportinal' is no kind of error" in answer.err
    assert "--out: end the name in .nc" in answer.err
    clinic.write_text(CLINIC.format(error="proportional 0.1"))
    answer = run("fit-population", clinic, "--method", "SAEN")
    assert (answer.status, answer.out) == (2, "")
    assert "--method: no method 'SAEN'; there are SAEM, FO, FOCE, FOCEI, Laplace; did you mean 'SAEM'?" in answer.err


def test_check_reads_the_file_of_a_clinic_and_says_what_its_data_hold(run, clinic: Path, monkeypatch) -> None:
    answer = run("check", clinic)
    assert answer.status == 0
    assert f"{clinic}: 4 patients, " in answer.out
    with monkeypatch.context() as small:
        small.setattr(opening, "MAX_BYTES", 50)
        for command in ("check", "fit-population"):
            refused = run(command, clinic)
            assert refused.status == 2
            assert "the limit for a table of patients; allow it with --allow-large" in refused.err
        assert run("check", clinic, "--allow-large").status == 0
    clinic.write_text(CLINIC.format(error="additive 1 mg"))
    answer = run("check", clinic)
    assert answer.status == 2
    assert "'mg' is not a kind of" in answer.err
