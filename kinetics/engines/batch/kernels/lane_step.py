"""Many patients in vector registers: each lane holds a patient, at a time, a step and a place in a plan of its own.

The engine copies this file behind `kernel.py`. No lane looks at another, so a patient's numbers do not depend on who
else is integrated; one that is done makes room for the next.
"""

from __future__ import annotations

import math

from kinetics.compile.elementary import power
from kinetics.compile.machine_code import njit
from kinetics.compile.stub import (
    KINKS,
    LANES,
    STATES,
    factor_wide,
    fill_kinks_wide,
    fill_outputs_wide,
    fill_rate_wide,
    solve_wide,
)
from kinetics.engines.batch.kernels.integration import SAFETY
from kinetics.engines.batch.kernels.kinks import CAUTION
from kinetics.engines.batch.kernels.lanes import WIDTH, combine
from kinetics.engines.batch.kernels.recovery_windows import SAMPLES
from kinetics.engines.batch.kernels.rodas5p import GAMMA, STAGES, A, C
from kinetics.engines.guard import HIGH, LOST, NEGATIVE, REGROWN, SUNK


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def step_wide(h, wide):
    """A step of every lane: slopes, and new states."""
    y, u, k, points, flow, w = wide.y, wide.u, wide.k, wide.points, wide.flow, wide.w
    repeat(1.0 / GAMMA, h, w)
    factor_wide(y, wide.c, w, wide.lu)
    repeat(1.0, h, w)
    for s in range(STAGES):
        slope = k[s * WIDTH : (s + 1) * WIDTH]
        combine(y, k, A[s], C[s], s <= 4, points, u)
        fill_rate_wide(points, wide.c, slope)
        for i in range(WIDTH):
            slope[i] += flow[i] + w[i] * u[i]
        solve_wide(wide.lu, slope)
    for i in range(WIDTH):
        u[i] = points[i] + k[(STAGES - 1) * WIDTH + i]


# A short loop over lanes would be unrolled before it is put into vector registers. Those below are as long as a flat
# array, or of a length that the compiler does not know.


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def repeat(over, h, w):
    """``over / h``, (lane,), for every state: (state, lane)."""
    for q in range(h.size):
        w[q] = over / h[q]
    for i in range(LANES, WIDTH):
        w[i] = w[i - LANES]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def norm_wide(relative, wide, norm, growth):
    """The error of each lane's step over its tolerance, and the growth of the step that it allows."""
    y, u, k, atol, squares = wide.y, wide.u, wide.k[(STAGES - 1) * WIDTH :], wide.atol, wide.points
    for i in range(WIDTH):
        before, after = abs(y[i]), abs(u[i])
        ratio = k[i] / (atol[i] + relative * (before if before > after else after))
        squares[i] = ratio * ratio
    for i in range(LANES, WIDTH):
        squares[i] += squares[i - LANES]
    for q in range(norm.size):
        norm[q] = math.sqrt(squares[WIDTH - LANES + q] / STATES)
    if KINKS > 0:
        fill_kinks_wide(y, wide.c, wide.before)
        fill_kinks_wide(u, wide.c, wide.after)
        for q in range(norm.size):
            for kink in range(KINKS):
                if wide.before[kink * LANES + q] * wide.after[kink * LANES + q] < 0.0:
                    norm[q] *= CAUTION
                    break
    for q in range(norm.size):
        growth[q] = SAFETY * power(norm[q], -0.2)


@njit(cache=True, error_model="numpy")
def guard_wide(kept, wide):
    """Follow the states of accepted steps; the last lanes of ``alarm`` are 1 where a step has to be looked at."""
    y, u, w, atol, phase, alarm = wide.y, wide.u, wide.w, wide.atol, wide.phase, wide.alarm
    for q in range(kept.size):
        w[q] = 1.0 if kept[q] else 0.0
    for i in range(LANES, WIDTH):
        w[i] = w[i - LANES]
    for i in range(WIDTH):
        size, bound = abs(u[i]), atol[i]
        below = 1.0 if u[i] < -NEGATIVE * bound else 0.0
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
def keep_wide(wide):
    """The new states become the states where the step is accepted."""
    y, u, w = wide.y, wide.u, wide.w
    for i in range(WIDTH):
        y[i] = u[i] if w[i] > 0.0 else y[i]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def sample_wide(watched, wide, samples):
    """The watched outputs at the samples of every lane's step."""
    y, u, points, terms = wide.y, wide.u, wide.points, wide.terms
    for m in range(1, SAMPLES + 1):
        theta = m / SAMPLES
        rest = 1.0 - theta
        for i in range(WIDTH):
            inner = terms[i] + theta * (terms[WIDTH + i] + theta * terms[2 * WIDTH + i])
            points[i] = rest * y[i] + theta * (u[i] + rest * inner)
        fill_outputs_wide(points, wide.c, wide.row)
        for e in range(watched.size):
            for q in range(LANES):
                samples[q, e, m] = wide.row[watched[e] * LANES + q]
