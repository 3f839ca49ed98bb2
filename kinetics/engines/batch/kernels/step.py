"""A Rodas5P step of one patient, its error, and the length of the next. The engine copies this file: see `program`."""

from __future__ import annotations

import math

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import FACTORS, KINKS, OUTPUTS, STATES, factor, fill_rate, fill_start, solve
from kinetics.engines.batch.kernels.rodas5p import GAMMA, STAGES, A, C
from kinetics.engines.batch.kernels.workspaces import Progress, Step

# The controller of Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.7, with the constants of
# their code RODAS: h_new = h min(GROW, max(SHRINK, SAFETY error^(-1/5))). The exponent belongs to an error estimate of
# order 4. Where the estimate is no number at all, a tenth is tried.
SAFETY, SHRINK, GROW, SHRINK_BLINDLY = 0.9, 0.2, 6.0, 0.1
NEGLIGIBLE = 1e-6
"""An error so small allows the most growth whatever it is; and 0 to a negative power is infinite."""
LAST = 1.0000001
"""A step that would leave less than this share of itself goes to the end: no sliver is left to step over."""


def step_arrays():
    """The work arrays of one patient."""
    y, y_new, inflow, phase, state, rate = np.zeros((6, STATES))
    k, points, terms = np.zeros((STAGES, STATES)), np.zeros((STAGES, STATES)), np.zeros((3, STATES))
    outputs, kinks = np.zeros(OUTPUTS), np.zeros((3, KINKS))
    return Step(y, y_new, inflow, k, points, np.zeros(FACTORS), terms, phase, state, rate, outputs, kinks)


def progress_arrays():
    """Of one patient."""
    steps, sample, course = np.zeros((3, 1), np.int64)
    return Progress(steps, sample, course, np.zeros(1))


@njit(cache=True, error_model="numpy")
def start_patient(c, step):
    """Put a patient at rest; a step of no length stands for the one before time 0."""
    fill_start(c, step.y)
    # both ends alike and no terms: whatever is read off this step is the state at rest
    for i in range(STATES):
        step.y_new[i], step.phase[i] = step.y[i], 0.0
        for m in range(3):
            step.terms[m, i] = 0.0


@njit(cache=True, error_model="numpy")
def set_inflow(schedule, segment, step):
    """The scheduled inflow of a segment."""
    for i in range(STATES):
        step.inflow[i] = schedule.inflows[segment, i]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def take_step(c, h, step):
    """The eight stages, see `rodas5p`: slopes ``k``, the ``points`` where rates are taken, the new states."""
    y, y_new, inflow, k, points, lu = step.y, step.y_new, step.inflow, step.k, step.points, step.lu
    pace = 1.0 / h  # a product takes a fraction of the time of a quotient
    # one factorisation serves all stages: that is what a Rosenbrock method saves over an implicit Runge-Kutta method
    factor(y, c, pace / GAMMA, lu)
    for s in range(STAGES):
        # y_new is free until the last line, so it holds what a stage adds to the rate
        for i in range(STATES):
            total = y[i]
            earlier = 0.0
            for j in range(s):
                total += A[s, j] * k[j, i]
                earlier += C[s, j] * k[j, i]
            points[s, i] = total
            y_new[i] = inflow[i] + earlier * pace
        # each stage keeps its point: the tangent takes derivatives of the rates there
        fill_rate(points[s], c, k[s])
        for i in range(STATES):
            k[s, i] += y_new[i]
        solve(lu, k[s])
    # stiffly accurate: the last stage is the embedded solution, its slope the correction and the error estimate
    for i in range(STATES):
        y_new[i] = points[STAGES - 1, i] + k[STAGES - 1, i]


@njit(cache=True, error_model="numpy")
def error_norm(relative, absolute, step):
    """Root mean square of the error estimate over its tolerance: a step is accepted up to 1."""
    y, y_new, k = step.y, step.y_new, step.k
    total = 0.0
    # the larger end of the step: of the old value alone a state that a dose starts from zero would ask for its absolute
    # tolerance, which is far below what it grows to
    for i in range(STATES):
        ratio = k[STAGES - 1, i] / (absolute[i] + relative * max(abs(y[i]), abs(y_new[i])))
        total += ratio * ratio
    return math.sqrt(total / STATES)


@njit(cache=True, error_model="numpy")
def shortened(h, error):
    """The length to try after a rejected step."""
    return h * (max(SHRINK, SAFETY * error**-0.2) if math.isfinite(error) else SHRINK_BLINDLY)


@njit(cache=True, error_model="numpy")
def lengthened(h, error, rejected):
    """The length to try after an accepted step; ``rejected`` if a longer one was tried in its place."""
    growth = GROW if error < NEGLIGIBLE else min(GROW, SAFETY * error**-0.2)
    # right after a rejection a step does not grow: it would be rejected again
    return h * (min(1.0, growth) if rejected else growth)


@njit(cache=True, error_model="numpy")
def first_step(c, relative, absolute, span, step):
    """A first step that moves no state by more than a hundredth of itself, as Hairer, Norsett and Wanner II.4 guess."""
    # absolute / relative is the size below which a state is held to its absolute tolerance: a state at zero has no
    # hundredth of itself
    fill_rate(step.y, c, step.rate)
    speed = 0.0
    for i in range(STATES):
        speed = max(speed, abs(step.rate[i] + step.inflow[i]) / (absolute[i] / relative + abs(step.y[i])))
    return span if speed == 0.0 else min(span, 0.01 / speed)


@njit(cache=True, error_model="numpy")
def too_short(h, time, end):
    """Whether a step would not move the clock, or is no number."""
    # a few roundings of the time; at time 0 the clock resolves everything, so there the end sets the scale
    return not h > max(1e-15 * time, 1e-30 * end)


@njit(cache=True, error_model="numpy")
def move_on(step):
    """The new states become the states."""
    for i in range(STATES):
        step.y[i] = step.y_new[i]
