"""Clusters: the numbers of one machine to the last bit, nothing finished is lost, and what does not fit is refused."""

import importlib.util
import logging.handlers
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray as xr

import kinetics
from kinetics.errors import ClusterError, InputError
from kinetics.measures import TimeToThreshold
from kinetics.measures.extremes import Nadir
from kinetics.regimen import Course, Rule
from kinetics.simulation import simulate

distributed = pytest.importorskip("distributed", reason="Dask is not installed; it is the extra 'cluster'")

from kinetics.cluster import submission  # noqa: E402
from kinetics.cluster.clients import connected  # noqa: E402
from kinetics.cluster.installation import PACKAGE, difference, installation  # noqa: E402

# sockets and loops of Dask that its processes leave to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX"),
]

ONCE = Course.of("drug", "1 mg").repeat(1)
SIZE = 25
MEASURES = [TimeToThreshold("Y", "0.5 mg")]
REQUEST = {"until": "20 day", "every": "5 day", "seed": 3, "engine": "batch", "measures": MEASURES}


@pytest.fixture(scope="module")
def client():
    with connected(None, 2) as client:
        yield client


@pytest.fixture(scope="module")
def here(deficit):
    return simulate(deficit, ONCE, patients=SIZE, **REQUEST)


def stream(model, out, client=None, **changes):
    return simulate(model, ONCE, out=out, client=client, **{"patients": SIZE, "chunk": 4, **REQUEST, **changes})


def assert_same_bits(found: xr.Dataset, expected: xr.Dataset) -> None:
    assert {**found.attrs, "created": ""} == {**expected.attrs, "created": ""}
    for name, array in expected.variables.items():
        if array.dtype != object:
            assert found[name].values.tobytes() == np.ascontiguousarray(array.values).tobytes(), name
    xr.testing.assert_identical(found.drop_attrs(deep=False).compute(), expected.drop_attrs(deep=False))


def test_two_workers_give_the_numbers_of_one_process_to_the_last_bit(deficit, here, client, tmp_path):
    steps = []
    assert_same_bits(stream(deficit, tmp_path / "all.zarr", client, progress=lambda *step: steps.append(step)), here)
    assert steps == sorted(steps)
    assert steps[-1] == (SIZE, SIZE)
    assert os.listdir(tmp_path) == ["all.zarr"]
    assert_same_bits(simulate(deficit, ONCE, patients=SIZE, client=client, **REQUEST), here)


def test_so_does_one_worker(deficit, here, tmp_path):
    with connected(None, 1) as client:
        assert_same_bits(stream(deficit, tmp_path / "all.zarr", client), here)


def test_sweeps_rules_states_and_the_reference_engine_are_spread_too(deficit, client, tmp_path):
    regimen = ONCE + Rule("Y", "0.9 mg", "drug", "0.5 mg", most=9)
    request = {**REQUEST, "engine": "scipy", "measures": [Nadir("Y")], "states": True}
    sets = [{"k": 0.05 * number} for number in range(1, 6)]
    expected = simulate(deficit, regimen, parameters=sets, **request)
    found = simulate(deficit, regimen, parameters=sets, out=tmp_path / "draws.zarr", chunk=2, client=client, **request)
    assert_same_bits(found, expected)
    assert_same_bits(simulate(deficit, regimen, parameters=sets, client=client, **request), expected)


def test_what_a_lost_worker_had_is_done_again(deficit, here, client, tmp_path):
    def kill_one(*_):
        if pids:
            os.kill(pids.pop(), signal.SIGKILL)
            pids.clear()

    pids = list(client.run(os.getpid).values())
    assert_same_bits(stream(deficit, tmp_path / "all.zarr", client, chunk=1, progress=kill_one), here)
    assert not pids


def test_pieces_are_spread_over_workers_by_their_threads():
    # the scheduler alone would give a few long pieces to one worker: that which has the text of the job
    free = list(submission._with_room({"small": 1, "large": 2}, [(0, "small"), (1, "gone")]))
    assert free[:2] == ["large", "large"]
    assert (free.count("small"), free.count("large")) == (2, 6)
    assert submission.PIECES_PER_THREAD == 3


def test_an_interrupted_stream_goes_on_with_workers(deficit, here, client, tmp_path):
    def interrupt(done, _):
        kept.append(done)
        if done > SIZE // 2:
            raise KeyboardInterrupt

    kept, steps, out = [], [], tmp_path / "all.zarr"
    with pytest.raises(KeyboardInterrupt):
        stream(deficit, out, client, chunk=1, progress=interrupt)
    request = {"chunk": 1, "resume": True, "progress": lambda done, _: steps.append(done)}
    assert_same_bits(stream(deficit, out, client, **request), here)
    assert (steps[0], steps[-1]) == (kept[-1], SIZE)


def test_without_a_store_the_message_names_one(deficit, client, monkeypatch):
    def gone(*_):
        raise ClusterError("tcp://host:8786: the cluster went away: closed")
        yield

    monkeypatch.setattr("kinetics.simulation.cluster_runs.results", gone)
    with pytest.raises(ClusterError, match=r"went away: closed; nothing is kept: .* --out NAME.zarr"):
        simulate(deficit, ONCE, patients=SIZE, client=client, **REQUEST)


def dask(command: str, *options: str, **streams) -> subprocess.Popen:
    """``dask scheduler`` or ``dask worker``, as a user starts it."""
    return subprocess.Popen([sys.executable, "-m", "dask", command, *options], **streams)


@pytest.fixture
def scheduler(monkeypatch):
    """The process of a scheduler, its address, and a worker of it."""
    monkeypatch.setattr(submission, "CHECK_EVERY", 0.5)
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    process = dask("scheduler", *options, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    address = next(line.split()[-1] for line in process.stderr if "Scheduler at:" in line)
    worker = dask("worker", address, "--no-dashboard", "--nthreads", "1", "--no-nanny", stderr=subprocess.DEVNULL)
    yield process, address, worker
    for one in (worker, process):
        one.kill()
        one.wait()
    process.stderr.close()


@pytest.mark.slow
def test_a_cluster_that_goes_away_leaves_finished_chunks_and_a_message(deficit, here, scheduler, monkeypatch, tmp_path):
    process, address, _ = scheduler
    out = tmp_path / "all.zarr"

    def end_it(done, _):
        kept.append(done)
        process.kill()

    kept, logged = [], logging.handlers.BufferingHandler(1000)
    for name in ("distributed", "distributed.client"):  # both have handlers
        monkeypatch.setattr(logging.getLogger(name), "handlers", [logged])
    with connected(address, None) as client:
        client.wait_for_workers(1, timeout=60)
        with pytest.raises(ClusterError) as told:
            stream(deficit, out, client, chunk=1, progress=end_it)
    assert str(told.value).startswith(f"{address}: the cluster went away: ")
    assert str(told.value).endswith(
        f"; {kept[-1]} of 25 are finished and kept in {out}.part; with or without a cluster, the same request with "
        "--resume (in Python resume=True) goes on from there"
    )
    assert not logged.buffer
    steps = []
    assert_same_bits(stream(deficit, out, chunk=1, resume=True, progress=lambda done, _: steps.append(done)), here)
    assert steps[0] == kept[-1]


def test_a_cluster_without_workers_is_waited_for_but_not_for_ever(deficit, scheduler, monkeypatch, tmp_path):
    _, address, worker = scheduler
    worker.kill()
    monkeypatch.setattr(submission, "PATIENCE", 0.5)
    with connected(address, None) as client:
        while client.nthreads():
            time.sleep(0.1)
        with (
            pytest.warns(UserWarning, match="the cluster has no worker; waiting for one"),
            pytest.raises(ClusterError, match=r"the cluster has had no worker for 0 s; nothing was finished"),
        ):
            stream(deficit, tmp_path / "all.zarr", client)
    assert os.listdir(tmp_path) == []


# --- who may take part


def set_version(version: str) -> None:
    import kinetics

    kinetics.__version__ = version


def test_a_worker_with_another_version_is_refused_by_name(deficit, here, client, tmp_path):
    address, row = next(iter(client.scheduler_info()["workers"].items()))
    client.run(set_version, "0.0.9", workers=[address])
    said = rf"^worker {row['name']} at {address}: has lymphokinetics 0.0.9, and this is 0.1.0; install the same there$"
    with pytest.raises(InputError, match=said):
        stream(deficit, tmp_path / "all.zarr", client)
    with pytest.raises(InputError, match=said):
        simulate(deficit, ONCE, patients=SIZE, client=client, **REQUEST)
    assert os.listdir(tmp_path) == []
    client.run(set_version, installation()[PACKAGE], workers=[address])


def hide(module: str) -> None:
    sys.modules[module] = None  # an import of it fails


def show(module: str) -> None:
    del sys.modules[module]


def test_a_worker_whose_package_cannot_answer_is_refused_by_name(deficit, client):
    address, row = next(iter(client.scheduler_info()["workers"].items()))
    client.run(hide, "kinetics.cluster.installation", workers=[address])
    said = rf"^worker {row['name']} at {address}: has lymphokinetics .* with other code than here; install the same"
    with pytest.raises(InputError, match=said):
        simulate(deficit, ONCE, patients=SIZE, client=client, **REQUEST)
    client.run(show, "kinetics.cluster.installation", workers=[address])


def test_a_scheduler_without_the_package_is_refused(deficit, client, monkeypatch):
    def absent(_):
        raise ModuleNotFoundError("No module named 'kinetics'")

    monkeypatch.setattr(client, "run_on_scheduler", absent)
    with pytest.raises(InputError, match=r"scheduler at tcp://.*: No module named 'kinetics'; install lymphokinetics"):
        simulate(deficit, ONCE, patients=SIZE, client=client, **REQUEST)


def test_another_processor_is_announced(deficit, here, client, monkeypatch):
    def answer(_, addresses):
        return {address: {**installation(), "processor": "another"} for address in addresses}

    monkeypatch.setattr("kinetics.cluster.installation._installations", answer)
    with pytest.warns(UserWarning, match=r"^worker \d at .*; worker \d at .*: another processor than here; the last"):
        assert_same_bits(simulate(deficit, ONCE, patients=SIZE, client=client, **REQUEST), here)


def test_a_worker_that_joins_later_is_refused_too(deficit, client, tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "check_workers", lambda *_: None)
    client.run(set_version, "0.0.9")
    with pytest.raises(InputError, match=r"worker \d at tcp://.*: has lymphokinetics 0.0.9, and this is 0.1.0"):
        stream(deficit, tmp_path / "all.zarr", client)
    client.run(set_version, installation()[PACKAGE])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"processor": "another"}, ""),
        ({"numpy": "1.0"}, "has numpy 1.0, and this is {numpy}; install the same there"),
        ({"its code": "0"}, "has lymphokinetics {lymphokinetics} with other code than here; install the same there"),
        ({"lymphokinetics": None}, "has no lymphokinetics, and this is {lymphokinetics}; install the same there"),
    ],
)
def test_what_must_be_the_same_on_a_worker(changes, said):
    assert difference({**installation(), **changes}, installation()) == said.format(**installation())


def test_code_of_ones_own_is_not_sent(deficit, client):
    class Mine(Nadir):
        pass

    with pytest.raises(InputError, match="is of class Mine, which is not of this package, and code of your own is not"):
        simulate(deficit, ONCE, patients=SIZE, client=client, **{**REQUEST, "measures": [Mine("Y")]})


def test_a_store_that_workers_cannot_reach_is_refused(deficit, client, tmp_path, monkeypatch):
    from kinetics.simulation.store.regions import Regions

    text = Regions.text
    monkeypatch.setattr(Regions, "text", lambda self: text(self).replace("all.zarr.part", "elsewhere"))
    with pytest.raises(InputError, match=r"the worker on .* finds no such store; name a folder .* all machines of"):
        stream(deficit, tmp_path / "all.zarr", client)


def test_one_patient_needs_no_cluster(deficit, client):
    with pytest.raises(InputError, match="needs no cluster; leave out the client"):
        simulate(deficit, ONCE, until="20 day", client=client)


def test_what_is_no_client_is_refused(deficit):
    with pytest.raises(InputError, match=r"client: must be a dask.distributed.Client; found str 'tcp://host:8786'"):
        simulate(deficit, ONCE, until="20 day", patients=2, client="tcp://host:8786")
    with pytest.raises(InputError, match="no scheduler of Dask answers there"), connected("nonsense", None):
        pass


def test_without_dask_the_extra_is_named(deficit, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"client: a cluster needs Dask; .*lymphokinetics\[cluster\]"):
        simulate(deficit, ONCE, until="20 day", patients=2, client=object())


def test_without_a_cluster_dask_is_not_imported():
    code = (
        "import sys; from kinetics.cli import main\n"
        "sys.argv = ['kinetics', 'simulate', 'nk', '--until', '2 day', '--every', '1 day', '--json']\n"
        "try: main()\n"
        "except SystemExit as ended: assert not ended.code\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'distributed' or name == 'dask.array'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_searches_of_a_problem_of_petab_are_spread_too(client, tmp_path):
    """The same numbers to the last bit."""
    from tests.petab_files import write_problem

    problem = kinetics.read_petab(write_problem(tmp_path, 2))
    here, there = (kinetics.fit(problem, starts=3, client=one).searches for one in (None, client))
    assert [one.end.tolist() for one in there] == [one.end.tolist() for one in here]
    assert [one.log_posterior for one in there] == [one.log_posterior for one in here]
