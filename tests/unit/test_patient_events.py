"""Rows of events, as NONMEM and a CDISC ADPPK have them: what each column means, and what PREDPP refuses."""

import math

import pytest

from kinetics.errors import InputError
from kinetics.patients import CovariateSeries, read_patients

from .patient_cases import COMPARTMENT


@pytest.fixture
def read(tmp_path):
    """Reads the rows of a table below a header, both with spaces between cells."""

    def run(header, *rows):
        path = tmp_path / "events.csv"
        path.write_text("\n".join(",".join(row.split()) for row in (header, *rows)) + "\n")
        return read_patients(path)

    return run


FULL = "ID TIME AMT RATE II ADDL SS EVID CMT DV MDV CENS LIMIT WT"


def test_every_dosing_column_becomes_a_field(read):
    data = read(
        FULL,
        "1 0 100 0 24 3 0 1 1 0 1 0 . 70",
        "1 100 100 10 12 0 2 4 2 0 1 0 . 70",
        "1 200 0 0 0 0 0 3 1 0 1 0 . 70",
        "1 210 50 -2 0 0 0 1 2 0 1 0 . 70",
        "1 220 50 -1 0 0 0 1 2 0 1 0 . 70",
        "1 230 0 5 0 0 1 1 2 0 1 0 . 70",
    )
    doses = data["1"].doses
    assert [(dose.amount, dose.rate, dose.interval, dose.additional, dose.steady_state) for dose in doses] == [
        (100.0, 0.0, 24.0, 3, 0),
        (100.0, 10.0, 12.0, 0, 2),
        (0.0, 0.0, 0.0, 0, 0),
        (50.0, 0.0, 0.0, 0, 0),
        (50.0, 0.0, 0.0, 0, 0),
        (0.0, 5.0, 0.0, 0, 1),
    ]
    assert [dose.modelled for dose in doses] == ["", "", "", "duration", "rate", ""]
    assert [dose.reset for dose in doses] == [False, True, True, False, False, False]
    assert [dose.compartment for dose in doses] == [1, 2, 1, 2, 2, 2]
    assert (doses[0].last, len(data["1"].given)) == (72.0, 5)


def test_a_compartment_that_has_a_name_is_the_drug(read):
    data = read("ID TIME AMT EVID CMT DV", "1 0 100 1 depot .", "1 2 . 0 . 0.5")
    assert [(dose.drug, dose.compartment) for dose in data["1"].doses] == [("depot", None)]


def test_censoring_as_in_monolix(read):
    data = read(
        "ID TIME DV MDV EVID CENS LIMIT", "1 0 0.5 0 0 1 .", "1 1 0.5 0 0 1 0.1", "1 2 9 0 0 -1 .", "1 3 2 0 0 0 0.1"
    )
    rows = data["1"].observations
    assert [(row.value, row.censored) for row in rows] == [(0.5, "below"), (0.5, "below"), (9.0, "above"), (2.0, "")]
    assert [row.bound for row in rows[1:2]] == [0.1]
    assert math.isnan(rows[0].bound)
    assert math.isnan(rows[3].bound)


def test_rows_of_equal_times_keep_their_order(read):
    data = read("ID TIME AMT DV EVID", "1 0 0 1.5 0", "1 0 100 0 1", "1 0 0 2.5 0")
    assert [type(record).__name__ for record in data["1"].records] == ["Observation", "DoseRecord", "Observation"]
    assert any("read as replicates" in note for note in data.notes)


def test_covariates_over_time_keep_every_record(read):
    data = read("ID TIME AMT DV EVID WT AGE", "1 0 100 0 1 70 30", "1 24 0 2 0 71 30", "1 48 0 1 2 72 30")
    assert data["1"].covariates["WT"] == CovariateSeries((0.0, 24.0, 48.0), (70.0, 71.0, 72.0))
    assert data["1"].covariates["AGE"].is_constant
    assert len(data["1"].observations) == 1
    assert any("1 row of EVID 2: covariates alone" in note for note in data.notes)


def test_dates_with_times_of_day(read):
    data = read("ID DATE TIME AMT DV EVID", "1 2020-01-01 8:30 100 0 1", "1 2020-01-02 20:30 0 2 0")
    assert [row.time for row in data["1"].observations] == [1.5]


def test_times_of_day_alone_are_hours(read):
    data = read("ID TIME AMT DV EVID", "1 0:00 100 0 1", "1 26:15 0 2 0")
    assert [row.time for row in data["1"].observations] == [26.25]


def test_two_analytes_by_dvid(read):
    data = read("ID TIME AMT DV DVID EVID", "1 0 100 . . 1", "1 1 . 2 1 0", "1 1 . 90 2 0")
    assert [(row.output, row.value) for row in data["1"].observations] == [("DV_1", 2.0), ("DV_2", 90.0)]


def test_rows_marked_as_comments_are_left_out(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("C,ID,TIME,DV,AMT\n.,1,0,0,100\nC,1,1,5,0\n.,1,2,4,0\n")
    data = read_patients(path)
    assert [row.value for row in data["1"].observations] == [4.0]
    assert any("comments are left out: line 3" in note for note in data.notes)


def test_a_group_called_c_is_no_comment(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("group,patient,day,analyte,value\nA,P1,0,X,1\nC,P2,0,X,2\n")
    assert read_patients(path).ids == ("P1", "P2")


FAULTS = {
    "time that goes back": (
        "1 5 0 0 0 0 0 0 1 3 0 0 . 70",
        "1 3 0 0 0 0 0 0 1 3 0 0 . 70",
        "time of patient '1' goes back",
    ),
    "additional without interval": ("1 5 10 0 0 3 0 1 1 0 1 0 . 70", "", "ADDL: says 3 more doses"),
    "steady state without interval": ("1 5 10 0 0 0 1 1 1 0 1 0 . 70", "", "SS: needs an interval (II)"),
    "unknown steady state": ("1 5 10 0 24 0 3 1 1 0 1 0 . 70", "", "SS: must be 0, 1 or 2, found 3"),
    "unknown event": ("1 5 10 0 0 0 0 7 1 0 1 0 . 70", "", "EVID: must be 0, 1, 2, 3 or 4, found 7"),
    "negative amount": ("1 5 -10 0 0 0 0 1 1 0 1 0 . 70", "", "AMT: must be positive in a record of doses"),
    "dose beside a count": (
        "1 5 10 0 0 0 0 0 1 3 0 0 . 70",
        "",
        "AMT: is 10 in a record of EVID 0, which gives nothing; EVID 1 is a dose, 4 a reset and a dose",
    ),
    "dose of another event": ("1 5 10 0 0 0 0 2 1 0 1 0 . 70", "", "AMT: is 10 in a record of EVID 2"),
    "dose of a reset": ("1 5 10 0 0 0 0 3 1 0 1 0 . 70", "", "AMT: is 10 in a record of EVID 3"),
    "rate of a reset": ("1 5 0 10 0 0 0 3 1 0 1 0 . 70", "", "RATE: is 10 in a record of EVID 3"),
    "unknown rate": ("1 5 10 -3 0 0 0 1 1 0 1 0 . 70", "", "RATE: must be positive, 0 (bolus)"),
    "compartment switched off": ("1 5 10 0 0 0 0 1 -1 0 1 0 . 70", "", "CMT: is negative"),
    "censoring of another kind": ("1 5 0 0 0 0 0 0 1 3 0 2 . 70", "", "CENS: must be 0, 1 (below) or -1 (above)"),
    "part of an event": ("1 5 10 0 0 0 0 1.5 1 0 1 0 . 70", "", "EVID: must be a whole number"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_has_no_meaning_is_refused_with_row_and_column(read, fault):
    row, further, message = FAULTS[fault]
    with pytest.raises(InputError) as caught:
        read(FULL, "1 0 100 0 0 0 0 1 1 0 1 0 . 70", row, *filter(None, [further]))
    found = [str(fault) for fault in caught.value.faults]
    assert any(message in text for text in found), found
    assert all(f"events.csv:{4 if further else 3}: " in text for text in found)


@pytest.mark.parametrize(
    ("row", "message"),
    {
        "rate": ("1 0 100 -1 0 0 0 1 1", "the model has no rate of drug: add 'rate' to [doses.drug]"),
        "duration": ("1 0 100 -2 0 0 0 1 1", "the model has no duration of drug: add 'duration' to [doses.drug]"),
        "steady state": ("1 0 100 0 1e-9 0 1 1 1", "a steady state needs an interval of more than 1e-09 day"),
        "additional": ("1 0 100 0 1 10001 0 1 1", "additional must be from 0 to 10000, found 10001"),
    }.values(),
)
def test_a_dose_that_the_model_cannot_be_given_is_named_with_its_row(tmp_path, row, message):
    (tmp_path / "one.toml").write_text(COMPARTMENT)
    rows = ["ID TIME AMT RATE II ADDL SS EVID DV", row.rpartition(" ")[0] + " .", "1 2 0 0 0 0 0 0 3.5"]
    (tmp_path / "events.csv").write_text("\n".join(",".join(text.split()) for text in rows) + "\n")
    (tmp_path / "mapping.toml").write_text(
        '[patients]\nlayout = "events"\ncounts = "events.csv"\nmodel = "one.toml"\n[columns]\npatient = "ID"\n'
        'time = "TIME"\namount = "AMT"\nrate = "RATE"\ninterval = "II"\nadditional = "ADDL"\n'
        'steady_state = "SS"\nevent = "EVID"\nvalue = "DV"\n'
        '[time]\nunit = "hour"\n[analytes.DV]\noutput = "C"\n[drugs.AMT]\ndose = "drug"\n'
    )
    with pytest.raises(InputError) as caught:
        read_patients(tmp_path / "mapping.toml")
    (fault,) = caught.value.faults
    assert str(fault).startswith(f"{tmp_path / 'events.csv'}:2: AMT: {message}")


def test_a_dose_and_a_value_in_one_row_without_evid_are_refused(read):
    with pytest.raises(InputError, match="stands in a row with a dose; give each a row of its own, or a column EVID"):
        read("ID DOSE TIME CONC", "1 320 0.25 2.84", "1 320 0.5 6.57")


def test_values_flagged_below_a_limit_are_censored_there(read):
    data = read(
        "ID TIME AMT DV EVID MDV ALLOQ BLQFL", "1 0 100 . 1 1 . N", "1 1 . . 0 1 0.01 Y", "1 2 . 0.5 0 0 0.01 N"
    )
    assert [(row.value, row.censored) for row in data["1"].observations] == [(0.01, "below"), (0.5, "")]
    assert any("1 row with MDV 1 that are flagged" in note or "flagged as below" in note for note in data.notes)
