"""Text files: limits, lines, hashes; and files that try to hang or confuse the reader."""

import contextlib
import os
import time
from pathlib import Path

import pytest

from kinetics.errors import Fault, InputError
from kinetics.files.checksums import content_hash
from kinetics.files.documents import read_document, read_text
from kinetics.files.reading import MAX_TEXT

FULL = MAX_TEXT - 100


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path) -> Fault:
    with pytest.raises(InputError) as error:
        read_document(path)
    (fault,) = error.value.faults
    return fault


def test_every_key_has_its_line(tmp_path):
    text = """# title
[model]
title = "x"
about = '''
[not.a.table]
nor = 'a key'
'''

[states.A]
rate = "1"
"quoted key" = 1
"n\\u0065w" = { inner = 2 }
[states."B.C"]
unit = "mg"
[[courses]]
start = 1
[[courses]]
start = 2
[cohorts.one.parameters]
pk . V = { value = 1 }
"""
    document = read_document(written(tmp_path, text.replace("\n", "\r\n")))
    lines = {
        ("model",): 2,
        ("model", "title"): 3,
        ("states", "A", "rate"): 10,
        ("states", "A", "quoted key"): 11,
        ("states", "A", "new", "inner"): 12,
        ("states", "B.C", "unit"): 14,
        ("courses", 1, "start"): 18,
        ("cohorts", "one", "parameters", "pk", "V", "value"): 20,
        ("nowhere",): 1,
    }
    for keys, line in lines.items():
        assert document.where(*keys) == f"{tmp_path}/file.toml:{line}"


def test_a_byte_order_mark_is_no_fault(tmp_path):
    assert read_document(written(tmp_path, b"\xef\xbb\xbfx = 1")).data == {"x": 1}


@pytest.mark.parametrize(
    ("content", "line", "name", "told"),
    [
        ("a = 1\nb = ", 2, "b", "not valid TOML"),
        ("a = 1\nb = 1\na = 2\n", 3, "a", "Cannot overwrite"),
        ("[t]\nx = 1\n\n[t]\n", 4, "t", "twice"),
        ("[t.A]\nx = 1\n\n[t.A]\n", 4, "t.A", "[t.A] is declared twice; put all its keys under one header"),
        ('a = 1\nb = "x\nc = 3\n', 2, "b", "not valid TOML"),
        ("just words", 1, "", "not valid TOML"),
        ("a = 1\x00", 1, "", "holds U+0000"),
        ("a = 1\nb = 0x" + "f" * 5000, 2, "b", "number too large"),
        ("a = 1\nb = 18446744073709551616", 2, "b", "number too large"),
        ("a = 1\nb = " + "9" * 4301, 2, "", "number too large"),
        ("a = 1\nb = 1" + "_1" * 4301, 2, "", "number too large"),
        ("a = 1\n" + "b." * 50 + "c = 1", 2, "", "nested beyond reason"),
        ("a = 1\n[" + "'b' . " * 50 + "c]", 2, "", "nested beyond reason"),
        ("a = 1\nb = " + "[" * 40 + "]" * 40, 2, "b", "nested beyond reason"),
        ("b = " + "{a.b.c.d = " * 30 + "1" + "}" * 30, 1, "b", "nested beyond reason"),
    ],
)
@pytest.mark.processor_time(5)
def test_what_cannot_be_read_is_placed(tmp_path, content, line, name, told):
    fault = refusal(written(tmp_path, content))
    assert (fault.where, fault.name) == (f"{tmp_path}/file.toml:{line}", name)
    assert told in fault.message


@pytest.mark.parametrize(
    "content",
    [
        "a." * (FULL // 2) + "a = 1",
        "[" + "a." * (FULL // 2) + "a]",
        '"a".' * (FULL // 4) + "a = 1",
        '"\\"".' * (FULL // 5) + "a = 1",
        "'.'." * (FULL // 4) + "a = 1",
        "a = " + "[" * FULL,
        "a = " + "{a = " * (FULL // 5),
        "a = " + "9" * FULL,
        "a" * FULL,
        '"' * FULL,
        "a = '''\n[" + " " * FULL + "\n'''",
        "a = '''\n" + "[ " * (FULL // 2) + "\n'''",
        "a = '''\na" + " " * FULL + "\n'''",
        "a = '''" + '"' * FULL + "'''",
        "#" + "'" * FULL,
        'a = "' + '\\"' * (FULL // 3) + '"',
        '"' + '\\"' * (FULL // 3) + '" = 1',
        '\\"' * (FULL // 3),
        "a = 'a." + '"\\"' * (FULL // 4) + "'",
        "\n" * FULL,
        "[[a]]\n" * (FULL // 6),
        "\n".join(f"k{i}=1" for i in range(80_000)),
        "\n".join(f"[k{i}]" for i in range(80_000)),
    ],
    ids=lambda content: repr(content[:24]),
)
@pytest.mark.processor_time(20)
def test_a_full_file_takes_seconds_at_most(tmp_path, content):
    path = written(tmp_path, content)
    start = time.process_time()
    with contextlib.suppress(InputError):
        read_document(path)
    assert time.process_time() - start < 6


def test_what_is_no_text_is_told(tmp_path):
    assert "not UTF-8 text (byte 11, line 2)" in refusal(written(tmp_path, b"a = 1\nb = '\xff'\n")).message
    assert "not UTF-8 text (byte 0, line 1)" in refusal(written(tmp_path, b"\xff\xfea\x00")).message


def test_a_file_has_a_largest_size(tmp_path):
    assert read_text(written(tmp_path, " " * MAX_TEXT))
    assert "larger than 1000 kB" in refusal(written(tmp_path, " " * (MAX_TEXT + 1))).message


def test_what_is_no_file(tmp_path):
    (tmp_path / "link.toml").symlink_to(tmp_path)
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    assert "is a folder" in refusal(tmp_path).message
    assert "is a folder" in refusal(tmp_path / "link.toml").message
    assert "cannot be read" in refusal(tmp_path / "loop.toml").message
    assert "No such file" in refusal(tmp_path / "none.toml").message
    assert "name holds U+0000" in refusal(tmp_path / "nul\x00.toml").message
    assert "cannot be read" in refusal(tmp_path / ("long" * 1000)).message


@pytest.mark.processor_time(60)
def test_a_pipe_or_a_device_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    assert "no regular file" in refusal(tmp_path / "pipe.toml").message
    assert "no regular file" in refusal(Path("/dev/zero")).message


def test_a_message_is_one_line_whatever_the_names_are():
    fault = Fault("unknown", "a\nb.toml:1", 'k"; import os\nother.toml:2: \x1b[2J')
    assert str(fault) == 'a\\nb.toml:1: k"; import os\\nother.toml:2: \\x1b[2J: unknown'
    assert str(Fault("größer als 3 µg")) == "größer als 3 µg"


def test_content_hash_is_of_content():
    assert content_hash({"a": 1, "b": [1, 2]}) == content_hash({"b": [1, 2], "a": 1})
    assert content_hash({"a": 1}) != content_hash({"a": 2})


@pytest.mark.parametrize(
    "quoted",
    ['x = {y = """q"""", ', '# it\'s """\n', "x = {y = '''it\"s''', ", "x = 'it''s'\n", 'x = "\\""\n'],
)
def test_a_long_key_hides_behind_no_string(tmp_path, quoted):
    """Dotted keys of thousands of parts take tomllib cubic time; words with dots inside a string are no key."""
    key = ".".join("a" * 2000)
    assert refusal(written(tmp_path, f"{quoted}{key} = 1\n")).message == "nested beyond reason"
    assert read_document(written(tmp_path, f"x = '{key}' # {key}\n")).data == {"x": key}
