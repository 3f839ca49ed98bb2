"""Patients through lanes: steps of all lanes at once, what is read off them, and how long the next are.

Patients need different numbers of steps. Were lanes to wait for one another, the slowest would set the pace; so each
takes the next patient as soon as its own is done. What is rare, such as an edge, is done by functions of one patient,
on a copy of the lane.
"""

from __future__ import annotations

import math

from kinetics.engines.batch.kernels.calls import floats, integers
from kinetics.engines.batch.kernels.guard import NO_FAULT, fault_of_step, follow_states
from kinetics.engines.batch.kernels.lane_segments import finish_segment, give_up, set_next_sample, take_up
from kinetics.engines.batch.kernels.patients import copy_lane, hold_back, look_inside_lanes, put, sample_lanes, take
from kinetics.engines.batch.kernels.problems import NOT_FINITE, STEP_TOO_SMALL, TOO_MANY_STEPS
from kinetics.engines.batch.kernels.recovery_windows import SAMPLES, follow_samples, nothing_happens
from kinetics.engines.batch.kernels.step import (
    LAST,
    copy,
    dense_terms,
    estimate_errors,
    growth_of,
    take_step,
    too_short,
)
from kinetics.engines.batch.machine_code import entry, kernel


@entry
def integrate_lanes(begin, end, ensemble, solution, lanes, wide, events, step):
    """Integrate the patients from one number up to another: the loop of `integration.integrate_stretch`, lane by lane.

    ``wide`` is the `Step` of the lanes, ``step`` that of one patient, onto which single lanes are copied.
    """
    code, watched = ensemble.code, events.shape[1] > 0
    upcoming, busy = begin, True
    while busy:
        upcoming, busy = prepare_steps(upcoming, end, ensemble, solution, lanes, wide, events, step)
        # a free lane takes part with old numbers: a vector is not quicker without one of its lanes
        take_step(code, wide)
        estimate_errors(code, wide)
        samples_due = accept_or_shorten(code, lanes, wide)
        # the dense output takes time of every lane: only where a value inside a step is asked for
        if samples_due or watched:
            dense_terms(code, wide.k, wide.terms)
        while samples_due:
            samples_due = write_due_samples(ensemble, solution, lanes, wide)
        if watched:
            follow_lanes(ensemble, lanes, wide, events, step)
        # the guard is cheap for all lanes together; a lane is looked at alone only after it has found something
        if follow_states(code, wide):
            find_faults(ensemble, solution, lanes, wide, step)
        # also of lanes whose step was rejected: `hold_back` has made their new states the old ones
        copy(code.width, wide.y_new, wide.y)
        finish_steps(ensemble, solution, lanes, wide, events, step)


@kernel
def prepare_steps(upcoming, end, ensemble, solution, lanes, wide, events, step):
    """Fit every lane's next step into its segment; returns who comes next, and whether any lane has a patient.

    A lane that is free, or cannot go on, takes the next patient.
    """
    busy, h, error = False, floats(wide.h, 0), floats(wide.error, 0)
    for q in range(lanes.size):
        while True:
            lane = lanes[q]
            if lane.patient < 0:
                # a plan below zero is a patient who failed before the start
                while upcoming < end and integers(ensemble.plan, upcoming)[0] < 0:
                    upcoming += 1
                if upcoming == end:
                    break
                take_up(q, upcoming, ensemble, solution, lanes, wide, events, step)
                upcoming += 1
            # a step that would leave next to nothing of the segment takes it too: no sliver of a step follows
            lane.last = lane.time + h[q] * LAST >= lane.stop
            if lane.last:
                h[q] = lane.stop - lane.time
            if lane.steps >= ensemble.limits.steps:
                status = TOO_MANY_STEPS
            elif too_short(h[q], lane.time, lane.final):
                status = STEP_TOO_SMALL if h[q] > 0.0 and math.isfinite(error[q]) else NOT_FINITE
            else:
                busy = True
                break
            # the lane is free now; the loop gives it the next patient, so that the vector stays full
            give_up(q, status, ensemble, solution, lanes, wide.y)
    return upcoming, busy


@kernel
def accept_or_shorten(code, lanes, wide):
    """Accept every lane's step, or shorten it; whether an accepted one passes an output time."""
    samples_due, h, error, fifth = False, floats(wide.h, 0), floats(wide.error, 0), floats(wide.fifth, 0)
    for q in range(lanes.size):
        lane = lanes[q]
        lane.accepted = False
        if lane.patient >= 0:
            lane.steps += 1
            lane.growth = growth_of(error[q], fifth[q])
            if error[q] <= 1.0:
                lane.accepted = True
                lane.longest = max(lane.longest, h[q])
                # the edge itself, not a sum that rounding puts beside it: doses are at edges
                lane.after = lane.stop if lane.last else lane.time + h[q]
                samples_due |= lane.due <= lane.after
                continue
            h[q] *= lane.growth
            lane.rejected = True
        hold_back(q, code, wide)
    return samples_due


@kernel
def write_due_samples(ensemble, solution, lanes, wide):
    """Write the outputs of each lane at the next time that its step passes; whether it passes another."""
    code, theta, h, more = ensemble.code, floats(wide.theta, 0), floats(wide.h, 0), False
    # lanes without a sample due are read too, at a place without meaning; nothing of them is written
    for q in range(lanes.size):
        theta[q] = (lanes[q].due - lanes[q].time) / h[q]
    look_inside_lanes(code, wide)
    for q in range(lanes.size):
        lane = lanes[q]
        if not (lane.accepted and lane.due <= lane.after):
            continue
        row = lane.patient * ensemble.n_times + lane.sample
        take(q, code.lanes, code.outputs, wide.outputs, solution.outputs + 8 * row * code.outputs)
        if solution.with_states:
            take(q, code.lanes, code.states, wide.state, solution.states + 8 * row * code.states)
        set_next_sample(lane, lane.sample + 1, ensemble)
        more |= lane.due <= lane.after
    return more


@kernel
def follow_lanes(ensemble, lanes, wide, events, step):
    """Follow what is watched through accepted steps."""
    sample_lanes(ensemble.code, wide, events)
    for q in range(lanes.size):
        lane, own = lanes[q], events[q]
        if not lane.accepted:
            continue
        if lane.course >= 0 and not nothing_happens(own):
            copy_lane(q, ensemble.code, ensemble.alone, wide, step)
            follow_samples(ensemble.alone, lane.time, floats(wide.h, q)[0], own, step)
        # the end of this step is the beginning of the next
        for e in range(own.size):
            own[e].samples[0] = own[e].samples[SAMPLES]


@kernel
def find_faults(ensemble, solution, lanes, wide, step):
    """Look at accepted steps after the guard found a suspicious one; a patient at fault is given up."""
    for q in range(lanes.size):
        lane = lanes[q]
        if not lane.accepted:
            continue
        copy_lane(q, ensemble.code, ensemble.alone, wide, step)
        fault = fault_of_step(ensemble.alone, step)
        put(q, lanes.size, ensemble.code.states, step.phase, wide.phase)
        if fault != NO_FAULT:
            # a step at fault has been made: the message says where it ended
            lane.time, lane.accepted = lane.after, False
            give_up(q, fault, ensemble, solution, lanes, wide.y_new)


@kernel
def finish_steps(ensemble, solution, lanes, wide, events, step):
    """After an accepted step: the next one, the next segment, or the end."""
    h = floats(wide.h, 0)
    for q in range(lanes.size):
        lane = lanes[q]
        if not lane.accepted:
            continue
        lane.time = lane.after
        # no growth right after a rejection (Hairer, Norsett and Wanner II.4): it would often be rejected too
        h[q] *= min(1.0, lane.growth) if lane.rejected else lane.growth
        lane.rejected = False
        if lane.last:
            finish_segment(q, ensemble, solution, lanes, wide, events, step)
