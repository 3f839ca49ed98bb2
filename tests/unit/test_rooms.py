"""The rooms of the package: what CONTRIBUTING.md lists is what the folders are, and imports run down the list."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kinetics"
MODULES = sorted(PACKAGE.rglob("*.py"))
ENTRY = PACKAGE / "__init__.py"  # the flat namespace names every verb and stands above the order
LINES, FILES, FUNCTION = 250, 16, 60


def listed_rooms():
    """The rooms in the order of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"Inside `kinetics/`.*?^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [re.match(r"\w+", line)[0] for line in block[1].splitlines()]


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path):
    """The rooms that a module imports from, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} is a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.startswith("kinetics.") and name != "kinetics.__version__":
                yield name.split(".")[1], node.lineno


def test_every_room_is_listed_and_every_listed_room_exists():
    rooms = {room_of(path) for path in MODULES if path != ENTRY}
    assert sorted(listed_rooms()) == sorted(rooms)


@pytest.mark.parametrize("path", [path for path in MODULES if path != ENTRY], ids=lambda path: path.stem)
def test_imports_run_down_the_list(path):
    order = {room: rank for rank, room in enumerate(listed_rooms())}
    own = order[room_of(path)]
    upwards = [f"line {line}: {room}" for room, line in imported_rooms(path) if order[room] > own]
    assert upwards == []


def cycles(graph):
    """Modules that import one another in a circle, as strongly connected components of more than one."""
    graph = {module: {to for to in targets if to in graph and to != module} for module, targets in graph.items()}
    reach = {}
    for module in graph:
        reach[module], todo = set(), [module]
        while todo:
            for to in graph[todo.pop()] - reach[module]:
                reach[module].add(to)
                todo.append(to)
    return {module for module, reached in reach.items() if module in reached}


def is_for_types(node):
    """Whether a statement is read by type checkers alone."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def test_no_module_imports_itself_in_a_circle():
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in MODULES if path.stem != "__init__"
    }
    graph = {}
    for name, path in names.items():
        graph[name] = set()
        body = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if not is_for_types(node)]
        for node in (inner for statement in body for inner in ast.walk(statement)):
            if isinstance(node, ast.ImportFrom) and node.module:
                graph[name] |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    assert cycles(graph) == set()


def imported_at_once(module):
    """The modules of the package that importing one imports, by the statements outside functions."""
    graph, todo = {}, [module]
    while todo:
        name = todo.pop()
        path = ROOT / name.replace(".", "/")
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in graph or not path.is_file():
            continue
        graph[name] = path
        todo.append(name.rpartition(".")[0])
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                todo += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return set(graph)


HEAVY = {"estimate", "published", "interop", "crossvalidation", "variants"}


@pytest.mark.parametrize("module", ["patients.individual.forecasting", "reports.patient.text", "figures.patient.draw"])
def test_predicting_and_drawing_a_patient_imports_no_fit_of_published_numbers(module):
    imported = imported_at_once(f"kinetics.{module}") | imported_at_once("kinetics.figures.drawing")
    assert "kinetics.figures.resolving" in imported
    assert {name.split(".")[1] for name in imported if "." in name} & HEAVY == set()


def length(path, function):
    """The lines of a function; of a command those of its body alone, for its signature declares the options."""
    is_command = path.is_relative_to(PACKAGE / "cli") and function.decorator_list == [] and path.stem == function.name
    return function.end_lineno - (function.body[0] if is_command else function).lineno + 1


def test_modules_functions_and_folders_are_small():
    faults = []
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT)
        if len(text.splitlines()) > LINES:
            faults.append(f"{name} has {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and (lines := length(path, node)) > FUNCTION:
                faults.append(f"{name}:{node.lineno}: {node.name} has {lines} lines")
    for folder in {path.parent for path in MODULES}:
        number = len(list(folder.glob("*.py")))
        if number > FILES:
            faults.append(f"{folder.relative_to(ROOT)} has {number} files")
    assert faults == []


PICKLES = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
EXECUTING = PICKLES | {"eval", "exec", "sympify", "parse_expr", "literal_eval"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_takes_what_executes_the_text_of_a_file(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {getattr(node, "module", None) or "", *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Call):
            names |= {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}
    assert {name.split(".")[0] for name in names} & EXECUTING == set()
