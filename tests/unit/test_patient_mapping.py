"""Mappings: what is guessed of headings, analytes, drugs and times; what a file of one may hold, with file and line."""

import pytest

from kinetics.errors import InputError
from kinetics.patients import DataMapping, guess_mapping, read_patients
from kinetics.patients.mapping.headings import is_personal


@pytest.fixture
def table(tmp_path):
    def write(text, name="counts.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


COUNTS = """\
Patient No;Sample date;Marker;Ergebnis;Einheit
P1;2020-01-01;CD4+ T cells;0,9;G/l
P1;2020-02-01;CD8 abs.;0,5;G/l
"""
DOSES = "Patient No;Date;Medication;Dosis (mg);Dauer (h)\nP1;2020-01-02;Alemtuzumab;12;4\n"


def test_headings_analytes_and_drugs_of_a_clinic_are_guessed(table):
    mapping = guess_mapping(table(COUNTS), table(DOSES, "doses.csv"), model="reconstitution")
    columns = mapping.columns
    assert (columns.patient, columns.date, columns.analyte) == ("Patient No", "Sample date", "Marker")
    assert (columns.value, columns.unit) == ("Ergebnis", "Einheit")
    assert {name: row.output for name, row in mapping.analytes.items()} == {"CD4+ T cells": "CD4", "CD8 abs.": "CD8"}
    assert mapping.dose_columns.duration == "Dauer (h)"
    assert {name: (row.dose, row.unit) for name, row in mapping.drugs.items()} == {"Alemtuzumab": ("alemtuzumab", "mg")}
    assert mapping.time.origin == "first dose"


@pytest.mark.parametrize("heading", ["LLOQ", "NWG", "Nachweisgrenze (G/l)", "Bestimmungsgrenze"])
def test_a_limit_of_quantification_is_known_by_its_heading(table, heading):
    path = table(f"Pat-Nr;Tag;Marker;Ergebnis;Einheit;{heading}\nP1;0;CD4;0,9;G/l;0,02\n")
    assert guess_mapping(path, model="reconstitution").columns.limit == heading


NAMES = {
    "Lymphocytes Abs (10^9/L)": "lymphocytes",
    "LYMPH": "lymphocytes",
    "Lymphozyten": "lymphocytes",
    "CD19+ B cells": "B",
    "CD19 abs": "B",
    "NK cells": "NK",
    "naive CD4": "CD4_naive",
    "CD4 count": "CD4",
    "Treg": "Treg",
    "Monocytes": "monocytes",
    "Haemoglobin": "",
    "CD3": "",
}


def test_names_of_analytes_find_their_output_or_none(table):
    rows = "".join(f"P1,{day},{name},1\n" for day, name in enumerate(NAMES))
    mapping = guess_mapping(table("patient,day,test,result\n" + rows), model="reconstitution")
    assert {name: row.output for name, row in mapping.analytes.items()} == NAMES
    assert mapping.analytes["CD4 count"].parent == "lymphocytes"


def test_an_analyte_without_an_output_is_refused_with_the_nearest(table):
    path = table("patient,day,test,result,unit\nP1,0,T cells CD8 suppressor,1,1e9/L\n")
    with pytest.raises(InputError, match=r"name one, or list it under \[leave_out\]; the nearest are CD8"):
        read_patients(path, model="reconstitution")


def test_usual_covariates_are_known_by_their_headings(table):
    path = table("Pat-Nr;Tag;Marker;Ergebnis;Einheit;Gewicht (kg);Alter\nP1;0;CD4;0,9;G/l;62,5;40\n")
    found = guess_mapping(path, model="reconstitution").covariates
    assert {name: (row.name, row.unit) for name, row in found.items()} == {
        "Gewicht (kg)": ("Gewicht", "kg"),
        "Alter": (None, None),
    }


def test_a_drug_without_a_dose_is_said_with_the_proposal(table):
    doses = table(DOSES + "P1;2021-01-02;Brand;12;4\n", "doses.csv")
    mapping = guess_mapping(table(COUNTS), doses, model="reconstitution")
    assert mapping.drugs["Brand"].dose == ""
    assert "similar to no dose of the model: Brand; name one under [drugs]" in mapping.notes


def test_percentages_beside_absolute_counts_are_left_out_and_said(table):
    rows = "P1,0,CD4 abs,0.9,1e9/L\nP1,0,CD4 %,40,%\n"
    data = read_patients(table("patient,day,test,result,unit\n" + rows), model="reconstitution")
    assert [row.value for row in data["P1"].observations] == [0.9]
    assert any("percentages beside absolute counts are left out: CD4 %" in note for note in data.notes)


def test_a_saved_mapping_is_the_same_and_finds_its_files(table, tmp_path):
    counts, doses = table(COUNTS), table(DOSES, "doses.csv")
    mapping = guess_mapping(counts, doses, model="reconstitution")
    (tmp_path / "sub").mkdir()
    mapping.save(tmp_path / "sub" / "clinic.toml")
    again = DataMapping.load(tmp_path / "sub" / "clinic.toml")
    assert (again.patients.counts, again.patients.doses) == ("../counts.csv", "../doses.csv")
    assert (again.columns, again.analytes, again.drugs) == (mapping.columns, mapping.analytes, mapping.drugs)
    data = read_patients(tmp_path / "sub" / "clinic.toml")
    assert data == read_patients(counts, doses, model="reconstitution")
    assert data == read_patients(counts, mapping=mapping) == read_patients(counts, mapping=again)


def test_a_tidy_table_needs_no_mapping(table, tmp_path):
    read_patients(table(COUNTS)).to_csv(tmp_path / "tidy.csv")
    with pytest.raises(InputError, match="is a tidy table, which needs no mapping"):
        guess_mapping(tmp_path / "tidy.csv")


def test_formats_of_dates_are_guessed_for_a_file_and_never_assumed_on_reading(table):
    path = table("patient,date,test,result\nP1,25.03.2020,A,1\nP1,01.04.2020,A,2\n")
    mapping = guess_mapping(path)
    assert mapping.time.date_format == "DD.MM.YYYY"
    assert [row.time for row in read_patients(path, mapping=mapping)["P1"].observations] == [0.0, 7.0]
    with pytest.raises(InputError, match=r"state \[time\] date_format, such as 'DD.MM.YYYY'"):
        read_patients(path)
    unclear = guess_mapping(table("patient,date,test,result\nP1,03/04/2020,A,1\n"))
    assert unclear.time.date_format is None
    assert any("may be DD/MM/YYYY or MM/DD/YYYY" in note for note in unclear.notes)
    assert guess_mapping(table("patient,date,test,result\nP1,2020-02-30,A,1\n")).notes == ()


@pytest.mark.parametrize(
    ("text", "written", "days"),
    [
        ("MM/DD/YYYY", ["03/04/2020", "03/14/2020"], 10),
        ("DDMONYYYY", ["04MAR2020", "14Mar2020"], 10),
        ("DD.MM.YY hh:mm", ["04.03.20 08:00", "14.03.20 20:00"], 10.5),
        ("days since 1899-12-30", ["43894", "43904.25"], 10.25),
    ],
)
def test_stated_formats_of_dates(table, text, written, days):
    path = table("patient,date,test,result\n" + "".join(f"P1,{one},A,1\n" for one in written))
    table(
        f'[patients]\n[columns]\npatient = "patient"\ndate = "date"\nanalyte = "test"\nvalue = "result"\n'
        f'[time]\ndate_format = "{text}"\n[analytes.A]\noutput = "A"\n',
        "mapping.toml",
    )
    data = read_patients(path, mapping=path.with_name("mapping.toml"))
    assert data["P1"].observations[-1].time == days


@pytest.mark.parametrize(
    ("form", "written"),
    [("days since 1970-01-01", "-999999"), ("YYYY-MM-DD", "0000-01-01"), ("DD.MM.YYYY", "31.04.2020")],
)
def test_dates_that_no_calendar_has_are_refused(table, form, written):
    path = table(f"patient,date,test,result\nP1,{written},A,1\n")
    columns = '[columns]\npatient = "patient"\ndate = "date"\nanalyte = "test"\nvalue = "result"\n'
    stated = f'[patients]\n{columns}[time]\ndate_format = "{form}"\n[analytes.A]\noutput = "A"\n'
    with pytest.raises(InputError, match=r"counts.csv:2: date: is no date"):
        read_patients(path, mapping=table(stated, "mapping.toml"))


def test_the_unit_of_times_is_that_of_the_dates_beside_them(table):
    rows = "P1,-0.5,0,2020-01-01T23:30:00,A\nP1,24,1,2020-01-03T00:00:00,A\n"
    mapping = guess_mapping(table("patient,time,value,date,analyte\n" + rows))
    assert (mapping.columns.time, mapping.columns.date, mapping.time.unit) == ("time", None, "hour")


@pytest.mark.parametrize(
    ("heading", "unit"), [("Time (h)", "h"), ("Month", "month"), ("weeks", "week"), ("Day", "day")]
)
def test_the_unit_of_times_is_that_of_the_heading(table, heading, unit):
    assert guess_mapping(table(f"patient,{heading},test,result\nP1,1,A,1\n")).time.unit == unit


def test_columns_with_units_are_the_analytes_of_a_wide_table(table):
    mapping = guess_mapping(table("patient,month,visit,site,X (1e9/L),Y [mg/L],score\nP1,0,1,3,0.9,2,7\n"))
    assert {name: row.output for name, row in mapping.analytes.items()} == {"X (1e9/L)": "X", "Y [mg/L]": "Y"}


def test_a_cell_that_is_no_number_is_a_fault_and_loses_no_column(table):
    with pytest.raises(InputError, match=r":3: X \(1e9/L\): is no number: 'high'"):
        read_patients(table("patient,day,X (1e9/L),Y (1e9/L)\nP1,0,0.9,1\nP1,1,high,1\n"))


def test_analytes_that_no_output_is_similar_to_are_said(table):
    mapping = guess_mapping(table("patient,day,test,result\nP1,0,Hb,12\nP1,0,CD4,1\n"), model="reconstitution")
    assert "similar to no output: Hb; name one, or list them under [leave_out]" in mapping.notes


def test_a_column_of_time_zero(table):
    path = table("patient,date,start,test,result\nP1,2020-02-01,2020-01-01,A,1\nP2,2020-02-01,2020-01-31,A,1\n")
    columns = 'patient = "patient"\ndate = "date"\norigin = "start"\nanalyte = "test"\nvalue = "result"\n'
    table(f'[patients]\n[columns]\n{columns}[analytes.A]\noutput = "A"\n', "mapping.toml")
    data = read_patients(path, mapping=path.with_name("mapping.toml"))
    assert [patient.observations[0].time for patient in data] == [31.0, 1.0]


BAD = {
    "unknown key": ('[columns]\npatiant = "a"', ":3: columns.patiant: unknown key"),
    "unknown layout": ('layout = "tall"', ":2: patients.layout: "),
    "unit of time": ('[time]\nunit = "mg"', ":3: time.unit: 'mg' is not a kind of 'day'"),
    "origin": ('[time]\norigin = "birth"', ":3: time.origin: must be one of as written"),
    "date format": ('[time]\ndate_format = "DD.MM"', ":3: time.date_format: 'DD.MM' is no format of dates"),
    "unit of an analyte": ('[analytes.A]\noutput = "A"\nunit = "zz/L"', ":4: analytes.A.unit: unknown unit 'zz'"),
    "unit of a drug": ('[drugs.A]\ndose = "A"\nunit = "zz"', ":4: drugs.A.unit: unknown unit 'zz'"),
    "duration of a drug": ('[drugs.A]\ndose = "A"\nduration = "4"', ":4: drugs.A.duration: quantity '4' has no unit"),
    "unit of a covariate": ('[covariates.W]\nunit = "zz"', ":3: covariates.W.unit: unknown unit 'zz'"),
    "decimal sign": ('decimal = ";"', ":2: patients.decimal: "),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_fault_of_a_mapping_is_named_with_file_and_line(table, fault):
    text, message = BAD[fault]
    path = table(f"[patients]\n{text}\n", "mapping.toml")
    with pytest.raises(InputError) as caught:
        DataMapping.load(path)
    assert f"{path}{message}" in str(caught.value)


SOUND = """\
[patients]
[columns]
patient = "patient"
time = "day"
analyte = "test"
value = "result"
[analytes.A]
output = "CD4"
"""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"result"', '"results"'), "there is no column 'results'; did you mean 'result'?"),
        (
            ('output = "CD4"', 'output = "CD5"'),
            "mapping.toml:8: analytes.A.output: model 'reconstitution' has no output",
        ),
        (
            ('output = "CD4"', 'output = "CD4"\nparent = "X"'),
            "mapping.toml:9: analytes.A.parent: 'X', of which it is a part",
        ),
        (('output = "CD4"', 'output = "CD4"\nlimit = "2 mg"'), "mapping.toml:9: analytes.A.limit: 'mg' is not a kind"),
        (
            ("[analytes.A]", "[covariates.weigt]\n[analytes.A]"),
            "mapping.toml:7: covariates: there is no column 'weigt'",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_the_table_is_refused(table, change, message):
    path = table("patient,day,test,result,weight\nP1,0,A,1,70\n")
    table(SOUND.replace(*change), "mapping.toml")
    with pytest.raises(InputError) as caught:
        read_patients(path, mapping=path.with_name("mapping.toml"), model="reconstitution")
    assert message in str(caught.value)


def test_a_mapping_without_a_table_says_what_is_missing(table):
    path = table(SOUND, "mapping.toml")
    with pytest.raises(InputError, match=r"mapping.toml:1: names no table; state \[patients\] counts"):
        read_patients(path)


PERSONAL = """Name, PATIENT NAME, First name, surname, Nachname, Date of Birth, DOB (dd/mm/yyyy), Geburtsdatum,
initials, Address line 1, Street address, ZIP code, e-mail, Telephone number, MRN, NHS No, SSN,
Geb.-Datum, Pat.-Name, Patientenname, Year of birth, Tel., AHV-Nr, Versicherungsnummer, Hausarzt, Treating physician"""
OTHERS = """Test name, Drug name, Age, USUBJID, Sex, Patient ID, Site, Visit, Dose, Date, Time (h),
Birth weight, Pat-Nr, Alter"""


@pytest.mark.parametrize("heading", [text.strip() for text in PERSONAL.split(",")])
def test_personal_headings(heading):
    assert is_personal(heading)


@pytest.mark.parametrize("heading", [text.strip() for text in OTHERS.split(",")])
def test_headings_that_are_not_personal(heading):
    assert not is_personal(heading)


def test_the_parent_of_an_analyte_is_the_smallest_output_that_it_is_a_term_of(table):
    names = ("Lymphocytes", "CD4", "CD4 naive", "Treg", "B cells naive %", "CD8")
    rows = "".join(f"P1,{day},{name},1\n" for day, name in enumerate(names))
    mapping = guess_mapping(table("patient,day,test,result\n" + rows), model="reconstitution")
    parents = {row.output: row.parent for row in mapping.analytes.values()}
    assert parents == {
        "lymphocytes": None,
        "CD4": "lymphocytes",
        "CD4_naive": "CD4",
        "Treg": "CD4",
        "B_naive": "B",
        "CD8": "lymphocytes",
    }
    assert "assumed: 'B cells naive %' is a percentage of B" in mapping.notes


def test_headings_of_doses_may_be_those_of_counts(table):
    doses = table("Patient;Visit date;Drug;Dose (mg)\nP1;2020-01-05;Lemtrada;12\n", "doses.csv")
    counts = table("Patient;Visit date;CD4 [cells/uL]\nP1;2020-01-01;900\n")
    with pytest.raises(InputError, match="drug 'Lemtrada' has no dose of the model") as caught:
        read_patients(counts, doses, model="reconstitution")
    assert "did you mean 'Lemtrada'" not in str(caught.value)
    assert guess_mapping(table("Patient;Monat;CD4\nP1;0;900\n")).time.unit == "month"
