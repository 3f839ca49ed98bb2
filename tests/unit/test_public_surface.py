"""The public surface: every name explains itself to somebody who has the interpreter and nothing else."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import kinetics

ROOT = Path(__file__).parents[2]
NAMES = [name for name in kinetics.__all__ if not name.startswith("__")]
ARRAY = re.compile(r"\b(ndarray|DataArray|Dataset|DataTree|ArrayLike)\b")
SHAPE = re.compile(
    r"\((?:\.\.\.|time|patient|draw|course|visit|parameter|target|earlier|measurement)"
    r"(?:, ?[\w. ]+)*,?\)|``regimen``|`kinetics\.\w+(?:\.datasets|\.dataset)?` (?:lists|describes)"
)
"""Dims of arrays by name, such as (patient, time), or where the dims of a dataset are listed."""
UNIT = re.compile(r"\bunits?\b|dimensionless|\blogarithm|\bshares?\b|\bin (?:days|months|percent)\b")


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


def entries(text):
    """What a docstring says of each argument, by name, and under ``return`` of what comes back."""
    about, names = {}, []
    for line in section(text, "Parameters").splitlines() + section(text, "Attributes").splitlines():
        if line and not line.startswith(" "):
            names = re.split(r",\s*", line.partition(" :")[0].replace("*", ""))
            line = line.partition(" :")[2]
        for name in names:
            about[name] = f"{about.get(name, '')} {line.strip()}"
    returned = section(text, "Returns") or section(text, "Yields")
    # without a section of its own, the first line says what comes back
    return about | {"return": returned or text.partition("\n\nParameters\n")[0]}


def described_fields(cls):
    """What the class says of each field: in its docstring, or in the string below the field."""
    about = entries(inspect.getdoc(cls) or "")
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0].body
    for field, below in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            about[field.target.id] = below.value.value
    return about


def arrays(thing):
    """Where arrays pass through a function, or through the fields, methods and properties of a class; what is said."""
    if inspect.isclass(thing):
        about = described_fields(thing)
        for field, annotation in vars(thing).get("__annotations__", {}).items():
            if ARRAY.search(str(annotation)) and not field.startswith("_"):
                yield f"{thing.__name__}.{field}", about.get(field, "")
        for name, member in vars(thing).items():
            inner = next((getattr(member, key) for key in ("__func__", "fget", "func") if hasattr(member, key)), member)
            if inspect.isfunction(inner) and not name.startswith("_"):
                yield from ((f"{thing.__name__}.{at}", said) for at, said in arrays(inner))
        return
    about = entries(inspect.getdoc(thing) or "")
    for name, annotation in thing.__annotations__.items():
        if ARRAY.search(str(annotation)):
            yield f"{thing.__name__}({name})", about.get(name, "")


def array_faults(thing):
    """Arrays of which the shape or the unit is not said."""
    shapeless = [f"{where}: no shape" for where, said in arrays(thing) if not SHAPE.search(said)]
    return shapeless + [f"{where}: no unit" for where, said in arrays(thing) if not UNIT.search(said)]


def results():
    """The classes of the package that its verbs, and the methods of public classes, return."""
    found = {}
    for thing in map(public, NAMES):
        for function in (one for one in methods(thing) if inspect.isfunction(one)):
            names = vars(inspect.getmodule(function))
            returned = (names.get(word) for word in re.findall(r"\w+", str(function.__annotations__.get("return"))))
            kinds = (one for one in returned if inspect.isclass(one) and one.__module__.startswith("kinetics."))
            found |= {one.__name__: one for one in kinds}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_arrays_that_pass_have_shape_and_unit(name):
    assert array_faults(public(name)) == []


def test_arrays_of_what_a_verb_returns_have_shape_and_unit():
    of_verbs = results()
    assert {"Fit", "Drawn", "Identification", "SimulationStudy"} <= set(of_verbs)
    assert [fault for one in of_verbs.values() for fault in array_faults(one)] == []


def halves(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The first half, in order, (time,), in the unit of both.

    Parameters
    ----------
    first : numpy.ndarray, (time,)
        In any unit.
    second : numpy.ndarray
        Of as many values as there are, in order (see above).
    """


class Halves:
    """Two halves.

    Attributes
    ----------
    first : numpy.ndarray
        (time,), in days.
    """

    first: np.ndarray
    second: np.ndarray
    """(time,): the other."""

    @property
    def both(self) -> np.ndarray:
        """In order of time."""


def test_an_array_without_shape_or_unit_is_found():
    assert array_faults(halves) == ["halves(second): no shape", "halves(second): no unit"]
    assert array_faults(Halves) == [
        "Halves.both(return): no shape",
        "Halves.second: no unit",
        "Halves.both(return): no unit",
    ]


ORDER = ("until", "every", "cohort", "patients", "seed", "states", "measures", "engine", "out", "resume", "progress")


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isfunction(public(name))])
def test_verbs_share_words_their_order_and_what_they_mean(name):
    parameters = inspect.signature(public(name)).parameters
    shared = [one for one, parameter in parameters.items() if one in ORDER and parameter.kind == parameter.KEYWORD_ONLY]
    assert shared == sorted(shared, key=ORDER.index)
    annotations = {one: str(parameters[one].annotation) for one in shared}
    expected = {"progress": "Progress | None", "engine": "str", "patients": {"int", "int | None"}}
    for one in expected.keys() & annotations.keys():
        assert annotations[one] in expected[one]
    assert parameters["engine"].default == "auto" if "engine" in shared else True
    assert parameters["progress"].default is None if "progress" in shared else True


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


def test_a_simulation_of_patients_does_not_wait_for_what_it_does_not_use():
    code = "import kinetics.simulation, kinetics.measures, kinetics.reports.simulation, sys; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    late = {"matplotlib", "scipy.integrate", "scipy.interpolate", "scipy.optimize", "scipy.stats", "zarr"}
    assert late & set(told.stdout.split()) == set()


def test_verbs_stay_verbs_when_their_rooms_are_imported():
    for room in sorted(path.parent.name for path in (ROOT / "kinetics").glob("*/__init__.py")):
        importlib.import_module(f"kinetics.{room}")
    assert [name for name in NAMES if inspect.ismodule(public(name))] == []


def test_types_are_shipped():
    assert (ROOT / "kinetics" / "py.typed").is_file()


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("fits", r"kinetics.models\(\) lists what ships"),
        ("regimens", r"kinetics.models\(\) lists what ships"),
        ("read_figure", "write kinetics.figures.read_figure"),
        ("profile", "profile='all'"),
        ("save", "kinetics.write_result"),
        ("FitInterrupted", "write kinetics.estimate.FitInterrupted"),
        ("SimulationRequest", "write kinetics.simulation.SimulationRequest"),
    ],
)
def test_a_name_that_is_elsewhere_says_where(name, instead):
    with pytest.raises(AttributeError, match=instead):
        getattr(kinetics, name)


def test_a_warning_points_at_the_line_that_called_the_package():
    def deep():
        from kinetics.errors import warn

        inside = compile("def inner(warn): warn('deep')", str(ROOT / "kinetics" / "results.py"), "exec")
        names = {}
        exec(inside, names)
        names["inner"](warn)

    with pytest.warns(UserWarning, match="deep") as noted:
        deep()
    assert noted[0].filename == __file__
