"""Virtual patients at the command line: known ones from a table, quasi-random ones, with what is wrong named."""

from pathlib import Path

import numpy as np
import pytest

from kinetics.results import read_result

TIMES = ("--until", "100 day", "--every", "10 day")


@pytest.fixture
def call(run, project: Path):
    """Simulate the project's model, which rests at N0 without drug."""

    def simulate(*options: object):
        return run("simulate", project / "models" / "pool.toml", *TIMES, *options)

    return simulate


@pytest.fixture
def table(project: Path) -> Path:
    path = project / "patients.csv"
    path.write_text("N0 [cells/uL],k [1/month]\n800,0.3\n1200,0.2\n950,0.1\n")
    return path


def test_known_patients_rest_at_the_counts_of_the_table(call, project: Path, table: Path) -> None:
    answer = call("--covariates", table, "--out", project / "known.nc")
    assert answer.status == 0, answer.err
    result = read_result(project / "known.nc").to_dataset()
    np.testing.assert_allclose(result["pool"].values, np.repeat([[0.8], [1.2], [0.95]], 11, axis=1), rtol=1e-12)
    assert result.attrs["covariates"] == "N0, k"


def test_known_patients_stream_without_a_number(call, project: Path, table: Path) -> None:
    for name in ("known.nc", "known.zarr"):
        assert call("--covariates", table, "--out", project / name).status == 0
    memory, stream = (read_result(project / name).to_dataset().load() for name in ("known.nc", "known.zarr"))
    np.testing.assert_array_equal(memory["pool"], stream["pool"])


def test_quasi_random_patients_have_the_median_of_their_cohort(call) -> None:
    """The median of 64 balanced log-normal counts is nearer to 1 than the 3 % of as many random ones."""
    answer = call("--patients", 64, "--sampling", "quasi", "--json")
    assert answer.json["outputs"]["pool"]["values"][0] == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("N0 [mg]\n1\n", (), "patients.csv:1: N0 [mg]: 'mg' is not a kind of"),
        ("N0 [1e9/L]\nx\n", (), "patients.csv:2: N0: is no finite number: 'x'"),
        ("N0 [1e9/L]\n1\n", ("--patients", 2), "has 1 patients, and 2 are asked for"),
        ("N0 [1e9/L]\n1\n", ("--sampling", "sobol"), "--sampling: unknown sampling 'sobol'; there are random, quasi"),
    ],
)
def test_what_is_wrong_is_named(call, table: Path, text: str, options: tuple[object, ...], said: str) -> None:
    table.write_text(text)
    answer = call("--covariates", table, *options)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("rituximab.BSA [m^2]", "", "is empty; give the values of this patient"),
        ("rituximab.BSA [m^2]", "-1", "rituximab.BSA: is -1 m^2, below its minimum 1"),
        ("rituximab.BSA [m^2]", "0", "rituximab.BSA: is 0 m^2, below its minimum 1"),
        ("rituximab.BSA [m^2]", "tall", "rituximab.BSA: is no finite number: 'tall'"),
        ("rituximab.BSA [cm^2]", "1.8", "rituximab.BSA: is 0.00018 m^2, below its minimum 1"),
        ("cladribine.weight [kg]", "", "is empty; give the values of this patient"),
        ("cladribine.weight [kg]", "-70", "cladribine.weight: is -70 kg, below its minimum 40"),
        ("cladribine.weight [kg]", "7e4", "cladribine.weight: is 70000 kg, above its maximum 200"),
    ],
)
def test_a_body_that_cannot_be_is_refused_with_its_line(run, table: Path, column: str, value: str, said: str) -> None:
    sound = {"rituximab.BSA [m^2]": "1.8", "rituximab.BSA [cm^2]": "18000", "cladribine.weight [kg]": "70"}[column]
    table.write_text("\n".join([column, sound, value, sound, ""]))
    answer = run("simulate", "reconstitution", *TIMES, "--covariates", table)
    assert (answer.status, answer.out) == (2, "")
    assert f"patients.csv:3: {said}" in answer.err


def test_a_body_that_is_missing_beside_another_value_is_refused(run, table: Path) -> None:
    table.write_text("rituximab.BSA [m^2],cladribine.weight [kg]\n1.8,70\n1.7,\n,60\n")
    answer = run("simulate", "reconstitution", *TIMES, "--covariates", table)
    assert (answer.status, answer.out) == (2, "")
    assert "patients.csv:3: cladribine.weight: is no finite number: ''" in answer.err
    assert "patients.csv:4: rituximab.BSA: is no finite number: ''" in answer.err


@pytest.mark.parametrize("setting", ["rituximab.BSA=-1 m^2", "rituximab.BSA=0 m^2", "cladribine.weight=7 kg"])
def test_a_body_that_cannot_be_is_not_set(run, setting: str) -> None:
    answer = run("simulate", "reconstitution", *TIMES, "--set", setting)
    assert (answer.status, answer.out) == (2, "")
    name, _, value = setting.partition("=")
    assert f"--set {name}: is {value}, below its minimum" in answer.err


def test_all_that_is_wrong_is_told_at_once(call, table: Path) -> None:
    table.write_text("N0 [mg],q\n1,2\n")
    lines = call("--covariates", table, "--sampling", "sobol", "--set", "k=1").err.splitlines()
    assert len(lines) == 4, lines
