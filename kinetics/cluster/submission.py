"""The pieces of a job on a cluster, a few for each thread at a time; what a lost worker had, another does again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from distributed import KilledWorker, wait

from kinetics.cluster.installation import check_workers, installation
from kinetics.cluster.working import work
from kinetics.errors import ClusterError, KineticsError, warn

if TYPE_CHECKING:
    from distributed import Client, Future

    from kinetics.cluster.jobs import Job

R = TypeVar("R")

AHEAD = 3
"""Pieces that are submitted for each thread of the cluster: one at work, the others so that none waits for the client.
Far fewer than all: a scheduler takes a kilobyte for each, and an interrupt is to be quick."""
ROUND = 5.0
"""Seconds after which the client looks whether the cluster is still there."""
PATIENCE = 300.0
"""Seconds that a cluster may have no worker."""


def finished_by_workers(
    job: Job[Any, R], numbers: Iterable[int], client: Client
) -> Generator[dict[int, R], None, None]:
    """As `kinetics.cluster.jobs.finished` describes it."""
    cluster = _Cluster(client)
    with cluster.present():
        cluster.await_workers()
        check_workers(client)
    name, expected = f"kinetics-{uuid.uuid4().hex[:12]}", installation()
    # a task, and no data that is scattered: a scheduler can do a task again when the worker that had the text is lost
    text = client.submit(str, job.text(), key=f"{name}-request", pure=False)
    left, at_work = iter(numbers), dict[Any, int]()
    try:
        while True:
            with cluster.present():
                room = max(1, AHEAD * cluster.threads()) - len(at_work)
                for number in islice(left, max(0, room)):
                    arguments = (job.piece, job.prepare, text, expected, number)
                    at_work[client.submit(work, *arguments, key=f"{name}-{number}", pure=False)] = number
            if not at_work:
                return
            done = cluster.done(list(at_work))
            results = cluster.results(done)
            yield {at_work.pop(future): result for future, result in zip(done, results, strict=True)}
    finally:
        with suppress(Exception):  # of a cluster that is gone
            client.cancel([text, *at_work])


class _Cluster:
    """A cluster, whose end is a `ClusterError`."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client  # its methods are typed as if each might be a coroutine
        self._address = "the scheduler"
        with self.present():
            self._address = str(client.scheduler_info()["address"])

    @contextmanager
    def present(self) -> Iterator[None]:
        """Make a `ClusterError` of what Dask raises in the block when the scheduler is gone."""
        try:
            yield
        except KineticsError:
            raise
        except Exception as error:
            if self._client.status == "running" and not isinstance(error, OSError | CancelledError):
                raise
            reason = str(error).partition("\n")[0][:200] or type(error).__name__
            raise ClusterError(f"{self._address}: the cluster went away: {reason}") from error

    def threads(self) -> int:
        """Of all workers, as many as there are now."""
        return sum(self._client.nthreads().values())

    def await_workers(self) -> None:
        """Wait until there is a worker; a `ClusterError` if there is none for too long."""
        begun = time.monotonic()
        while not self.threads():
            if time.monotonic() - begun > PATIENCE:
                raise ClusterError(f"{self._address}: the cluster has had no worker for {PATIENCE:.0f} s")
            warn(f"{self._address}: the cluster has no worker; waiting for one")
            time.sleep(min(1.0, PATIENCE / 10))

    def done(self, futures: Sequence[Future]) -> list[Future]:
        """The pieces that are done, one at least."""
        while True:
            with self.present():
                try:
                    with self._client.as_current():
                        finished: Any = wait(futures, timeout=ROUND, return_when="FIRST_COMPLETED")
                    return list(finished.done)
                except TimeoutError:
                    self.await_workers()

    def results(self, done: Sequence[Future]) -> list[Any]:
        """What pieces gave; the error of one that failed."""
        errors: list[Any] = [future.exception() for future in done if future.status == "error"]
        for error in errors:
            if isinstance(error, KilledWorker):
                raise ClusterError(f"{self._address}: a piece of the work ended each worker that had it: {error}")
            raise error
        with self.present():
            return list(self._client.gather(done))
