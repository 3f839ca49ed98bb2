"""One patient, compiled: Rodas5P with adaptive steps, restarts at dose edges, dense output and root-found crossings.

Read `integrate`, then `integrate_stretch`, then `accept_step`. The engine copies this file, and those of this folder
that it imports, behind the functions of a model; what is optional is None, and left out by the compiler.
"""

from __future__ import annotations

import math

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import KINKS, STATES, fill_outputs
from kinetics.engines.batch.kernels.dense import dense_terms, interpolate, record_step
from kinetics.engines.batch.kernels.derivatives import write_derivatives
from kinetics.engines.batch.kernels.guard import NO_FAULT, fault_of_step, fault_of_stretch, mark_high
from kinetics.engines.batch.kernels.kinks import CAUTION, length_at_kink, passes_kink
from kinetics.engines.batch.kernels.problems import (
    DONE,
    NOT_FINITE,
    STEP_TOO_SMALL,
    TOO_MANY_STEPS,
    Limits,
    Patient,
    Samples,
    Schedule,
    Thresholds,
)
from kinetics.engines.batch.kernels.recovery_windows import begin_window, follow_jump, follow_step
from kinetics.engines.batch.kernels.rule_monitor import begin_stretch_of_rules, give_due, start_rules, stop_at_rule
from kinetics.engines.batch.kernels.step import (
    LAST,
    error_norm,
    first_step,
    lengthened,
    move_on,
    set_inflow,
    shortened,
    start_patient,
    take_step,
    too_short,
)
from kinetics.engines.batch.kernels.tangent import advance_tangent, start_tangent


@njit(cache=True, error_model="numpy", nogil=True)
def integrate(patient, step, progress, windows):
    """Integrate a `Patient` from time 0 to the last dose edge; the other arguments are work arrays of its own.

    Returns
    -------
    (status, time)
        Why it stopped, and when. The states are then ``step.y``, the number of steps ``progress.steps``.
    """
    c, schedule, rules = patient.constants, patient.schedule, patient.rules
    edges, y = schedule.edges, step.y
    start_patient(c, step)
    # before any dose: rules are armed by the outputs at rest
    start_rules(rules, patient.rule_state, c, step)
    start_tangent(patient.tangent, c)
    progress.steps[0], progress.sample[0], progress.course[0], progress.kink_step[0] = 0, 0, -1, 0.0
    # A step writes the output times in (begin, end], so one at 0 belongs to none. The length of 1 only keeps 0/0 away.
    progress.sample[0] = write_samples(progress.sample[0], 0.0, 0.0, 1.0, c, patient.samples, step)
    # Inflow is constant in a segment and jumps at its ends, and so may the states. A step across would lose its order,
    # or miss a dose that is shorter than itself. So each segment starts afresh, with a first step of its own.
    for segment in range(edges.size - 1):
        time, end = edges[segment], edges[segment + 1]
        # At equal times: the step before has written the samples, so a value at a dose is the one before it. Then the
        # window of a course opens, at the value before its dose. Then come boluses, and rules that they set off.
        course = begin_segment(segment, patient, progress.course[0], windows, step)
        progress.course[0] = course
        # without rules one stretch; what a rule gives, and the end of its infusion, start another
        while time < end:
            # rules add what they infuse to the scheduled inflow, which is therefore set again for each stretch
            set_inflow(schedule, segment, step)
            stop = begin_stretch_of_rules(rules, patient.rule_state, c, time, end, edges, step)
            # boluses have moved the states by now: an output may be back at its level without a step
            follow_jump(c, time, patient.thresholds, windows, patient.threshold_times, course, step)
            mark_high(patient.limits.absolute, step)
            status, time = integrate_stretch(patient, segment, time, stop, step, progress, windows)
            if status != DONE:
                return status, time
            # a bolus is a jump, so it comes between two stretches, as that of a schedule comes between two segments
            give_due(rules, patient.rule_state, y, time, edges)
    return DONE, edges[-1]


@njit(cache=True, error_model="numpy")
def integrate_stretch(patient, segment, time, stop, step, progress, windows):
    """Take steps up to ``stop``, or to where a rule acts; returns why and when it stopped."""
    c, limits, edges = patient.constants, patient.limits, patient.schedule.edges
    relative, absolute, kink_step = limits.relative, limits.absolute, progress.kink_step
    h = first_step(c, relative, absolute, stop - time, step)
    error, longest, rejected, acting = 0.0, 0.0, False, False
    while time < stop and not acting:
        last = time + h * LAST >= stop
        if last:
            h = stop - time
        # rejected steps count too: the limit is one of work
        if progress.steps[0] >= limits.steps:
            return TOO_MANY_STEPS, time
        if too_short(h, time, edges[segment + 1]):
            # either the rates are steep beyond all steps, as at a pole, or they are no numbers
            return (STEP_TOO_SMALL if h > 0.0 and math.isfinite(error) else NOT_FINITE), time
        take_step(c, h, step)
        progress.steps[0] += 1
        error = error_norm(relative, absolute, step)
        # the estimate is blind to a kink inside the step
        if KINKS > 0 and passes_kink(c, step):
            error *= CAUTION
        # "not <=", because NaN compares false: a step that ran into it is rejected like any other
        if not error <= 1.0:
            h, rejected = shortened(h, error), True
            continue
        # sensitivities are wrong behind a kink that lies inside a step: stop just before it, and step over it shortly
        shorter, at_kink = length_at_kink(patient.tangent, c, h, step, kink_step)
        if shorter < 0.99 * h:
            h = shorter
            continue
        # the end itself and not a sum: time + h may miss it by a rounding, and leave a stretch of that length
        after = stop if last else time + h
        # rules come before anything is read off the step: they may shorten it, and change its end and dense output
        h, after, acting = stop_at_rule(patient.rules, patient.rule_state, c, time, h, after, stop, edges[-1], step)
        longest = max(longest, h)
        # a tolerance bounds the error and not the sign: a state that falls below its tolerance is noise, see `guard`
        fault = fault_of_step(c, absolute, step)
        if fault != NO_FAULT:
            move_on(step)
            return fault, after
        if not accept_step(patient, segment, time, h, after, step, progress, windows):
            return TOO_MANY_STEPS, time
        time, h, rejected = after, lengthened(h, error, rejected), False
        if at_kink:
            h, kink_step[0] = kink_step[0], 0.0
    # A stiff method damps what grows within a step. So a state that sank may have stayed small for this reason alone,
    # which the longest step tells.
    fault = fault_of_stretch(c, absolute, longest, step)
    return (DONE if fault == NO_FAULT else fault), time


# inlined, because a call would copy the descriptions of some hundred arrays in each step
@njit(cache=True, error_model="numpy", forceinline=True)
def accept_step(patient, segment, time, h, after, step, progress, windows):
    """Read off an accepted step what is asked for, and move the states on; False if the record is full."""
    c, samples, times, course = patient.constants, patient.samples, patient.samples.times, progress.course[0]
    watched, sample = patient.thresholds.outputs.size > 0, progress.sample[0]
    # the dense output costs about as much as a stage, and most steps pass no output time
    due = sample < times.size and times[sample] <= after
    if watched or patient.record is not None or due:
        dense_terms(step)
    # an action at the very time of the last one ends a step of no length
    if after > time and not record_step(patient.record, after, step):
        return False
    # while the factors and slopes of this very step are in the work arrays, and before derivatives are read off
    advance_tangent(patient.tangent, c, h, segment, step)
    if due:
        progress.sample[0] = write_samples(sample, time, after, h, c, samples, step)
    if watched and course >= 0 and after > time:
        follow_step(c, time, h, patient.thresholds, windows, patient.threshold_times, course, step)
    move_on(step)
    return True


@njit(cache=True, error_model="numpy")
def begin_segment(segment, patient, course, windows, step):
    """Open the window of a course that begins here, then give boluses; returns the number of the course."""
    schedule, courses = patient.schedule, patient.schedule.courses
    if course + 1 < courses.size and courses[course + 1] <= schedule.edges[segment]:
        course += 1
        begin_window(patient.constants, patient.thresholds, windows, patient.threshold_times, course, step)
    for i in range(STATES):
        step.y[i] += schedule.boluses[segment, i]
    return course


@njit(cache=True, error_model="numpy")
def write_samples(sample, time, after, h, c, samples, step):
    """Write what is asked for at the output times that a step passes; returns the number of the next."""
    times, states = samples.times, samples.states
    while sample < times.size and times[sample] <= after:
        theta = (times[sample] - time) / h
        interpolate(theta, step)
        fill_outputs(step.state, c, samples.outputs[sample])
        if states.size > 0:
            for i in range(STATES):
                states[sample, i] = step.state[i]
        write_derivatives(samples.derivatives, sample, theta, c, step.state)
        sample += 1
    return sample


@njit(cache=True, error_model="numpy")
def patient_of(ensemble, solution, p, rules, rule_state):
    """A patient of many, without copying anything."""
    every, thresholds, limits = ensemble.schedules, ensemble.thresholds, ensemble.limits
    g = ensemble.plan[p]
    n = ensemble.segments[g]
    return Patient(
        ensemble.constants[p],
        Schedule(every.edges[g, : n + 1], every.inflows[g, :n], every.boluses[g, :n], every.courses[g]),
        Limits(limits.relative, limits.absolute[p], limits.steps),
        Thresholds(thresholds.outputs, thresholds.levels[p], thresholds.margins[p]),
        Samples(ensemble.times, solution.outputs[p], solution.states[p], None),
        solution.threshold_times[p],
        None,
        None,
        rules,
        rule_state,
    )


@njit(cache=True, error_model="numpy")
def erase(p, solution):
    """Numbers of a patient who failed half-way are none."""
    solution.outputs[p] = np.nan
    solution.threshold_times[p] = np.nan
    solution.states[p] = np.nan
