"""`kinetics simulate --out FILE.zarr`: the numbers of a NetCDF result, an interrupted run goes on, nothing is half."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from kinetics.results import read_result
from kinetics.simulation.store import regions


@pytest.fixture
def call(project: Path) -> tuple[object, ...]:
    model, regimen = project / "models" / "pool.toml", project / "models" / "regimens" / "once.toml"
    return (
        "simulate", model, "--cohort", "adults", "--regimen", regimen, "--until", "100 day", "--every", "5 day",
        "--seed", 7, "--patients", 2500,
    )  # fmt: skip


def test_a_store_holds_what_the_file_holds(run, call, project: Path) -> None:
    files = project / "all.nc", project / "all.zarr"
    answers = [run(*call, "--set", "N0=1.5 1e9/L", "--out", file) for file in files]
    for answer, file in zip(answers, files, strict=True):
        assert answer.status == 0, answer.err
        assert f"wrote {file}" in answer.err
    assert answers[0].out == answers[1].out
    one, other = (read_result(file).to_dataset() for file in files)
    assert other.attrs["parameters"] == "N0 = 1.5 1/nL"
    assert {**one.attrs, "created": ""} == {**other.attrs, "created": ""}
    xr.testing.assert_identical(one.drop_attrs(deep=False), other.drop_attrs(deep=False).compute())
    assert not list(project.glob("*.part"))
    assert run("check", files[1]).status == 0


def test_json_is_that_of_memory(run, call, project: Path) -> None:
    in_memory, streamed = run(*call, "--json").json, run(*call, "--json", "--out", project / "all.zarr").json
    assert streamed == in_memory
    assert list(streamed["outputs"]) == list(in_memory["outputs"])


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_workers_give_what_one_process_gives(run, call, project: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed; it is the extra 'cluster'")
    here, spread = (
        run(*call, "--json", "--out", project / name, *options)
        for name, options in (("here.zarr", ()), ("spread.zarr", ("--workers", 2)))
    )
    assert (spread.status, spread.err) == (0, f"wrote {project / 'spread.zarr'}\n")
    assert spread.out == here.out
    one, other = (read_result(project / name).to_dataset() for name in ("here.zarr", "spread.zarr"))
    xr.testing.assert_identical(one.drop_attrs(deep=False).compute(), other.drop_attrs(deep=False).compute())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--workers", 2), "--workers: one patient needs no cluster; give --patients N, or leave it out"),
        (("--patients", 3, "--workers", 2, "--cluster", "tcp://x:1"), "--cluster: a cluster has workers of its own"),
        (("--patients", 3, "--cluster", "tcp://127.0.0.1:9"), "tcp://127.0.0.1:9: no scheduler of Dask answers there"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_refused(run, call, monkeypatch, options, said) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed; it is the extra 'cluster'")
    monkeypatch.setattr("kinetics.cluster.clients.CONNECT", 1)
    answer = run(*call[:-2], *options)
    assert answer.status == 2
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize("number", [0, -1, 1_000_000])
def test_a_number_of_workers_out_of_range_is_refused(run, call, number) -> None:
    answer = run(*call, "--workers", number)
    assert answer.status == 2
    assert "Invalid value for '--workers'" in answer.err


def test_more_workers_than_fit_into_memory_are_refused(run, call, monkeypatch) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed; it is the extra 'cluster'")
    monkeypatch.setattr("kinetics.files.capacity.free_memory", lambda: 10**9)
    answer = run(*call, "--workers", 500)
    assert answer.status == 2
    assert answer.err.startswith("error: --workers: 500 workers: needs about ")
    assert answer.err.endswith(" of memory, and 1.0 GB are free; start fewer\n")


def test_without_dask_the_extra_is_named(run, call, monkeypatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "distributed" else find(name))
    answer = run(*call, "--workers", 2)
    advice = "a cluster needs Dask; run: python -m pip install 'lymphokinetics[cluster]'"
    assert (answer.status, answer.err) == (2, f"error: --workers: {advice}\n")


@pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")
@pytest.mark.parametrize(("kill", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_a_run_that_is_cut_off_goes_on(run, call, project: Path, kill: signal.Signals, status: int) -> None:
    assert run(*call, "--out", project / "whole.zarr").status == 0
    out = project / "all.zarr"
    # a parent that runs in the background may have passed on that SIGINT is ignored
    script = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from kinetics.simulation.store import regions
from kinetics.cli import main
whole = regions.write
def slow(arrays, dataset, begin, end):
    if begin == 2000:
        print("now", flush=True)
        time.sleep(120)
    whole(arrays, dataset, begin, end)
regions.write = slow
main()
"""
    command = [sys.executable, "-c", script, *map(str, call), "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "now\n"
        child.send_signal(kill)
        err = child.communicate()[1]
    assert child.returncode == status
    if kill == signal.SIGINT:
        assert f"2000 of 2500 patients are kept in {out}.part; the same call with --resume goes on" in err
    assert not out.exists()
    refused = run(*call, "--out", out)
    assert refused.status == 2
    assert "holds 2000 finished" in refused.err
    other = run(*call, "--until", "90 day", "--out", out, "--resume")
    assert other.status == 2
    assert "until is 100.0 there and 90.0 here" in other.err
    assert run(*call, "--out", out, "--resume").status == 0
    found, expected = (read_result(path).to_dataset() for path in (out, project / "whole.zarr"))
    np.testing.assert_array_equal(found.pool, expected.pool)
    assert not list(project.glob("*.part"))


def test_a_full_disk_is_told_and_keeps_what_is_finished(run, call, project: Path, monkeypatch) -> None:
    out, whole = project / "all.zarr", regions.write
    assert run(*call, "--patients", 3, "--out", out).status == 0

    def full(arrays, dataset, begin, end):
        if begin:
            raise OSError(28, "No space left on device")
        whole(arrays, dataset, begin, end)

    monkeypatch.setattr(regions, "write", full)
    answer = run(*call, "--out", out)
    assert answer.status == 2
    assert "No space left on device; 1000 of 2500 are finished and kept in" in answer.err
    assert "--resume" in answer.err
    assert read_result(out).sizes["patient"] == 3
    monkeypatch.undo()
    assert run(*call, "--out", out, "--resume").status == 0
    assert read_result(out).sizes["patient"] == 2500


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "x.zarr"), "x.zarr: --out: is for --patients"),
        (("--patients", 3, "--out", "x.txt"), "end the name in .nc or"),
        (("--patients", 3, "--out", "no/such/x.zarr"), "--out: no/such/x.zarr: cannot be written"),
        (("--patients", 3, "--out", "models.zarr"), "is there and is no Zarr store"),
        (("--patients", 3, "--out", "x.nc", "--resume"), "--resume: goes on with a store"),
        (("--patients", 3, "--resume"), "--resume: goes on with a store"),
    ],
)
def test_what_cannot_be_streamed_is_refused(
    run, project: Path, monkeypatch, options: tuple[object, ...], said: str
) -> None:
    monkeypatch.chdir(project)
    (project / "models.zarr").mkdir()
    before = sorted(project.rglob("*"))
    answer = run("simulate", "models/pool.toml", "--until", "10 day", "--every", "5 day", *options)
    assert answer.status == 2
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1
    assert sorted(project.rglob("*")) == before
