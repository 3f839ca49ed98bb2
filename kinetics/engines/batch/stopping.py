"""What the integrators of one patient and of many share: error bounds, rules in arrays, and why they stopped."""

from __future__ import annotations

import numpy as np

from kinetics.compile import System
from kinetics.engines.batch.kernels.workspaces import Rules
from kinetics.engines.guard import complaint
from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.engines.tolerances import Tolerances
from kinetics.regimen import Segments, Triggers
from kinetics.units import unit_text

__all__ = ["MOST_STEPS", "TOLERANCES", "rule_arrays", "why_stopped"]

TOLERANCES = Tolerances(relative=1e-7, absolute=1e-13)
MOST_STEPS = 100_000
BELOW_ZERO = 4
_REASONS = {
    1: "more than {most} steps",
    2: "the step size fell to zero",
    3: "the rates are not finite",
}


def rule_arrays(system: System, triggers: Triggers, levels: np.ndarray, share: float, fired: TriggeredDoses) -> Rules:
    """The rules in arrays; ``levels`` and ``fired`` may have a leading axis (patient,); ``share`` of levels: slack."""
    columns = np.array([system.outputs.index(name) for name in triggers.outputs], dtype=np.int64)
    dose_amounts = np.ascontiguousarray(triggers.dose_amounts @ system.dose_matrix())
    when = (triggers.signs, triggers.most, triggers.apart, triggers.windows)
    what = (triggers.doses, triggers.every, triggers.durations, dose_amounts)
    return Rules(columns, levels, share * np.abs(levels), *when, *what, triggers.same, *fired.arrays)


def why_stopped(
    system: System, constants: np.ndarray, segments: Segments, told: np.ndarray, absolute: np.ndarray
) -> str:
    """What the kernel told, (3 + state,): status, steps, time and states where it stopped, in words.

    ``absolute`` are the tolerances of the states, (state,).
    """
    (status, steps, time), last = told[:3], np.ascontiguousarray(told[3:])
    segment = int(np.clip(np.searchsorted(segments.edges, time, side="right"), 1, len(segments)))
    where = f"Rodas5P stopped in segment {segment} of {len(segments)} at {time:.6g} {unit_text(system.model.time)}"
    if status >= BELOW_ZERO:
        kind, state = divmod(int(status) - BELOW_ZERO, last.size)
        return f"{where}, {complaint(system, kind, state, last[state], absolute[state])}"
    blamed = _to_blame(system, constants, last, segments.rates[segment - 1] @ system.dose_matrix())
    what = _REASONS[int(status)].format(most=MOST_STEPS)
    return (
        f"{where}, state {blamed}: {what} after {int(steps)} steps. "
        f"Check the parameters, or try a looser tolerance or the scipy engine."
    )


def _to_blame(system: System, constants: np.ndarray, states: np.ndarray, inflow: np.ndarray) -> str:
    """The state whose rate, or a derivative of it, is not finite, else the one that changes fastest for its size."""
    rates = system.functions.rate(states, constants, inflow)
    infinite = ~np.isfinite(rates)
    if not infinite.any():
        infinite = ~np.isfinite(system.functions.jacobian(states, constants)).all(axis=1)
    if infinite.any():
        return system.states[int(infinite.argmax())]
    return system.states[int(np.argmax(np.abs(rates) / (np.abs(states) + np.finfo(float).tiny)))]
