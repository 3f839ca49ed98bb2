"""One patient, compiled: Rodas5P with adaptive steps, restarts at dose edges, dense output and root-found crossings.

Read `integrate`, then `integrate_stretch`, then `accept_step`. What is optional is None, and left out by the compiler.
"""

from __future__ import annotations

import math

from kinetics.engines.batch.kernels.calls import call, floats, integers
from kinetics.engines.batch.kernels.guard import NO_FAULT, fault_of_step, fault_of_stretch, mark_high
from kinetics.engines.batch.kernels.problems import DONE, NOT_FINITE, STEP_TOO_SMALL, TOO_MANY_STEPS
from kinetics.engines.batch.kernels.recovery_windows import begin_window, end_window, follow_jump, follow_step, watch
from kinetics.engines.batch.kernels.roots import length_at_kink, look_inside
from kinetics.engines.batch.kernels.rule_monitor import begin_stretch_of_rules, give_due, start_rules, stop_at_rule
from kinetics.engines.batch.kernels.step import (
    LAST,
    copy,
    dense_terms,
    estimate_errors,
    first_step,
    growth_of,
    take_step,
    too_short,
)
from kinetics.engines.batch.kernels.tangent import advance_tangent, start_tangent, write_derivatives
from kinetics.engines.batch.machine_code import entry, kernel


@entry
def integrate(patient, step, progress, events):
    """Integrate a `Patient` from time 0 to the last dose edge; the other arguments are work arrays of its own.

    Returns
    -------
    (status, time)
        Why it stopped, and when. The states are then ``step.y``, the number of steps ``progress.steps``.
    """
    code, schedule, rules = patient.code, patient.schedule, patient.rules
    edges, sample, courses = floats(schedule.edges, 0), integers(progress.sample, 0), integers(progress.course, 0)
    start_patient(patient, step)
    watch(patient.thresholds, events)
    # before any dose: rules are armed by the outputs at rest
    start_rules(rules, patient.rule_state, code, step)
    start_tangent(patient.tangent)
    integers(progress.steps, 0)[0], sample[0], courses[0], floats(progress.kink_step, 0)[0] = 0, 0, -1, 0.0
    # A step writes the output times in (begin, end], so one at 0 belongs to none. The length of 1 only keeps 0/0 away.
    sample[0] = write_samples(patient, sample[0], 0.0, 0.0, 1.0, step)
    # Inflow is constant in a segment and jumps at its ends, and so may the states. A step across would lose its order,
    # or miss a dose that is shorter than itself. So each segment starts afresh, with a first step of its own.
    for segment in range(schedule.segments):
        time, end = edges[segment], edges[segment + 1]
        # At equal times: the step before has written the samples, so a value at a dose is the one before it. Then the
        # window of a course opens, at the value before its dose. Then come boluses, and rules that they set off.
        course = begin_segment(segment, patient, courses[0], events, step)
        courses[0] = course
        # without rules one stretch; what a rule gives, and the end of its infusion, start another
        while time < end:
            # rules add what they infuse to the scheduled inflow, which is therefore set again for each stretch
            set_inflow(code, schedule, segment, step)
            stop = begin_stretch_of_rules(rules, patient.rule_state, code, time, end, schedule, step)
            # boluses have moved the states by now: an output may be back at its level without a step
            follow_jump(code, time, events, course, step)
            mark_high(code, step)
            status, time = integrate_stretch(patient, segment, time, stop, step, progress, events)
            if status != DONE:
                return status, time
            # a bolus is a jump, so it comes between two stretches, as that of a schedule comes between two segments
            give_due(rules, patient.rule_state, step.y, time, schedule)
    end_window(events, courses[0], patient.threshold_times, schedule.n_courses)
    return DONE, edges[schedule.segments]


@kernel
def integrate_stretch(patient, segment, time, stop, step, progress, events):
    """Take steps up to ``stop``, or to where a rule acts; returns why and when it stopped."""
    code, steps, kink_step = patient.code, integers(progress.steps, 0), floats(progress.kink_step, 0)
    edges, error, length = floats(patient.schedule.edges, 0), floats(step.error, 0), floats(step.h, 0)
    h, end = first_step(code, stop - time, step), edges[patient.schedule.segments]
    error[0], longest, rejected, acting = 0.0, 0.0, False, False
    while time < stop and not acting:
        last = time + h * LAST >= stop
        if last:
            h = stop - time
        # rejected steps count too: the limit is one of work
        if steps[0] >= patient.limits.steps:
            return TOO_MANY_STEPS, time
        if too_short(h, time, edges[segment + 1]):
            # either the rates are steep beyond all steps, as at a pole, or they are no numbers
            return (STEP_TOO_SMALL if h > 0.0 and math.isfinite(error[0]) else NOT_FINITE), time
        length[0] = h
        take_step(code, step)
        estimate_errors(code, step)
        steps[0] += 1
        growth = growth_of(error[0], floats(step.fifth, 0)[0])
        # "not <=", because NaN compares false: a step that ran into it is rejected like any other
        if not error[0] <= 1.0:
            h *= growth
            rejected = True
            continue
        # sensitivities are wrong behind a kink that lies inside a step: stop just before it, and step over it shortly
        shorter, at_kink = length_at_kink(patient.tangent, code, h, step, kink_step)
        if shorter < 0.99 * h:
            h = shorter
            continue
        # the end itself and not a sum: time + h may miss it by a rounding, and leave a stretch of that length
        after = stop if last else time + h
        # rules come before anything is read off the step: they may shorten it, and change its end and dense output
        h, after, acting = stop_at_rule(patient.rules, patient.rule_state, code, time, h, after, stop, end, step)
        longest = max(longest, h)
        # a tolerance bounds the error and not the sign: a state that falls below its tolerance is noise, see `guard`
        fault = fault_of_step(code, step)
        if fault != NO_FAULT:
            copy(code.states, step.y_new, step.y)
            return fault, after
        if not accept_step(patient, segment, time, h, after, step, progress, events):
            return TOO_MANY_STEPS, time
        time = after
        # right after a rejection a step does not grow: it would be rejected again
        h *= min(1.0, growth) if rejected else growth
        rejected = False
        if at_kink:
            h, kink_step[0] = kink_step[0], 0.0
    # A stiff method damps what grows within a step. So a state that sank may have stayed small for this reason alone,
    # which the longest step tells.
    fault = fault_of_stretch(code, longest, step)
    return (DONE if fault == NO_FAULT else fault), time


@kernel
def accept_step(patient, segment, time, h, after, step, progress, events):
    """Read off an accepted step what is asked for, and move the states on; False if the record is full."""
    code, samples, course = patient.code, patient.samples, integers(progress.course, 0)[0]
    sample, watched = integers(progress.sample, 0), events.size > 0
    due = sample[0] < samples.n_times and floats(samples.times, sample[0])[0] <= after
    # the dense output costs about as much as a stage, and most steps pass no output time
    if watched or patient.record is not None or due:
        dense_terms(code, step.k, step.terms)
    # an action at the very time of the last one ends a step of no length
    if after > time and not record_step(patient.record, code, after, step):
        return False
    # while the factors and slopes of this very step are in the work arrays, and before derivatives are read off
    advance_tangent(patient.tangent, code, segment, patient.schedule, due, step)
    if due:
        sample[0] = write_samples(patient, sample[0], time, after, h, step)
    if watched and course >= 0 and after > time:
        follow_step(code, time, h, events, step)
    copy(code.width, step.y_new, step.y)
    return True


@kernel
def start_patient(patient, step):
    """Put a patient at the start; a step of no length stands for the one before time 0."""
    code = patient.code
    copy(code.constants, patient.constants, step.constants)
    copy(code.states, patient.limits.absolute, step.absolute)
    call(code.work_out, (step.constants, step.coefficients))
    copy(code.states, patient.start, step.y)
    # both ends alike and no terms: whatever is read off this step is the state at the start
    copy(code.states, step.y, step.y_new)
    terms, phase = floats(step.terms, 0), floats(step.phase, 0)
    for i in range(code.states):
        phase[i] = terms[i] = terms[code.width + i] = terms[2 * code.width + i] = 0.0


@kernel
def begin_segment(segment, patient, course, events, step):
    """Open the window of a course that begins here, then give boluses; returns the number of the course."""
    code, schedule, y = patient.code, patient.schedule, floats(step.y, 0)
    begins = floats(schedule.courses, course + 1)
    if course + 1 < schedule.n_courses and begins[0] <= floats(schedule.edges, segment)[0]:
        end_window(events, course, patient.threshold_times, schedule.n_courses)
        course += 1
        begin_window(code, events, step)
    boluses = floats(schedule.boluses, segment * code.states)
    for i in range(code.states):
        y[i] += boluses[i]
    return course


@kernel
def set_inflow(code, schedule, segment, step):
    """The scheduled inflow of a segment."""
    copy(code.states, schedule.inflows + 8 * segment * code.states, step.inflow)


@kernel
def write_samples(patient, sample, time, after, h, step):
    """Write what is asked for at the output times that a step passes; returns the number of the next."""
    code, samples = patient.code, patient.samples
    times = floats(samples.times, 0)
    while sample < samples.n_times and times[sample] <= after:
        theta = (times[sample] - time) / h
        look_inside(code, theta, step)
        copy(code.outputs, step.outputs, samples.outputs + 8 * sample * code.outputs)
        if samples.with_states:
            copy(code.states, step.state, samples.states + 8 * sample * code.states)
        write_derivatives(patient.derivatives, patient.tangent, sample, theta, step)
        sample += 1
    return sample


@kernel
def record_step(record, code, after, step):
    """Add a step to a record; False if it is full."""
    if record is None:
        return True
    size = integers(record.size, 0)
    index, states = size[0], code.states
    # compiled code cannot make a longer one: the caller does, and integrates again
    if index >= record.capacity:
        return False
    size[0] += 1
    floats(record.ends, index)[0] = after
    values = record.values + 8 * index * 5 * states
    copy(states, step.y, values)
    copy(states, step.y_new, values + 8 * states)
    for m in range(3):
        copy(states, step.terms + 8 * m * code.width, values + 8 * (2 + m) * states)
    return True
