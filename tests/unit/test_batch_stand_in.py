"""`kinetics.compile.stub`, against which templates are written, is what the generator writes for its model."""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from kinetics.compile import compile_model, source, stub
from kinetics.engines.batch import program
from kinetics.model import Model
from kinetics.model.quantities import Output, Parameter, State

TEMPLATES = [
    Path(source.__file__).with_name("arrays.py"),
    *sorted((Path(program.__file__).parent / "kernels").glob("*.py")),
]
FUNCTIONS = sorted(name for name, value in vars(stub).items() if hasattr(value, "py_func"))
TABLES = sorted(name for name, value in vars(stub).items() if isinstance(value, np.ndarray) and name[0] != "_")
SIZE = 64


def smallest() -> Model:
    y, k = sp.symbols("y k")
    return Model.from_symbols(
        "smallest",
        time="day",
        parameters=[Parameter(name="k", value=1.0, unit="1/day")],
        states=[State(name="y", unit="1", initial=1, rate=-k * y)],
        outputs=[Output(name="out", unit="1", value=y)],
    )


@pytest.fixture(scope="module")
def written():
    return compile_model(smallest()).functions


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_it_has_every_name_a_template_takes_from_it(template):
    wanted = [
        alias.name
        for node in ast.walk(ast.parse(template.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "kinetics.compile.stub"
        for alias in node.names
    ]
    assert [name for name in wanted if not hasattr(stub, name)] == []


def test_some_templates_take_names_from_it():
    texts = [path for path in TEMPLATES if "from kinetics.compile.stub import" in path.read_text()]
    assert {"arrays.py", "integration.py", "tangent.py"} <= {path.name for path in texts}


def defined(tree: ast.Module) -> set[str]:
    """Functions and constants at the top of a module."""
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    stored = (node for statement in tree.body if isinstance(statement, ast.Assign) for node in ast.walk(statement))
    return names | {node.id for node in stored if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def test_it_has_the_names_the_generator_writes_and_no_others():
    appended = defined(ast.parse(TEMPLATES[0].read_text()))
    generated = defined(ast.parse(source.generate(smallest()))) - appended
    own = {name for name in defined(ast.parse(Path(stub.__file__).read_text())) if not name.startswith("_")}
    assert own == generated


def test_its_numbers_and_tables_are_those_of_the_generator(written):
    for name in ("PARAMETERS", "CONSTANTS", "STATES", "OUTPUTS", "FACTORS", "LANES"):
        assert getattr(stub, name) == getattr(written, name), name
    assert len(TABLES) == 8
    for name in TABLES:
        np.testing.assert_array_equal(getattr(stub, name), getattr(written, name), err_msg=name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_its_functions_do_what_the_generators_do(written, name):
    mine, theirs = (getattr(module, name).py_func for module in (stub, written))
    assert list(inspect.signature(mine).parameters) == list(inspect.signature(theirs).parameters)
    generator = np.random.default_rng(0)
    arrays = {word: generator.uniform(0.5, 2.0, SIZE) for word in inspect.signature(mine).parameters}
    arrays |= {"w": 3.7} if "w" in arrays and not name.endswith("_lanes") else {}
    after = []
    for function in (mine, theirs):
        given = {word: value if isinstance(value, float) else value.copy() for word, value in arrays.items()}
        function(**given)
        after.append(given)
    for word in arrays:
        np.testing.assert_allclose(after[0][word], after[1][word], rtol=1e-14, err_msg=word)
