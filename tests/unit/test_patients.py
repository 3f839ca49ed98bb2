"""Every fault of a table of patients is found, named with row and column, and raised with all others at once."""

import math
import random

import pytest
import sympy as sp

import kinetics
from kinetics.errors import MAX_LINES, InputError, UnknownNameError
from kinetics.model import Model
from kinetics.model.quantities import Dose, Output, Parameter, State
from kinetics.patients import DataMapping, read_patients


@pytest.fixture(scope="module")
def model():
    """Counts A and B, their sum Total; at rest A is 1 and B 0.5 1e9/L, the concentration is 0."""
    N, M, D, A, B = sp.symbols("N M D A B")
    return Model.from_symbols(
        "counts",
        time="day",
        parameters=[Parameter(name="N0", value=1.0, unit="1e9/L"), Parameter(name="k", value=0.1, unit="1/day")],
        doses=[Dose(name="drug_a", unit="mg", into="D"), Dose(name="drug_b", unit="mg", into="D")],
        states=[
            State(name="N", unit="1e9/L", initial=sp.Symbol("N0"), rate=0 * N),
            State(name="M", unit="1e9/L", initial=sp.Symbol("N0") / 2, rate=0 * M),
            State(name="D", unit="mg", initial=0, rate=-sp.Symbol("k") * D),
        ],
        outputs=[
            Output(name="A", unit="1e9/L", value=N),
            Output(name="B", unit="1e9/L", value=M),
            Output(name="Total", unit="1e9/L", value=A + B),
            Output(name="level", unit="mg", value=D),
        ],
    )


HEADER = "patient,date,analyte,value,unit,lower limit"
SOUND = ["P1,2020-01-01,A,0.9,1e9/L,0.02", "P1,2020-02-01,A,0.1,1e9/L,0.02", "P2,2020-01-01,Total,1500,cells/uL,"]
DOSES = "patient,date,drug,amount,unit,duration\nP1,2020-01-02,drug_a,12,mg,4 h\n"


@pytest.fixture
def read(tmp_path, model):
    """Reads rows below the header, and doses; with a mapping as TOML if one is given."""

    def run(*rows, header=HEADER, doses=None, mapping=None, with_model=True):
        counts, dosing, stated = tmp_path / "counts.csv", None, None
        counts.write_text("\n".join([header, *rows]) + "\n")
        if doses is not None:
            dosing = tmp_path / "doses.csv"
            dosing.write_text(doses)
        if mapping is not None:
            stated = tmp_path / "mapping.toml"
            stated.write_text(mapping)
        return read_patients(counts, dosing, stated, model=model if with_model else None)

    return run


COLUMNS = """\
[patients]
[columns]
patient = "patient"
date = "date"
analyte = "analyte"
value = "value"
unit = "unit"
[analytes.Total]
output = "Total"
[analytes.A]
output = "A"
"""


def faults_of(read, *rows, **options):
    with pytest.raises(InputError) as caught:
        read(*rows, **options)
    return [str(fault) for fault in caught.value.faults if "is read without a mapping" not in fault.message]


def test_a_sound_table_is_in_the_units_of_the_model(read):
    data = read(*SOUND, doses=DOSES)
    first = data["P1"]
    assert [(row.time, row.output, row.value, row.limit) for row in first.observations] == [
        (-1.0, "A", 0.9, 0.02),
        (30.0, "A", 0.1, 0.02),
    ]
    assert [(row.time, row.drug, row.amount, row.duration) for row in first.doses] == [(0.0, "drug_a", 12.0, 4 / 24)]
    assert data["P2"].observations[0].value == 1.5
    assert repr(data) == "<PatientData: 2 patients, 3 counts of A, Total, 1 dose of drug_a>"
    assert "<td>P1</td>" in data._repr_html_()
    assert "dose of 12" in first._repr_html_()


ONE_FAULT = {
    "no number": ("P1,2020-03-01,A,high,1e9/L,", ":5: value: is no number: 'high'"),
    "below zero": ("P1,2020-03-01,A,-0.2,1e9/L,", ":5: value: is below zero"),
    "no patient": (",2020-03-01,A,0.2,1e9/L,", ":5: patient: is empty"),
    "no date": ("P1,,A,0.2,1e9/L,", ":5: date: is empty"),
    "foreign date": ("P1,31.12.2020,A,0.2,1e9/L,", ":5: date: is no ISO date such as 2020-12-31: '31.12.2020'"),
    "date without day": ("P1,2020-03,A,0.2,1e9/L,", ":5: date: has no day"),
    "impossible date": ("P1,2020-02-30,A,0.2,1e9/L,", ":5: date: is no date"),
    "a wrong year": ("P1,2220-03-01,A,0.2,1e9/L,", ":5: date: is 200 years from another row of patient 'P1' ("),
    "unknown analyte": ("P1,2020-03-01,Hb,12,g/L,", ":5: analyte 'Hb' has no output"),
    "unknown unit": ("P1,2020-03-01,B,0.2,zzz,", ":5: unit: unknown unit 'zzz'"),
    "unit of another kind": ("P1,2020-03-01,B,0.2,mg/L,", ":5: unit: 'mg/L' is not a kind of '1/nL'"),
    "two units": ("P1,2020-03-01,A,90,cells/uL,", "analyte 'A' has two units: '1e9/L' ("),
    "the same count again": ("P1,2020-02-01,A,0.1,1e9/L,", ":5: value: the same value of 'A' of patient 'P1' at this"),
    "another count then": ("P1,2020-02-01,A,0.2,1e9/L,", ":5: value: another value of 'A' of patient 'P1' at this"),
    "a part beyond the whole": ("P2,2020-01-01,B,1.6,1e9/L,", ":5: value: 'B' is larger than 'Total', of which it is"),
    "implausible unit": ("P1,2020-03-01,B,800,1e9/L,", "800 cells/uL would be plausible; correct the unit"),
    "percentage of nothing": (
        "P1,2020-03-01,B,20,%,",
        "is a percentage of 'Total', which has no value of patient 'P1'",
    ),
    "formula": ("P1,2020-03-01,A,=1+1,1e9/L,", ":5: value: is a formula, '=1+1'"),
    "formula of a name": ("@P1,2020-03-01,A,1,1e9/L,", ":5: patient: is a formula, '@P1'"),
    "control character": ("P\x1b[2J1,2020-03-01,A,1,1e9/L,", ":5: patient: holds U+001B (a control character)"),
    "limit that is no number": ("P1,2020-03-01,A,1,1e9/L,low", ":5: lower limit: is no number: 'low'"),
    "number beyond all bounds": ("P1,2020-03-01,B,1e308,10^12/L,", ":5: value: the number 1e+308 is not finite"),
    "analyte left empty": ("P1,2020-03-01,,1,1e9/L,", ":5: analyte: is empty"),
}


@pytest.mark.parametrize("fault", ONE_FAULT)
def test_one_fault_is_named_with_row_and_column(read, fault):
    row, message = ONE_FAULT[fault]
    found = faults_of(read, *SOUND, row)
    assert len(found) == 1, found
    assert message in found[0]
    assert "\x1b" not in found[0]


def test_all_faults_are_raised_at_once(read):
    rows = [ONE_FAULT[name][0] for name in ("no number", "no patient", "foreign date", "unknown analyte", "below zero")]
    found = faults_of(read, *SOUND, *rows, doses=DOSES + "P1,2020-01-05,nothing,12,mg,\nP1,2020-01-06,drug_a,-1,mg,\n")
    assert len(found) == 7, found


def test_a_key_of_a_mapping_that_there_is_not_comes_with_how_to_write_one(read):
    with pytest.raises(
        InputError, match=r"^\S+counts.csv: is read without a mapping, .*'kinetics data guess' writes one\n"
    ):
        read(*SOUND, ONE_FAULT["unknown analyte"][0])
    with pytest.raises(InputError, match=r"^\S+counts.csv:5: value: is no number"):
        read(*SOUND, ONE_FAULT["no number"][0])


def test_a_message_prints_some_faults_and_says_how_many_more(read):
    rows = [f"P{number},2020-01-01,A,high,1e9/L," for number in range(MAX_LINES + 30)]
    with pytest.raises(InputError) as caught:
        read(*SOUND, *rows)
    assert len(caught.value.faults) == MAX_LINES + 30
    assert str(caught.value).splitlines()[-1] == "and 30 more"


DOSE_FAULTS = {
    "unknown drug": ("P1,2020-01-05,placebo,12,mg,", "drug 'placebo' has no dose of the model"),
    "no amount": ("P1,2020-01-05,drug_a,,mg,", ":3: amount: is empty"),
    "amount of nothing": ("P1,2020-01-05,drug_a,0,mg,", ":3: amount: must be positive"),
    "no drug": ("P1,2020-01-05,,12,mg,", ":3: drug: is empty"),
    "unit of another kind": ("P1,2020-01-05,drug_b,12,mg/kg,", "is not a kind of"),
    "the same dose again": ("P1,2020-01-02,drug_a,12,mg,4 h", "the same dose of patient 'P1' at this time stands at"),
    "duration without a unit": ("P1,2020-01-05,drug_a,12,mg,4", ":3: duration: has no unit: 4; write '4 h'"),
    "times of another kind": ("P1,3,drug_a,12,mg,", "is no ISO date"),
}


@pytest.mark.parametrize("fault", DOSE_FAULTS)
def test_a_fault_of_a_dose_is_named_with_row_and_column(read, fault):
    row, message = DOSE_FAULTS[fault]
    found = faults_of(read, *SOUND, doses=DOSES + row + "\n")
    assert len(found) == 1, found
    assert message in found[0]


def test_counts_in_numbers_and_doses_in_dates_are_refused(read):
    found = faults_of(read, "P1,0,A,1,1e9/L", header="patient,day,analyte,value,unit", doses=DOSES)
    assert any("date" in fault for fault in found), found


def test_an_analyte_in_the_wrong_unit_throughout_is_one_fault(read):
    rows = [f"P{number},2020-01-01,A,{900 + number},1e9/L," for number in range(20)]
    found = faults_of(read, *rows)
    assert len(found) == 1
    assert "20 of 20 values, such as this, are about 910 times the typical patient's 1.00 1e9/L" in found[0]


def test_counts_that_are_all_far_too_small_have_the_wrong_unit(read):
    rows = [f"P{number},2020-01-01,A,0.{90 + number},cells/uL," for number in range(5)]
    assert (
        "about 1/1064 of the typical patient's 1.00 1e9/L before treatment; 0.9 1e9/L would be plausible"
        in faults_of(read, *rows)[0]
    )


def test_few_cells_after_treatment_are_plausible(read):
    assert read(*SOUND, "P2,2020-03-01,A,0.0001,1e9/L,")["P2"].observations[-1].value == 0.0001


def test_percentages_are_multiplied_by_their_parent(read):
    alone = read(*SOUND, "P2,2020-01-01,B,40,% of Total,", with_model=False)["P2"]
    assert {row.output: row.value for row in alone.observations} == {"Total": 1500.0, "B": 600.0}
    data = read(*SOUND, "P2,2020-01-01,B,40,%,", "P2,2020-02-01,Total,<100,cells/uL,", "P2,2020-02-01,B,40,%,")
    parts = [row for row in data["P2"].observations if row.output == "B"]
    assert [(row.value, row.censored) for row in parts] == [(0.6, ""), (pytest.approx(0.04), "below")]


def test_a_percentage_beyond_100_is_refused(read):
    found = faults_of(read, *SOUND, "P2,2020-01-01,B,140,% of Total,")
    assert ":5: value: is 140 %; a percentage is from 0 to 100" in found[0]


def test_both_units_are_read_if_the_mapping_states_them(read):
    data = read(*SOUND, "P1,2020-03-01,A,90,cells/uL,", mapping=COLUMNS + 'units = ["1e9/L", "cells/uL"]\n')
    assert data["P1"].observations[-1].value == pytest.approx(0.09)


def test_values_below_a_limit_are_censored_however_they_are_written(read):
    rows = ["P1,2020-01-01,A,<0.02,1e9/L,", "P1,2020-01-02,A,0,1e9/L,0.02", "P1,2020-01-03,A,0.01,1e9/L,0.02"]
    data = read(*rows, "P1,2020-01-04,A,> 5,1e9/L,")
    assert [(row.value, row.censored) for row in data["P1"].observations] == [(0.02, "below")] * 3 + [(5.0, "above")]
    assert [row.limit for row in data["P1"].observations[:3]] == [0.02] * 3
    assert math.isnan(data["P1"].observations[3].limit)
    assert any("whose counts are all censored: P1" in note for note in data.notes)


def test_a_limit_of_the_mapping_holds_where_a_row_has_none(read):
    data = read(*SOUND, mapping=COLUMNS + 'limit = "200 cells/uL"\n')
    assert [row.value for row in data["P1"].observations] == [0.9, 0.2]


def test_personal_columns_are_dropped_and_said_and_reach_no_result(read, tmp_path):
    header = f"Name,Date of birth,MRN,{HEADER},ward"
    data = read(*(f"Alice Smith,1980-01-01,123456,{row},7" for row in SOUND), header=header)
    assert any("personal columns are dropped: 'Name', 'Date of birth', 'MRN'" in note for note in data.notes)
    assert any("columns that are not read: 'ward'" in note for note in data.notes)
    data.to_csv(tmp_path / "tidy.csv")
    kinetics.write_result(data.to_dataset(), tmp_path / "data.nc")
    for path in ("tidy.csv", "data.nc"):
        content = (tmp_path / path).read_bytes()
        assert not [text for text in (b"Alice", b"1980", b"123456") if text in content]


@pytest.mark.parametrize("table", ["columns", "covariates"])
def test_a_mapping_that_names_a_personal_column_is_refused(tmp_path, table):
    path = tmp_path / "mapping.toml"
    line = 'patient = "MRN"' if table == "columns" else '"Date of birth" = {}'
    path.write_text(f"[patients]\n[{table}]\n{line}\n")
    with pytest.raises(InputError, match=r"mapping.toml:3: .* personal column"):
        DataMapping.load(path)


def test_what_is_odd_but_no_fault_is_said(read):
    doses = DOSES + "P1,2021-01-02,drug_a,12,mg,\nP9,2020-01-02,drug_a,12,mg,\n"
    rows = [*SOUND, "P1,2020-01-20,A,0.2,1e9/L,", "P2,2020-03-01,B,,1e9/L,", "p-2,2020-03-01,B,0.5,1e9/L,"]
    notes = "\n".join(read(*rows, doses=doses).notes)
    for said in (
        "1 patient with a dose after the last count, of which no count tells the effect: P1",
        "1 patient without counts: P9",
        "time zero of patients without a dose is their first record: P2, p-2",
        "rows are not in order of time, and are sorted: ",
        "rows without a value: 1 (lines 6)",
        "ids that differ in capitals or signs alone: P2, p-2",
    ):
        assert said in notes, notes


def test_an_unknown_patient_is_refused_with_the_nearest_ids(read):
    data = read(*SOUND, "Patient-07,2020-01-01,A,1,1e9/L,")
    with pytest.raises(UnknownNameError, match=r"no patient 'P3'; the nearest are P1, P2$"):
        data["P3"]
    with pytest.raises(UnknownNameError, match=r"; the nearest is Patient-07$"):
        data.patient("Patient_0077")
    assert data.select("P1").ids == ("P1",)


def test_shuffled_rows_are_the_same_data(read):
    rows = [*SOUND, "P10,2020-01-01,A,1,1e9/L,", "P2,2020-01-01,A,1.2,1e9/L,", "P2,2020-02-01,B,0.3,1e9/L,"]
    data = read(*rows, doses=DOSES)
    assert data.ids == ("P1", "P2", "P10")
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        again = read(*rows, doses=DOSES)
        assert again == data
        assert again.content_hash == data.content_hash


def test_a_count_on_the_day_of_a_dose_is_before_it(read):
    data = read("P1,2020-01-02,A,0.9,1e9/L,", doses=DOSES)
    assert [type(record).__name__ for record in data["P1"].records] == ["Observation", "DoseRecord"]


def test_a_wide_table_is_read_by_its_headings(read):
    header = "Patient ID,Month,A abs (10^9/L),Total [cells/µL],Sex,Weight (kg)"
    data = read("P1,0,0.9,1400,F,70", "P1,1,<0.1,,F,72", header=header)
    assert [(row.time, row.output, row.value, row.censored) for row in data["P1"].observations] == [
        (0.0, "A", 0.9, ""),
        (0.0, "Total", 1.4, ""),
        (30.4375, "A", 0.1, "below"),
    ]
    covariates = data["P1"].covariates
    assert (covariates["Sex"].values, covariates["Weight"].values) == (("F",), (70.0, 72.0))
    assert covariates["Weight"].times == (0.0, 30.4375)
    dataset = data.to_dataset()
    assert dataset["covariate_Weight"].dims == ("patient", "change_of_Weight")
    assert dataset["covariate_Weight"].attrs["units"] == "kg"


def test_two_values_of_a_covariate_at_one_time_are_refused(read):
    header = "patient,day,analyte,value,unit,weight"
    found = faults_of(read, "P1,0,A,1,1e9/L,70", "P1,0,B,0.5,1e9/L,71", header=header)
    assert "counts.csv:3: weight: patient 'P1' has another value of 'weight' at this time: 70.0" in found[0]


def test_the_dataset_has_units_and_provenance(read, tmp_path):
    data = read(*SOUND, "P2,2020-02-01,B,<0.1,1e9/L,", doses=DOSES)
    dataset = data.to_dataset()
    assert dict(dataset.sizes) == {"patient": 2, "visit": 2, "dose": 1}
    assert dataset["A"].attrs["units"] == "1/nL"
    assert dataset["time"].attrs["units"] == "day"
    assert dataset["A"].sel(patient="P1").values.tolist() == [0.9, 0.1]
    assert dataset["B_censored"].sel(patient="P2").values.tolist() == [0, -1]
    assert dataset["dose_amount_drug_a"].attrs["units"] == "mg"
    assert dataset.attrs["content_hash"] == data.content_hash
    assert "counts.csv (SHA-256 " in dataset.attrs["sources"]
    kinetics.write_result(dataset, tmp_path / "data.nc")
    assert kinetics.read_result(tmp_path / "data.nc").to_dataset().identical(dataset)


def test_the_tidy_table_holds_no_formula(read, tmp_path):
    header = "patient,day,analyte,value,unit,group"
    data = read("+P1,0,A,1,1e9/L,-cmd|calc", "-P2,0,A,1,1e9/L,+", header=header)
    data.to_csv(tmp_path / "tidy.csv")
    cells = [cell for line in (tmp_path / "tidy.csv").read_text().splitlines()[1:] for cell in line.split(",")]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@") or (cell[:1] == "-" and not cell[1:2].isdigit())]
    assert read_patients(tmp_path / "tidy.csv") == data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("count", "counts"), "record: must be one of patient, count, dose, covariate, occasion, found 'counts'"),
        (("below", "beneath"), "censored: must be empty, below or above"),
        (("0.02", "little"), "value: is no number: 'little'"),
    ],
)
def test_a_damaged_tidy_table_is_refused(read, tmp_path, change, message):
    read("P1,2020-01-01,A,<0.02,1e9/L,").to_csv(tmp_path / "tidy.csv")
    text = (tmp_path / "tidy.csv").read_text().partition("\n")
    (tmp_path / "tidy.csv").write_text(text[0] + "\n" + text[2].replace(*change))
    with pytest.raises(InputError) as caught:
        read_patients(tmp_path / "tidy.csv")
    assert message in str(caught.value)
