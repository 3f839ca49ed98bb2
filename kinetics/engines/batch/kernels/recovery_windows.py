"""Recovery after each course, found while a patient is integrated: what `kinetics.measures` does on a dense solution.

The engine copies this file before `kernel.py`. A window reaches from a course's first dose to the next course's. It is
followed by the lowest value so far, and the time at which the output since then met its level: it is back then if it
goes on beyond the margin. A low that is new by more than rounding forgets the return found before it.
"""

from __future__ import annotations

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import fill_outputs
from kinetics.engines.batch.kernels.dense import between, crossing
from kinetics.units.levels import SLACK

SAMPLES = 4  # of each step, so that an output that dips or crosses inside one is seen
NEAR_END = 1e-3
GOLDEN = 0.6180339887498949


@njit(cache=True, error_model="numpy")
def begin_course(y, c, events, lowest, reached, row, course):
    """The first value of a window, before the dose, is its lowest so far."""
    watched, levels, margins = events
    fill_outputs(y, c, row)
    for e in range(watched.size):
        lowest[e, 0], lowest[e, 1] = row[watched[e]], np.inf
        reached[e, course] = np.inf if row[watched[e]] < levels[e] - margins[e] else np.nan


@njit(cache=True, error_model="numpy")
def note(now, level, margin, lowest, reached, e, course):
    """Whether an output comes to its level here, having been below; what else follows from a value is kept."""
    back = reached[e, course] < np.inf
    if now < lowest[e, 0] - (SLACK * abs(lowest[e, 0]) if back else 0.0):
        lowest[e, 0], lowest[e, 1] = now, np.inf
        reached[e, course] = np.inf if now < level - margin else np.nan
        return False
    if back or reached[e, course] != np.inf:
        return False
    if now < level:
        lowest[e, 1] = np.inf
    return now >= level and lowest[e, 1] == np.inf


@njit(cache=True, error_model="numpy")
def after_jump(y, c, t, events, lowest, samples, reached, row, course):
    """Right after a bolus an output may be at a new low, or back at its level."""
    watched, levels, margins = events
    fill_outputs(y, c, row)
    for e in range(watched.size):
        now = row[watched[e]]
        samples[e, 0] = now
        if course < 0:
            continue
        if note(now, levels[e], margins[e], lowest, reached, e, course):
            lowest[e, 1] = t
        if reached[e, course] == np.inf and now >= levels[e] + margins[e]:
            reached[e, course] = lowest[e, 1]


@njit(cache=True, error_model="numpy")
def watch(y, u, terms, c, t, h, events, lowest, samples, reached, state, row, course):
    """Sample each watched output in a step, and follow it.

    The first of ``samples``, (event, sample), is the value at the beginning of the step.
    """
    watched = events[0]
    for q in range(1, SAMPLES + 1):
        between(y, u, terms, q / SAMPLES, state)
        fill_outputs(state, c, row)
        for e in range(watched.size):
            samples[e, q] = row[watched[e]]
    if not all_quiet(events, lowest, samples, reached, course):
        follow(y, u, terms, c, t, h, events, lowest, samples, reached, state, row, course)
    for e in range(watched.size):
        samples[e, 0] = samples[e, SAMPLES]


@njit(cache=True, error_model="numpy")
def all_quiet(events, lowest, samples, reached, course):
    """Whether no output can reach a new low in a step, or its level: most steps are of this kind."""
    levels = events[1]
    for e in range(levels.size):
        if reached[e, course] == np.inf and lowest[e, 1] < np.inf:
            return False
        least, most = samples[e, 0], samples[e, 0]
        for q in range(1, SAMPLES + 1):
            least, most = min(least, samples[e, q]), max(most, samples[e, q])
        reach = 2.0 * (most - least)  # a turn between samples lies no further off; see `turn`
        if not least - reach > lowest[e, 0] or (reached[e, course] == np.inf and not most + reach < levels[e]):
            return False
    return True


@njit(cache=True, error_model="numpy")
def follow(y, u, terms, c, t, h, events, lowest, samples, reached, state, row, course):
    """Follow each watched output through the samples of a step.

    A turn between two samples is looked for if it could be the nadir, or the only moment at the level.
    """
    watched, levels, margins = events
    for e in range(watched.size):
        index, level, values = watched[e], levels[e], samples[e]
        bottom = turn(y, u, terms, c, index, 1.0, lowest[e, 0], values, state, row)
        top = 2.0
        highest = values[0]
        for q in range(1, SAMPLES + 1):
            highest = max(highest, values[q])
        if highest < level + margins[e]:
            top = turn(y, u, terms, c, index, -1.0, -level, values, state, row)
        left = 0.0
        for q in range(1, SAMPLES + 1):
            right = q / SAMPLES
            for theta in (min(bottom, top), max(bottom, top), right):
                if not left < theta <= right:
                    continue
                now = values[q] if theta == right else value_at(y, u, terms, c, index, theta, state, row)
                if note(now, level, margins[e], lowest, reached, e, course):
                    root = crossing(y, u, terms, c, index, level, 1.0, left, theta, state, row)
                    lowest[e, 1] = t + h * root
                if reached[e, course] == np.inf and now >= level + margins[e]:
                    reached[e, course] = lowest[e, 1]
                left = theta


@njit(cache=True, error_model="numpy")
def value_at(y, u, terms, c, index, theta, state, row):
    """An output at a fraction of the step."""
    between(y, u, terms, theta, state)
    fill_outputs(state, c, row)
    return row[index]


@njit(cache=True, error_model="numpy")
def turn(y, u, terms, c, index, sign, limit, samples, state, row):
    """Where ``sign`` times an output turns below its samples if that may be below ``limit``; 2 if nowhere."""
    least = 0
    for q in range(1, SAMPLES + 1):
        if sign * samples[q] < sign * samples[least]:
            least = q
    before, after = max(least - 1, 0), min(least + 1, SAMPLES)
    lowest = sign * samples[least]
    rise = sign * (samples[before] + samples[after]) - 2.0 * lowest
    if not lowest - rise < limit:
        return 2.0
    # at an end of the step the output turns inside only if it falls away from that end
    if least == 0 and sign * value_at(y, u, terms, c, index, NEAR_END, state, row) >= lowest:
        return 2.0
    if least == SAMPLES and sign * value_at(y, u, terms, c, index, 1.0 - NEAR_END, state, row) >= lowest:
        return 2.0
    return bottom_between(y, u, terms, c, index, sign, before / SAMPLES, after / SAMPLES, state, row)


@njit(cache=True, error_model="numpy")
def bottom_between(y, u, terms, c, index, sign, left, right, state, row):
    """The fraction at which ``sign`` times an output is least, by golden section."""
    low, high = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
    at_low = sign * value_at(y, u, terms, c, index, low, state, row)
    at_high = sign * value_at(y, u, terms, c, index, high, state, row)
    while right - left > 1e-8:
        if at_low <= at_high:
            right, high, at_high = high, low, at_low
            low = right - GOLDEN * (right - left)
            at_low = sign * value_at(y, u, terms, c, index, low, state, row)
        else:
            left, low, at_low = low, high, at_high
            high = left + GOLDEN * (right - left)
            at_high = sign * value_at(y, u, terms, c, index, high, state, row)
    return 0.5 * (left + right)
