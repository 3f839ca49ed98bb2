"""The dense output of a Rodas5P step, and where an output meets a level on it. The engine copies this file."""

from __future__ import annotations

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import STATES, fill_outputs
from kinetics.engines.batch.kernels.rodas5p import DENSE, STAGES

ROOT_STEPS = 60
"""The Illinois method gains a digit or more in each: what is not found by then lies within a rounding of both ends."""


@njit(cache=True, error_model="numpy")
def dense_terms(step):
    """The three vectors of the dense output."""
    for m in range(3):
        for i in range(STATES):
            total = 0.0
            for j in range(STAGES):
                total += DENSE[m, j] * step.k[j, i]
            step.terms[m, i] = total


@njit(cache=True, error_model="numpy")
def interpolate(theta, step):
    """Set the work array ``state`` to the states at a fraction ``theta`` of the step."""
    y, y_new, terms, state = step.y, step.y_new, step.terms, step.state
    rest = 1.0 - theta
    # in this form both ends are exact, so that a sample at a dose is the state to which the dose is added
    for i in range(STATES):
        inner = terms[0, i] + theta * (terms[1, i] + theta * terms[2, i])
        state[i] = rest * y[i] + theta * (y_new[i] + rest * inner)


@njit(cache=True, error_model="numpy")
def record_step(record, after, step):
    """Add a step to a record; False if it is full."""
    if record is None:
        return True
    index, values = record.size[0], record.values
    # compiled code cannot make a longer one: the caller does, and integrates again
    if index >= record.ends.size:
        return False
    for i in range(STATES):
        values[index, 0, i] = step.y[i]
        values[index, 1, i] = step.y_new[i]
        for m in range(3):
            values[index, 2 + m, i] = step.terms[m, i]
    record.size[0] += 1
    record.ends[index] = after
    return True


@njit(cache=True, error_model="numpy")
def output_at(theta, c, index, step):
    """An output at a fraction of the step."""
    interpolate(theta, step)
    fill_outputs(step.state, c, step.outputs)
    return step.outputs[index]


@njit(cache=True, error_model="numpy")
def crossing(c, index, level, sign, left, right, step):
    """The fraction of a step at which an output meets a level, by the Illinois method; ``sign`` is -1 on a fall.

    Dowell and Jarratt 1971, BIT 11:168: a false position that halves the value at an end that stays.
    """
    low = sign * (output_at(left, c, index, step) - level)
    high = sign * (output_at(right, c, index, step) - level)
    # a stretch that begins on the level, or ends on it, to a rounding
    if not low < 0.0:
        return left
    if not high > 0.0:
        return right
    # the side that moved last: at the second move in a row of one end the value at the other is halved, without which
    # false position keeps that end for ever where the output is curved
    side = 0
    for _ in range(ROOT_STEPS):
        if right - left < 1e-15 or high == low:
            break
        middle = (left * high - right * low) / (high - low)
        value = sign * (output_at(middle, c, index, step) - level)
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
    # the values that are left may have been halved: either end lies within the bracket, which is all that counts
    return right if high < -low else left
