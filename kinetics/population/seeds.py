"""Check the seed of random numbers: one rule for every function that takes one."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from kinetics.errors import InputError

__all__ = ["MAX_SEED", "checked_seed"]

MAX_SEED = 2**63 - 1
"""The largest whole number that result files hold."""


def checked_seed(seed: Any) -> int:
    """The seed; refused, with an `InputError`, unless it is a whole number that a result file holds."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= int(seed) <= MAX_SEED:
        raise InputError(f"the seed is {seed!r:.40}; it must be a whole number from 0 to {MAX_SEED}")
    return int(seed)
