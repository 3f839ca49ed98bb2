"""Published tables: what a row must say, and every fault of a file at once."""

import math
import time
from pathlib import Path

import pytest

from kinetics.errors import Faults
from kinetics.files.kinds import kind_of
from kinetics.files.library import library_folder
from kinetics.files.tables import read_table
from kinetics.published import PublishedRow

GOOD = {
    "name": "CD4",
    "use": "fit",
    "kind": "count",
    "statistic": "mean",
    "output": "CD4",
    "regimen": "r",
    "cohort": "c",
    "time": "1 month",
    "value": "0.5",
    "unit": "1e9/L",
    "source": "choice",
}


def written(folder: Path, *rows: dict, columns=None) -> Path:
    columns = columns or list(dict.fromkeys(key for row in rows for key in row))
    path = folder / "table.csv"
    path.write_text("\n".join([",".join(columns), *(",".join(str(row.get(c, "")) for c in columns) for row in rows)]))
    return path


def faults_of(path: Path) -> list[str]:
    faults = Faults()
    started = time.process_time()
    read_table(path, PublishedRow, faults)
    assert time.process_time() - started < 2
    return [str(fault) for fault in faults]


def published_tables() -> list[Path]:
    """Tables that ship; the evidence is a CSV file of another kind."""
    return [path for path in sorted(library_folder("fits").glob("*.csv")) if kind_of(path) == "table"]


@pytest.mark.parametrize("path", published_tables(), ids=lambda path: path.stem)
def test_tables_that_ship_are_right(path):
    faults = Faults()
    assert read_table(path, PublishedRow, faults)
    assert not list(faults)


def row(**changes) -> PublishedRow:
    return PublishedRow.model_validate({key: text for key, text in (GOOD | changes).items() if text != ""})


def test_the_log_standard_error_is_the_one_given_else_from_the_interval_else_from_sd_and_n():
    everything = {"log_se": "0.3", "lower": "0.4", "upper": "0.6", "sd": "0.2", "n": "100"}
    assert row(**everything).own_log_se() == 0.3
    assert row(**everything | {"log_se": ""}).own_log_se() == pytest.approx(math.log(1.5) / 2 / 1.96, rel=1e-4)
    assert row(sd="0.2", n="100").own_log_se() == pytest.approx(0.2 / 0.5 / 10)
    assert row().own_log_se() is None


def test_the_interval_of_hill_cawthorne_gives_the_published_error():
    (placed,) = (
        r
        for r in read_table(library_folder("fits") / "hill_cawthorne_2012.csv", PublishedRow, Faults())
        if r.row.name == "B_recovery"
    )
    assert placed.row.model_copy(update={"log_se": None}).own_log_se() == pytest.approx(placed.row.log_se, abs=5e-4)


@pytest.mark.parametrize(
    ("change", "name", "message"),
    [
        ({"kind": "quotient"}, "CD4.kind", "input should be 'count'"),
        ({"statistic": "mode"}, "CD4.statistic", "input should be 'mean'"),
        ({"use": "train"}, "CD4.use", "input should be 'fit'"),
        ({"n": "-3"}, "CD4.n", "greater than 0"),
        ({"n": "2.5"}, "CD4.n", "integer"),
        ({"value": "nan"}, "CD4.value", "is no finite number: 'nan'"),
        ({"value": "inf"}, "CD4.value", "finite number"),
        ({"value": "-1"}, "CD4", "value must be positive, found -1"),
        ({"value": "many"}, "CD4.value", "is no finite number: 'many'"),
        ({"log_se": "0"}, "CD4.log_se", "greater than 0"),
        ({"sd": "1e999"}, "CD4.sd", "finite number"),
        ({"output": ""}, "CD4.output", "missing"),
        ({"unit": ""}, "CD4.unit", "missing"),
        ({"time": ""}, "CD4", "kind 'count' needs a 'time'"),
        ({"level": "0.4 1e9/L"}, "CD4", "kind 'count' has no 'level'"),
        ({"kind": "time_to_threshold", "time": ""}, "CD4", "kind 'time_to_threshold' needs a 'level'"),
        ({"value": ""}, "CD4", "statistic 'mean' needs a 'value'"),
        ({"lower": "0.6", "upper": "0.8"}, "CD4", "the interval excludes its own value 0.5"),
        ({"lower": "0.8", "upper": "0.6"}, "CD4", "interval 0.8 to 0.6 is empty"),
        ({"lower": "0.4"}, "CD4", "an interval needs both 'lower' and 'upper'"),
        ({"statistic": "range"}, "CD4", "a range has no 'value'"),
        ({"statistic": "range", "value": ""}, "CD4", "a range needs 'lower' and 'upper'"),
        ({"source": "nobody_1999"}, "CD4.source", "source 'nobody_1999' is in no references.bib"),
    ],
)
def test_each_fault_has_file_line_and_name(tmp_path, change, name, message):
    path = written(
        tmp_path,
        GOOD | {"name": "first"},
        GOOD | change,
        columns=[*GOOD, "level", "lower", "upper", "sd", "n", "log_se"],
    )
    found = faults_of(path)
    assert any(fault.startswith(f"{path}:3: {name}: ") and message in fault for fault in found), found
    assert all(fault.startswith(f"{path}:3: ") for fault in found)


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    rows = [
        GOOD | {"value": "many", "n": "0"},
        GOOD | {"name": "B", "kind": "x"},
        GOOD | {"name": "C"},
        GOOD | {"name": "C"},
    ]
    path = written(tmp_path, *rows, columns=[*GOOD, "n", "colour"])
    found = "\n".join(faults_of(path))
    for part in (":1: colour: unknown column", ":2: CD4.value", ":2: CD4.n", ":3: B.kind", ":5: C: duplicate name"):
        assert part in found


HEAD = b"name,use,kind,statistic,output,regimen,cohort"


def test_a_missing_column_is_told_once(tmp_path):
    rows = [{key: text for key, text in GOOD.items() if key != "cohort"} | {"name": str(n)} for n in range(3)]
    path = written(tmp_path, *rows)
    assert faults_of(path) == [f"{path}:1: cohort: missing column"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no line of names of columns"),
        (b"\xff\xfe\x00name", "not UTF-8 text"),
        (HEAD + b'\n"CD4,fit\n', "not a CSV table"),
        (HEAD + b",name\nA,B\n", "duplicate column"),
        (HEAD + b"\n" + b"x," * 400_000, "more or fewer fields"),
        (HEAD + b"\n" + b"x" * 900_000, "not a CSV table"),
        (b"x" * 1_100_000, "larger than 1000 kB"),
        (b"name\n" + b"\x00\x00\n", "holds U+0000"),
    ],
    ids=["empty", "bytes", "quote", "twice", "wide", "long", "large", "nul"],
)
def test_unreadable_tables(tmp_path, content, message):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert message in "\n".join(faults_of(path))


def test_no_such_table(tmp_path):
    assert "cannot be read" in faults_of(tmp_path / "absent.csv")[0]


def test_a_row_of_more_fields_than_the_header(tmp_path):
    path = written(tmp_path, GOOD)
    path.write_text(path.read_text() + ",extra")
    (fault,) = faults_of(path)
    assert fault == f"{path}:2: CD4: has more or fewer fields than the header; quote a text that holds a comma"


def test_ten_thousand_wrong_rows_are_all_told_in_time(tmp_path):
    path = written(tmp_path, *(GOOD | {"name": str(n), "value": "-1"} for n in range(8_000)))
    assert len(faults_of(path)) == 8_000


@pytest.mark.parametrize(
    ("head", "look"),
    [
        ("ID,TIME,DV,MDV", "measurements of patients, which 'kinetics data read FILE' reads"),
        ("patient,day,cd4", "measurements of patients"),
        ("pk.weight [kg],pk.sex", "known patients, which 'kinetics simulate MODEL --covariates FILE' reads"),
        ("mark,statement,value", "evidence, which 'kinetics evidence FILE' reads"),
        ("x,y", "its columns are x, y"),
        ("", "no line of names of columns"),
    ],
)
def test_a_table_of_another_kind_is_called_by_what_it_looks_like_and_no_column_is_told(tmp_path, head, look):
    path = tmp_path / "table.csv"
    path.write_text(f"{head}\n" + "1,2,3,4\n" * 50)
    (told,) = faults_of(path)
    assert told.startswith(f"{path}:1: is no published table, which has at least the columns name, use, kind")
    assert look in told


@pytest.mark.parametrize("column", ["value", "sd", "n", "lower", "upper", "log_se", "rounding"])
@pytest.mark.parametrize("text", ["1_0", "٣", "²", "0x1", "nan", "inf"])
def test_a_number_of_a_table_is_read_by_the_one_rule(tmp_path, column, text):
    found = [fault for fault in faults_of(written(tmp_path, GOOD | {column: text})) if column in fault]
    assert [fault.split(": ", 1)[1] for fault in found] == [f"{GOOD['name']}.{column}: is no finite number: {text!r}"]


def test_a_table_of_half_a_million_rows_is_refused_at_once(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(",".join(GOOD) + "\n" + "a\n" * 480_000)
    assert faults_of(path)[-1] == f"{path}:10002: more than 10000 rows; what follows is not read"
