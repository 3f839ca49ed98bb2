"""Long functions in pieces: the bits of a whole one, and a cost of compiling that grows as the model does."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kinetics
from kinetics.compile import LANES
from kinetics.compile.assembly import Function, assembly, pieces
from kinetics.compile.definitions import NAMES, describe
from kinetics.compile.equations import Equations
from kinetics.compile.graph import Graph
from kinetics.compile.instructions import Width
from kinetics.model import Model
from tests.benchmarks.chain import chain
from tests.unit.test_lanes import compiled

COUNT = 12


def powers() -> Function:
    """Each result needs the one before; its parts are numbers, integers and truths."""
    graph = Graph()
    x, total = [graph.input("x", index) for index in range(COUNT)], graph.constant(1.0)
    results = []
    for index, base in enumerate(x):
        total = graph.apply("power", base, total) + x[0] * total
        results.append(("out", index, total))
    return Function(("x", "out"), results)


@pytest.fixture(scope="module")
def whole():
    """The function in one piece, for lanes and for a scalar."""
    return {lanes: compiled(powers(), lanes) for lanes in (0, LANES)}


@pytest.mark.parametrize("lanes", [0, LANES])
@settings(max_examples=15)
@given(most=st.integers(1, 400), seed=st.integers(0, 2**32 - 1))
def test_pieces_have_the_bits_of_a_whole(whole, lanes, most, seed):
    x = np.random.default_rng(seed).uniform(-1.5, 1.5, COUNT * max(1, lanes))
    expected, found = np.full_like(x, np.nan), np.full_like(x, np.nan)
    whole[lanes](x, expected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "STATEMENTS", most)
        compiled(powers(), lanes)(x, found)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("most", [1, 2, 3, 1000])
def test_an_entry_is_read_before_it_is_written(monkeypatch, most):
    """Numbers that change places, and their sum."""
    graph = Graph()
    first, second = graph.input("x", 0), graph.input("x", 1)
    monkeypatch.setattr(pieces, "STATEMENTS", most)
    swap = compiled(Function(("x",), [("x", 0, second), ("x", 1, first), ("x", 2, first + second)]), 0)
    x = np.array([1.0, 2.0, 0.0])
    swap(x)
    assert x.tolist() == [2.0, 1.0, 3.0]


def test_memory_between_pieces_is_used_again(monkeypatch):
    """A sum of many terms, of which only the sum so far is handed on."""
    graph = Graph()
    total = graph.constant(0.0)
    for index in range(500):
        total = total + 1.0 / (1.0 + graph.input("x", index))
    monkeypatch.setattr(pieces, "STATEMENTS", 10)
    text = assembly("total", Function(("x", "out"), [("out", 0, total)]), Width(0), fused=True)
    (size,) = re.findall(r"alloca \[(\d+) x double\]", text)
    assert text.count("call void") > 100
    assert int(size) < 10


class Lines:
    """Counts the lines of the package that run: a cost of computing that no other load of the machine changes."""

    def __init__(self) -> None:
        self.count = 0
        self._folder = str(Path(kinetics.__file__).parent)

    def __enter__(self):
        self._before = sys.gettrace()
        sys.settrace(self._frame)
        return self

    def __exit__(self, *_):
        sys.settrace(self._before)

    def _frame(self, frame, *_):
        return self._line if frame.f_code.co_filename.startswith(self._folder) else None

    def _line(self, _frame, event, _argument):
        self.count += event == "line"
        return self._line


def cost(path: Path, size: int) -> dict[str, int]:
    """Of reading a chain and writing all its functions: lines run, nodes, lines of text, those of the longest piece."""
    path.write_text(chain(size))
    longest = written = 0
    with Lines() as lines:
        equations = Equations(Model.load(path))
        for name in NAMES:
            described = describe(equations, name, LANES)
            text = assembly(name, described.function, described.width, fused=True)
            written += text.count("\n")
            longest = max(longest, *(piece.count("\n") for piece in text.split("define")))
    nodes = len(equations.graph._nodes)
    return {"lines run": lines.count, "nodes": nodes, "lines of text": written, "longest piece": longest}


def test_the_cost_of_compiling_grows_as_the_model_does(tmp_path, monkeypatch):
    """Twice the states cost twice as much; a piece, for which LLVM takes more than in proportion, stays as long."""
    monkeypatch.setattr(pieces, "STATEMENTS", most := 100)
    small, large = (cost(tmp_path / "chain.toml", size) for size in (40, 80))
    lines_of_a_statement = 10  # at most: three operands are fetched with two lines each
    assert large.pop("longest piece") < lines_of_a_statement * most
    growth = {what: large[what] / small[what] for what in large}
    assert max(growth.values()) < 2.05, growth
