"""Work arrays of compiled functions by name; shapes stand behind the fields.

Python makes them, in functions next to their use: compiled allocations cost seconds of compiling, and an array that
compiled code returns would be wrapped by Python code, where a Ctrl-C cannot be passed on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Step(NamedTuple):
    """A step of one patient."""

    y: np.ndarray  # (state,), before the step
    y_new: np.ndarray  # (state,), after it
    inflow: np.ndarray  # (state,)
    k: np.ndarray  # (stage, state), slopes
    points: np.ndarray  # (stage, state), where rates are taken
    lu: np.ndarray  # (factor,)
    terms: np.ndarray  # (3, state), of the dense output
    phase: np.ndarray  # (state,), see `guard`
    state: np.ndarray  # (state,), inside the step
    rate: np.ndarray  # (state,)
    outputs: np.ndarray  # (output,)
    kinks: np.ndarray  # (3, kink), sides of kinks before, after and inside the step


class Progress(NamedTuple):
    """How far a patient has come."""

    steps: np.ndarray  # (1,), taken
    sample: np.ndarray  # (1,), number of the next
    course: np.ndarray  # (1,), number, -1 before the first
    kink_step: np.ndarray  # (1,), length of the step that met a kink; 0 if none is ahead


class Windows(NamedTuple):
    """What `recovery_windows` follows. Of lanes each array has a leading axis lane."""

    lowest: np.ndarray  # (event,), lowest value of the window
    met: np.ndarray  # (event,), time at which the output met its level since then
    samples: np.ndarray  # (event, SAMPLES + 1), values at the ends of a step and between


class RuleState(NamedTuple):
    """How rules stand."""

    armed: np.ndarray  # (rule,), the output has been before its level
    actions: np.ndarray  # (rule,), so far
    last: np.ndarray  # (rule,), time of the last action
    due: np.ndarray  # (rule,), to act now
    doses: np.ndarray  # (rule,), given of the last course
    next_dose: np.ndarray  # (rule,), time of the next of that course; infinite if there is none
    acted: np.ndarray  # (rule,), at this instant
    beyond: np.ndarray  # (rule,), how far the output is beyond its level
    crossings: np.ndarray  # (rule,), time at which it meets it
    ends: np.ndarray  # (infusion,)
    speeds: np.ndarray  # (infusion,), shares a unit of time
    sources: np.ndarray  # (infusion,), rules
    infusions: np.ndarray  # (1,), that run
    triggered: np.ndarray  # (1,), doses so far


class TangentStages(NamedTuple):
    """A step of sensitivities; `entry` counts the nonzero entries of a table of derivatives."""

    constants: np.ndarray  # (constant * lane,), all lanes the same
    points: np.ndarray  # (state * lane,), stages side by side
    entries: np.ndarray  # (entry * lane,), the Jacobian of each stage
    jacobian: np.ndarray  # (stage, entry), the same by stage
    by_constant: np.ndarray  # (stage, entry), of the rates
    curvature_by_state: np.ndarray  # (entry,), of the Jacobian
    curvature_by_constant: np.ndarray  # (entry,), of the Jacobian
    jacobian_change: np.ndarray  # (entry * lane,), (J(y))'
    point: np.ndarray  # (state * lane,), u'
    right: np.ndarray  # (state * lane,), right side
    slopes: np.ndarray  # (stage * state * lane,), k'


class Lanes(NamedTuple):
    """Where each lane is, all (lane,)."""

    patient: np.ndarray  # -1 in a lane without one
    segment: np.ndarray
    course: np.ndarray
    sample: np.ndarray  # number of the next
    steps: np.ndarray  # taken
    rejected: np.ndarray  # the step before was too long
    last: np.ndarray  # this step ends the segment
    accepted: np.ndarray  # this step is
    time: np.ndarray  # before the step
    after: np.ndarray  # time after it
    stop: np.ndarray  # end of the segment
    final: np.ndarray  # end of the plan
    due: np.ndarray  # time of the next sample
    h: np.ndarray  # length of the step
    error: np.ndarray  # of the step, over its tolerance
    growth: np.ndarray  # that this error allows
    longest: np.ndarray  # step of the segment


class LaneStep(NamedTuple):
    """A step of every lane, in flat arrays with the lane last: see `Step`."""

    y: np.ndarray  # (state * lane,)
    y_new: np.ndarray  # (state * lane,)
    inflow: np.ndarray  # (state * lane,)
    k: np.ndarray  # (stage * state * lane,)
    points: np.ndarray  # (state * lane,), of one stage at a time
    lu: np.ndarray  # (factor * lane,)
    terms: np.ndarray  # (3 * state * lane,)
    phase: np.ndarray  # (state * lane,)
    outputs: np.ndarray  # (output * lane,)
    kinks: np.ndarray  # (kink * lane,), before the step
    kinks_new: np.ndarray  # (kink * lane,), after it
    constants: np.ndarray  # (constant * lane,)
    absolute: np.ndarray  # (state * lane,), tolerances
    w: np.ndarray  # (state * lane,), what is the same for all states of a lane
    alarm: np.ndarray  # (state * lane,), see `lane_step.guard_lanes`
