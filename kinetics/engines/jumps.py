"""Jumps of states at the starts of segments: boluses, and a clock that is set past the time of a condition."""

from __future__ import annotations

import numpy as np

from kinetics.compile import System
from kinetics.model.timing.clock import CLOCK, is_clock
from kinetics.regimen import Segments


def clock_of(system: System) -> int | None:
    """The number of the state that is the time, if there is one."""
    row = system.model.states.get(CLOCK)
    return system.states.index(CLOCK) if row is not None and is_clock(row) and CLOCK in system.states else None


def jumps(system: System, segments: Segments) -> np.ndarray:
    """What is added to states at the start of each segment, (segment, state), in the units of the states."""
    added = segments.boluses @ system.dose_matrix()
    clock = clock_of(system)
    if clock is not None and segments.forward is not None:
        added[:, clock] += segments.forward
    return added
