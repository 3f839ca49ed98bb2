"""A step of LANES patients in vector registers, each at a time, with a step and at a place in a plan of its own.

A lane is one of LANES patients that advance together, or of LANES parameters by which one patient is differentiated.
Arrays are flat, (state, lane), so that the compiler sees one loop of known length over neighbouring numbers and uses
vector registers; of arrays with two axes it does not know the strides.

No lane looks at another, so a patient's numbers do not depend on who else is integrated. There are no branches by lane
but choices between two numbers, which vector registers can make. The engine copies this file.
"""

from __future__ import annotations

import math

import numpy as np

from kinetics.compile.elementary import power
from kinetics.compile.machine_code import njit
from kinetics.compile.stub import (
    CONSTANTS,
    FACTORS,
    KINKS,
    LANES,
    OUTPUTS,
    STATES,
    factor_lanes,
    fill_kinks_lanes,
    fill_outputs_lanes,
    fill_rate_lanes,
    solve_lanes,
)
from kinetics.engines.batch.kernels.kinks import CAUTION
from kinetics.engines.batch.kernels.recovery_windows import SAMPLES
from kinetics.engines.batch.kernels.rodas5p import DENSE, GAMMA, STAGES, A, C
from kinetics.engines.batch.kernels.step import SAFETY
from kinetics.engines.batch.kernels.workspaces import Lanes, LaneStep
from kinetics.engines.guard import HIGH, LOST, NEGATIVE, REGROWN, SUNK

WIDTH = STATES * LANES


def lane_arrays():
    """Empty lanes."""
    segment, course, sample, steps = np.zeros((4, LANES), np.int64)
    rejected, last, accepted = np.zeros((3, LANES), np.bool_)
    time, after, stop, final, due, error, longest = np.zeros((7, LANES))
    position = (np.full(LANES, -1), segment, course, sample, steps, rejected, last, accepted)
    return Lanes(*position, time, after, stop, final, due, np.ones(LANES), error, np.zeros(LANES), longest)


def lane_step_arrays():
    """The work arrays of a step, with numbers that do no harm in a lane without a patient."""
    y, y_new, inflow, points, phase, w, alarm = np.zeros((7, WIDTH))
    k, terms, lu = np.zeros(STAGES * WIDTH), np.zeros(3 * WIDTH), np.zeros(FACTORS * LANES)
    outputs, (kinks, kinks_new) = np.zeros(OUTPUTS * LANES), np.zeros((2, KINKS * LANES))
    constants, absolute = np.ones(CONSTANTS * LANES), np.ones(WIDTH)
    return LaneStep(
        y, y_new, inflow, k, points, lu, terms, phase, outputs, kinks, kinks_new, constants, absolute, w, alarm
    )


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def take_lane_steps(h, step):
    """`step.take_step` of every lane."""
    y, y_new, k, points, inflow, w = step.y, step.y_new, step.k, step.points, step.inflow, step.w
    # one array w for both quotients: the second is needed once the first has gone into the factors
    divide_by_lane(1.0 / GAMMA, h, w)
    factor_lanes(y, step.constants, w, step.lu)
    divide_by_lane(1.0, h, w)
    for s in range(STAGES):
        slope = k[s * WIDTH : (s + 1) * WIDTH]
        # stages up to the fifth use four slopes at most; coefficients of slopes to come are zeros
        combine(y, k, A[s], C[s], s <= 4, points, y_new)
        fill_rate_lanes(points, step.constants, slope)
        for i in range(WIDTH):
            slope[i] += inflow[i] + w[i] * y_new[i]
        solve_lanes(step.lu, slope)
    for i in range(WIDTH):
        y_new[i] = points[i] + k[(STAGES - 1) * WIDTH + i]


@njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def combine(y, k, a, c, half, points, earlier):
    """``points = y + sum_j a[j] k[j]`` and ``earlier = sum_j c[j] k[j]`` in one pass; four slopes alone if ``half``.

    Written out, because a loop over slopes inside would pass through memory once for each of them.
    """
    if half:
        for i in range(WIDTH):
            k0, k1, k2, k3 = k[i], k[WIDTH + i], k[2 * WIDTH + i], k[3 * WIDTH + i]
            points[i] = y[i] + (a[0] * k0 + a[1] * k1 + a[2] * k2 + a[3] * k3)
            earlier[i] = c[0] * k0 + c[1] * k1 + c[2] * k2 + c[3] * k3
        return
    for i in range(WIDTH):
        k0, k1, k2, k3 = k[i], k[WIDTH + i], k[2 * WIDTH + i], k[3 * WIDTH + i]
        k4, k5, k6 = k[4 * WIDTH + i], k[5 * WIDTH + i], k[6 * WIDTH + i]
        points[i] = y[i] + (a[0] * k0 + a[1] * k1 + a[2] * k2 + a[3] * k3 + a[4] * k4 + a[5] * k5 + a[6] * k6)
        earlier[i] = c[0] * k0 + c[1] * k1 + c[2] * k2 + c[3] * k3 + c[4] * k4 + c[5] * k5 + c[6] * k6


@njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def dense_terms_lanes(k, terms):
    """The three vectors of the dense output in one pass, (3, state, lane)."""
    d, e, f = DENSE
    for i in range(WIDTH):
        k0, k1, k2, k3 = k[i], k[WIDTH + i], k[2 * WIDTH + i], k[3 * WIDTH + i]
        k4, k5, k6, k7 = k[4 * WIDTH + i], k[5 * WIDTH + i], k[6 * WIDTH + i], k[7 * WIDTH + i]
        first = d[0] * k0 + d[1] * k1 + d[2] * k2 + d[3] * k3 + d[4] * k4 + d[5] * k5 + d[6] * k6 + d[7] * k7
        second = e[0] * k0 + e[1] * k1 + e[2] * k2 + e[3] * k3 + e[4] * k4 + e[5] * k5 + e[6] * k6 + e[7] * k7
        third = f[0] * k0 + f[1] * k1 + f[2] * k2 + f[3] * k3 + f[4] * k4 + f[5] * k5 + f[6] * k6 + f[7] * k7
        terms[i], terms[WIDTH + i], terms[2 * WIDTH + i] = first, second, third


@njit(cache=True, error_model="numpy")
def interpolate_lanes(step, theta, out):
    """`dense.interpolate` of lanes, given (5, state, lane): left and right values and the terms of the dense output."""
    rest = 1.0 - theta
    for i in range(WIDTH):
        inner = step[2 * WIDTH + i] + theta * (step[3 * WIDTH + i] + theta * step[4 * WIDTH + i])
        out[i] = rest * step[i] + theta * (step[WIDTH + i] + rest * inner)


# A short loop over lanes would be unrolled before it is put into vector registers. Those below are as long as a flat
# array, or of a length that the compiler does not know.


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def divide_by_lane(number, h, w):
    """``number / h``, (lane,), for every state: (state, lane)."""
    for q in range(h.size):
        w[q] = number / h[q]
    for i in range(LANES, WIDTH):
        w[i] = w[i - LANES]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def estimate_lane_errors(relative, step, error, growth):
    """The error of each lane's step over its tolerance, and the growth of the step that it allows."""
    y, y_new, k, absolute, squares = step.y, step.y_new, step.k[(STAGES - 1) * WIDTH :], step.absolute, step.points
    for i in range(WIDTH):
        before, after = abs(y[i]), abs(y_new[i])
        ratio = k[i] / (absolute[i] + relative * (before if before > after else after))
        squares[i] = ratio * ratio
    # running sums: the last lanes hold the totals, and each addition is one of whole registers
    for i in range(LANES, WIDTH):
        squares[i] += squares[i - LANES]
    for q in range(error.size):
        error[q] = math.sqrt(squares[WIDTH - LANES + q] / STATES)
    if KINKS > 0:
        fill_kinks_lanes(y, step.constants, step.kinks)
        fill_kinks_lanes(y_new, step.constants, step.kinks_new)
        for q in range(error.size):
            for kink in range(KINKS):
                if step.kinks[kink * LANES + q] * step.kinks_new[kink * LANES + q] < 0.0:
                    error[q] *= CAUTION
                    break
    # for every lane, wanted or not: a loop without branches is vector code, and `power` is written for it
    for q in range(error.size):
        growth[q] = SAFETY * power(error[q], -0.2)


@njit(cache=True, error_model="numpy")
def guard_lanes(accepted, step):
    """Follow the states of accepted steps; the last lanes of ``alarm`` are 1 where a step has to be looked at."""
    y, y_new, w, absolute, phase, alarm = step.y, step.y_new, step.w, step.absolute, step.phase, step.alarm
    # The tests of `guard.fault_of_step` as numbers, without its looks at the rates: `scheduler.check_alarms` does the
    # whole of it for the few lanes that give alarm.
    for q in range(accepted.size):
        w[q] = 1.0 if accepted[q] else 0.0
    for i in range(LANES, WIDTH):
        w[i] = w[i - LANES]
    for i in range(WIDTH):
        size, bound = abs(y_new[i]), absolute[i]
        below = 1.0 if y_new[i] < -NEGATIVE * bound else 0.0
        before = 1.0 if y[i] >= -NEGATIVE * bound else 0.0
        high = 1.0 if size >= REGROWN * bound else 0.0
        sunk = 1.0 if size < SUNK * bound else 0.0
        was_high = 1.0 if phase[i] == HIGH else 0.0
        lost = 1.0 if phase[i] == LOST else 0.0
        alarm[i] = w[i] * max(below * before, high * lost)
        # lost from high; high unless lost, which is looked at first
        phase[i] += w[i] * (sunk * was_high + high * (1.0 - was_high) * (1.0 - lost))
    for i in range(LANES, WIDTH):
        alarm[i] = max(alarm[i], alarm[i - LANES])


@njit(cache=True, error_model="numpy")
def move_lanes_on(step):
    """The new states become the states where `guard_lanes` found the step accepted."""
    y, y_new, w = step.y, step.y_new, step.w
    for i in range(WIDTH):
        y[i] = y_new[i] if w[i] > 0.0 else y[i]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def sample_lanes(watched, step, samples):
    """The watched outputs at the samples of every lane's step."""
    y, y_new, points, terms = step.y, step.y_new, step.points, step.terms
    for m in range(1, SAMPLES + 1):
        theta = m / SAMPLES
        rest = 1.0 - theta
        for i in range(WIDTH):
            inner = terms[i] + theta * (terms[WIDTH + i] + theta * terms[2 * WIDTH + i])
            points[i] = rest * y[i] + theta * (y_new[i] + rest * inner)
        fill_outputs_lanes(points, step.constants, step.outputs)
        for e in range(watched.size):
            for q in range(LANES):
                samples[q, e, m] = step.outputs[watched[e] * LANES + q]


@njit(cache=True, error_model="numpy")
def copy_lane(q, wide, step):
    """Copy a lane's step onto that of one patient."""
    for i in range(STATES):
        j = i * LANES + q
        step.y[i], step.y_new[i] = wide.y[j], wide.y_new[j]
        step.inflow[i], step.phase[i] = wide.inflow[j], wide.phase[j]
        for m in range(3):
            step.terms[m, i] = wide.terms[m * WIDTH + j]


@njit(cache=True, error_model="numpy")
def forget_slopes(q, k):
    """Zero a lane's slopes: one that is not finite would outlive its product with zero."""
    for j in range(STAGES * STATES):
        k[j * LANES + q] = 0.0
