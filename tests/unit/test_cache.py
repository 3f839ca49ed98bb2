"""Compiled code that is damaged, cut off, or has no place to lie in: the numbers are the same, and it is said."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from kinetics.compile import checked_files as files
from kinetics.compile.cache import load_module
from kinetics.errors import StorageError

KEY = "e" * 24
TEXT = """
from kinetics.compile.machine_code import njit

LARGE = 21.0

@njit(cache=True, error_model="numpy")
def answer(x):
    return x * LARGE
"""


def load() -> tuple[float, int, list[str]]:
    """What a process gets that starts now: the answer, how often it came from the cache, and what was said."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sys.modules.pop(f"kinetics_generated_{KEY}", None)
        module = load_module(KEY, lambda: TEXT)
        value = module.answer(2.0)
    sys.modules.pop(f"kinetics_generated_{KEY}", None)
    return value, sum(module.answer.stats.cache_hits.values()), [str(one.message) for one in told]


def damage(path: Path, kind: str) -> None:
    raw = path.read_bytes()
    if kind == "folder":
        path.unlink()
        path.mkdir()
        (path / "inside").write_text("x")
    elif kind == "flipped":
        path.write_bytes(raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:])
    else:
        path.write_bytes({"empty": b"", "half": raw[: len(raw) // 2], "garbage": b"\x80\x04garbage"}[kind])


@pytest.mark.parametrize("kind", ["empty", "half", "garbage", "flipped", "folder"])
@pytest.mark.parametrize("name", ["system.py", "system.code", "answer-*.code"])
def test_a_damaged_file_is_thrown_away_and_made_anew_once(own_cache, kind, name):
    assert load() == (42.0, 0, [])
    assert load() == (42.0, 1, [])
    (path,) = (own_cache / KEY).glob(name)
    before = path.read_bytes()
    damage(path, kind)
    if name == "system.py":
        (own_cache / KEY / "system.code").unlink()  # with it the text is not read
    value, hits, told = load()
    assert (value, hits) == (42.0, 0 if name.startswith("answer") else 1)
    assert told == [f"compiled code in {own_cache / KEY} is damaged; it is made anew"]
    assert load() == (42.0, 1, [])
    assert not name.startswith("system") or path.read_bytes() == before


def test_a_file_in_place_of_the_folder(own_cache):
    own_cache.mkdir(mode=0o700)
    (own_cache / KEY).write_text("in the way")
    value, _, told = load()
    assert value == 42.0
    assert told == [f"compiled code in {own_cache} is damaged; it is made anew"]
    assert load() == (42.0, 1, [])


def test_a_full_disk_costs_the_cache_and_not_the_answer(own_cache, monkeypatch):
    def full(path, content):
        raise StorageError(f"{path.name}: no room")

    monkeypatch.setattr(files, "write_atomically", full)
    value, _, told = load()
    assert value == 42.0
    assert all("compiled code is not kept: " in one for one in told)
    assert len(told) == 3


TWO = f"""
import sys, time
from kinetics.compile import cache, checked_files, machine_code

whole = checked_files.write_atomically
def slow(path, content):
    if sys.argv[1] == path.name[:6]:
        path.with_name(".cut-off").write_bytes(content[: len(content) // 2])
        print("now", flush=True)
        time.sleep(60)
    whole(path, content)

checked_files.write_atomically = slow
print(cache.load_module({KEY!r}, lambda: {TEXT!r}).answer(2.0))
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL here")
@pytest.mark.parametrize("moment", ["system", "answer"])
def test_of_two_processes_one_is_killed_while_it_compiles(own_cache, moment):
    first = subprocess.Popen([sys.executable, "-c", TWO, moment], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    with first.stdout:
        assert first.stdout.readline() == "now\n"
        second = [sys.executable, "-W", "error", "-c", TWO, "never"]
        assert subprocess.run(second, capture_output=True, text=True, check=True).stdout == "42.0\n"
        first.send_signal(signal.SIGKILL)
    first.wait()
    assert load() == (42.0, 1, [])


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
