"""The dense output of a Rodas5P step, and where an output meets a level on it.

The engine copies this file before `kernel.py`.
"""

from __future__ import annotations

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import STATES, fill_outputs
from kinetics.engines.batch.kernels.rodas5p import DENSE, STAGES

ROOT_STEPS = 60


@njit(cache=True, error_model="numpy")
def dense_terms(k, terms):
    """The three vectors of the dense output."""
    for m in range(3):
        for i in range(STATES):
            total = 0.0
            for j in range(STAGES):
                total += DENSE[m, j] * k[j, i]
            terms[m, i] = total


@njit(cache=True, error_model="numpy")
def between(y, u, terms, theta, out):
    """The states at a fraction ``theta`` of the step."""
    rest = 1.0 - theta
    for i in range(STATES):
        inner = terms[0, i] + theta * (terms[1, i] + theta * terms[2, i])
        out[i] = rest * y[i] + theta * (u[i] + rest * inner)


@njit(cache=True, error_model="numpy")
def crossing(y, u, terms, c, index, level, sign, left, right, state, row):
    """The fraction of a step at which an output meets a level, by the Illinois method; ``sign`` is -1 on a fall."""
    between(y, u, terms, left, state)
    fill_outputs(state, c, row)
    low = sign * (row[index] - level)
    between(y, u, terms, right, state)
    fill_outputs(state, c, row)
    high = sign * (row[index] - level)
    # a stretch that begins on the level, or ends on it, to a rounding
    if not low < 0.0:
        return left
    if not high > 0.0:
        return right
    side = 0
    for _ in range(ROOT_STEPS):
        if right - left < 1e-15 or high == low:
            break
        middle = (left * high - right * low) / (high - low)
        between(y, u, terms, middle, state)
        fill_outputs(state, c, row)
        value = sign * (row[index] - level)
        if value == 0.0:
            return middle
        if value < 0.0:
            left, low = middle, value
            high *= 0.5 if side == -1 else 1.0
            side = -1
        else:
            right, high = middle, value
            low *= 0.5 if side == 1 else 1.0
            side = 1
    return right if high < -low else left
