"""The pieces of a job on a cluster, a few for each thread at a time; another worker does again what a lost one had."""

from __future__ import annotations

import time
import uuid
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from distributed import KilledWorker, wait

from kinetics.cluster.installation import check_scheduler, check_workers, installation
from kinetics.cluster.worker import piece
from kinetics.errors import ClusterError, KineticsError, warn

if TYPE_CHECKING:
    from distributed import Client, Future

    from kinetics.cluster.jobs import Job

R = TypeVar("R")

PIECES_PER_THREAD = 3
"""Pieces that a thread of the cluster has: one is done, the others wait, so that no thread waits for the client. There
are far fewer than all: the scheduler keeps a kilobyte for each, and Ctrl-C is to be quick."""
CHECK_EVERY = 5.0
"""Seconds without a result after which the client looks whether there still are workers."""
PATIENCE = 300.0
"""Seconds that a cluster may have no worker."""


def cluster_results(job: Job[R], numbers: Iterable[int], client: Client) -> Generator[dict[int, R], None, None]:
    """As `kinetics.cluster.jobs.results` describes it."""
    cluster = _Cluster(client)
    name, expected = f"kinetics-{uuid.uuid4().hex[:12]}", installation()
    # a task, not scattered data: the scheduler can run a task again when the worker that had the text is lost
    # of another prefix than the pieces: the scheduler expects what has the same to take the same time
    text = client.submit(str, job.text(), key=f"job-of-{name}", pure=False)
    waiting, submitted = deque(numbers), dict[Any, tuple[int, str]]()
    try:
        while waiting or submitted:
            threads = cluster.await_workers()
            cluster.check_new_workers()
            for worker in islice(_with_room(threads, submitted.values()), len(waiting)):
                number = waiting.popleft()
                # by itself the scheduler would send all to the worker that has the text, until it knows their time
                where: Any = {"key": f"{name}-{number}", "workers": [worker], "allow_other_workers": True}
                with cluster.reached():
                    future = client.submit(piece, type(job), text, expected, number, pure=False, **where)
                submitted[future] = number, worker
            finished = cluster.finished(list(submitted))
            gathered = cluster.gathered(finished)
            yield {submitted.pop(future)[0]: result for future, result in zip(finished, gathered, strict=True)}
    finally:
        with suppress(Exception):  # of a cluster that is gone
            client.cancel([text, *submitted])


def _with_room(threads: Mapping[str, int], submitted: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Workers for the next pieces: always the one with the fewest for each thread, until all have enough."""
    pieces = Counter(worker for _, worker in submitted)
    while True:
        worker = min(threads, key=lambda each: pieces[each] / threads[each])
        if pieces[worker] >= PIECES_PER_THREAD * threads[worker]:
            return
        pieces[worker] += 1
        yield worker


class _Cluster:
    """A cluster that raises a `ClusterError` when it is gone."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client  # its methods are typed as if each might be a coroutine
        self._address = "the scheduler"
        self._checked: set[str] = set()
        with self.reached():
            self._address = str(self._client.scheduler_info()["address"])
            check_scheduler(client)

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Make a `ClusterError` of what Dask raises in the block when the scheduler is gone."""
        try:
            yield
        except KineticsError:
            raise
        except Exception as error:
            if self._client.status == "running" and not isinstance(error, OSError | CancelledError):
                raise
            cancelled = "the scheduler has ended, or cancelled the work" if isinstance(error, CancelledError) else ""
            reason = cancelled or str(error).partition("\n")[0][:200] or type(error).__name__
            raise ClusterError(f"{self._address}: the cluster went away: {reason}") from error

    def _threads(self) -> dict[str, int]:
        with self.reached():
            return self._client.nthreads()

    def await_workers(self) -> dict[str, int]:
        """The number of threads of each worker, when there is a worker; a `ClusterError` if there is none for long."""
        begun = time.monotonic()
        while not (threads := self._threads()):
            if time.monotonic() - begun > PATIENCE:
                raise ClusterError(f"{self._address}: the cluster has had no worker for {PATIENCE:.0f} s")
            warn(f"{self._address}: the cluster has no worker; waiting for one")
            time.sleep(min(1.0, PATIENCE / 10))
        return threads

    def check_new_workers(self) -> None:
        """Check the installation of workers that were not there before."""
        with self.reached():
            new = self._client.nthreads().keys() - self._checked
            if new:
                check_workers(self._client, sorted(new))
        self._checked |= new

    def finished(self, futures: Sequence[Future]) -> list[Future]:
        """The pieces that are finished, one at least."""
        while True:
            with self.reached():
                try:
                    with self._client.as_current():
                        state: Any = wait(futures, timeout=CHECK_EVERY, return_when="FIRST_COMPLETED")
                    return list(state.done)
                except TimeoutError:
                    self.await_workers()

    def gathered(self, finished: Sequence[Future]) -> list[Any]:
        """What pieces gave; the error of one that failed."""
        error: Any = next((future.exception() for future in finished if future.status == "error"), None)
        if isinstance(error, KilledWorker):
            raise ClusterError(f"{self._address}: a piece of the work ended each worker that had it: {error}")
        if error is not None:
            self.check_new_workers()  # one that has just joined may lack the package, or have an old one
            raise error
        with self.reached():
            return list(self._client.gather(finished))
