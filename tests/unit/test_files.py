"""A user's files: read only where reading ends, written whole or not at all, whatever the disk does."""

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

import kinetics
from kinetics.errors import InputError, StorageError
from kinetics.files import capacity
from kinetics.files.documents import read_document, read_text
from kinetics.files.reading import read_bytes
from kinetics.files.writing import write_atomically
from kinetics.results import read_result, write_result

posix = pytest.mark.skipif(os.name == "nt", reason="pipes, devices and limits as on POSIX")
DATASET = xr.Dataset({"a": ("x", np.arange(4000.0)), "text": ("y", np.array(["one", "two"], dtype=object))})


# --- written whole or not at all


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=False).returncode:
        pytest.skip("may not mount a small disk here")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(place: Path, left: int) -> None:
    (place / "ballast").write_bytes(bytes(shutil.disk_usage(place).free - left))


@pytest.mark.parametrize("left", [0, 4096, 8192, 24576])
@pytest.mark.skipif(sys.platform != "linux" or shutil.which("mount") is None, reason="needs mount")
def test_a_full_disk_leaves_the_old_file_and_nothing_else(small_disk, left):
    path = small_disk / "result.nc"
    path.write_bytes(b"what was there")
    fill(small_disk, left)
    before = sorted(small_disk.iterdir())
    with pytest.raises(StorageError, match=r"result\.nc: cannot be written"):
        write_result(DATASET, path)
    with pytest.raises(StorageError, match=r"new\.svg: cannot be written"):
        write_atomically(small_disk / "new.svg", bytes(left + 1))
    assert path.read_bytes() == b"what was there"
    assert sorted(small_disk.iterdir()) == before


@posix
def test_a_write_that_the_system_refuses_leaves_the_old_file(tmp_path):
    path = tmp_path / "result.nc"
    path.write_bytes(b"what was there")
    limits, action = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(StorageError, match=r"result\.nc: cannot be written: File too large"):
            write_result(DATASET, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, action)
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "figure.svg"
    path.write_text("old")

    def interrupted(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_success_replaces_and_follows_the_umask(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    before = os.umask(0o027)
    try:
        write_atomically(path, "new")
    finally:
        os.umask(before)
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


@posix
def test_what_is_no_place_for_a_file_is_refused(tmp_path):
    (tmp_path / "folder.nc").mkdir()
    os.mkfifo(tmp_path / "pipe.nc")
    (tmp_path / "full.nc").symlink_to("/dev/full")
    before = sorted(tmp_path.iterdir())
    for name in ("folder.nc", "pipe.nc", "full.nc", "no/such.nc", "x" * 300 + ".nc", "nul\0.nc"):
        with pytest.raises(InputError, match=r"is a folder|is no regular file|cannot be written"):
            write_atomically(tmp_path / name, "text")
    assert sorted(tmp_path.iterdir()) == before
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)
    longest = tmp_path / ("x" * 252 + ".nc")
    write_atomically(longest, "text")
    assert longest.read_text() == "text"


def test_no_other_writes_a_file():
    """Everything the program writes goes through one function; streams and the cache of code keep their own."""
    allowed = {
        "files/writing.py",
        "streaming/store.py",
        "streaming/place.py",
        "estimate/evaluations.py",
        "compile/cache.py",
    }
    package = Path(kinetics.__file__).parent
    for path in package.rglob("*.py"):
        if path.relative_to(package).as_posix() not in allowed:
            text = path.read_text()
            for call in (".write_text(", ".write_bytes(", 'open("w', 'open("x', 'open("a', "savefig(out", "json.dump("):
                assert call not in text, f"{path}: {call}"


# --- read only where reading ends


def within(seconds: float, call, *arguments):
    """What a call raises, if it comes back in time."""
    raised: list[BaseException] = []

    def run():
        try:
            call(*arguments)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "hangs"
    return raised[0] if raised else None


@posix
@pytest.mark.parametrize("kind", ["pipe", "/dev/zero", "/dev/kmsg", "/proc/kmsg", "folder", "gone", "socket"])
def test_what_is_no_file_is_refused_at_once(tmp_path, monkeypatch, kind):
    path = Path(kind)
    if kind == "pipe":
        os.mkfifo(path := tmp_path / "pipe.toml")
    elif kind == "socket":
        import socket

        monkeypatch.chdir(tmp_path)  # the path of a socket is short
        path = Path("s.toml")
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))
    elif not path.is_absolute():
        path = tmp_path / kind
        if kind == "folder":
            path.mkdir()
    for read in (read_text, read_document, read_result):
        error = within(2, read, path)
        if kind == "/proc/kmsg" and read is not read_result:
            assert error is None or isinstance(error, InputError)  # a regular file of no length: nothing is read
        else:
            assert isinstance(error, InputError)
            assert str(path) in str(error)


@posix
@pytest.mark.parametrize("where", ["model", "uses", "extends", "table", "covariates"])
def test_a_pipe_inside_a_file_is_refused_at_once(project, where):
    from kinetics.estimate import FitProblem
    from kinetics.model import Model
    from kinetics.population.covariates import read_covariates

    pipe = project.models / "pipe.toml"
    os.mkfifo(pipe)
    head = '[model]\ntitle = "x"\ntime = "day"\n'
    outer = project.models / "outer.toml"
    if where == "model":
        error = within(5, Model.load, pipe)
    elif where == "covariates":
        error = within(5, read_covariates, pipe, Model.load(project.model))
    elif where == "table":
        os.mkfifo(project.fits / "pipe.csv")
        path = project.fit(free={"k": 'lower = 0.01, upper = 1.0, unit = "1/day"'})
        path.write_text(path.read_text().replace("one.csv", "pipe.csv"))
        error = within(5, FitProblem.load, path)
    else:
        uses = '[uses]\na = "./pipe.toml"\n'
        outer.write_text(head + uses if where == "uses" else head.replace("time", 'extends = "./pipe.toml"\ntime'))
        error = within(5, Model.load, outer)
    assert isinstance(error, InputError), error
    assert "is no regular file" in str(error)


def test_a_file_may_be_as_large_as_its_limit(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 1000)
    assert read_bytes(path, 1000) == b"x" * 1000
    with pytest.raises(InputError, match=r"a\.txt: larger than 0 kB, the limit for a text file"):
        read_bytes(path, 999)


# --- NetCDF and Zarr that declare what they do not hold


def hostile(path: Path, kind: str) -> None:
    with h5py.File(path, "w") as file:
        if kind == "terabytes":
            file.create_dataset("A", shape=(10**7, 10**6), chunks=(1000, 1000), dtype="f8")
        elif kind == "attributes":
            file.attrs["units"] = np.zeros((3, 3))
            file["A"] = np.arange(3.0)
            file["A"].make_scale("A")
            file["A"].attrs["units"] = np.array([b"\xff\xfe", b"x"])
        elif kind == "phony":
            file["A"] = np.arange(3.0)
        elif kind == "link":
            file["A"] = h5py.ExternalLink(str(path.with_name("other.nc")), "/A")
        elif kind == "elsewhere":
            file.create_dataset("A", (5,), "u1", external=[(b"/etc/passwd", 0, 5)])
        elif kind == "itself":
            file["g"] = file
        elif kind == "deep":
            file.create_group("/".join("g" * 200))
        elif kind == "reference":
            file["A"] = np.arange(3.0)
            file["A"].attrs["DIMENSION_LIST"] = "nothing"
        elif kind == "empty space":
            file.create_dataset("A", data=h5py.Empty("f8"))


KINDS = ("empty", "terabytes", "phony", "link", "elsewhere", "itself", "deep", "reference", "empty space")


@pytest.mark.parametrize("kind", [*KINDS, "attributes"])
def test_a_file_that_is_no_result_is_one_clear_line(run, tmp_path, kind):
    path = tmp_path / "x.nc"
    hostile(path, kind)
    calls = [("predict", path, "--regimen", "ms_licensed", "--until", "1 year")]
    calls.append(("figure", "recovery", path, "--out", tmp_path / "x.svg"))
    for call in (("check", path), *calls):
        answer = run(*call)
        assert answer.status == 2 or call[0] == "check"
        assert all(line.startswith(("error: ", "warning: ")) for line in answer.err.splitlines())
        assert "fault of the program" not in answer.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.nc"]


ATTRIBUTES = {
    "no units": ("time", "units", None),
    "units of another kind": ("time", "units", "mg"),
    "units as an array": ("CD4", "units", np.zeros((3, 3))),
    "units as bytes": ("CD4", "units", np.bytes_(b"\xff\xfe")),
    "a number as units": ("CD4", "units", 3),
    "nested units": ("CD4", "units", "(" * 79),
    "endless units": ("CD4", "units", "day*" * 10**5),
    "no unit": ("CD4", "units", "10**10**8"),
    "limit": ("CD4", "lower_limit", np.arange(3)),
    "mark": ("CD4", "exploratory", "\x1b[31m"),
    "scale": ("CD4", "scale_factor", "x"),
    "missing": ("CD4", "missing_value", "x"),
    "regimen": (None, "regimen", np.arange(4)),
    "name": ("CD4", "long_name", np.arange(4)),
}


@pytest.mark.parametrize("kind", [*ATTRIBUTES, "times as text", "no times", "other shape", "not finite"])
def test_a_result_whose_attributes_are_those_of_none(run, tmp_path, kind):
    path, size = tmp_path / "x.nc", 0 if kind == "no times" else 5
    time = np.array(list("abcde"), dtype=object) if kind == "times as text" else np.arange(float(size))
    counts = {
        name: ("time", np.full(size, np.nan if kind == "not finite" else 0.5), {"units": "1/nL"})
        for name in ("CD4", "CD8", "B")
    }
    if kind == "other shape":
        counts["CD4"] = (("time", "more"), np.ones((5, 2)), {"units": "1/nL"})
    write_result(xr.Dataset(counts, {"time": ("time", time, {"units": "day"})}), path)
    if kind in ATTRIBUTES:
        name, attribute, value = ATTRIBUTES[kind]
        with h5py.File(path, "r+") as file:
            attributes = (file if name is None else file[name]).attrs
            attributes.pop(attribute, None)
            if value is not None:
                attributes[attribute] = value
    for call in (("check", path), ("figure", "recovery", path, "--out", tmp_path / "x.svg")):
        answer = run(*call)
        assert "fault of the program" not in answer.err
        assert answer.status in (0, 2)
        said = [
            line for line in answer.err.splitlines() if not line.startswith("drawing ")
        ]  # progress, on a slow machine
        assert answer.status == 0 or all(line.startswith(("error: ", "warning: ")) for line in said)


def test_a_file_larger_than_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    write_result(DATASET, tmp_path / "x.nc")
    monkeypatch.setattr(capacity, "free_memory", lambda: 40_000)
    with pytest.raises(InputError, match=r"x\.nc: needs about \d+ kB of memory, and 40 kB are free"):
        read_result(tmp_path / "x.nc")


# --- stdout and the command


@pytest.fixture
def run():
    from typer.testing import CliRunner

    from kinetics.cli import app

    class Answer:
        def __init__(self, result):
            self.status, self.out, self.err = result.exit_code, result.stdout, result.stderr

    return lambda *arguments: Answer(CliRunner().invoke(app, [str(each) for each in arguments]))


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full")
@pytest.mark.parametrize("call", ["models", "--version", "--help", "check --help"])
@pytest.mark.parametrize("stdout", ["> /dev/full", ">&-"])
def test_a_full_or_closed_stdout_is_one_line_and_status_2(call, stdout):
    line = f"{sys.executable} -m kinetics.cli {call} {stdout}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: stdout")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full")
def test_a_full_stderr_changes_nothing():
    line = f"{sys.executable} -m kinetics.cli check no_such_name 2> /dev/full"
    assert subprocess.run(["sh", "-c", line], check=False).returncode == 2


def test_what_is_read_is_not_written_over(run, tmp_path):
    (tmp_path / "fit.nc").write_bytes(b"mine")
    (tmp_path / "link.nc").symlink_to(tmp_path / "fit.nc")
    for out in ("fit.nc", "link.nc"):
        answer = run("predict", tmp_path / "fit.nc", "--until", "1 year", "--out", tmp_path / out)
        assert answer.status == 2
        assert "--out: is what is read" in answer.err
    assert (tmp_path / "fit.nc").read_bytes() == b"mine"
