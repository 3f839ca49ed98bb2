"""Patients through lanes: a patient is taken up, led from segment to segment, and makes room for the next.

The engine copies this file behind `wide.py`.
"""

from __future__ import annotations

import math

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import CONSTANTS, FACTORS, KINKS, LANES, OUTPUTS, STATES, fill_outputs, fill_start
from kinetics.engines.batch.kernels.dense import between
from kinetics.engines.batch.kernels.guard import fault_of_step, fault_of_stretch
from kinetics.engines.batch.kernels.integration import (
    DONE,
    GROW,
    NOT_FINITE,
    SHRINK,
    STEP_TOO_SMALL,
    TOO_MANY_STEPS,
    first_step,
)
from kinetics.engines.batch.kernels.lane_step import guard_wide, keep_wide, norm_wide, sample_wide, step_wide
from kinetics.engines.batch.kernels.lanes import WIDTH, dense_lanes
from kinetics.engines.batch.kernels.recovery_windows import SAMPLES, after_jump, all_quiet, begin_course, follow
from kinetics.engines.batch.kernels.rodas5p import STAGES
from kinetics.engines.batch.kernels.workspaces import Lanes, Own, Seen, Wide
from kinetics.engines.guard import HIGH, REGROWN


def make_room(events):
    """Empty lanes, for so many watched outputs. Python makes them: compiled allocations cost seconds of compiling."""
    number = (np.full(LANES, -1), np.zeros(LANES, np.int64), np.zeros(LANES, np.int64), np.zeros(LANES, np.int64))
    told = (np.zeros(LANES, np.bool_), np.zeros(LANES, np.bool_), np.zeros(LANES, np.bool_))
    clock = (np.zeros(LANES), np.zeros(LANES), np.zeros(LANES), np.zeros(LANES), np.zeros(LANES))
    steps = (np.ones(LANES), np.zeros(LANES), np.zeros(LANES), np.ones(LANES))
    lanes = Lanes(*number, np.zeros(LANES, np.int64), *told, *clock, *steps)
    state = (np.zeros(WIDTH), np.zeros(WIDTH), np.zeros(WIDTH), np.zeros(WIDTH), np.ones(WIDTH))
    slopes = (np.zeros(STAGES * WIDTH), np.zeros(3 * WIDTH), np.zeros(FACTORS * LANES))
    sides = (np.zeros(KINKS * LANES), np.zeros(KINKS * LANES))
    guarded = (np.zeros(WIDTH), np.zeros(WIDTH))
    wide = Wide(
        *state, *slopes, np.ones(CONSTANTS * LANES), np.zeros(OUTPUTS * LANES), np.zeros(WIDTH), *sides, *guarded
    )
    seen = Seen(np.zeros((LANES, events, 2)), np.zeros((LANES, events, SAMPLES + 1)))
    vectors = (np.zeros(STATES), np.zeros(STATES), np.zeros(STATES), np.zeros(STATES))
    own = Own(*vectors, np.zeros((3, STATES)), np.zeros(OUTPUTS))
    return lanes, wide, seen, own


@njit(cache=True, error_model="numpy", nogil=True)
def integrate_crowd(begin, end, task, lanes, wide, seen, own):
    """Integrate the patients from one number up to another."""
    upcoming, busy = begin, True
    while busy:
        upcoming, busy = aim_all(upcoming, end, task, lanes, wide, seen, own)
        step_wide(lanes.h, wide)
        norm_wide(task.relative, wide, lanes.norm, lanes.growth)
        passed = judge_all(task, lanes, wide)
        if passed or task.watched.size > 0:
            dense_lanes(wide.k, wide.terms)
            note_all(task, lanes, wide, seen, own)
        guard_wide(lanes.kept, wide)
        accuse_all(task, lanes, wide, own)
        keep_wide(wide)
        go_on_all(task, lanes, wide, seen, own)


@njit(cache=True, error_model="numpy")
def aim_all(upcoming, end, task, lanes, wide, seen, own):
    """Fit every lane's next step into its segment; a lane that is free, or cannot go on, takes the next patient.

    Returns
    -------
    (upcoming, busy)
        Who comes next, and whether any lane has a patient.
    """
    busy = False
    for q in range(LANES):
        while True:
            if lanes.patient[q] < 0:
                while upcoming < end and task.which[upcoming] < 0:
                    upcoming += 1
                if upcoming == end:
                    break
                take(q, upcoming, task, lanes, wide, own)
                open_segment(q, task, lanes, wide, seen, own)
                upcoming += 1
            time, stop = lanes.time[q], lanes.stop[q]
            lanes.last[q] = time + lanes.h[q] * 1.0000001 >= stop
            h = stop - time if lanes.last[q] else lanes.h[q]
            lanes.h[q] = h
            if lanes.steps[q] < task.most and h > max(1e-15 * time, 1e-30 * lanes.final[q]):
                busy = True
                break
            give_up(q, task, lanes, wide)
    return upcoming, busy


@njit(cache=True, error_model="numpy")
def judge_all(task, lanes, wide):
    """Accept every lane's step, or shorten it; whether an accepted one passes an output time."""
    passed = False
    for q in range(LANES):
        norm = lanes.norm[q]
        lanes.kept[q] = False
        if lanes.patient[q] < 0:
            continue
        lanes.steps[q] += 1
        if norm <= 1.0:
            lanes.kept[q] = True
            lanes.longest[q] = max(lanes.longest[q], lanes.h[q])
            lanes.after[q] = lanes.stop[q] if lanes.last[q] else lanes.time[q] + lanes.h[q]
            passed |= lanes.due[q] <= lanes.after[q]
            continue
        lanes.h[q] *= max(SHRINK, lanes.growth[q]) if math.isfinite(norm) else 0.1
        lanes.rejected[q] = True
        if not math.isfinite(norm):
            forget_slopes(q, wide.k)
    return passed


@njit(cache=True, error_model="numpy")
def note_all(task, lanes, wide, seen, own):
    """Write the outputs at times that accepted steps pass, and follow those that are watched."""
    watched = task.watched.size > 0
    if watched:
        sample_wide(task.watched, wide, seen.samples)
    for q in range(LANES):
        if not lanes.kept[q]:
            continue
        p, course = lanes.patient[q], lanes.course[q]
        event, lowest, samples = (task.watched, task.levels[p], task.margins[p]), seen.lowest[q], seen.samples[q]
        quiet = not watched or course < 0 or all_quiet(event, lowest, samples, task.reached[p], course)
        if not quiet or lanes.due[q] <= lanes.after[q]:
            pull(q, wide, own)
        if lanes.due[q] <= lanes.after[q]:
            write(q, task, lanes, own)
        if not quiet:
            c, t, h, found = task.constants[p], lanes.time[q], lanes.h[q], task.reached[p]
            follow(own.y, own.u, own.terms, c, t, h, event, lowest, samples, found, own.state, own.row, course)
        for e in range(task.watched.size):
            samples[e, 0] = samples[e, SAMPLES]


@njit(cache=True, error_model="numpy")
def accuse_all(task, lanes, wide, own):
    """Look at accepted steps that the guard gave alarm for; a patient at fault is given up."""
    for q in range(LANES):
        if wide.alarm[WIDTH - LANES + q] == 0.0:
            continue
        p = lanes.patient[q]
        pull(q, wide, own)
        flow, atol, phase = task.forcings[task.which[p], lanes.segment[q]], task.absolute[p], own.terms[0]
        for i in range(STATES):
            phase[i] = wide.phase[i * LANES + q]
        fault = fault_of_step(own.y, own.u, task.constants[p], flow, atol, phase, own.f, own.state)
        for i in range(STATES):
            wide.phase[i * LANES + q] = phase[i]
        if fault > 0:
            for i in range(STATES):
                wide.y[i * LANES + q] = own.u[i]
            lanes.time[q], lanes.kept[q] = lanes.after[q], False
            forsake(q, fault, task, lanes, wide)


@njit(cache=True, error_model="numpy")
def go_on_all(task, lanes, wide, seen, own):
    """After an accepted step: the next one, the next segment, or the end."""
    for q in range(LANES):
        if not lanes.kept[q]:
            continue
        growth = GROW if lanes.norm[q] < 1e-6 else min(GROW, lanes.growth[q])
        lanes.time[q] = lanes.after[q]
        lanes.h[q] *= min(1.0, growth) if lanes.rejected[q] else growth
        lanes.rejected[q] = False
        if not lanes.last[q]:
            continue
        p = lanes.patient[q]
        flow = task.forcings[task.which[p], lanes.segment[q]]
        for i in range(STATES):
            own.y[i], own.u[i] = wide.y[i * LANES + q], wide.phase[i * LANES + q]
        c, atol = task.constants[p], task.absolute[p]
        fault = fault_of_stretch(own.y, c, flow, atol, own.u, lanes.longest[q], own.f, own.state)
        if fault > 0:
            forsake(q, fault, task, lanes, wide)
        elif not open_segment(q, task, lanes, wide, seen, own):
            task.told[p, 0], task.told[p, 1] = DONE, lanes.steps[q]
            task.told[p, 2], task.told[p, 3] = lanes.time[q], -1.0
            lanes.patient[q] = -1


@njit(cache=True, error_model="numpy")
def take(q, p, task, lanes, wide, own):
    """Put a patient into a lane, at rest before the first segment."""
    fill_start(task.constants[p], own.y)
    for j in range(CONSTANTS):
        wide.c[j * LANES + q] = task.constants[p, j]
    for i in range(STATES):
        wide.y[i * LANES + q] = own.y[i]
        wide.atol[i * LANES + q] = task.absolute[p, i]
        wide.phase[i * LANES + q] = 0.0
    forget_slopes(q, wide.k)
    place = 0
    while place < task.times.size and task.times[place] <= 0.0:
        fill_outputs(own.y, task.constants[p], task.rows[p, place])
        if task.states.size > 0:
            for i in range(STATES):
                task.states[p, place, i] = own.y[i]
        place += 1
    g = task.which[p]
    lanes.patient[q], lanes.segment[q], lanes.course[q], lanes.place[q], lanes.steps[q] = p, -1, -1, place, 0
    lanes.due[q] = task.times[place] if place < task.times.size else np.inf
    lanes.final[q], lanes.norm[q] = task.edges[g, task.counts[g]], 0.0


@njit(cache=True, error_model="numpy")
def forget_slopes(q, k):
    """Zero a lane's slopes: one that is not finite would outlive its product with zero."""
    for j in range(STAGES * STATES):
        k[j * LANES + q] = 0.0


@njit(cache=True, error_model="numpy")
def open_segment(q, task, lanes, wide, seen, own):
    """Begin a lane's next segment with its doses; False if there is none."""
    p, s = lanes.patient[q], lanes.segment[q] + 1
    g, c, event, y = task.which[p], task.constants[p], (task.watched, task.levels[p], task.margins[p]), own.y
    if s == task.counts[g]:
        return False
    time, stop = task.edges[g, s], task.edges[g, s + 1]
    for i in range(STATES):
        y[i] = wide.y[i * LANES + q]
    course = lanes.course[q] + 1
    if course < task.starts.shape[1] and task.starts[g, course] <= time:
        lanes.course[q] = course
        begin_course(y, c, event, seen.lowest[q], task.reached[p], own.row, course)
    for i in range(STATES):
        y[i] += task.jumps[g, s, i]
        wide.y[i * LANES + q] = y[i]
        wide.flow[i * LANES + q] = task.forcings[g, s, i]
        if abs(y[i]) >= REGROWN * task.absolute[p, i]:
            wide.phase[i * LANES + q] = HIGH
    if task.watched.size > 0:
        samples = seen.samples[q]
        after_jump(y, c, time, event, seen.lowest[q], samples, task.reached[p], own.row, lanes.course[q])
    lanes.segment[q], lanes.time[q], lanes.stop[q], lanes.rejected[q] = s, time, stop, False
    lanes.longest[q] = 0.0
    lanes.h[q] = first_step(y, c, task.forcings[g, s], task.relative, task.absolute[p], stop - time, own.f)
    return True


@njit(cache=True, error_model="numpy")
def write(q, task, lanes, own):
    """Write the outputs at the times that a lane's step passes."""
    p, place = lanes.patient[q], lanes.place[q]
    while place < task.times.size and task.times[place] <= lanes.after[q]:
        between(own.y, own.u, own.terms, (task.times[place] - lanes.time[q]) / lanes.h[q], own.state)
        fill_outputs(own.state, task.constants[p], task.rows[p, place])
        if task.states.size > 0:
            for i in range(STATES):
                task.states[p, place, i] = own.state[i]
        place += 1
    lanes.place[q] = place
    lanes.due[q] = task.times[place] if place < task.times.size else np.inf


@njit(cache=True, error_model="numpy")
def pull(q, wide, own):
    """Copy a lane's step out."""
    for i in range(STATES):
        j = i * LANES + q
        own.y[i], own.u[i] = wide.y[j], wide.u[j]
        for m in range(3):
            own.terms[m, i] = wide.terms[m * WIDTH + j]


@njit(cache=True, error_model="numpy")
def give_up(q, task, lanes, wide):
    """A patient that cannot go on."""
    status = STEP_TOO_SMALL if lanes.h[q] > 0.0 and math.isfinite(lanes.norm[q]) else NOT_FINITE
    forsake(q, TOO_MANY_STEPS if lanes.steps[q] >= task.most else status, task, lanes, wide)


@njit(cache=True, error_model="numpy")
def forsake(q, status, task, lanes, wide):
    """A patient that is given up is NaN; why, and where it stopped, are told."""
    p = lanes.patient[q]
    for i in range(STATES):
        task.told[p, 3 + i] = wide.y[i * LANES + q]
    task.told[p, 0], task.told[p, 1], task.told[p, 2] = status, lanes.steps[q], lanes.time[q]
    task.rows[p] = np.nan
    task.reached[p] = np.nan
    if task.states.size > 0:
        task.states[p] = np.nan
    lanes.patient[q] = -1
