"""Check the seed of random numbers: one rule for every function that takes one."""

from __future__ import annotations

from typing import Any

from kinetics.files.arguments import whole_number

MAX_SEED = 2**63 - 1
"""The largest whole number that result files hold."""


def checked_seed(seed: Any) -> int:
    """The seed; refused, with an `InputError`, unless it is a whole number that a result file holds."""
    return whole_number("seed", seed, 0, MAX_SEED)
