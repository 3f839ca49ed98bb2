"""What the integrators of one patient and of many share: error bounds, rules in arrays, and why they stopped."""

from __future__ import annotations

from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.engines.firing import Fired
from kinetics.engines.tolerances import Tolerances
from kinetics.regimen import Segments, Triggers

__all__ = ["MOST_STEPS", "TOLERANCES", "rule_arrays", "why_stopped"]

TOLERANCES = Tolerances(relative=1e-7, absolute=1e-12)
MOST_STEPS = 100_000
_REASONS = {
    1: "more than {most} steps",
    2: "the step size fell to zero",
    3: "the rates are not finite",
}


def rule_arrays(system: System, triggers: Triggers, levels: np.ndarray, fired: Fired) -> tuple[Any, ...]:
    """The rules as `triggered` has them; ``levels`` and ``fired`` may have a leading axis (patient,)."""
    columns = np.array([system.outputs.index(name) for name in triggers.outputs], dtype=np.int64)
    gifts = np.ascontiguousarray(triggers.gifts @ system.dose_matrix())
    numbers = (triggers.signs, triggers.most, triggers.apart, triggers.windows, triggers.durations)
    return columns, levels, *numbers, gifts, triggers.same, fired.times, fired.rules, fired.capped


def why_stopped(system: System, segments: Segments, told: np.ndarray) -> str:
    """What the kernel told, (status, steps, time, state), in words."""
    status, steps, time, state = told
    segment = int(np.clip(np.searchsorted(segments.edges, time, side="right"), 1, len(segments)))
    what = _REASONS[int(status)].format(most=MOST_STEPS)
    return (
        f"Rodas5P stopped in segment {segment} of {len(segments)} at time {time:.6g}, "
        f"state {system.states[int(state)]}: {what} after {int(steps)} steps. "
        f"Try the scipy engine, a looser tolerance, or check the parameters."
    )
