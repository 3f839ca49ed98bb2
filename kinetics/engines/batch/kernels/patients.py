"""Patients among many: where their numbers are in the arrays of all, and in those of lanes."""

from __future__ import annotations

import numpy as np

from kinetics.engines.batch.kernels.calls import call, floats, integers
from kinetics.engines.batch.kernels.problems import Limits, Patient, Samples, Schedule, Thresholds
from kinetics.engines.batch.kernels.recovery_windows import SAMPLES
from kinetics.engines.batch.kernels.workspaces import LANE
from kinetics.engines.batch.machine_code import kernel


@kernel
def patient_of(ensemble, solution, p, rules, rule_state):
    """A patient of many: where its numbers are."""
    code, every, thresholds, limits = ensemble.alone, ensemble.schedules, ensemble.thresholds, ensemble.limits
    g, states, n = integers(ensemble.plan, p)[0], code.states, every.segments
    schedule = Schedule(
        integers(ensemble.segments, g)[0],
        every.n_courses,
        every.edges + 8 * g * (n + 1),
        every.inflows + 8 * g * n * states,
        every.boluses + 8 * g * n * states,
        every.courses + 8 * g * every.n_courses,
    )
    levels, margins = thresholds.levels + 8 * p * thresholds.events, thresholds.margins + 8 * p * thresholds.events
    outputs = solution.outputs + 8 * p * ensemble.n_times * code.outputs
    of_states = solution.states + 8 * p * ensemble.n_times * states
    return Patient(
        code,
        ensemble.constants + 8 * p * code.constants,
        ensemble.starts + 8 * p * states,
        schedule,
        Limits(limits.relative, limits.absolute + 8 * p * states, limits.steps),
        Thresholds(thresholds.events, thresholds.outputs, levels, margins),
        Samples(ensemble.n_times, solution.with_states, ensemble.times + 8 * g * ensemble.n_times, outputs, of_states),
        solution.threshold_times + 8 * p * thresholds.events * every.n_courses,
        None,
        None,
        None,
        rules,
        rule_state,
    )


@kernel
def erase(patient):
    """Numbers of a patient who failed half-way are none."""
    code, samples = patient.code, patient.samples
    fill_with_nan(samples.n_times * code.outputs, samples.outputs)
    fill_with_nan(patient.thresholds.events * patient.schedule.n_courses, patient.threshold_times)
    if samples.with_states:
        fill_with_nan(samples.n_times * code.states, samples.states)


@kernel
def fill_with_nan(size, address):
    """So many floats."""
    values = floats(address, 0)
    for i in range(size):
        values[i] = np.nan


def empty_lanes(lanes: int) -> np.ndarray:
    """Lanes without a patient."""
    empty = np.zeros(lanes, LANE)
    empty["patient"] = -1
    return empty


@kernel
def put(q, lanes, size, source, target):
    """Copy the numbers of one patient into a lane."""
    own, wide = floats(source, 0), floats(target, q)
    for i in range(size):
        wide[i * lanes] = own[i]


@kernel
def take(q, lanes, size, source, target):
    """Copy the numbers of a lane to those of one patient."""
    wide, own = floats(source, q), floats(target, 0)
    for i in range(size):
        own[i] = wide[i * lanes]


@kernel
def copy_lane(q, code, alone, wide, step):
    """Copy a lane's step onto that of one patient."""
    lanes, states = code.lanes, code.states
    take(q, lanes, states, wide.y, step.y)
    take(q, lanes, states, wide.y_new, step.y_new)
    take(q, lanes, states, wide.inflow, step.inflow)
    take(q, lanes, states, wide.phase, step.phase)
    take(q, lanes, states, wide.absolute, step.absolute)
    for m in range(3):
        take(q, lanes, states, wide.terms + 8 * m * code.width, step.terms + 8 * m * alone.width)
    take(q, lanes, code.constants, wide.constants, step.constants)


@kernel
def hold_back(q, code, wide):
    """The new states of a lane whose step is not accepted are the old ones."""
    y, y_new = floats(wide.y, 0), floats(wide.y_new, 0)
    for j in range(q, code.states * code.lanes, code.lanes):
        y_new[j] = y[j]


@kernel
def look_inside_lanes(code, wide):
    """Set ``state`` and ``outputs`` to what they are at each lane's ``theta``."""
    call(code.interpolate, (wide.theta, wide.y, wide.y_new, wide.terms, wide.state))
    call(code.read_outputs, (wide.state, wide.constants, wide.outputs))


@kernel
def sample_lanes(code, wide, events):
    """The watched outputs at the samples of every lane's step."""
    theta, outputs = floats(wide.theta, 0), floats(wide.outputs, 0)
    for m in range(1, SAMPLES + 1):
        for q in range(code.lanes):
            theta[q] = m / SAMPLES
        look_inside_lanes(code, wide)
        for q in range(code.lanes):
            for e in range(events.shape[1]):
                events[q, e].samples[m] = outputs[events[q, e].output * code.lanes + q]
