"""Files of patients as raw cells: encodings, separators, decimal signs, workbooks, Parquet; and what is refused."""

import os
import subprocess
import sys
from datetime import datetime

import pytest

from kinetics.errors import InputError, UnitError
from kinetics.patients import read_patients
from kinetics.patients.tables import opening
from kinetics.units import laboratory_unit, unit_text

ROWS = [("P1", 0, "A", 0.95, "1e9/L"), ("P1", 30, "A", 0.085, "1e9/L"), ("P2", 0.5, "A", 1.25, "1e9/L")]
HEADER = ("patient", "day", "analyte", "value", "unit")


def text_of(separator=",", decimal=".", end="\n", quote=False):
    def cell(value):
        text = str(value).replace(".", decimal) if isinstance(value, float) else str(value)
        return f'"{text}"' if quote or separator in text else text

    return end.join(separator.join(map(cell, row)) for row in (HEADER, *ROWS)) + end


def values(data):
    return [(patient.id, row.time, row.value) for patient in data for row in patient.observations]


EXPECTED = [("P1", 0.0, 0.95), ("P1", 30.0, 0.085), ("P2", 0.5, 1.25)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (text_of().encode(), None),
        (text_of().encode("utf-8-sig"), "byte order mark"),
        (text_of().encode("utf-16"), "UTF-16 with a byte order mark"),
        (text_of().encode("utf-16-le"), "UTF-16 without"),
        (text_of(end="\r\n").encode(), "CR LF"),
        (text_of(";").encode(), "semicolons"),
        (text_of(";", ",").encode(), "decimal commas are read in day, value"),
        (text_of("\t", ",").encode(), "decimal commas"),
        (text_of(",", ",", quote=True).encode(), "decimal commas"),
        (text_of("|").encode(), "bars"),
        (("sep=;\n" + text_of(";", ",")).encode(), "semicolons"),
        (("Export of the clinic;;\n\n" + text_of(";")).encode(), "the header is line 3"),
        (text_of().replace("P2", "# a remark\nP2").encode(), "comments are left out: line 4"),
        (text_of(" ").encode(), "spaces"),
    ],
)
def test_every_dialect_gives_the_same_numbers_and_is_said(tmp_path, content, said):
    path = tmp_path / "counts.csv"
    path.write_bytes(content)
    data = read_patients(path)
    assert values(data) == EXPECTED
    assert said is None or any(said in note for note in data.notes), data.notes


def test_windows_letters_are_read_and_said(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_bytes(text_of().replace("1e9/L", "Zellen/µL").replace("Zellen", "").encode("latin-1"))
    data = read_patients(path)
    assert unit_text(data.outputs["A"]) == "1/uL"
    assert any("not UTF-8, read as windows-1252" in note for note in data.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patient\tday\tanalyte\tvalue\nP1\t0\tA\t1,234\n", "may be 1.234 or 1234: '1,234'"),
        ("patient;day;analyte;value\nP1;0;A;1.234\nP1;1;A;300\n", "may be 1.234 or 1234: '1.234'"),
        (
            "patient;day;analyte;value\nP1;0;A;0,5\nP1;1;A;0.6\n",
            "has a decimal point, and others of the column a comma: '0.6'",
        ),
        ("patient,day,analyte,value\nP1,0,A,0,95\n", "has 5 cells, and the header 4"),
        ("patient,day,analyte,value,value\nP1,0,A,1,1\n", "two columns have this heading"),
        ("patient,day,analyte,value\n", "has a header and no rows"),
        ("", "is empty"),
        ('patient,day,analyte,value\nP1,0,"A,1\n', 'a quote (") opens a cell here and none closes it'),
        ("patient,day,analyte,val\x1b[2Jue\nP1,0,A,1\n", "a heading holds U+001B (a control character)"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "counts.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_patients(path)
    assert message in str(caught.value)
    assert all(fault.where.startswith(str(path)) for fault in caught.value.faults)


def workbook(path, sheets):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_gives_the_same_numbers_with_typed_dates_and_two_sheets(tmp_path):
    counts = [("patient", "date", "analyte", "value", "unit"), ("P1", datetime(2020, 1, 1), "A", 0.95, "1e9/L")]
    doses = [("patient", "date", "drug", "amount", "unit"), ("P1", datetime(2020, 1, 2, 12), "x", 12, "mg")]
    data = read_patients(workbook(tmp_path / "clinic.xlsx", {"Counts": counts, "Treatment": doses}))
    assert values(data) == [("P1", -1.5, 0.95)]
    assert [(dose.drug, dose.amount, dose.time) for dose in data["P1"].doses] == [("x", 12.0, 0.0)]
    assert not [note for note in data.notes if "not read" in note]


def test_numbers_that_a_workbook_stores_as_text_are_read_with_their_comma(tmp_path):
    data = read_patients(workbook(tmp_path / "clinic.xlsx", {"Counts": [HEADER, ("P1", 0, "A", "0,95", "1e9/L")]}))
    assert values(data) == [("P1", 0.0, 0.95)]


def test_a_formula_without_its_value_is_refused_by_row_and_column(tmp_path):
    path = workbook(tmp_path / "clinic.xlsx", {"Counts": [HEADER, ("P1", 0, "A", "=1+1", "1e9/L")]})
    with pytest.raises(InputError, match=r"clinic.xlsx\[Counts\]:2: D: is a formula without a stored value"):
        read_patients(path)


@pytest.mark.parametrize("content", [b"PK\x03\x04 no workbook", b"", b"plain text"])
@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_damaged_binary_tables_are_refused(tmp_path, content, suffix):
    path = tmp_path / f"clinic{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"no Excel workbook|no Parquet table"):
        read_patients(path)


def test_a_workbook_that_unpacks_beyond_reason_is_refused(tmp_path):
    import zipfile

    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 20_000_000)
    with pytest.raises(InputError, match="unpacks to 20 MB"):
        read_patients(path)


def test_parquet_gives_the_same_numbers(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = dict(zip(HEADER, zip(*ROWS, strict=True), strict=True))
    columns["day"] = tuple(map(float, columns["day"]))
    parquet.write_table(pa.table({name: list(cells) for name, cells in columns.items()}), tmp_path / "c.parquet")
    assert values(read_patients(tmp_path / "c.parquet")) == EXPECTED


@pytest.mark.parametrize(("module", "suffix"), [("openpyxl", ".xlsx"), ("pyarrow.parquet", ".parquet")])
def test_an_absent_reader_is_named_with_what_to_install(tmp_path, monkeypatch, module, suffix):
    path = tmp_path / f"clinic{suffix}"
    path.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=r"run: python -m pip install 'lymphokinetics\[(excel|parquet)\]'"):
        read_patients(path)


def test_the_readers_are_imported_only_for_their_files(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text(text_of())
    code = f"import sys, kinetics; kinetics.read_patients({str(path)!r})\n"
    code += "print({'openpyxl', 'pyarrow.parquet'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_a_large_file_is_refused_unless_allowed(tmp_path, monkeypatch):
    path = tmp_path / "counts.csv"
    path.write_text(text_of())
    monkeypatch.setattr(opening, "MAX_BYTES", 50)
    with pytest.raises(InputError, match=r"larger than .* MB.*--allow-large"):
        read_patients(path)
    assert values(read_patients(path, allow_large=True)) == EXPECTED


@pytest.mark.processor_time(10)
def test_a_pipe_and_other_formats_are_refused_without_being_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for name, message in (
        ("pipe.csv", "no regular file"),
        ("a.xls", "save it as .xlsx"),
        ("a.xpt", "convert it to CSV"),
    ):
        with pytest.raises(InputError, match=message):
            read_patients(tmp_path / name)


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        ("cells/uL cells/µL /uL /mm3 10^6/L 10*6/L cells/mm³ Mio/L", "1/uL"),
        ("10^9/L 10*9/L 10⁹/L 1e9/L G/L GI/L THOU/uL K/uL 10^3/µL x10E9/L 10E9/L Tsd/µl /nL ×10⁹/L", "1/nL"),
        ("g/L", "g/L"),
        ("ug/mL mcg/ml µg/ml", "ug/mL"),
        ("month months mo Months", "month"),
        ("wk weeks Week", "week"),
    ],
)
def test_units_of_laboratories(texts, unit):
    assert {unit_text(laboratory_unit(text)) for text in texts.split()} == {unit}


@pytest.mark.parametrize("text", ["10*7/L", "Zellen/µL", "10^99/L", "furlong/L/L/", "=1/L"])
def test_what_is_no_unit_of_a_laboratory(text):
    with pytest.raises(UnitError):
        laboratory_unit(text)
