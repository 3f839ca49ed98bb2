"""The guard of a step in the compiled loop: what `kinetics.engines.guard.Guard` does for the reference engine.

The engine copies this file before `kernel.py`.
"""

from __future__ import annotations

from numba import njit

from kinetics.compile.stub import STATES, fill_rate
from kinetics.engines.guard import HIGH, LOST, NEGATIVE, OWN, REGROWN, SUNK, UNRESOLVED

BELOW_ZERO = 4
FROM_ROUNDING = BELOW_ZERO + STATES


@njit(cache=True, error_model="numpy")
def mark_high(y, atol, phase):
    """At the start of a segment: what a dose has brought is no rounding."""
    for i in range(STATES):
        if abs(y[i]) >= REGROWN * atol[i]:
            phase[i] = HIGH


@njit(cache=True, error_model="numpy")
def rate_at(value, i, y, c, flow, f, point):
    """The rate of a state if it were of another value."""
    for j in range(STATES):
        point[j] = y[j]
    point[i] = value
    fill_rate(point, c, f)
    return f[i] + flow[i]


@njit(cache=True, error_model="numpy")
def fault_of_step(y, u, c, flow, atol, phase, f, point):
    """0, or BELOW_ZERO or FROM_ROUNDING plus the number of the state; follows the states."""
    for i in range(STATES):
        negative = u[i] < -NEGATIVE * atol[i] and y[i] >= -NEGATIVE * atol[i]
        if negative and min(rate_at(0.0, i, y, c, flow, f, point), rate_at(0.0, i, u, c, flow, f, point)) >= 0.0:
            return BELOW_ZERO + i
        size = abs(u[i])
        if size < SUNK * atol[i]:
            if phase[i] == HIGH:
                phase[i] = LOST
        elif size >= REGROWN * atol[i]:
            if phase[i] == LOST:
                alone = rate_at(0.0, i, u, c, flow, f, point)
                whole = rate_at(u[i], i, u, c, flow, f, point)
                if whole * u[i] > 0.0 and abs(alone) < OWN * abs(whole):
                    return FROM_ROUNDING + i
            phase[i] = HIGH
    return 0


@njit(cache=True, error_model="numpy")
def fault_of_stretch(y, c, flow, atol, phase, longest, f, point):
    """0, or FROM_ROUNDING plus the number of a state whose growth the longest step did not resolve."""
    for i in range(STATES):
        if phase[i] == LOST:
            alone = rate_at(0.0, i, y, c, flow, f, point)
            whole = rate_at(atol[i], i, y, c, flow, f, point)
            if abs(alone) < OWN * whole and whole * longest > UNRESOLVED * atol[i]:
                return FROM_ROUNDING + i
    return 0
