"""Compiled code that is damaged, cut off, or has no place to lie in: the numbers are the same, and it is said."""

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from kinetics.compile import checked_files as files
from kinetics.compile.assembly import Function
from kinetics.compile.definitions import Described
from kinetics.compile.graph import Graph
from kinetics.compile.instructions import Width
from kinetics.compile.memory import address
from kinetics.compile.object_code import load
from kinetics.errors import StorageError

KEY = "e" * 24
LOOP = """
from kinetics.engines.batch.machine_code import entry

@entry
def answer(x):
    return x * 21.0
"""


def answered() -> tuple[float, int]:
    """What a function of a model makes of 2, and whether its code came from the cache."""
    described = []

    def describe() -> Described:
        described.append(1)
        graph = Graph()
        product = 21.0 * graph.input("x", 0)
        return Described(Function(("x", "out"), [("out", 0, product)]), Width(0), [(0, 0)])

    code, x, out = load(KEY, "answer", 0, describe), np.array([2.0]), np.empty(1)
    assert (code.arrays, code.size, code.entries.tolist()) == (("x", "out"), 1, [[0], [0]])
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(code.address)(address(x), address(out))
    return float(out[0]), 1 - len(described)


def looped(own_cache: Path) -> tuple[float, int]:
    """The same of a function that numba compiles."""
    path = own_cache.parent / "loops" / "loop.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(LOOP)
    spec = importlib.util.spec_from_file_location("loop", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.answer(2.0), sum(module.answer.stats.cache_hits.values())


def told(function, *arguments) -> tuple[float, int, list[str]]:
    """What a function answers, whether from the cache, and what is said meanwhile."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        value, hits = function(*arguments)
    return value, hits, [str(one.message) for one in said]


def damage(path: Path, kind: str) -> None:
    raw = path.read_bytes()
    if kind == "folder":
        path.unlink()
        path.mkdir()
        (path / "inside").write_text("x")
    elif kind == "link":
        path.symlink_to(path.rename(path.parents[2] / "elsewhere"))
    elif kind == "flipped":
        path.write_bytes(raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:])
    else:
        path.write_bytes({"empty": b"", "half": raw[: len(raw) // 2], "garbage": b"\x80\x04garbage"}[kind])


@pytest.mark.parametrize("kind", ["empty", "half", "garbage", "flipped", "folder", "link"])
@pytest.mark.parametrize("name", ["answer_0.object", "answer-*.code"])
def test_a_damaged_file_is_thrown_away_and_made_anew_once(own_cache, kind, name):
    own_cache.mkdir(mode=0o700)
    call = (answered,) if name.endswith("object") else (looped, own_cache)
    assert told(*call) == (42.0, 0, [])
    assert told(*call) == (42.0, 1, [])
    (path,) = own_cache.glob(f"*/{name}")
    before = path.read_bytes()
    damage(path, kind)
    assert told(*call) == (42.0, 0, [f"compiled code in {path.parent} is damaged; it is made anew"])
    assert told(*call) == (42.0, 1, [])
    assert call[0] is looped or path.read_bytes() == before
    if kind == "link":  # what it led to is not of the cache
        assert (own_cache.parent / "elsewhere").read_bytes() == before


def test_any_byte_that_changes_is_noticed(own_cache):
    own_cache.mkdir(mode=0o700)
    path, content = own_cache / KEY / "some.object", bytes(range(256))
    files.write_checked(path, content)
    whole = path.read_bytes()
    assert files.read_checked(path) == content
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 16]) + whole[position + 1 :])
        with pytest.warns(UserWarning, match="is damaged; it is made anew"):
            assert files.read_checked(path) is None
        assert not path.exists()


def test_threads_that_compile_different_models_at_once_do_not_meet(own_cache):
    own_cache.mkdir(mode=0o700)

    def described(number: float) -> Described:
        graph = Graph()
        result = graph.input("x", 0)
        for _ in range(100):
            result = graph.apply("exp", result) * number
        return Described(Function(("x", "out"), [("out", 0, result)]), Width(0), ())

    def loaded(number: int) -> int:
        return load(f"{number:024x}", "answer", 0, lambda: described(float(number))).address

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(loaded, range(16)))) == 16


OTHER_TYPES = """
import sys
import numba, numpy
for length in range(int(sys.argv[1])):
    numba.from_dtype(numpy.dtype([(f"name_{length}", float)]))
from kinetics import simulate
from kinetics.engines.batch.kernels.integration import integrate
print(float(simulate("alemtuzumab", regimen="ms_licensed", until="1 month", engine="batch")["C"].sum()))
print(sum(integrate.stats.cache_hits.values()))
"""


def test_the_loops_are_loaded_by_a_process_that_met_other_types_before(own_cache):
    # numba numbers the types that it meets and writes these numbers into the names of compiled code
    own_cache.mkdir(mode=0o700)
    answers = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", OTHER_TYPES, count], capture_output=True, text=True, check=True
        ).stdout.split()
        for count in ("0", "1000")
    ]
    assert [hits for _, hits in answers] == ["0", "1"]
    assert len({total for total, _ in answers}) == 1


def test_a_file_in_place_of_the_folder(own_cache):
    own_cache.mkdir(mode=0o700)
    (own_cache / KEY).write_text("in the way")
    assert told(answered) == (42.0, 0, [f"compiled code in {own_cache} is damaged; it is made anew"])
    assert told(answered) == (42.0, 1, [])


def test_a_full_disk_costs_the_cache_and_not_the_answer(own_cache, monkeypatch):
    def full(path, content):
        raise StorageError(f"{path.name}: no room")

    own_cache.mkdir(mode=0o700)
    monkeypatch.setattr(files, "write_atomically", full)
    for call in ((answered,), (looped, own_cache)):
        value, hits, said = told(*call)
        assert (value, hits, len(said)) == (42.0, 0, 1)
        assert "compiled code is not kept: " in said[0]


TWO = """
import sys, time
from kinetics.compile import checked_files, compile_model
from kinetics.model import Model

whole = checked_files.write_atomically
def slow(path, content):
    if sys.argv[1] in path.name:
        path.with_name(".cut-off").write_bytes(content[: len(content) // 2])
        print("now", flush=True)
        time.sleep(60)
    whole(path, content)

checked_files.write_atomically = slow
system = compile_model(Model.load("alemtuzumab"))
print(system.functions.initial(system.constants(system.parameter_array())))
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL here")
@pytest.mark.parametrize("moment", ["constants", "start"])
def test_of_two_processes_one_is_killed_while_it_compiles(own_cache, moment):
    first = subprocess.Popen([sys.executable, "-c", TWO, moment], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    second = [sys.executable, "-W", "error", "-c", TWO, "never"]
    with first.stdout:
        assert first.stdout.readline() == "now\n"
        assert subprocess.run(second, capture_output=True, text=True, check=True).stdout == "[0. 0.]\n"
        first.send_signal(signal.SIGKILL)
    first.wait()
    assert subprocess.run(second, capture_output=True, text=True, check=True).stdout == "[0. 0.]\n"


FALLBACK = "import warnings; warnings.simplefilter('ignore'); from kinetics.compile.cache import cache_folder as f; "


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
@pytest.mark.parametrize("end", ["", "raise SystemExit(3)", "import os; os.fork() or os._exit(0)"])
def test_a_temporary_folder_goes_with_its_process(tmp_path, end):
    (tmp_path / "open").mkdir(mode=0o777)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "t").mkdir()
    where = {**os.environ, "LYMPHOKINETICS_CACHE": str(tmp_path / "open"), "TMPDIR": str(tmp_path / "t")}
    code = f"{FALLBACK} print(f()); (f() / 'x').write_text('x'); {end}"
    done = subprocess.run([sys.executable, "-c", code], env=where, capture_output=True, text=True, check=False)
    assert done.stdout.startswith(str(tmp_path / "t"))
    assert list((tmp_path / "t").iterdir()) == []


MODEL = """
[model]
title = "decay"
time = "day"
[parameters]
k = { value = 0.1, unit = "1/day", source = "choice" }
A0 = { value = 1.0, unit = "mg", source = "choice" }
[states.A]
unit = "mg"
initial = "A0"
rate = "-k*A"
[outputs.amount]
unit = "mg"
value = "A"
"""


@pytest.fixture
def installed():
    """A copy of the package that nobody may write to, and a home of the same kind."""
    root = Path(tempfile.mkdtemp())
    package = Path(files.__file__).parents[1]
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, root / "kinetics", ignore=ignore)
    for name in ("models", "fits"):
        shutil.copytree(package.parent / name, root / name, ignore=ignore)
    (root / "home").mkdir()
    (root / "m.toml").write_text(MODEL)
    (root / "t").mkdir()
    subprocess.run(["chmod", "-R", "a-w,a+rX", root], check=True)
    (root / "t").chmod(0o1777)
    yield root
    subprocess.run(["chmod", "-R", "u+w", root], check=True)
    shutil.rmtree(root)


def without_privilege() -> list[str]:
    """What a command begins with so that the modes of files count, for root too."""
    if not hasattr(os, "geteuid"):
        pytest.skip("modes are POSIX's")
    if os.geteuid():
        return []
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if shutil.which("setpriv") is None or subprocess.run([*drop, "true"], check=False).returncode:
        pytest.skip("root may write anywhere, and cannot give that up here")
    return drop


def run_there(installed: Path, *command: str, cache: str | None = None) -> subprocess.CompletedProcess:
    where = {"HOME": str(installed / "home"), "TMPDIR": str(installed / "t"), "PYTHONPATH": str(installed)}
    where |= {"PATH": os.defpath} | ({"LYMPHOKINETICS_CACHE": cache} if cache else {})
    whole = [*without_privilege(), sys.executable, *command]
    return subprocess.run(whole, env=where, capture_output=True, text=True, cwd="/", check=False)


@pytest.mark.parametrize("cache", [None, "/proc/no/such", "there"])
def test_installed_read_only_with_a_read_only_home(installed, cache):
    call = ["simulate", str(installed / "m.toml"), "--until", "2 day", "--every", "1 day"]
    place = str(installed / "t" / "there") if cache == "there" else cache
    done = run_there(installed, "-m", "kinetics.cli", *call, cache=place)
    assert done.returncode == 0, done.stderr
    assert ("for this run" in done.stderr) == (cache != "there")
    assert [path.name for path in (installed / "t").iterdir()] == (["there"] if cache == "there" else [])


def test_where_nothing_can_be_written_at_all_it_is_said(installed):
    (installed / "t").chmod(0o555)
    code = (
        "import os, tempfile; tempfile._candidate_tempdir_list = lambda: [os.environ['TMPDIR']]; "
        "from kinetics.compile.cache import cache_folder; cache_folder()"
    )
    done = run_there(installed, "-c", code)
    assert "InputError: cannot keep compiled code in " in done.stderr
    assert "name one that can be written to in LYMPHOKINETICS_CACHE" in done.stderr
