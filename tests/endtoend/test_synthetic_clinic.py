"""The clinic that ships: what its script writes, labelled as simulated, and what a clinic of that kind must have."""

import importlib.util
from pathlib import Path

import pytest

import kinetics
from kinetics.patients.population.treatment import Treatment

ROOT = Path(__file__).parents[2]
CLINIC = ROOT / "fits" / "synthetic_clinic"


@pytest.fixture(scope="module")
def data():
    return kinetics.read_patients(CLINIC / "clinic.toml")


@pytest.mark.slow
def test_the_tables_are_what_the_script_writes():
    """Counts may differ by one: another processor rounds the last digits of a simulation in another way."""
    spec = importlib.util.spec_from_file_location("synthetic_clinic", ROOT / "docs" / "synthetic_clinic.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name, text in script.tables().items():
        written = (CLINIC / name).read_text(encoding="utf-8")
        rows, expected = ([line.split(",") for line in table.splitlines()] for table in (written, text))
        assert [row[:2] for row in rows] == [row[:2] for row in expected], "run python docs/synthetic_clinic.py"
        for row, other in zip(rows[2:], expected[2:], strict=True):
            pairs = zip(row[2:], other[2:], strict=True)
            assert all(one == two or abs(number(one) - number(two)) <= 1 for one, two in pairs)


def number(cell):
    return int(cell.removeprefix("<"))


def test_it_says_that_nobody_is_behind_it():
    for name in ("counts.csv", "doses.csv"):
        first = (CLINIC / name).read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# Simulated by docs/synthetic_clinic.py with seed ")
        assert first.endswith("No person is behind these numbers.")


def test_it_has_gaps_censored_values_and_third_courses(data):
    assert len(data) == 60
    assert all(id.startswith("SIM") for id in data.ids)
    courses = [len(Treatment.of(patient, data.time).courses) for patient in data]
    assert set(courses) == {2, 3}
    assert courses.count(3) == 20
    n_counts = sum(len(one.observations) for one in data)
    assert 0.03 < sum(row.is_censored for one in data for row in one.observations) / n_counts < 0.1
    visits = [len({row.time for row in one.observations}) for one in data]
    assert max(visits) >= 15
    assert min(visits) <= 10
    lymphocytes = sum(row.output == "lymphocytes" for one in data for row in one.observations)
    assert sum(row.output == "CD4" for one in data for row in one.observations) < lymphocytes
