"""The guard of a step in the compiled loop: what `kinetics.engines.guard.Guard` does for the reference engine.

The engine copies this file.
"""

from __future__ import annotations

from numba import njit

from kinetics.compile.stub import STATES, fill_rate
from kinetics.engines.batch.kernels.problems import BELOW_ZERO, DONE
from kinetics.engines.guard import HIGH, LOST, NEGATIVE, OWN, REGROWN, SUNK, UNRESOLVED

NO_FAULT = DONE
FROM_ROUNDING = BELOW_ZERO + STATES


@njit(cache=True, error_model="numpy")
def mark_high(absolute, step):
    """At the start of a stretch: what a dose has brought is no rounding."""
    for i in range(STATES):
        if abs(step.y[i]) >= REGROWN * absolute[i]:
            step.phase[i] = HIGH


@njit(cache=True, error_model="numpy")
def rate_at(value, i, y, c, step):
    """The rate of a state if it were of another value."""
    for j in range(STATES):
        step.state[j] = y[j]
    step.state[i] = value
    fill_rate(step.state, c, step.rate)
    return step.rate[i] + step.inflow[i]


@njit(cache=True, error_model="numpy")
def fault_of_step(c, absolute, step):
    """NO_FAULT, or BELOW_ZERO or FROM_ROUNDING plus the number of the state; follows the states."""
    y, y_new, phase = step.y, step.y_new, step.phase
    for i in range(STATES):
        # only the step that passes the bound: a state that belongs below zero would be looked at in every step
        negative = y_new[i] < -NEGATIVE * absolute[i] and y[i] >= -NEGATIVE * absolute[i]
        # a state whose rate at zero points down may be negative: nothing in its equation holds it above
        if negative and min(rate_at(0.0, i, y, c, step), rate_at(0.0, i, y_new, c, step)) >= 0.0:
            return BELOW_ZERO + i
        size = abs(y_new[i])
        if size < SUNK * absolute[i]:
            if phase[i] == HIGH:
                phase[i] = LOST
        elif size >= REGROWN * absolute[i]:
            # back from the noise. If the rate without the state itself is nothing, it grew from what rounding left of
            # it, and the time at which it is back is arbitrary. If others feed it, it forgets what it was.
            if phase[i] == LOST:
                alone = rate_at(0.0, i, y_new, c, step)
                whole = rate_at(y_new[i], i, y_new, c, step)
                if whole * y_new[i] > 0.0 and abs(alone) < OWN * abs(whole):
                    return FROM_ROUNDING + i
            phase[i] = HIGH
    return NO_FAULT


@njit(cache=True, error_model="numpy")
def fault_of_stretch(c, absolute, longest, step):
    """NO_FAULT, or FROM_ROUNDING plus the number of a state whose growth the longest step did not resolve."""
    # at the size of its tolerance, as the state itself is unknown there and may even be zero
    for i in range(STATES):
        if step.phase[i] == LOST:
            alone = rate_at(0.0, i, step.y, c, step)
            whole = rate_at(absolute[i], i, step.y, c, step)
            if abs(alone) < OWN * whole and whole * longest > UNRESOLVED * absolute[i]:
                return FROM_ROUNDING + i
    return NO_FAULT
