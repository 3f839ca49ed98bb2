"""What a result needs is estimated first and refused beyond what there is, by the library and the command alike."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from kinetics.cli import app
from kinetics.errors import InputError
from kinetics.estimate import Estimates
from kinetics.estimate.uncertainty.posterior import sample
from kinetics.files import capacity
from kinetics.files.capacity import check_disk, check_memory, free_memory
from kinetics.prediction.predicting import predict
from kinetics.regimen import Regimen
from kinetics.simulation.simulating import simulate

NONE = Regimen.none()


@pytest.fixture
def gigabyte(monkeypatch):
    """A machine with 1 GB of memory."""
    monkeypatch.setattr(capacity, "free_memory", lambda: 10**9)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"patients": 10**12}, "10{12} patients at 3 times: no machine does more than 1e.09 in a week"),
        ({"patients": 10**8}, "10{8} patients at 3 times: needs about .* GB of memory, and 1.0 GB are free; .*--out"),
        ({"patients": 10**4, "until": "30000 day"}, "10000 patients at 30001 times: needs about"),
        ({"patients": 10**9, "out": "x.zarr"}, "10{9} patients at 3 times: needs about .* of disk"),
        ({"until": "400000000 day", "every": "1 day"}, "4e.08 output times; make 'every' longer"),
        ({"until": "10 year", "every": "1 second"}, "output times; make 'every' longer"),
    ],
)  # fmt: skip
def test_what_never_ends_is_refused_at_once(deficit, gigabyte, tmp_path, monkeypatch, asked, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(capacity.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**10))
    simulate(deficit, NONE, until="2 day", every="1 day", patients=2)  # compiled before the clock runs
    begun = time.process_time()
    with pytest.raises(InputError, match=said):
        simulate(deficit, NONE, **{"until": "2 day", "every": "1 day", **asked})
    assert time.process_time() - begun < 2
    assert list(tmp_path.iterdir()) == []


def estimates_of(project):
    return Estimates(
        fit="one", model=str(project.model), cohort="plain", names=("k",), units=("1/day",), verdicts=("",),
        values=np.array([0.1]), covariance=np.array([[0.01]]), earlier=(), earlier_values=np.array([]),
        response=np.empty((1, 0)), facts={},
    )  # fmt: skip


@pytest.mark.parametrize("asked", [{"draws": 10**8}, {"patients": 10**8}, {"patients": 4, "study": 10**9}])
def test_predictions_that_never_end_are_refused_at_once(project, gigabyte, asked):
    once = str(project.models / "regimens" / "once.toml")
    with pytest.raises(InputError, match=r"needs about .* of memory, and 1\.0 GB are free; ask for fewer draws"):
        predict(estimates_of(project), once, until="2 day", every="1 day", **asked)


@pytest.mark.parametrize("asked", [{"draws": 10**10}, {"draws": 10**8, "patients": 2}])
def test_predictions_of_more_runs_than_are_ever_done_are_refused_at_once(project, monkeypatch, asked):
    """Each draw has a population of its own."""
    monkeypatch.setattr(capacity, "free_memory", lambda: 10**18)
    once = str(project.models / "regimens" / "once.toml")
    with pytest.raises(InputError, match=r"no machine does more than 1e.09 in a week; ask for fewer"):
        predict(estimates_of(project), once, until="2 day", every="1 day", **asked)


def test_a_posterior_of_more_draws_than_days_allow_is_refused_before_the_fit(project, monkeypatch):
    monkeypatch.setattr(capacity, "free_memory", lambda: 10**18)
    with pytest.raises(InputError, match=r"100000000 draws of the posterior take days.*; ask for at most 1000000"):
        sample(None, np.zeros(2), np.eye(2), 10**8, 0)
    path = project.fit(
        {"value": 1, "sd": 0.1, "n": 9, "time": "1 day"}, free={"k": 'lower = 1, upper = 3, unit = "1/day"'}
    )
    answer = CliRunner().invoke(app, ["fit", str(path), "--posterior", str(10**8)])
    assert answer.exit_code == 2
    assert "--posterior: 100000000 draws of the posterior take days" in answer.stderr
    assert "search" not in answer.stderr


def test_what_is_estimated_is_what_it_takes(deficit):
    import tracemalloc

    asked = {"until": "100 day", "every": "1 day"}
    simulate(deficit, NONE, patients=2, **asked)
    tracemalloc.start()
    result = simulate(deficit, NONE, patients=4000, **asked)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    values = result.nbytes
    assert values <= peak <= 3.3 * values


def test_a_large_result_is_said(deficit, monkeypatch):
    from kinetics.simulation import simulation

    monkeypatch.setattr(simulation, "LARGE", 1000)
    with pytest.warns(UserWarning, match=r"20 patients at 3 times: the result takes about 1\.8 kB of memory"):
        simulate(deficit, NONE, until="2 day", every="1 day", patients=20)


def test_room_is_compared_with_what_is_free(tmp_path, monkeypatch):
    assert free_memory() > 2**20
    with pytest.raises(InputError, match=r"it: needs about 1000 PB of memory, and .*; wait"):
        check_memory(1e18, "it", "wait")
    with pytest.raises(InputError, match=r"it: needs about 1000 PB of disk, and .* are free; wait"):
        check_disk(1e18, tmp_path, "it", "wait")
    check_memory(1, "it", "wait")
    check_disk(1, tmp_path, "it", "wait")


def test_the_limit_of_a_container_counts(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("300000000\n")
    (tmp_path / "memory.stat").write_text("anon 100000000\nfile 5\n")
    monkeypatch.setattr(capacity, "_CONTAINER", tmp_path)
    assert free_memory() == 200_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory() > 200_000_000
