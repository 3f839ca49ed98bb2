"""Work arrays of compiled functions by name; shapes stand behind the fields.

`kinetics.engines.batch.work` makes them: compiled allocations cost seconds of compiling, and an array that compiled
code returns would be wrapped by Python code, where a Ctrl-C cannot be passed on. Arrays of lanes are flat, with the
lane last. One patient alone is one lane.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Step(NamedTuple):
    """A step of every lane; addresses in compiled code."""

    h: np.ndarray  # (lane,), its length
    pace: np.ndarray  # (lane,), 1/h
    shift: np.ndarray  # (lane,), of the diagonal of the matrix that is factored
    error: np.ndarray  # (lane,), over its tolerance
    fifth: np.ndarray  # (lane,), the error to the power of -1/5
    relative: np.ndarray  # (1,), tolerance
    absolute: np.ndarray  # (state * lane,), tolerances
    constants: np.ndarray  # (constant * lane,), of the patients
    coefficients: np.ndarray  # (coefficient * lane,), likewise
    y: np.ndarray  # (state * lane,), before the step
    y_new: np.ndarray  # (state * lane,), after it
    inflow: np.ndarray  # (state * lane,)
    k: np.ndarray  # (stage * state * lane,), slopes
    point: np.ndarray  # (state * lane,), where the rates of a stage are taken
    earlier: np.ndarray  # (state * lane,), what earlier stages add to the right side of a stage
    lu: np.ndarray  # (factor * lane,)
    terms: np.ndarray  # (3 * state * lane,), of the dense output
    theta: np.ndarray  # (lane,), fraction of the step that is looked at; of one patient in all of a register
    phase: np.ndarray  # (state * lane,), see `guard`
    state: np.ndarray  # (state * lane,), inside the step
    rate: np.ndarray  # (state * lane,)
    outputs: np.ndarray  # (output * lane,)
    kinks: np.ndarray  # (kink * lane,), sides of kinks before the step
    kinks_new: np.ndarray  # (kink * lane,), after it or inside it


LANE = np.dtype(
    [
        ("patient", np.int64),  # -1 in a lane without one
        ("segment", np.int64),
        ("course", np.int64),
        ("sample", np.int64),  # number of the next
        ("steps", np.int64),  # taken
        ("rejected", np.bool_),  # the step before was too long
        ("last", np.bool_),  # this step ends the segment
        ("accepted", np.bool_),  # this step is
        ("time", np.float64),  # before the step
        ("after", np.float64),  # time after it
        ("stop", np.float64),  # end of the segment
        ("final", np.float64),  # end of the plan
        ("due", np.float64),  # time of the next sample
        ("growth", np.float64),  # that the error of the step allows
        ("longest", np.float64),  # step of the segment
    ],
    align=True,
)
"""Where a lane is."""


class Progress(NamedTuple):
    """How far a patient has come; addresses in compiled code."""

    steps: np.ndarray  # (1,), taken
    sample: np.ndarray  # (1,), number of the next
    course: np.ndarray  # (1,), number, -1 before the first
    kink_step: np.ndarray  # (1,), length of the step that met a kink; 0 if none is ahead


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
    """A step of sensitivities, see `tangent`; `entry` counts the nonzero entries of matrices."""

    points: np.ndarray  # (state * stage,), u
    k: np.ndarray  # (state * stage,), slopes of the states
    by_state: np.ndarray  # (entry * stage,), J and B
    by_constant: np.ndarray  # (entry * stage,), f_c + C
    point: np.ndarray  # (state * lane,), u'
    direct: np.ndarray  # (state * lane,), what constants and inflow add to the right side of a stage
    earlier: np.ndarray  # (state * lane,), as in `Step`
    theta: np.ndarray  # (lane,), likewise
    slopes: np.ndarray  # (stage * state * lane,), k'
