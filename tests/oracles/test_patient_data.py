"""Public data of persons: files of NONMEM and Monolix, CDISC ADPPK and ADLB; read in place, never copied."""

import csv
from pathlib import Path

import pytest

from kinetics.patients import guess_mapping, read_patients

SHARED = Path(__file__).resolve().parents[3] / "shared" / "oracles"
NLME = SHARED / "nlme"

pytestmark = pytest.mark.skipif(not NLME.is_dir(), reason=f"the oracles {NLME} are not here")


def number_of(data, what):
    return sum(len(getattr(patient, what)) for patient in data)


@pytest.mark.parametrize(
    ("name", "patients", "counts", "doses"),
    [
        ("nlme/bauer_504.csv", 60, 240, 60),
        ("nlme/warfarin_monolix.csv", 32, 247 + 232, 32),
        ("nlme/warfarin_pkpd.csv", 32, 483, 32),
        ("nlme/theophylline_monolix.txt", 12, 120, 12),
        ("nlme/phenobarbital_data.csv", 59, 155, 589),
        ("theophylline.csv", 12, 132, 12),
        ("wang2007.csv", 10, 20, 0),
    ],
)
def test_every_file_has_the_numbers_that_are_documented(name, patients, counts, doses):
    data = read_patients(SHARED / name)
    assert (len(data), number_of(data, "observations"), number_of(data, "doses")) == (patients, counts, doses)


@pytest.mark.parametrize("name", ["nlme/adppk_12.csv", "nlme/adlb_lymphocytes_12.csv", "nonmem_dosing.csv"])
def test_what_was_read_is_written_and_read_again(name, tmp_path):
    data = read_patients(SHARED / name)
    data.to_csv(tmp_path / "tidy.csv")
    assert read_patients(tmp_path / "tidy.csv") == data


def test_counts_of_an_adlb():
    path = NLME / "adlb_lymphocytes_12.csv"
    data = read_patients(path, model="reconstitution")
    with path.open(newline="") as file:
        measured = [row for row in csv.DictReader(file) if float(row["AVISITN"]) < 9997]
    assert dict(data.outputs).keys() == {"lymphocytes"}
    found = [(patient.id, row.time, row.value) for patient in data for row in patient.observations]
    days = (float(row["ADY"]) for row in measured)
    expected = [(row["USUBJID"], day - (day > 0), float(row["AVAL"])) for row, day in zip(measured, days, strict=True)]
    assert sorted(found) == sorted(expected)
    dates = {(row["USUBJID"], float(row["ADY"])): float(row["ADT"]) for row in measured}
    first = data["01-701-1015"]
    steps = [later.time - first.observations[0].time for later in first.observations[1:]]
    written = [date - dates["01-701-1015", -7.0] for (id, _), date in dates.items() if id == first.id][1:]
    assert steps == written


def test_events_of_an_adppk():
    path = NLME / "adppk_12.csv"
    mapping = guess_mapping(path)
    assert (mapping.columns.analyte, mapping.time.unit) == ("CMT", "hour")
    assert any("times of 'AFRLT' are hours, by the dates of 'UDTC'" in note for note in mapping.notes)
    data = read_patients(path)
    first = data["01-710-1002"]
    assert [(dose.time, dose.amount, dose.interval, dose.steady_state) for dose in first.doses] == [
        (0.0, 54.0, 1.0, 1),
        (24.0, 54.0, 1.0, 1),
        (48.0, 54.0, 1.0, 1),
    ]
    before = first.observations[0]
    assert (before.time, before.value, before.censored, before.limit) == (-0.5, 0.01, "below", 0.01)
    assert first.covariates["WTBL"].values == (70.31,)
    assert first.covariates["SEX"].values == ("M",)


def test_doses_of_sixteen_nonmem_scenarios():
    data = read_patients(SHARED / "nonmem_dosing.csv")
    with (SHARED / "nonmem_dosing.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["EVID"] != "0"]
    found = [
        (
            patient.id,
            dose.time,
            dose.amount,
            dose.rate,
            dose.modelled,
            dose.interval,
            dose.additional,
            dose.steady_state,
        )
        for patient in data
        for dose in patient.doses
    ]
    expected = [
        (
            row["ID"],
            float(row["TIME"]),
            float(row["AMT"]),
            max(float(row["RATE"]), 0.0),
            {"-1": "rate", "-2": "duration"}.get(row["RATE"], ""),
            float(row["II"]),
            int(row["ADDL"]),
            int(row["SS"]),
        )
        for row in rows
    ]
    assert sorted(found) == sorted(expected)
