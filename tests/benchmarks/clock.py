"""Times on a machine that others use too: many repeats, of which the least and the median are kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["pace", "repeated"]


def repeated(action: Callable[[], Any], *, seconds: float, least: int) -> dict[str, float]:
    """Seconds an action takes.

    Parameters
    ----------
    action : callable
        Called once unmeasured, then until ``seconds`` have passed and at least ``least`` times.
    seconds : float
        How long to go on.
    least : int
        How often at least.

    Returns
    -------
    dict
        ``least`` and ``median`` in seconds, ``processor`` the least time of all cores together, which others on the
        machine disturb less, and the number of ``repeats``.
    """
    action()
    took: list[float] = []
    worked: list[float] = []
    end = time.perf_counter() + seconds
    while len(took) < least or time.perf_counter() < end:
        begin, before = time.perf_counter(), time.process_time()
        action()
        took.append(time.perf_counter() - begin)
        worked.append(time.process_time() - before)
    return {
        "least": min(took),
        "median": float(np.median(took)),
        "processor": min(worked),
        "repeats": len(took),
    }


def pace() -> dict[str, float]:
    """Seconds of a fixed piece of work in Python: tells whether two processes met the same machine."""
    return repeated(lambda: sum(i * i for i in range(50_000)), seconds=0.2, least=20)
