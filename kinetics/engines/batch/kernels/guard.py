"""The guard of a step in the compiled loop: what `kinetics.engines.guard.Guard` does for the reference engine."""

from __future__ import annotations

from kinetics.engines.batch.kernels.calls import call, floats
from kinetics.engines.batch.kernels.problems import BELOW_ZERO, DONE
from kinetics.engines.batch.kernels.step import copy
from kinetics.engines.batch.machine_code import kernel
from kinetics.engines.guard import HIGH, LOST, NEGATIVE, OWN, REGROWN, SUNK, UNRESOLVED

NO_FAULT = DONE


@kernel
def followed(step):
    """The states before and after a step, the tolerance of each, and what has become of it."""
    return floats(step.y, 0), floats(step.y_new, 0), floats(step.absolute, 0), floats(step.phase, 0)


@kernel
def mark_high(code, step):
    """At the start of a stretch: what a dose has brought is no rounding."""
    y, absolute, phase = floats(step.y, 0), floats(step.absolute, 0), floats(step.phase, 0)
    for i in range(code.states):
        if abs(y[i]) >= REGROWN * absolute[i]:
            phase[i] = HIGH


@kernel
def follow_states(code, step):
    """Follow the states of every lane's step; whether a lane has to be looked at with `fault_of_step`."""
    y, y_new, absolute, phase = followed(step)
    suspicious = 0
    for i in range(code.width):
        size, bound = abs(y_new[i]), absolute[i]
        negative = (y_new[i] < -NEGATIVE * bound) & (y[i] >= -NEGATIVE * bound)
        high, lost = size >= REGROWN * bound, phase[i] == LOST
        suspicious |= 1 if negative | (high & lost) else 0
        sunk = (size < SUNK * bound) & (phase[i] == HIGH)
        phase[i] = HIGH if high & (not lost) else (LOST if sunk else phase[i])
    return suspicious > 0


@kernel
def rate_at(code, value, i, y, step):
    """The rate of a state if it were of another value."""
    copy(code.states, y, step.state)
    floats(step.state, 0)[i] = value
    call(code.rate, (step.state, step.constants, step.rate))
    return floats(step.rate, 0)[i] + floats(step.inflow, 0)[i]


@kernel
def fault_of_step(code, step):
    """NO_FAULT, or BELOW_ZERO plus the number of the state, or that plus the number of states; follows the states."""
    y, y_new, absolute, phase = followed(step)
    for i in range(code.states):
        # only the step that passes the bound: a state that belongs below zero would be looked at in every step
        negative = y_new[i] < -NEGATIVE * absolute[i] and y[i] >= -NEGATIVE * absolute[i]
        # a state whose rate at zero points down may be negative: nothing in its equation holds it above
        if negative and min(rate_at(code, 0.0, i, step.y, step), rate_at(code, 0.0, i, step.y_new, step)) >= 0.0:
            return BELOW_ZERO + i
        size = abs(y_new[i])
        if size < SUNK * absolute[i]:
            if phase[i] == HIGH:
                phase[i] = LOST
        elif size >= REGROWN * absolute[i]:
            # back from the noise. If the rate without the state itself is nothing, it grew from what rounding left of
            # it, and the time at which it is back is arbitrary. If others feed it, it forgets what it was.
            if phase[i] == LOST:
                alone, whole = rate_at(code, 0.0, i, step.y_new, step), rate_at(code, y_new[i], i, step.y_new, step)
                if whole * y_new[i] > 0.0 and abs(alone) < OWN * abs(whole):
                    return BELOW_ZERO + code.states + i
            phase[i] = HIGH
    return NO_FAULT


@kernel
def fault_of_stretch(code, longest, step):
    """NO_FAULT, or BELOW_ZERO plus all states plus that whose growth the longest step did not resolve."""
    absolute, phase = floats(step.absolute, 0), floats(step.phase, 0)
    # at the size of its tolerance, as the state itself is unknown there and may even be zero
    for i in range(code.states):
        if phase[i] == LOST:
            alone, whole = rate_at(code, 0.0, i, step.y, step), rate_at(code, absolute[i], i, step.y, step)
            if abs(alone) < OWN * whole and whole * longest > UNRESOLVED * absolute[i]:
                return BELOW_ZERO + code.states + i
    return NO_FAULT
