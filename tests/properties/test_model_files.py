"""Whatever happens to a model file, it is read or refused with faults of its own: nothing else escapes."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinetics.errors import InputError
from kinetics.files.library import library_folder
from kinetics.model import Model

LINES = (library_folder("models") / "alemtuzumab.toml").read_text().split("\n")
COMPOSITE = (library_folder("models") / "reconstitution.toml").read_text().split("\n")
VALUES = (
    "true",
    "nan",
    "-inf",
    "1e999",
    "99999999999999999999",
    "2020-02-02",
    "[]",
    "[[1]]",
    "{}",
    "{ value = {} }",
    "''",
)
TEXTS = ('""', '" "', '"9^9^9^9"', '"a b"', '"\\u0000"', '"CL/0"', '"log(V1)"', '"x.y.z"', '"10**10**8"', '"A_c + V1"')
NAMES = ("exp", '"a b"', '"\\n"', "time", "V1", "__class__", "x" * 70, "a.b.c", "''")


@st.composite
def damaged(draw: st.DrawFn, source: list[str]) -> str:
    lines = list(source)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        key, equals, value = lines[place].partition(" = ")
        match draw(st.sampled_from(["drop", "repeat", "value", "inner", "key", "cut", "insert"])):
            case "drop":
                lines[place] = ""
            case "repeat":
                lines.insert(place, lines[draw(st.integers(0, len(lines) - 1))])
            case "value" if equals:
                lines[place] = f"{key} = {draw(st.sampled_from(VALUES + TEXTS))}"
            case "inner" if value.startswith("{"):
                inner = value.strip("{} ").split(", ")
                part = draw(st.integers(0, len(inner) - 1))
                inner[part] = f"{inner[part].partition(' = ')[0]} = {draw(st.sampled_from(VALUES + TEXTS))}"
                lines[place] = f"{key} = {{ {', '.join(inner)} }}"
            case "key" if equals:
                lines[place] = f"{draw(st.sampled_from(NAMES))} = {value}"
            case "cut":
                lines[place] = lines[place][: draw(st.integers(0, 20))]
            case "insert":
                at = draw(st.integers(0, len(lines[place])))
                lines[place] = lines[place][:at] + draw(st.text(max_size=5)) + lines[place][at:]
            case _:
                pass
    return "\n".join(lines)


def check(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.toml"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        faults = ()
        try:
            Model.load(path)
        except InputError as error:
            faults = error.faults
        for fault in faults:
            assert fault.where.rpartition(":")[0] == str(path) or "/models/" in fault.where, fault
            assert fault.message
            assert "\n" not in str(fault)


@given(damaged(LINES))
@pytest.mark.processor_time(120)
def test_a_damaged_model_is_read_or_refused(text):
    check(text)


@settings(max_examples=40)
@given(damaged(COMPOSITE))
@pytest.mark.processor_time(120)
def test_a_damaged_composite_is_read_or_refused(text):
    check(text)
