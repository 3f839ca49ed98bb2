"""All patients in chunks, on all threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any

from numba import get_num_threads

ROUNDS = 8
"""Patients a lane in a chunk: enough to keep lanes full, few enough that threads end at about the same time."""
_compiled: set[Callable[..., None]] = set()


def in_chunks(integrate: Callable[..., None], patients: int, lanes: int, *arguments: Any) -> None:
    """Integrate all patients on the threads that numba is allowed, a few full lanes at a time."""
    threads = get_num_threads()
    share = -(-patients // (threads * lanes))
    size = lanes * max(1, min(share, ROUNDS))
    begins = range(0, patients, size)
    if min(threads, len(begins)) < 2:
        integrate(0, patients, *arguments)
        return
    if integrate not in _compiled:  # before threads would all want to
        integrate(0, 0, *arguments)
        _compiled.add(integrate)
    # Threads and no processes: the kernels hold no lock of Python, and each patient has a place of its own in the
    # results.
    pool = _pool(threads)
    chunks = [pool.submit(integrate, begin, min(begin + size, patients), *arguments) for begin in begins]
    try:
        for done in chunks:
            done.result()
    finally:  # nothing writes into the results of a caller who was interrupted
        for one in chunks:
            one.cancel()
        wait(chunks)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that are kept: to start them takes as long as a short integration."""
    return ThreadPoolExecutor(threads)


os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not go with a fork
