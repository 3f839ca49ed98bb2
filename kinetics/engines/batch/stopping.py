"""What the integrators of one patient and of many share: error bounds, rules in arrays, and why they stopped."""

from __future__ import annotations

import numpy as np

from kinetics.compile import System
from kinetics.engines.batch.kernels.problems import BELOW_ZERO, NOT_FINITE, STEP_TOO_SMALL, TOO_MANY_STEPS, Rules
from kinetics.engines.guard import GREW_FROM_ROUNDING, WENT_BELOW_ZERO, complaint
from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.engines.tolerances import Tolerances
from kinetics.regimen import Segments, Triggers
from kinetics.units import display_unit

TOLERANCES = Tolerances(relative=1e-7, absolute=1e-13)
MOST_STEPS = 100_000
_REASONS = {
    TOO_MANY_STEPS: "more than {most} steps",
    STEP_TOO_SMALL: "the step size fell to zero",
    NOT_FINITE: "the rates are not finite",
}


def rule_arrays(
    system: System, triggers: Triggers, levels: np.ndarray, share: float, triggered: TriggeredDoses
) -> Rules:
    """The rules in arrays; ``levels`` and ``triggered`` may have a leading axis (patient,); slack is a share of levels.

    ``triggered`` is filled.
    """
    columns = np.array([system.outputs.index(name) for name in triggers.outputs], dtype=np.int64)
    dose_amounts = np.ascontiguousarray(triggers.dose_amounts @ system.dose_matrix())
    when = (triggers.signs, triggers.most, triggers.drugs, triggers.apart, triggers.scheduled, triggers.windows)
    what = (triggers.doses, triggers.every, triggers.durations, dose_amounts)
    return Rules(columns, levels, share * np.abs(levels), *when, *what, triggers.same, *triggered.arrays)


def explain_stop(
    system: System,
    constants: np.ndarray,
    segments: Segments,
    absolute: np.ndarray,
    *,
    status: int,
    steps: int,
    time: float,
    states: np.ndarray,
) -> str:
    """Why an integration stopped, in words, from what the kernel says and the absolute tolerances, (state,)."""
    segment = int(np.clip(np.searchsorted(segments.edges, time, side="right"), 1, len(segments)))
    where = f"Rodas5P stopped in segment {segment} of {len(segments)} at {time:.6g} "
    where = f"{where}{display_unit(system.model.time)}".rstrip()
    if status >= BELOW_ZERO:
        kind, state = divmod(status - BELOW_ZERO, states.size)
        fault = (WENT_BELOW_ZERO, GREW_FROM_ROUNDING)[kind]
        return f"{where}, {complaint(system, fault, state, states[state], absolute[state])}"
    inflow = segments.rates[segment - 1] @ system.dose_matrix()
    state = _state_to_blame(system, constants, np.ascontiguousarray(states), inflow)
    return (
        f"{where}, state {state}: {_REASONS[status].format(most=MOST_STEPS)} after {steps} steps. "
        f"Check the parameters, or try a looser tolerance or the scipy engine."
    )


def _state_to_blame(system: System, constants: np.ndarray, states: np.ndarray, inflow: np.ndarray) -> str:
    """The state whose rate, or a derivative of it, is not finite, else the one that changes fastest for its size."""
    rates = system.functions.rate(states, constants, inflow)
    infinite = ~np.isfinite(rates)
    if not infinite.any():
        infinite = ~np.isfinite(system.functions.jacobian(states, constants)).all(axis=1)
    if infinite.any():
        return system.states[int(infinite.argmax())]
    return system.states[int(np.argmax(np.abs(rates) / (np.abs(states) + np.finfo(float).tiny)))]
