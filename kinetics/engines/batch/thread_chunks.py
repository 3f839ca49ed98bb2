"""All patients in stretches, on all threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from numba import get_num_threads

__all__ = ["in_stretches"]

ROUNDS = 8


def in_stretches(integrate: Callable[..., None], patients: int, lanes: int, arrays: tuple[Any, ...]) -> None:
    """Integrate all patients on the threads that numba is allowed, a few full lanes at a time."""
    threads = get_num_threads()
    share = -(-patients // (threads * lanes))
    size = lanes * max(1, min(share, ROUNDS))
    begins = range(0, patients, size)
    if min(threads, len(begins)) < 2:
        integrate(0, patients, *arrays)
        return
    integrate(0, 0, *arrays)  # compiles, before threads would all want to
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(integrate, begin, min(begin + size, patients), *arrays) for begin in begins]:
            done.result()
