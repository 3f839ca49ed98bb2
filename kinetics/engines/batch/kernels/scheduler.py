"""Patients through lanes: a patient is taken up, led from segment to segment, and makes room for the next.

Patients need different numbers of steps. Were lanes to wait for one another, the slowest would set the pace; so each
takes the next patient as soon as its own is done. What is rare, such as an edge or a sample, is done by functions of
one patient, on a copy of the lane. The engine copies this file.
"""

from __future__ import annotations

import math

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import CONSTANTS, LANES, STATES
from kinetics.engines.batch.kernels.guard import NO_FAULT, fault_of_step, fault_of_stretch, mark_high
from kinetics.engines.batch.kernels.integration import begin_segment, erase, patient_of, write_samples
from kinetics.engines.batch.kernels.lane_step import (
    WIDTH,
    copy_lane,
    dense_terms_lanes,
    estimate_lane_errors,
    forget_slopes,
    guard_lanes,
    move_lanes_on,
    sample_lanes,
    take_lane_steps,
)
from kinetics.engines.batch.kernels.problems import DONE, NOT_FINITE, STEP_TOO_SMALL, TOO_MANY_STEPS
from kinetics.engines.batch.kernels.recovery_windows import (
    SAMPLES,
    follow_jump,
    follow_samples,
    nothing_happens,
    windows_of,
)
from kinetics.engines.batch.kernels.step import (
    GROW,
    LAST,
    NEGLIGIBLE,
    SHRINK,
    SHRINK_BLINDLY,
    first_step,
    set_inflow,
    start_patient,
    too_short,
)


@njit(cache=True, error_model="numpy", nogil=True)
def integrate_lanes(begin, end, ensemble, solution, lanes, wide, windows, step):
    """Integrate the patients from one number up to another: the loop of `integration.integrate_stretch`, lane by lane.

    ``wide`` is the `LaneStep`, ``step`` a `Step` onto which single lanes are copied.
    """
    watched = ensemble.thresholds.outputs
    upcoming, busy = begin, True
    while busy:
        upcoming, busy = prepare_steps(upcoming, end, ensemble, solution, lanes, wide, windows, step)
        take_lane_steps(lanes.h, wide)
        estimate_lane_errors(ensemble.limits.relative, wide, lanes.error, lanes.growth)
        samples_due = accept_or_shorten(lanes, wide)
        if samples_due or watched.size > 0:
            dense_terms_lanes(wide.k, wide.terms)
            read_steps(ensemble, solution, lanes, wide, windows, step)
        guard_lanes(lanes.accepted, wide)
        check_alarms(ensemble, solution, lanes, wide, step)
        move_lanes_on(wide)
        finish_steps(ensemble, solution, lanes, wide, windows, step)


@njit(cache=True, error_model="numpy")
def prepare_steps(upcoming, end, ensemble, solution, lanes, wide, windows, step):
    """Fit every lane's next step into its segment; returns who comes next, and whether any lane has a patient.

    A lane that is free, or cannot go on, takes the next patient.
    """
    busy = False
    for q in range(LANES):
        while True:
            if lanes.patient[q] < 0:
                while upcoming < end and ensemble.plan[upcoming] < 0:
                    upcoming += 1
                if upcoming == end:
                    break
                take_up(q, upcoming, ensemble, solution, lanes, wide, step)
                open_segment(q, ensemble, solution, lanes, wide, windows, step)
                upcoming += 1
            time, stop = lanes.time[q], lanes.stop[q]
            lanes.last[q] = time + lanes.h[q] * LAST >= stop
            h = stop - time if lanes.last[q] else lanes.h[q]
            lanes.h[q] = h
            if lanes.steps[q] >= ensemble.limits.steps:
                status = TOO_MANY_STEPS
            elif too_short(h, time, lanes.final[q]):
                status = STEP_TOO_SMALL if h > 0.0 and math.isfinite(lanes.error[q]) else NOT_FINITE
            else:
                busy = True
                break
            fail(q, status, solution, lanes, wide)
    return upcoming, busy


@njit(cache=True, error_model="numpy")
def accept_or_shorten(lanes, wide):
    """Accept every lane's step, or shorten it; whether an accepted one passes an output time."""
    samples_due = False
    for q in range(LANES):
        error = lanes.error[q]
        lanes.accepted[q] = False
        if lanes.patient[q] < 0:
            continue
        lanes.steps[q] += 1
        if error <= 1.0:
            lanes.accepted[q] = True
            lanes.longest[q] = max(lanes.longest[q], lanes.h[q])
            lanes.after[q] = lanes.stop[q] if lanes.last[q] else lanes.time[q] + lanes.h[q]
            samples_due |= lanes.due[q] <= lanes.after[q]
            continue
        lanes.h[q] *= max(SHRINK, lanes.growth[q]) if math.isfinite(error) else SHRINK_BLINDLY
        lanes.rejected[q] = True
        if not math.isfinite(error):
            forget_slopes(q, wide.k)
    return samples_due


@njit(cache=True, error_model="numpy")
def read_steps(ensemble, solution, lanes, wide, windows, step):
    """Write the outputs at times that accepted steps pass, and follow those that are watched."""
    watched = ensemble.thresholds.outputs
    if watched.size > 0:
        sample_lanes(watched, wide, windows.samples)
    for q in range(LANES):
        if not lanes.accepted[q]:
            continue
        course, time, h = lanes.course[q], lanes.time[q], lanes.h[q]
        patient, own = patient_of(ensemble, solution, lanes.patient[q], None, None), windows_of(windows, q)
        thresholds, threshold_times = patient.thresholds, patient.threshold_times
        follows = watched.size > 0 and course >= 0 and not nothing_happens(thresholds, own, threshold_times, course)
        due = lanes.due[q] <= lanes.after[q]
        if follows or due:
            copy_lane(q, wide, step)
        if due:
            write_lane(q, time, lanes.after[q], h, patient, lanes, step)
        if follows:
            follow_samples(patient.constants, time, h, thresholds, own, threshold_times, course, step)
        for e in range(watched.size):
            own.samples[e, 0] = own.samples[e, SAMPLES]


@njit(cache=True, error_model="numpy")
def check_alarms(ensemble, solution, lanes, wide, step):
    """Look at accepted steps that the guard gave alarm for; a patient at fault is given up."""
    for q in range(LANES):
        if wide.alarm[WIDTH - LANES + q] == 0.0:
            continue
        patient = patient_of(ensemble, solution, lanes.patient[q], None, None)
        copy_lane(q, wide, step)
        fault = fault_of_step(patient.constants, patient.limits.absolute, step)
        for i in range(STATES):
            wide.phase[i * LANES + q] = step.phase[i]
        if fault != NO_FAULT:
            for i in range(STATES):
                wide.y[i * LANES + q] = step.y_new[i]
            lanes.time[q], lanes.accepted[q] = lanes.after[q], False
            fail(q, fault, solution, lanes, wide)


@njit(cache=True, error_model="numpy")
def finish_steps(ensemble, solution, lanes, wide, windows, step):
    """After an accepted step: the next one, the next segment, or the end."""
    for q in range(LANES):
        if not lanes.accepted[q]:
            continue
        growth = GROW if lanes.error[q] < NEGLIGIBLE else min(GROW, lanes.growth[q])
        lanes.time[q] = lanes.after[q]
        lanes.h[q] *= min(1.0, growth) if lanes.rejected[q] else growth
        lanes.rejected[q] = False
        if not lanes.last[q]:
            continue
        p = lanes.patient[q]
        patient = patient_of(ensemble, solution, p, None, None)
        copy_lane(q, wide, step)
        fault = fault_of_stretch(patient.constants, patient.limits.absolute, lanes.longest[q], step)
        if fault != NO_FAULT:
            fail(q, fault, solution, lanes, wide)
        elif not open_segment(q, ensemble, solution, lanes, wide, windows, step):
            solution.status[p], solution.steps[p], solution.stop_time[p] = DONE, lanes.steps[q], lanes.time[q]
            lanes.patient[q] = -1


@njit(cache=True, error_model="numpy")
def take_up(q, p, ensemble, solution, lanes, wide, step):
    """Put a patient into a lane, at rest before the first segment."""
    patient = patient_of(ensemble, solution, p, None, None)
    start_patient(patient.constants, step)
    for j in range(CONSTANTS):
        wide.constants[j * LANES + q] = patient.constants[j]
    for i in range(STATES):
        wide.y[i * LANES + q] = step.y[i]
        wide.absolute[i * LANES + q] = patient.limits.absolute[i]
        wide.phase[i * LANES + q] = 0.0
    forget_slopes(q, wide.k)
    lanes.patient[q], lanes.segment[q], lanes.course[q], lanes.steps[q], lanes.error[q] = p, -1, -1, 0, 0.0
    lanes.sample[q] = 0
    write_lane(q, 0.0, 0.0, 1.0, patient, lanes, step)
    lanes.final[q] = patient.schedule.edges[-1]


@njit(cache=True, error_model="numpy")
def open_segment(q, ensemble, solution, lanes, wide, windows, step):
    """Begin a lane's next segment with its doses, in the order of `integration.integrate`; False if there is none."""
    segment = lanes.segment[q] + 1
    patient, own = patient_of(ensemble, solution, lanes.patient[q], None, None), windows_of(windows, q)
    c, schedule, absolute = patient.constants, patient.schedule, patient.limits.absolute
    if segment == schedule.edges.size - 1:
        return False
    time, stop = schedule.edges[segment], schedule.edges[segment + 1]
    copy_lane(q, wide, step)
    lanes.course[q] = begin_segment(segment, patient, lanes.course[q], own, step)
    set_inflow(schedule, segment, step)
    follow_jump(c, time, patient.thresholds, own, patient.threshold_times, lanes.course[q], step)
    mark_high(absolute, step)
    for i in range(STATES):
        j = i * LANES + q
        wide.y[j], wide.inflow[j], wide.phase[j] = step.y[i], step.inflow[i], step.phase[i]
    lanes.segment[q], lanes.time[q], lanes.stop[q] = segment, time, stop
    lanes.rejected[q], lanes.longest[q] = False, 0.0
    lanes.h[q] = first_step(c, ensemble.limits.relative, absolute, stop - time, step)
    return True


@njit(cache=True, error_model="numpy")
def write_lane(q, time, after, h, patient, lanes, step):
    """Write the samples that a lane's step passes, and note when the next is due."""
    times = patient.samples.times
    lanes.sample[q] = write_samples(lanes.sample[q], time, after, h, patient.constants, patient.samples, step)
    lanes.due[q] = times[lanes.sample[q]] if lanes.sample[q] < times.size else np.inf


@njit(cache=True, error_model="numpy")
def fail(q, status, solution, lanes, wide):
    """A patient that is given up is NaN; why, and where it stopped, are kept for the message."""
    p = lanes.patient[q]
    solution.status[p], solution.steps[p], solution.stop_time[p] = status, lanes.steps[q], lanes.time[q]
    for i in range(STATES):
        solution.stop_states[p, i] = wide.y[i * LANES + q]
    erase(p, solution)
    lanes.patient[q] = -1
