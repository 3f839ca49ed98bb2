"""A Rodas5P step, its error, and the length of the next; of any number of lanes.

A lane is a patient that advances beside others, or alone. No lane looks at another, so a patient's numbers do not
depend on who else is integrated.
"""

from __future__ import annotations

import math

from kinetics.compile.definitions import STAGES
from kinetics.compile.instructions import LANES
from kinetics.engines.batch.kernels.calls import address_of, call, floats, integers
from kinetics.engines.batch.kernels.rodas5p import DENSE, GAMMA, A, C
from kinetics.engines.batch.machine_code import kernel

# The controller of Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.7, with the constants of
# their code RODAS: h_new = h min(GROW, max(SHRINK, SAFETY error^(-1/5))). The exponent belongs to an error estimate of
# order 4. Where the estimate is no number at all, a tenth is tried.
SAFETY, SHRINK, GROW, SHRINK_BLINDLY = 0.9, 0.2, 6.0, 0.1
LAST = 1.0000001
"""A step that would leave less than this share of itself goes to the end: no sliver is left to step over."""
CAUTION = 50.0
"""How many times smaller the error of a step across a kink has to be than that of another: its estimate supposes smooth
rates, and is too small there."""


@kernel
def take_step(code, step):
    """The eight stages, see `rodas5p`: slopes ``k`` and the new states."""
    width, h, pace, shift = code.width, floats(step.h, 0), floats(step.pace, 0), floats(step.shift, 0)
    for q in range(code.lanes):
        pace[q] = 1.0 / h[q]
        shift[q] = pace[q] / GAMMA
    # one factorisation serves all stages: that is what a Rosenbrock method saves over an implicit Runge-Kutta method
    call(code.factor, (step.y, step.constants, step.coefficients, step.shift, step.lu))
    for s in range(STAGES):
        combine(integers(code.combine, s)[0], s, step.y, step.k, step.point, step.earlier)
        rate = (step.point, step.constants, step.coefficients, step.inflow)
        call(code.stage, (*rate, step.earlier, step.pace, step.lu, step.k + 8 * s * width))
    # stiffly accurate: the last stage is the embedded solution, its slope the correction and the error estimate
    point, correction, y_new = floats(step.point, 0), floats(step.k, (STAGES - 1) * width), floats(step.y_new, 0)
    for i in range(width):
        y_new[i] = point[i] + correction[i]


@kernel
def combine(function, s, y, k, point, earlier):
    """Where stage ``s`` takes rates, and what earlier slopes add to its right side; it has a function of its own."""
    call(function, (y, k, address_of(A[s]), address_of(C[s]), point, earlier))


@kernel
def dense_terms(code, k, terms):
    """The three vectors of the dense output, (3, state, lane)."""
    call(code.dense_terms, (k, address_of(DENSE), terms))


@kernel
def interpolate(code, theta, step):
    """Set ``state`` to the states at a fraction ``theta`` of the step of one patient."""
    of_register = floats(step.theta, 0)
    for q in range(LANES):
        of_register[q] = theta
    call(code.interpolate, (step.theta, step.y, step.y_new, step.terms, step.state))


@kernel
def estimate_errors(code, step):
    """Root mean square of each lane's error estimate over its tolerance: a step is accepted up to 1."""
    correction = step.k + 8 * (STAGES - 1) * code.width
    ends = (step.y, step.y_new, correction, step.absolute, step.relative)
    call(code.error, (*ends, step.error, step.fifth))
    if code.kinks == 0:
        return
    call(code.read_kinks, (step.y, step.constants, step.kinks))
    call(code.read_kinks, (step.y_new, step.constants, step.kinks_new))
    before, after = floats(step.kinks, 0), floats(step.kinks_new, 0)
    error, fifth = floats(step.error, 0), floats(step.fifth, 0)
    # two changes of one sign inside a step cancel: there only the error estimate is left
    for q in range(code.lanes):
        for kink in range(q, code.kinks * code.lanes, code.lanes):
            if before[kink] * after[kink] < 0.0:
                error[q] *= CAUTION
                fifth[q] *= CAUTION**-0.2
                break


@kernel
def first_step(code, span, step):
    """A first step that moves no state by more than a hundredth of itself, as Hairer, Norsett and Wanner II.4 guess."""
    # absolute / relative is the size below which a state is held to its absolute tolerance: a state at zero has no
    # hundredth of itself
    call(code.rate, (step.y, step.constants, step.rate))
    y, rate = floats(step.y, 0), floats(step.rate, 0)
    inflow, absolute = floats(step.inflow, 0), floats(step.absolute, 0)
    relative, speed = floats(step.relative, 0)[0], 0.0
    for i in range(code.states):
        speed = max(speed, abs(rate[i] + inflow[i]) / (absolute[i] / relative + abs(y[i])))
    return span if speed == 0.0 else min(span, 0.01 / speed)


@kernel
def growth_of(error, fifth):
    """By how much an error, with its power of -1/5, allows the next step to be longer or asks for it to be shorter."""
    return min(GROW, max(SHRINK, SAFETY * fifth)) if math.isfinite(error) else SHRINK_BLINDLY


@kernel
def too_short(h, time, end):
    """Whether a step would not move the clock, or is no number."""
    # a few roundings of the time; at time 0 the clock resolves everything, so there the end sets the scale
    return not h > max(1e-15 * time, 1e-30 * end)


@kernel
def copy(size, source, target):
    """Copy floats from one address to another."""
    left, right = floats(source, 0), floats(target, 0)
    for i in range(size):
        right[i] = left[i]
