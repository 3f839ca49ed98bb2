"""Where, inside a step of one patient, an output meets a level or rates have a kink, and the step that ends at a level.

A kink is where a branch of ``max``, ``min``, ``abs`` or ``piecewise`` takes over: rates are continuous there. The
derivative of a step across by parameters is only as accurate as the square root of its error. So with sensitivities
steps close in on the kink, and the one across is so short that it does not matter.
"""

from __future__ import annotations

from kinetics.engines.batch.kernels.calls import call, floats
from kinetics.engines.batch.kernels.step import copy, dense_terms, interpolate, take_step
from kinetics.engines.batch.machine_code import kernel

ROOT_STEPS = 60
"""The Illinois method gains a digit or more in each: what is not found by then lies within a rounding of both ends."""
# In shares of the step that met the kink: stages look ahead with an error of the square of their step, so the last
# steps before it are short.
BEFORE, AFTER = 0.9, 1e-5
HALVINGS = 50
NO_KINK = 2.0
CORRECTIONS = 3
"""Newton steps onto a level. The first distance is the error of the dense output; each step squares it."""
NEAR = 1e-3  # share of a step over which the slope at a level is taken, and by which its end may move at most
ROUNDING = 1e-12
"""Of the states: a kink whose value changes by less than a change of this part of them does has no sides."""


@kernel
def look_inside(code, theta, step):
    """Set the work arrays ``state`` and ``outputs`` to what they are at a fraction of the step."""
    interpolate(code, theta, step)
    call(code.read_outputs, (step.state, step.constants, step.outputs))


@kernel
def output_at(code, theta, index, step):
    """An output at a fraction of the step."""
    look_inside(code, theta, step)
    return floats(step.outputs, 0)[index]


@kernel
def crossing(code, index, level, sign, left, right, step):
    """The fraction of a step at which an output meets a level, by the Illinois method; ``sign`` is -1 on a fall.

    Dowell and Jarratt 1971, BIT 11:168: a false position that halves the value at an end that stays.
    """
    low = sign * (output_at(code, left, index, step) - level)
    high = sign * (output_at(code, right, index, step) - level)
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
        value = sign * (output_at(code, middle, index, step) - level)
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


@kernel
def lies_on_kink(code, kink, step):
    """Whether both ends of a step lie on a kink but for rounding, as at rest: closing in on it would never end.

    States are moved by unlike parts, so that a difference of two equal ones moves too.
    """
    before, after = floats(step.kinks, 0)[kink], floats(step.kinks_new, 0)[kink]
    y, moved = floats(step.y, 0), floats(step.state, 0)
    for i in range(code.states):
        moved[i] = y[i] * (1.0 + ROUNDING * (1.0 + i / code.states))
    call(code.read_kinks, (step.state, step.constants, step.kinks_new))
    size = abs(floats(step.kinks_new, 0)[kink] - before)
    call(code.read_kinks, (step.y_new, step.constants, step.kinks_new))
    return abs(before) < size and abs(after) < size


@kernel
def first_kink(code, step):
    """The fraction of a step at which the first kink lies, by bisection; NO_KINK if there is none.

    The sides before the step are as `step.estimate_errors` has left them.
    """
    first, before, inside = NO_KINK, floats(step.kinks, 0), floats(step.kinks_new, 0)
    for kink in range(code.kinks):
        call(code.read_kinks, (step.y_new, step.constants, step.kinks_new))
        if before[kink] * inside[kink] < 0.0 and not lies_on_kink(code, kink, step):
            # of several kinks only those before the first found so far are of interest
            left, right = 0.0, min(first, 1.0)
            for _ in range(HALVINGS):
                middle = 0.5 * (left + right)
                interpolate(code, middle, step)
                call(code.read_kinks, (step.state, step.constants, step.kinks_new))
                if inside[kink] * before[kink] > 0.0:
                    left = middle
                else:
                    right = middle
            # the end behind the kink, so that a step of this share does pass it
            first = right
    return first


@kernel
def length_at_kink(tangent, code, h, step, kink_step):
    """How long a step with sensitivities may be, and whether it passes a kink.

    ``kink_step`` is the first step that met the kink, to which steps return behind it.
    """
    if tangent is None or code.kinks == 0:
        return h, False
    dense_terms(code, step.k, step.terms)
    share = first_kink(code, step)
    if share > 1.0:
        return h, False
    # the longest of the attempts, all of which met the same kink: later ones are short for its sake
    kink_step[0] = max(kink_step[0], h)
    distance, beyond = share * h, AFTER * kink_step[0]
    return (BEFORE * distance if distance > beyond else distance + beyond), True


@kernel
def step_to_level(code, h, theta, column, level, step):
    """Take the step that ends where an output meets the level of a rule; returns its length.

    The dense output is of one order less than the step. So its crossing is where this starts, and its slope there what
    a Newton iteration goes by.
    """
    near = NEAR * theta
    slope = (output_at(code, theta, column, step) - output_at(code, theta - near, column, step)) / (near * h)
    length = theta * h
    if not length > 0.0:
        copy(code.states, step.y, step.y_new)
        return 0.0
    for _ in range(CORRECTIONS):
        floats(step.h, 0)[0] = length
        take_step(code, step)
        call(code.read_outputs, (step.y_new, step.constants, step.outputs))
        move = (floats(step.outputs, 0)[column] - level) / slope
        # a level that is only touched has no slope to go by
        if not abs(move) <= NEAR * length:
            break
        length -= move
    floats(step.h, 0)[0] = length
    take_step(code, step)
    return length
