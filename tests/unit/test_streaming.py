"""Streams to Zarr: the numbers of memory, whole or not at all, and nothing finished is lost."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pint_xarray  # noqa: F401
import pytest
import sympy as sp
import xarray as xr

from kinetics.engines import Tolerances
from kinetics.errors import InputError, StorageError
from kinetics.measures import Nadir, TimeToThreshold
from kinetics.model import Model
from kinetics.model.quantities import Output, Parameter, State
from kinetics.regimen import Course, Regimen, Rule
from kinetics.results import read_result
from kinetics.simulation.simulating import simulate
from kinetics.simulation.store import chunks, regions
from kinetics.simulation.store.record import StreamRecord

ONCE = Regimen([Course.of("alemtuzumab", "12 mg", "4 hour")])
SIZE, CHUNK = 25, 10
ASKED = {
    "until": "10 day", "every": "1 day", "seed": 3, "engine": "batch",
    "measures": [TimeToThreshold("C", "1 mg/L")],
}  # fmt: skip


@pytest.fixture(scope="module")
def drug():
    return Model.load("alemtuzumab")


@pytest.fixture(scope="module")
def in_memory(drug):
    return simulate(drug, ONCE, patients=SIZE, **ASKED)


def explosive() -> Model:
    """dy/dt = k y^2 from 1: a pole at 1/k."""
    y, k = sp.symbols("y k")
    return Model.from_symbols(
        "explosive",
        time="day",
        parameters=[Parameter(name="k", value=0.05, unit="1/day", spread=1.0)],
        states=[State(name="y", unit="1", initial=1, rate=k * y**2)],
        outputs=[Output(name="size", unit="1", value=y)],
    )


def stream(model, out, **changes):
    asked = {"regimen": ONCE, "patients": SIZE, "chunk": CHUNK, **ASKED, **changes}
    return simulate(model, asked.pop("regimen"), out=out, **asked)


def assert_same(found: xr.Dataset, expected: xr.Dataset) -> None:
    """To the last bit, with every name, dim, coordinate, unit and attribute, in the same order."""
    assert list(found.data_vars) == list(expected.data_vars)
    assert found.attrs.keys() == expected.attrs.keys()
    assert {**found.attrs, "created": ""} == {**expected.attrs, "created": ""}
    for name, array in expected.variables.items():
        assert found[name].dims == array.dims
        assert found[name].attrs == array.attrs
        if array.dtype != object:
            assert found[name].dtype == array.dtype
            assert found[name].values.tobytes() == np.ascontiguousarray(array.values).tobytes(), name
        else:
            np.testing.assert_array_equal(found[name].values, array.values)
    xr.testing.assert_identical(found.drop_attrs(deep=False).compute(), expected.drop_attrs(deep=False))


class Killed(BaseException):
    """The process is gone."""


def stop_after(count: int):
    def progress(done: int, _: int) -> None:
        if done >= count:
            raise Killed

    return progress


# --- the same dataset


def test_a_stream_is_the_dataset_of_memory_to_the_last_bit(drug, in_memory, tmp_path):
    found = stream(drug, tmp_path / "all.zarr")
    assert_same(found, in_memory)
    assert found.C.values.flags.c_contiguous
    assert [entry.name for entry in tmp_path.iterdir()] == ["all.zarr"]


@pytest.mark.parametrize("chunk", [1, 7, 25, 10**9, None])
def test_the_size_of_the_chunks_changes_nothing(drug, in_memory, tmp_path, chunk):
    assert_same(stream(drug, tmp_path / "all.zarr", chunk=chunk), in_memory)


def test_states_draws_and_the_reference_engine_stream_too(drug, tmp_path):
    given = {**ASKED, "engine": "scipy", "measures": [Nadir("C")], "states": True}
    sets = [{"CL": 0.5 * k} for k in range(1, 6)]
    expected = simulate(drug, ONCE, parameters=sets, **given)
    found = simulate(drug, ONCE, parameters=sets, out=tmp_path / "draws.zarr", chunk=2, **given)
    assert found.sizes == {"draw": 5, "time": 11, "course": 1}
    assert_same(found, expected)


def test_no_drug_has_no_courses(drug, tmp_path):
    expected = simulate(drug, Regimen.none(), patients=SIZE, **ASKED)
    assert_same(stream(drug, tmp_path / "rest.zarr", regimen=Regimen.none()), expected)


def test_doses_that_rules_give_stream_too(drug, tmp_path):
    again = ONCE + Rule("C", "0.5 mg/L", "alemtuzumab", "5 mg", direction="down", most=3)
    with pytest.warns(UserWarning, match="cap reached in 25 of 25") as told:
        expected = simulate(drug, again, patients=SIZE, **{**ASKED, "until": "90 day"})
    with pytest.warns(UserWarning, match="cap reached in 25 of 25") as once_more:
        found = stream(drug, tmp_path / "rules.zarr", regimen=again, until="90 day")
    assert [str(one.message) for one in told] == [str(one.message) for one in once_more]
    assert found.triggered_rule.dims == ("patient", "trigger")
    assert_same(found, expected)


def test_numbers_of_numpy_are_numbers(drug, in_memory, tmp_path):
    given = {"patients": np.int64(SIZE), "seed": np.int64(3), "chunk": np.int32(CHUNK)}
    np.testing.assert_array_equal(stream(drug, tmp_path / "all.zarr", **given).C, in_memory.C)


def test_failures_are_told_with_their_reasons(tmp_path):
    given = {"until": "30 day", "every": "10 day", "patients": 40, "seed": 3}
    with pytest.warns(UserWarning, match="could not be integrated") as told:
        expected = simulate(explosive(), Regimen.none(), **given)
    failed = expected.failure.values != ""
    assert 0 < failed.sum() < 40
    with pytest.warns(UserWarning, match=f"{failed.sum()} of 40 could not be integrated") as again:
        found = simulate(explosive(), Regimen.none(), out=tmp_path / "some.zarr", chunk=9, **given)
    assert told[0].filename == again[0].filename == __file__
    assert_same(found, expected)
    with pytest.raises(Killed):
        simulate(explosive(), Regimen.none(), out=tmp_path / "x.zarr", chunk=9, progress=stop_after(27), **given)
    with pytest.warns(UserWarning, match=f"{failed.sum()} of 40"):  # those of chunks finished before count as well
        simulate(explosive(), Regimen.none(), out=tmp_path / "x.zarr", chunk=9, resume=True, **given)


def test_plain_xarray_reads_it_without_a_warning(drug, in_memory, tmp_path):
    stream(drug, tmp_path / "all.zarr")
    opened = xr.open_zarr(tmp_path / "all.zarr", chunks=None)
    np.testing.assert_array_equal(opened.C, in_memory.C)
    assert opened.time.dtype == np.float64
    quantified = opened.pint.quantify()
    assert str(quantified.C.pint.units) == str(in_memory.pint.quantify().C.pint.units)
    assert str(quantified.time.pint.units) == "day"
    # a store has its variables in the order of their names
    assert_same(read_result(tmp_path / "all.zarr").to_dataset()[list(in_memory.data_vars)], in_memory)


def test_nothing_is_compressed(drug, tmp_path):
    stream(drug, tmp_path / "all.zarr")
    described = [json.loads(path.read_text()) for path in (tmp_path / "all.zarr").rglob(".zarray")]
    assert len(described) > 5
    assert all(one["compressor"] is None for one in described)


def test_very_many_times_make_smaller_chunks(drug, tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 8 * 11 * 3 * len(drug.outputs))
    sizes = []
    stream(drug, tmp_path / "all.zarr", chunk=None, progress=lambda done, total: sizes.append((done, total)))
    assert sizes == [(min(end, SIZE), SIZE) for end in range(3, SIZE + 3, 3)]


# --- kill and resume


@pytest.mark.parametrize("count", [CHUNK, 2 * CHUNK, SIZE])
def test_what_is_finished_is_not_done_again(drug, in_memory, tmp_path, monkeypatch, count):
    out = tmp_path / "all.zarr"
    with pytest.raises(Killed):
        stream(drug, out, progress=stop_after(count))
    assert not out.exists()
    done = []
    monkeypatch.setattr(regions, "write", lambda *args, kept=regions.write: (done.append(args[2]), kept(*args)))
    told = []
    assert_same(stream(drug, out, resume=True, progress=lambda *step: told.append(step)), in_memory)
    assert done == list(range(count, SIZE, CHUNK))
    assert told[0] == (count, SIZE)
    assert os.listdir(tmp_path) == ["all.zarr"]


def test_the_record_of_very_many_chunks_is_written_less_often(drug, in_memory, tmp_path, monkeypatch):
    written, write = [], StreamRecord.write
    monkeypatch.setattr(chunks, "RECORDED", 3)
    monkeypatch.setattr(
        StreamRecord, "write", lambda record, part: (written.append(record.finished), write(record, part))
    )
    out, steps = tmp_path / "all.zarr", []
    with pytest.raises(Killed):
        stream(drug, out, chunk=1, progress=stop_after(7))
    assert written == [1, 2, 3, 5, 7]  # the last one as the run ends
    found = stream(drug, out, chunk=1, resume=True, progress=lambda done, _: steps.append(done))
    assert_same(found, in_memory)
    assert steps[0] == 7


SCRIPT = """
import sys, time
from pathlib import Path
from kinetics.simulation.store import regions
from kinetics.measures import TimeToThreshold
from kinetics.model import Model
from kinetics.regimen import Course, Regimen
from kinetics.simulation import simulate

def stay(*_):
    print("now", flush=True)
    time.sleep(120)

def half_of_the_second(arrays, dataset, begin, end, write=regions.write):
    if not begin:
        return write(arrays, dataset, begin, end)
    arrays["C"][begin:end] = 0.5 * dataset["C"].values
    (Path(sys.argv[1] + ".part") / "store" / "C" / "1.abc.partial").write_bytes(b"cut off")
    stay()

if sys.argv[2] == "writing":
    regions.write = half_of_the_second
simulate(
    Model.load("alemtuzumab"), Regimen([Course.of("alemtuzumab", "12 mg", "4 hour")]), until="10 day", every="1 day",
    seed=3, engine="batch", measures=[TimeToThreshold("C", "1 mg/L")], patients=25, chunk=10, out=sys.argv[1],
    progress=stay if sys.argv[2] == "between" else None,
)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("moment", ["between", "writing"])
def test_a_killed_process_loses_the_chunk_at_work_and_no_other(drug, in_memory, tmp_path, moment):
    out = tmp_path / "all.zarr"
    child = subprocess.Popen([sys.executable, "-c", SCRIPT, out, moment], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == "now\n"
        with pytest.raises(InputError, match="another process is writing there"):
            stream(drug, out, resume=True)
        child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert os.listdir(tmp_path) == ["all.zarr.part"]
    with pytest.raises(InputError, match=r"all\.zarr: no such Zarr store; all\.zarr\.part is unfinished"):
        read_result(out)
    steps = []
    assert_same(stream(drug, out, resume=True, progress=lambda done, _: steps.append(done)), in_memory)
    assert steps == [10, 20, 25]
    assert os.listdir(tmp_path) == ["all.zarr"]
    assert not list(out.rglob("*.partial"))


def test_a_kill_between_the_two_renames_of_the_end(drug, in_memory, tmp_path, monkeypatch):
    out = tmp_path / "all.zarr"
    stream(drug, out, patients=2)
    rename = os.rename

    def cut_off(source, target):
        if Path(target) == out:
            raise Killed
        rename(source, target)

    monkeypatch.setattr(os, "rename", cut_off)
    with pytest.raises(Killed):
        stream(drug, out)
    monkeypatch.undo()
    assert not out.exists()
    with pytest.raises(InputError, match="holds 25 finished"):
        stream(drug, out)
    assert read_result(out).sizes["patient"] == 2  # what was there came back
    assert_same(stream(drug, out, resume=True), in_memory)
    assert os.listdir(tmp_path) == ["all.zarr"]


def test_work_that_would_be_lost_is_refused(drug, in_memory, tmp_path):
    out = tmp_path / "all.zarr"
    with pytest.raises(Killed):
        stream(drug, out, progress=stop_after(20))
    with pytest.raises(InputError, match=r"all\.zarr\.part: holds 20 finished .* --resume .*delete it to start again"):
        stream(drug, out)
    assert_same(stream(drug, out, resume=True), in_memory)


def test_resume_of_nothing_starts(drug, in_memory, tmp_path):
    assert_same(stream(drug, tmp_path / "all.zarr", resume=True), in_memory)
    (tmp_path / "more.zarr.part" / "store").mkdir(parents=True)  # killed before the first chunk
    assert_same(stream(drug, tmp_path / "more.zarr"), in_memory)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 4}, "seed is 3 there and 4 here"),
        ({"patients": 26}, "patients is 25 there and 26 here"),
        ({"until": "11 day"}, r"until is 10\.0 there and 11\.0 here"),
        ({"every": "2 day"}, r"every is 1\.0 there and 2\.0 here"),
        ({"chunk": 5}, "chunk is 10 there and 5 here"),
        ({"engine": "scipy"}, "engine is batch Rodas5P there and scipy LSODA here"),
        ({"tolerances": Tolerances(1e-6, 1e-12)}, "relative tolerance is 1e-07 there and 1e-06 here"),
        ({"parameters": {"CL": 2.0}}, "parameters is not given there and CL = 2 L/day here; other parameter values"),
        ({"states": True}, "other variables"),
        ({"measures": []}, "other variables"),
        ({"regimen": Regimen([Course.of("alemtuzumab", "13 mg", "4 hour")])}, "other regimen"),
        ({"seed": 4, "every": "2 day"}, "seed is .*; every is "),
    ],
)
def test_another_request_is_refused_and_says_what_differs(drug, in_memory, tmp_path, changes, said):
    out = tmp_path / "all.zarr"
    with pytest.raises(Killed):
        stream(drug, out, progress=stop_after(10))
    before = (tmp_path / "all.zarr.part" / "progress.json").read_bytes()
    with pytest.raises(InputError, match=f"is of another request: .*{said}"):
        stream(drug, out, resume=True, **changes)
    assert (tmp_path / "all.zarr.part" / "progress.json").read_bytes() == before
    assert_same(stream(drug, out, resume=True), in_memory)


def test_parameters_that_print_alike_are_not_the_same(drug, tmp_path):
    with pytest.raises(Killed):
        stream(drug, tmp_path / "all.zarr", parameters={"CL": 2.0}, progress=stop_after(10))
    with pytest.raises(InputError, match="other parameter values"):
        stream(drug, tmp_path / "all.zarr", parameters={"CL": 2.0 + 1e-14}, resume=True)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"finished": 10}', b'{"finished": "10", "failed": 0, "request": {}}',
        b'{"finished": -1, "failed": 0, "request": {}}', b'{"finished": true, "failed": 0, "request": {}}',
        b'{"finished": 10, "failed": 0, "request": []}', b"\xff\xfe",
    ],
)  # fmt: skip
def test_damaged_progress_is_told(drug, tmp_path, content):
    with pytest.raises(Killed):
        stream(drug, tmp_path / "all.zarr", progress=stop_after(10))
    file = tmp_path / "all.zarr.part" / "progress.json"
    file.write_bytes(content)
    for resume in (True, False):
        with pytest.raises(InputError, match="delete the folder to start again"):
            stream(drug, tmp_path / "all.zarr", resume=resume)
    assert file.read_bytes() == content


# --- failures leave what was there


@pytest.fixture
def there(drug, tmp_path):
    """A finished store of two patients."""
    stream(drug, tmp_path / "all.zarr", patients=2)
    return tmp_path / "all.zarr"


def test_a_success_replaces(drug, in_memory, there):
    assert_same(stream(drug, there), in_memory)
    assert os.listdir(there.parent) == ["all.zarr"]


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_full_disk_keeps_what_is_finished(drug, in_memory, there, monkeypatch, after):
    whole, calls = regions.write, []

    def until_full(*args):
        calls.append(args)
        if len(calls) > after:
            raise OSError(28, "No space left on device")
        whole(*args)

    monkeypatch.setattr(regions, "write", until_full)
    said = f"{after * CHUNK} of 25 are finished and kept in .*all.zarr.part.*--resume" if after else "nothing was fini"
    with pytest.raises(StorageError, match=f"writing stopped: No space left on device; {said}"):
        stream(drug, there)
    assert read_result(there).sizes["patient"] == 2
    assert sorted(os.listdir(there.parent)) == ["all.zarr", "all.zarr.part"][: 2 if after else 1]
    monkeypatch.undo()
    assert_same(stream(drug, there, resume=True), in_memory)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process as on Linux")
def test_a_write_that_the_system_refuses(drug, in_memory, there):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(done: int, _: int) -> None:
        if done == CHUNK:
            resource.setrlimit(resource.RLIMIT_FSIZE, (400, before[1]))

    try:
        with pytest.raises(StorageError, match="File too large; 10 of 25 are finished"):
            stream(drug, there, progress=limit)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert read_result(there).sizes["patient"] == 2
    assert_same(stream(drug, there, resume=True), in_memory)


def test_wrong_requests_leave_no_trace(drug, there):
    for changes, said in (
        ({"cohort": "nobody"}, "no cohort"),
        ({"patients": 0}, "at least 1"),
        ({"seed": -1}, "seed: must be a whole number from 0 to .*; found -1"),
        ({"chunk": 0}, "chunk: must be a whole number, at least 1; found 0"),
        ({"chunk": 2.5}, "chunk: must be a whole number, at least 1; found 2.5"),
        ({"patients": None}, "without patients or draws"),
    ):
        with pytest.raises(InputError, match=said):
            stream(drug, there, **changes)
        assert read_result(there).sizes["patient"] == 2
        assert os.listdir(there.parent) == ["all.zarr"]


# --- places


@pytest.mark.parametrize(
    "name",
    ["a b.zarr", "grün ± 'x'.zarr", "chain::zip.zarr", "100%.zarr", "$HOME.zarr", "-f.zarr", "a\nb.zarr", "X.ZARR"],
)
def test_odd_names_are_names(drug, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    found = stream(drug, name, patients=2)
    assert found.sizes["patient"] == 2
    assert os.listdir(tmp_path) == [name]
    assert read_result(name).sizes["patient"] == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("all.nc", r"end the name in \.zarr"),
        ("all.zarr.part", r"end the name in \.zarr"),
        (".zarr", r"end the name in \.zarr"),
        ("no/such/all.zarr", "cannot be written: No such file"),
        ("file.zarr", "is there and is no Zarr store"),
        ("folder.zarr", "is there and is no Zarr store"),
        ("file.zarr/all.zarr", "cannot be written: Not a directory"),
        ("nul\0.zarr", "cannot be written: embedded null"),
        ("x" * 249 + ".zarr", "cannot be written: File name too long"),
        ("x" * 300 + ".zarr", "cannot be written: File name too long"),
        ("busy.zarr", "busy.zarr.part: holds mine.txt, which no stream has written"),
        ("taken.zarr", "taken.zarr.part: cannot be written"),
        ("s3://bucket/all.zarr", "cannot be written: No such file"),
        ("loop.zarr", "cannot be written"),
    ],
)
def test_places_that_cannot_be_written_are_refused(drug, tmp_path, monkeypatch, name, said):
    monkeypatch.chdir(tmp_path)
    Path("file.zarr").write_text("mine")
    Path("taken.zarr.part").write_text("mine")
    for folder in ("folder.zarr", "busy.zarr.part"):
        Path(folder).mkdir()
        (Path(folder) / "mine.txt").write_text("mine")
    Path("loop.zarr").symlink_to("loop.zarr")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=said):
        stream(drug, name, patients=2)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_leads_to_the_place(drug, in_memory, tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "all.zarr").symlink_to(tmp_path / "far" / "big.zarr")
    for _ in range(2):
        assert_same(stream(drug, tmp_path / "all.zarr"), in_memory)
    assert (tmp_path / "all.zarr").is_symlink()
    assert os.listdir(tmp_path / "far") == ["big.zarr"]


@pytest.mark.parametrize("content", [None, {}, {".zgroup": "{"}, {".zgroup": "{}"}, {"zarr.json": "[]"}])
def test_stores_that_are_no_result_are_refused(tmp_path, content):
    path = tmp_path / "wrong.zarr"
    if content is not None:
        path.mkdir()
        for name, text in content.items():
            (path / name).write_text(text)
    with pytest.raises(InputError, match=r"wrong\.zarr"):
        read_result(path)


# --- memory


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory as Linux tells it")
def test_memory_does_not_grow_with_the_number_of_patients(tmp_path):
    script = """
        import re, sys
        from pathlib import Path
        from kinetics.model import Model
        from kinetics.regimen import Course, Regimen
        from kinetics.simulation import simulate

        for patients in (2_000, 20_000):
            simulate(
                Model.load("alemtuzumab"), Regimen([Course.of("alemtuzumab", "12 mg", "4 hour")]), until="10 year",
                every="10 day", states=True, patients=patients, out=sys.argv[1],
            )
            print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), tmp_path / "all.zarr"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    few, many = (int(line) / 1024 for line in done.stdout.split())
    values = 18_000 * 366 * 3 * 8 / 2**20  # what the further patients would take in memory, 151 MiB
    assert many - few < 0.3 * values


@pytest.mark.parametrize("module", ["zarr", "numcodecs"])
def test_a_missing_extra_says_how_it_is_installed(drug, tmp_path, monkeypatch, module):
    (tmp_path / "old.zarr").mkdir()
    monkeypatch.setitem(sys.modules, module, None)
    message = r"\.zarr: a store needs Zarr; run: python -m pip install 'lymphokinetics\[store\]'"
    with pytest.raises(InputError, match=message):
        stream(drug, tmp_path / "new.zarr")
    with pytest.raises(InputError, match=message):
        read_result(tmp_path / "old.zarr")
    assert [entry.name for entry in tmp_path.iterdir()] == ["old.zarr"]


def test_results_and_simulations_do_not_need_zarr():
    code = (
        "import sys; sys.modules['zarr'] = sys.modules['numcodecs'] = None; import kinetics.simulation.store; "
        "import kinetics.results; import kinetics.checking; import kinetics.cli"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
