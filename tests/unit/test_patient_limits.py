"""Hostile files of patients: too large, too wide, nested, damaged, or made to act on a terminal or a spreadsheet."""

import io
import zipfile

import pytest

from kinetics.checking import check
from kinetics.errors import InputError
from kinetics.patients import DataMapping, guess_mapping, read_patients
from kinetics.patients.mapping.headings import is_personal
from kinetics.patients.mapping.schema import ColumnsRow
from kinetics.patients.tables import parquet

HEADER = "patient,day,analyte,value,unit\n"
ROW = "P1,0,A,1,1e9/L\n"


@pytest.fixture
def table(tmp_path):
    def write(content, name="counts.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def faults_of(path, **options):
    with pytest.raises(InputError) as caught:
        read_patients(path, **options)
    assert all(str(fault).isprintable() for fault in caught.value.faults)
    return [str(fault) for fault in caught.value.faults]


LONG = {
    "a million columns": (",".join(map(str, range(10**6))) + "\n", ":1: has 1000000 columns; at most 2000"),
    "a million columns of patients": (
        "patient,day," + "x," * 10**6 + "\n" + "P1,0," + "1," * 10**6,
        ":1: has 1000003 columns; at most 2000",
    ),
    "a cell of a megabyte": (HEADER + f"P1,0,A,{'9' * 10**6},1e9/L\n", ":2: a cell is longer than 131072 characters"),
    "a quote that never closes": (HEADER + 'P1,0,"A,1,1e9/L\n' + ROW * 20_000, 'perhaps no quote (") closes it'),
    "a number behind spaces": (HEADER + f"P1,0,A,1{' ' * 10**5}x,1e9/L\n", ":2: value: is no number: '1 "),
    "an id of spaces": (HEADER + f"P{' ' * 10**5}x,0,A,1,1e9/L\n", ":2: patient: is longer than 200 characters"),
    "a heading of spaces": (f"patient,day,analyte,value,x{' ' * 10**5}y\n", ":1: a heading is longer than 200"),
    "a heading of brackets": (f"patient,day,analyte,value,{'(' * 10**5}\n", ":1: a heading is longer than 200"),
    "a unit of digits": (HEADER + f"P1,0,A,1,{'1' * 10**5}\n", ":2: unit: is longer than 200 characters"),
    "a unit of a tower": (HEADER + "P1,0,A,1,9^9^9^9^9/L\n", ":2: unit: cannot read unit"),
}


@pytest.mark.processor_time(10)
@pytest.mark.parametrize("case", LONG)
def test_what_is_longer_than_any_table_is_refused_at_once(table, case):
    content, message = LONG[case]
    assert message in faults_of(table(content))[0]


BYTES = {
    "a zero byte": (HEADER.encode() + b"P1,0,A,1\0,1e9/L\n", "is no text: it has zero bytes"),
    "half a character of UTF-16": ((HEADER + ROW).encode("utf-16") + b"x", ":3: is no text in utf-16: byte 0x78"),
    "noise": (bytes(range(256)) * 50, "is no text: it has zero bytes"),
}


@pytest.mark.parametrize("case", BYTES)
def test_what_is_no_text_is_refused(table, case):
    content, message = BYTES[case]
    assert message in faults_of(table(content))[0]


def test_lines_that_end_as_on_an_old_mac_are_read(table):
    assert len(read_patients(table((HEADER + ROW).replace("\n", "\r")))["P1"].observations) == 1


def test_a_suffix_in_capitals_is_that_of_a_table(table):
    assert check(str(table(HEADER + ROW, "COUNTS.CSV"))).sound


FORMULAS = {
    "in a cell": ("=cmd|calc,0,A,1,1e9/L\n", ":2: patient: is a formula, '=cmd|calc'"),
    "of a function": ("P1,0,@SUM(A1),1,1e9/L\n", ":2: analyte: is a formula, '@SUM(A1)'"),
    "in wide letters": ("P1,0,＝1+1,1,1e9/L\n", ":2: analyte: is a formula, '＝1+1'"),
    "behind a semicolon": ("P1,0,a;-cmd|calc,1,1e9/L\n", ":2: analyte: is a formula, 'a;-cmd|calc'"),
    "in place of a number": ("P1,0,A,=1+1,1e9/L\n", ":2: value: is a formula, '=1+1'"),
}


@pytest.mark.parametrize("case", FORMULAS)
def test_a_formula_is_refused(table, case):
    row, message = FORMULAS[case]
    assert message in faults_of(table(HEADER + row))[0]


@pytest.mark.parametrize("character", ["\x1b[2J", "\x9b2J", "\u202e", "\u2066", "\x07", "\x7f", "\u2028"])
@pytest.mark.parametrize("column", [0, 2, 3, 4])
def test_characters_that_act_on_a_terminal_are_refused_and_never_printed(table, character, column):
    cells = ROW.strip().split(",")
    cells[column] = f"1{character}{cells[column]}"
    assert len(faults_of(table(HEADER + '"' + '","'.join(cells) + '"\n'))) == 1


def test_every_fault_is_reported_at_once_also_of_rows_that_have_no_time_or_the_wrong_length(table):
    rows = "P1,0,A,1,1e9/L,7\nP1,1,A,high,1e9/L\nP1,late,A,low,1e9/L\n,2,=x,1,1e9/L\n"
    found = faults_of(table(HEADER + rows))
    assert [text.partition(".csv:")[2].rpartition(": ")[0] for text in found[1:]] == [
        "3: value: is no number",
        "4: day: is no number",
        "4: value: is no number",
        "5: patient",
        "5: analyte",
    ]
    assert ":2: has 6 cells, and the header 5" in found[0]
    assert "1 row cannot be read, such as" in guess_mapping(table(HEADER + rows)).notes[0]


PERSONAL = "Name of patient;Surname, first name;Patient Name;D.O.B.;Date of Birth;E-Mail;Home address;NHS No;Phone"


@pytest.mark.parametrize("heading", PERSONAL.split(";"))
def test_a_personal_heading_is_known(heading):
    assert is_personal(heading)


@pytest.mark.parametrize(
    "mapping",
    [
        DataMapping(columns=ColumnsRow(patient="Name", time="day", analyte="analyte", value="value")),
        DataMapping(
            columns=ColumnsRow(time="day", analyte="analyte", value="value"), leave_out={"Name": ["Ann Smith"]}
        ),
    ],
)
def test_no_mapping_reaches_a_personal_column(table, mapping):
    found = faults_of(table("Name," + HEADER + "Ann Smith," + ROW), mapping=mapping)
    assert any("personal column, which is never read" in text for text in found)
    assert not any("Ann" in text for text in found)


def test_a_parent_that_the_model_lacks_is_refused(table):
    text = '[patients]\n[columns]\ntime = "day"\nanalyte = "analyte"\nvalue = "value"\nunit = "unit"\n'
    mapping = table(text + '[analytes.A]\noutput = "CD4"\nparent = "lymphocites"\n', "mapping.toml")
    found = faults_of(table(HEADER + ROW), mapping=mapping, model="reconstitution")
    assert "mapping.toml:9: analytes.A.parent: " in found[0]
    assert "has no output 'lymphocites'" in found[0]


def workbook():
    book = pytest.importorskip("openpyxl").Workbook()
    for row in (HEADER.strip().split(","), ["P1", 0, "A", 1, "1e9/L"]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def rewritten(*changes):
    """A workbook whose sheet has other bytes in place of some."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as own, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in own.namelist():
            content = own.read(name)
            for before, after in changes if name.endswith("sheet1.xml") else ():
                assert before in content
                content = content.replace(before, after)
            new.writestr(name, content)
    return stream.getvalue()


def nested_entities():
    """A document type whose last entity is a text of 10 GB."""
    levels = [b'<!ENTITY e0 "aaaaaaaaaa">']
    levels += [b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * 10) for level in range(1, 10)]
    return b"<!DOCTYPE x [" + b"".join(levels) + b"]><worksheet"


WORKBOOKS = {
    "a row of ten billion": ([(b'2"', b'9999999999"')], "at most 1048576 rows"),
    "a column of eighteen thousand": ([(b'r="E2"', b'r="ZZZ2"')], "[Sheet]:2: ZZZ: is beyond what is read"),
    "a column that Excel lacks": ([(b'r="E2"', b'r="ZZZZZZ2"')], "'ZZZZZZ' is not a valid column name"),
    "spaces": ([(b"</sheetData>", b" " * 60_000_000 + b"</sheetData>")], "unpacks to 60 MB, 20 times its size"),
    "entities in entities": ([(b"<worksheet", nested_entities()), (b"<v>1</v>", b"<v>&e9;</v>")], "no Excel workbook"),
}


@pytest.mark.processor_time(20)
@pytest.mark.parametrize("case", WORKBOOKS)
def test_a_workbook_that_is_far_larger_than_its_file_is_refused(table, case):
    changes, message = WORKBOOKS[case]
    assert message in faults_of(table(rewritten(*changes), "counts.xlsx"))[0]


def write_parquet(path, **columns):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table(columns), path)
    return path


COLUMNS = {"patient": ["P1"], "day": [0.0], "analyte": ["A"], "value": [1.0], "unit": ["1e9/L"]}


def test_a_parquet_table_of_more_cells_than_are_read_is_refused(tmp_path):
    pa = pytest.importorskip("pyarrow")
    path = write_parquet(tmp_path / "rows.parquet", patient=pa.nulls(2 * 10**8))
    assert path.stat().st_size < 10**6
    assert "has 1 columns and 200000000 cells; at most" in faults_of(path)[0]


def test_a_parquet_table_that_declares_more_than_the_memory_is_refused(tmp_path, monkeypatch):
    path = write_parquet(tmp_path / "counts.parquet", **COLUMNS)
    monkeypatch.setattr(parquet, "_BYTES", 10**13)
    assert "TB of memory" in faults_of(path)[0]


@pytest.mark.processor_time(20)
def test_a_long_text_in_every_row_of_a_parquet_table_stays_one(tmp_path):
    pa = pytest.importorskip("pyarrow")
    number = 20_000  # of texts of a megabyte: 20 GB
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * number), ["x" * 10**6])
    columns = {name: values * number for name, values in COLUMNS.items()} | {"day": list(map(float, range(number)))}
    path = write_parquet(tmp_path / "counts.parquet", **columns, comment=texts)
    assert path.stat().st_size < 3 * 10**6
    assert len(read_patients(path)["P1"].observations) == number


@pytest.mark.parametrize(
    ("column", "message"),
    [({"list": [[1, 2]]}, "has columns of lists or structures: list"), ({"\x1b[2J": ["y"]}, "a heading holds U+001B")],
)
def test_what_no_column_of_a_table_can_be_is_refused(tmp_path, column, message):
    assert message in faults_of(write_parquet(tmp_path / "counts.parquet", **COLUMNS, **column))[0]


def test_a_guessed_mapping_never_prints_what_acts_on_a_terminal(table):
    assert repr(guess_mapping(table(HEADER + "P1,0,A\x1b[2J,1,1e9/L\n"))).isprintable()
