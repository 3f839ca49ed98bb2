"""Clients of Dask: that of a caller, one for the address of a scheduler, or one for new workers of this machine."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from kinetics.errors import InputError
from kinetics.files.capacity import check_memory
from kinetics.text.extras import needs

if TYPE_CHECKING:
    from distributed import Client

CONNECT = 15
"""Seconds in which a scheduler must answer."""
WORKER_BYTES = 3 * 10**8
"""Memory of a worker process that has imported the package and works on a chunk."""


def check_dask() -> None:
    """Refuse, with an `InputError`, to work on a cluster where Dask is not installed."""
    if importlib.util.find_spec("distributed") is None:
        raise InputError(f"a cluster {needs('Dask', 'cluster')}")


def check_worker_memory(workers: int) -> None:
    """Refuse, with an `InputError`, more worker processes than the memory of this machine is enough for."""
    check_memory(workers * WORKER_BYTES, f"{workers} workers", "start fewer")


def checked_client(client: object) -> Client | None:
    """The client of a caller, or None; an `InputError` if it is of another class, asynchronous or closed."""
    if client is None:
        return None
    check_dask()
    from distributed import Client

    if not isinstance(client, Client):
        raise InputError(f"must be a dask.distributed.Client; found {type(client).__name__} {client!r:.60}")
    if client.asynchronous:
        raise InputError("must not be asynchronous; write Client(address)")
    if client.status != "running":
        raise InputError(f"is {client.status}; make another with Client(address)")
    return client


@contextmanager
def connected(address: str | None, workers: int | None) -> Generator[Client | None, None, None]:
    """A client of the scheduler at an address, or else of new worker processes on this machine; None without both.

    The client, and workers that were started, end with the block.

    Raises
    ------
    InputError
        If Dask is not installed, or nothing answers at the address.
    """
    if address is None and workers is None:
        yield None
        return
    check_dask()
    from distributed import Client, LocalCluster

    with ExitStack() as stack:
        # Dask logs lost connections, for which a `ClusterError` has the message
        stack.enter_context(_silent("distributed"))
        if workers is not None:
            from numba import get_num_threads

            threads = str(max(1, get_num_threads() // workers))
            cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
                env={"NUMBA_NUM_THREADS": threads}, preload=["kinetics.cluster.worker"],
            )  # fmt: skip
            client = Client(stack.enter_context(cluster), set_as_default=False)
        else:
            try:
                client = Client(address, timeout=CONNECT, set_as_default=False)
            except (OSError, ValueError, TypeError) as error:
                reason = str(error).partition("\n")[0][:200]
                raise InputError(f"{address}: no scheduler of Dask answers there: {reason}") from error
        yield stack.enter_context(client)


@contextmanager
def _silent(name: str) -> Generator[None, None, None]:
    """Let a logger and all below it write nothing; some of those have levels and handlers of their own."""
    below = [other for other in logging.root.manager.loggerDict if other.startswith(f"{name}.")]
    before = [(log, log.handlers, log.propagate) for log in map(logging.getLogger, [name, *below])]
    for log, *_ in before:
        log.handlers, log.propagate = [logging.NullHandler()], False
    try:
        yield
    finally:
        for log, handlers, propagate in before:
            log.handlers, log.propagate = handlers, propagate
