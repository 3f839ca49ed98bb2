"""The public surface: every name explains itself to somebody who has the interpreter and nothing else."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kinetics

ROOT = Path(__file__).parents[2]
NAMES = [name for name in kinetics.__all__ if not name.startswith("__")]
ARRAY = re.compile(r"\b(ndarray|DataArray|Dataset|ArrayLike)\b")
SHAPE = re.compile(r"\((?:[\w., -]+,?)\)|\bon \(|\bscalar\b|\bone (?:number|value)\b")
UNIT = re.compile(r"\bunits?\b|``units``|dimensionless|\bin \w+\b")


def public(name):
    return getattr(kinetics, name)


def methods(thing):
    """What a class itself defines in public, and the class."""
    yield thing
    if inspect.isclass(thing):
        for name, member in vars(thing).items():
            inner = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
            if not name.startswith("_") and (inspect.isfunction(inner) or isinstance(inner, property)):
                yield inner


def section(text, title):
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_a_docstring_and_so_has_what_it_offers(name):
    missing = [getattr(one, "__qualname__", str(one)) for one in methods(public(name)) if not inspect.getdoc(one)]
    assert missing == []


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_is_described(name):
    thing = public(name)
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return
    text = section(inspect.getdoc(thing) or "", "Parameters")
    parameters = [one for one in inspect.signature(thing).parameters if one not in {"self", "args", "kwargs"}]
    described = set(re.findall(r"[\w*]+", " ".join(re.findall(r"^[\w*, ]+(?= :|$)", text, re.MULTILINE))))
    assert [one for one in parameters if one.lstrip("*") not in {word.lstrip("*") for word in described}] == []


@pytest.mark.parametrize("name", NAMES)
def test_arrays_that_pass_have_shape_and_unit(name):
    faults = []
    for thing in methods(public(name)):
        if not inspect.isfunction(thing):
            continue
        annotations = {key: str(value) for key, value in thing.__annotations__.items()}
        arrays = [key for key, value in annotations.items() if ARRAY.search(value)]
        text = inspect.getdoc(thing) or ""
        if arrays and not (SHAPE.search(text) and UNIT.search(text)):
            faults.append(f"{thing.__qualname__}: {', '.join(arrays)}")
    assert faults == []


@pytest.mark.parametrize("name", NAMES)
def test_every_verb_and_class_shows_an_example(name):
    thing = public(name)
    if inspect.isclass(thing) and issubclass(thing, Exception):
        return
    assert ">>> " in (inspect.getdoc(thing) or ""), name


def test_names_are_completed_without_being_imported():
    ask = (
        "import kinetics, sys; print(*dir(kinetics)); assert 'numba' not in sys.modules and 'xarray' not in sys.modules"
    )
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(told.stdout.split()) == set(kinetics.__all__)


def test_verbs_stay_verbs_when_their_rooms_are_imported():
    for room in sorted(path.parent.name for path in (ROOT / "kinetics").glob("*/__init__.py")):
        importlib.import_module(f"kinetics.{room}")
    assert [name for name in NAMES if inspect.ismodule(public(name))] == []


def test_types_are_shipped():
    assert (ROOT / "kinetics" / "py.typed").is_file()
