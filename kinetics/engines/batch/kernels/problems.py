"""What compiled functions are asked, and the arrays that they fill, by name; shapes stand behind the fields.

They are tuples, which numba passes as their bare fields. Python has arrays where compiled code has their addresses:
an array of numba is seven values, and a call would copy hundreds. See `workspaces.addressed`.
A field that is None is left out by the compiler, with all code that would use it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kinetics.engines.batch.kernels.workspaces import RuleState, TangentStages

DONE, TOO_MANY_STEPS, STEP_TOO_SMALL, NOT_FINITE, BELOW_ZERO = range(5)
"""Why an integration stopped. From the last on it is a fault that `guard` found: BELOW_ZERO plus the number of a state,
or that plus the number of states for one that grew from rounding."""


class Code(NamedTuple):
    """Functions of so many lanes; see `kinetics.compile.definitions` for what each takes. One patient is one lane."""

    lanes: int
    combine: np.ndarray  # (stage,), addresses
    dense_terms: int
    interpolate: int
    states: int
    width: int  # numbers of a flat array: states * lanes, in whole registers
    outputs: int
    kinks: int
    constants: int
    coefficients: int
    factors: int
    work_out: int  # coefficients
    rate: int
    read_outputs: int
    read_kinks: int
    factor: int
    stage: int
    error: int


class TangentCode(NamedTuple):
    """Derivatives of one patient at all stages, and what they do to so many lanes of sensitivities."""

    lanes: int
    combine: np.ndarray  # (stage,), addresses
    dense_terms: int
    interpolate: int
    stage_points: int
    stage_by_state: int
    stage: int
    stage_by_constant: int
    direct: int
    outputs_by_state: int
    outputs_by_constant: int
    constants_by_parameter: int
    start_by_constant: int


class Schedule(NamedTuple):
    """Doses. Of several plans each array has a leading axis, and is as long as that of the longest."""

    segments: int
    n_courses: int
    edges: np.ndarray  # (segment + 1,)
    inflows: np.ndarray  # (segment, state)
    boluses: np.ndarray  # (segment, state), given at the start of each segment
    courses: np.ndarray  # (course,), times of the first doses


class Limits(NamedTuple):
    """Tolerances, and the most steps."""

    relative: float
    absolute: np.ndarray  # (state,); of many (patient, state)
    steps: int


class Thresholds(NamedTuple):
    """Outputs whose return to a level after each course is looked for. Of many levels are (patient, event)."""

    events: int
    outputs: np.ndarray  # (event,), numbers
    levels: np.ndarray  # (event,)
    margins: np.ndarray  # (event,), within which an output counts as at its level


class Samples(NamedTuple):
    """Output times, and what is filled there."""

    n_times: int
    with_states: bool
    times: np.ndarray  # (time,)
    outputs: np.ndarray  # (time, output)
    states: np.ndarray  # (time, state)


class Record(NamedTuple):
    """Every step, filled."""

    capacity: int
    size: np.ndarray  # (1,), how many there are
    ends: np.ndarray  # (step,)
    values: np.ndarray  # (step, 5, state): left, right, and the terms of the dense output


class Rules(NamedTuple):
    """Rules that give doses, and what they did. Of many patients what is marked * has a leading axis patient."""

    columns: np.ndarray  # (rule,), numbers of outputs
    levels: np.ndarray  # (rule,) *
    slack: np.ndarray  # (rule,) *, about the level
    signs: np.ndarray  # (rule,), 1 for a rise and -1 for a fall
    most: np.ndarray  # (rule,), actions
    drugs: np.ndarray  # (rule,), number of the drug
    apart: np.ndarray  # (rule,), least time to another course of the drug
    scheduled: np.ndarray  # (rule, course), first doses of those known beforehand; infinite behind the last
    windows: np.ndarray  # (rule, 2), from when up to when
    doses: np.ndarray  # (rule,), of an action
    every: np.ndarray  # (rule,), time from one dose to the next
    durations: np.ndarray  # (rule,), of infusions; 0 for a bolus
    dose_amounts: np.ndarray  # (rule, state)
    same: float  # times no further apart are one
    times: np.ndarray  # (trigger,) *, filled as in `kinetics.engines.rule_monitor.TriggeredDoses`
    which: np.ndarray  # (trigger,) *, likewise
    capped: np.ndarray  # (rule,) *, likewise


class SparseTerms(NamedTuple):
    """Products of a derivative by a constant with what a parameter does to that constant."""

    indices: np.ndarray  # (3, term): block of parameters, index in a flat (row, lane), number of the derivative
    factors: np.ndarray  # (term,), or numbers of them among the derivatives of constants by parameters


class ParameterEffects(NamedTuple):
    """What parameters do to constants, and through them to the start and to the outputs."""

    start: SparseTerms
    constants: SparseTerms  # the derivatives by parameters themselves
    outputs: SparseTerms


class Tangent(NamedTuple):
    """Sensitivities, and what changes them."""

    code: TangentCode
    sensitivities: np.ndarray  # (block, state * lane), now
    inflows: np.ndarray  # (segment, block, state * lane)
    boluses: np.ndarray  # (segment, block, state * lane), jumps at the start of each segment
    delays: np.ndarray  # (segment, block * lane), of the time of a segment's boluses
    constants: np.ndarray  # (block, constant * lane), derivatives of the constants that the parameters enter
    record: np.ndarray | None  # (step, block, state * lane), sensitivities at the left end of each, filled
    terms: np.ndarray  # (block, 5 * state * lane), the last step as in `Record`
    steps: np.ndarray  # (1,), recorded so far
    segments: np.ndarray  # (1,), whose boluses are in
    stages: TangentStages


class DoseDerivatives(NamedTuple):
    """What parameters do to the start and to doses of many patients, one row each, or one for all if there is one."""

    starts: np.ndarray  # (patient, block, state * lane); without rows the start is the model's own
    inflows: np.ndarray  # (row, segment, block, state * lane)
    boluses: np.ndarray  # (row, segment, block, state * lane)
    delays: np.ndarray  # (row, segment, block * lane)
    ends: np.ndarray  # (patient, block, state * lane), filled with the last sensitivities; without rows they are not


class OutputDerivatives(NamedTuple):
    """Derivatives of outputs at output times, and work arrays."""

    outputs: np.ndarray  # (output,), numbers of those asked for
    terms: SparseTerms  # of outputs by constants
    state_entries: np.ndarray  # (2, entry), outputs and states of the nonzero derivatives
    values: np.ndarray  # (time, output, block * lane), filled
    by_parameter: np.ndarray  # nonzero derivatives of the constants
    at_rest: np.ndarray  # nonzero derivatives of the start by constants
    by_state: np.ndarray  # nonzero derivatives of all outputs
    by_constant: np.ndarray  # nonzero derivatives of all outputs
    lanes: np.ndarray  # (state * lane,)
    of_block: np.ndarray  # (output * lane,), of all outputs


class Patient(NamedTuple):
    """One patient; addresses in compiled code, save of what sensitivities and rules need."""

    code: Code
    constants: np.ndarray  # (constant,), parameters and derived constants
    start: np.ndarray  # (state,), before any dose
    schedule: Schedule
    limits: Limits
    thresholds: Thresholds
    samples: Samples
    threshold_times: np.ndarray  # (event, course), filled
    record: Record | None
    tangent: Tangent | None
    derivatives: OutputDerivatives | None
    rules: Rules | None
    rule_state: RuleState | None


class Ensemble(NamedTuple):
    """Many patients; addresses in compiled code."""

    code: Code  # of lanes
    alone: Code  # of one patient
    constants: np.ndarray  # (patient, constant)
    starts: np.ndarray  # (patient, state)
    plan: np.ndarray  # (patient,), -1 for one that is not integrated
    schedules: Schedule
    segments: np.ndarray  # (plan,), how many are in use
    limits: Limits
    thresholds: Thresholds
    n_times: int
    times: np.ndarray  # (plan, time)


class Solution(NamedTuple):
    """What is filled of many patients, NaN where one fails; addresses in compiled code."""

    with_states: bool
    outputs: np.ndarray  # (patient, time, output)
    states: np.ndarray  # (patient, time, state)
    threshold_times: np.ndarray  # (patient, event, course)
    status: np.ndarray  # (patient,), why the integration stopped
    steps: np.ndarray  # (patient,), taken
    stop_time: np.ndarray  # (patient,)
    stop_states: np.ndarray  # (patient, state), at the end, or where one failed
