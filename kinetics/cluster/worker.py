"""What a worker does: one piece of a job, which it makes of its text once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from distributed import get_worker

from kinetics.cluster.installation import difference, installation, worker_text
from kinetics.errors import InputError

if TYPE_CHECKING:
    from kinetics.cluster.jobs import Job

_ONE_PIECE = threading.Lock()
"""A worker with several threads does one piece at a time: the engine has threads of its own, and memory is bounded."""


def piece(kind: type[Job[Any]], text: str, expected: Mapping[str, str], number: int) -> Any:
    """The result of one piece; an `InputError` if another version of the package is installed here.

    Workers are checked before the work, but one may join at any time.
    """
    if reason := difference(installation(), expected):
        worker = get_worker()
        raise InputError(f"{worker_text(worker.name, worker.address)}: {reason}")
    with _ONE_PIECE:
        return _job(kind, text).piece(number)


def dask_setup(_: object) -> None:
    """Let a worker ignore Ctrl-C, which is for the client: it ends the workers. Dask calls this as one starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@lru_cache(maxsize=2)
def _job(kind: type[Job[Any]], text: str) -> Job[Any]:
    return kind.from_text(text)
