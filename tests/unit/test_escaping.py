"""Text of files never acts where it goes: what no file may hold is refused, what is printed is escaped."""

import json
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics.errors import Fault, Faults, InputError
from kinetics.files.documents import read_document, read_text
from kinetics.files.tables import read_table
from kinetics.published import PublishedRow
from kinetics.text.escaping import forbidden_character, json_text, markdown_text, one_line, safe_lines

# from Unicode: controls (C0, DEL, C1), line and paragraph separators, what sets the direction of others
ACTING = ["\x00", "\x07", "\x08", "\r", "\x1b", "\x7f", "\x9b", "\u2028", "\u2029", "\u202e", "\u2066", "\ufffe"]


@pytest.mark.parametrize("character", ACTING)
def test_a_file_with_a_character_that_acts_is_refused_with_its_line(tmp_path, character):
    path = tmp_path / "file.toml"
    path.write_text(f'a = 1\n# harmless\nb = "x{character}y"\nc = "{character}"\n', newline="")
    with pytest.raises(InputError) as refused:
        read_text(path)
    assert [fault.where for fault in refused.value.faults] == [f"{path}:3", f"{path}:4"]
    assert all(f"U+{ord(character):04X}" in fault.message for fault in refused.value.faults)


@pytest.mark.parametrize("character", ACTING)
def test_one_that_is_written_as_an_escape_is_refused_with_its_key(tmp_path, character):
    path = tmp_path / "file.toml"
    escape = f"\\u{ord(character):04x}"
    path.write_text(f'[t]\nabout = "x{escape}"\nlist = ["a", "{escape}"]\n"k{escape}" = 1\n')
    with pytest.raises(InputError) as refused:
        read_document(path)
    assert {fault.where for fault in refused.value.faults} == {f"{path}:{line}" for line in (2, 3, 4)}


def test_prose_has_several_lines_and_nothing_else(tmp_path):
    path = tmp_path / "file.toml"
    path.write_text('about = """a\nb\tc"""\nnote = "a\\nb"\n')
    assert read_document(path).data["about"] == "a\nb\tc"
    path.write_text('about = "a"\ntitle = "a\\nb"\nunit = """m\ng"""\n')
    with pytest.raises(InputError) as refused:
        read_document(path)
    assert {(fault.where, fault.name) for fault in refused.value.faults} == {
        (f"{path}:2", "title"),
        (f"{path}:3", "unit"),
    }


def test_a_field_of_a_table_has_one_line_unless_it_is_prose(tmp_path):
    path = tmp_path / "table.csv"
    head = "name,use,kind,statistic,output,regimen,cohort,time,value,unit,sd,n,source,note"
    path.write_text(f'{head}\n"a\nb",fit,count,mean,N,r,c,1 day,1,1e9/L,1,9,choice,"one\ntwo"\n')
    faults = Faults()
    assert read_table(path, PublishedRow, faults) == []
    assert [str(fault) for fault in faults] == [f"{path}:4: a\\nb.name: holds U+000A (a line feed); remove it"]


def test_windows_lines_and_every_script_are_fine(tmp_path):
    path = tmp_path / "file.toml"
    text = 'title = "Лимфоциты، שלום، 細胞 10⁹/L µ\u00a0\u200c"\r\n'
    path.write_bytes(text.encode())
    assert read_document(path).data["title"] == text.split('"')[1]


def test_the_name_of_a_file_is_the_name_of_what_it_holds(tmp_path):
    path = tmp_path / "a\x1b[2J.toml"
    path.write_text("a = 1")
    with pytest.raises(InputError, match="name holds U\\+001B"):
        read_document(path)


@given(st.text())
def test_what_is_printed_does_not_act_and_what_shows_is_kept(text):
    for shown in (one_line(text), safe_lines(text).replace("\n", ""), str(Fault(text))):
        assert all(unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp") for c in shown)
        assert not any(c in shown for c in ACTING)
    if text.isprintable():
        assert one_line(text) == text


@given(st.text())
def test_json_is_printable_and_says_the_same(text):
    printed = json_text({text: [text]})
    assert json.loads(printed) == {text: [text]}
    assert safe_lines(printed) == printed


@given(st.text(alphabet=st.sampled_from("a_*`|[]<>#$~&\\\n\t ")))
def test_markdown_begins_nothing_and_stays_a_cell(text):
    written = markdown_text(text)
    assert "\n" not in written
    unescaped = [c for i, c in enumerate(written) if not _escaped(written, i)]
    assert not set(unescaped) & set("*`|[]<>#$~&")
    # what a reader sees is the text, with its white space as one space
    assert "".join(c for i, c in enumerate(written) if not (c == "\\" and not _escaped(written, i))) == " ".join(
        text.split()
    )


def _escaped(text, index):
    before = text[:index]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


HOSTILE = "\x1b[31m\x9b2J\u202e\x07\r"


@pytest.mark.parametrize("arguments", [("show", "X"), ("X",), ("show", "--X"), ("check", "X.toml"), ("check", "X.csv")])
def test_what_was_typed_comes_back_escaped(arguments):
    command = [sys.executable, "-m", "kinetics.cli", *(word.replace("X", f"X{HOSTILE}") for word in arguments)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 2
    told = (done.stdout + done.stderr).decode()
    assert "\\x1b[31m" in told
    assert forbidden_character(told, lines=True) is None
