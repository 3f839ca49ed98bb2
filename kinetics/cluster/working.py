"""What a worker does: one piece of a job, with what the pieces share kept from one to the next."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from distributed import get_worker

from kinetics.cluster.installation import difference, installation, worker_text
from kinetics.errors import InputError

_AT_WORK = threading.Lock()
"""A worker with several threads does one piece at a time: the engine has threads of its own, and memory is bounded."""


def work(
    piece: Callable[[Any, int], Any],
    prepare: Callable[[str], Any],
    text: str,
    expected: Mapping[str, str],
    number: int,
) -> Any:
    """The result of one piece; an `InputError` on a worker that joined later, with another version of the package."""
    if reason := difference(installation(), expected):
        worker = get_worker()
        raise InputError(f"{worker_text(worker.name, worker.address)}: {reason}")
    with _AT_WORK:
        return piece(_shared(prepare, text), number)


def dask_setup(_: object) -> None:
    """Let a worker ignore Ctrl-C, which is for the client: it ends the workers. Dask calls this as one starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@lru_cache(maxsize=2)
def _shared(prepare: Callable[[str], Any], text: str) -> Any:
    return prepare(text)
