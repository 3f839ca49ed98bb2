"""Recovery after each course, found while a patient is integrated: what `kinetics.measures` does on a dense solution.

A window reaches from a course's first dose to the next course's. It is followed by the lowest value so far, and the
time at which the output since then met its level: it is back then if it goes on beyond the margin. A low that is new by
more than rounding forgets the return found before it. The time is infinite until the output is back, and NaN while it
has not been below. The engine copies this file.
"""

from __future__ import annotations

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import fill_outputs
from kinetics.engines.batch.kernels.dense import crossing, interpolate, output_at
from kinetics.engines.batch.kernels.workspaces import Windows
from kinetics.units.levels import SLACK

SAMPLES = 4  # of each step, so that an output that dips or crosses inside one is seen
NEAR_END = 1e-3
GOLDEN = 0.6180339887498949
RESOLUTION = 1e-8
"""Where a smooth curve is flat it differs from its extreme by less than rounding so near to it."""
NO_TURN = 2.0


def window_arrays(events, *lanes):
    """The work arrays for so many watched outputs."""
    lowest, met = np.zeros((2, *lanes, events))
    return Windows(lowest, met, np.zeros((*lanes, events, SAMPLES + 1)))


@njit(cache=True, error_model="numpy")
def windows_of(windows, q):
    """Those of a lane."""
    return Windows(windows.lowest[q], windows.met[q], windows.samples[q])


@njit(cache=True, error_model="numpy")
def begin_window(c, thresholds, windows, threshold_times, course, step):
    """The first value of a window, before the dose, is its lowest so far."""
    fill_outputs(step.y, c, step.outputs)
    for e in range(thresholds.outputs.size):
        now = step.outputs[thresholds.outputs[e]]
        windows.lowest[e], windows.met[e] = now, np.inf
        threshold_times[e, course] = np.inf if now < thresholds.levels[e] - thresholds.margins[e] else np.nan


@njit(cache=True, error_model="numpy")
def comes_to_level(now, level, margin, windows, threshold_times, e, course):
    """Whether an output comes to its level here, having been below; what else follows from a value is noted."""
    back = threshold_times[e, course] < np.inf
    # Once it is back, a low must be new by more than rounding: an output at rest trembles by that much, and would
    # forget its return. Before, every new low counts, or the nadir would lie above the curve.
    lowest = windows.lowest[e]
    if now < lowest - (SLACK * abs(lowest) if back else 0.0):
        windows.lowest[e], windows.met[e] = now, np.inf
        threshold_times[e, course] = np.inf if now < level - margin else np.nan
        return False
    if back or threshold_times[e, course] != np.inf:
        return False
    # it met its level and fell below again before it was beyond the margin: that was no return
    if now < level:
        windows.met[e] = np.inf
    return now >= level and windows.met[e] == np.inf


@njit(cache=True, error_model="numpy")
def follow_jump(c, time, thresholds, windows, threshold_times, course, step):
    """Right after a bolus an output may be at a new low, or back at its level."""
    if thresholds.outputs.size == 0:
        return
    fill_outputs(step.y, c, step.outputs)
    for e in range(thresholds.outputs.size):
        now, level, margin = step.outputs[thresholds.outputs[e]], thresholds.levels[e], thresholds.margins[e]
        # before the first course nothing is followed, but the first step of that course starts from this value
        windows.samples[e, 0] = now
        if course < 0:
            continue
        if comes_to_level(now, level, margin, windows, threshold_times, e, course):
            windows.met[e] = time
        if threshold_times[e, course] == np.inf and now >= level + margin:
            threshold_times[e, course] = windows.met[e]


@njit(cache=True, error_model="numpy")
def follow_step(c, time, h, thresholds, windows, threshold_times, course, step):
    """Sample each watched output in a step, and follow it; the first sample is the value at the beginning."""
    for q in range(1, SAMPLES + 1):
        interpolate(q / SAMPLES, step)
        fill_outputs(step.state, c, step.outputs)
        for e in range(thresholds.outputs.size):
            windows.samples[e, q] = step.outputs[thresholds.outputs[e]]
    if not nothing_happens(thresholds, windows, threshold_times, course):
        follow_samples(c, time, h, thresholds, windows, threshold_times, course, step)
    for e in range(thresholds.outputs.size):
        windows.samples[e, 0] = windows.samples[e, SAMPLES]


@njit(cache=True, error_model="numpy")
def nothing_happens(thresholds, windows, threshold_times, course):
    """Whether no output can reach a new low in a step, or its level: most steps are of this kind."""
    for e in range(thresholds.levels.size):
        waiting, samples = threshold_times[e, course] == np.inf, windows.samples[e]
        # between level and margin: each step may decide
        if waiting and windows.met[e] < np.inf:
            return False
        least, most = samples[0], samples[0]
        for q in range(1, SAMPLES + 1):
            least, most = min(least, samples[q]), max(most, samples[q])
        reach = 2.0 * (most - least)  # a turn between samples lies no further off; see `turning_point`
        if not least - reach > windows.lowest[e] or (waiting and not most + reach < thresholds.levels[e]):
            return False
    return True


@njit(cache=True, error_model="numpy")
def follow_samples(c, time, h, thresholds, windows, threshold_times, course, step):
    """Follow each watched output through the samples of a step.

    A turn between two samples is looked for if it could be the nadir, or the only moment at the level.
    """
    for e in range(thresholds.outputs.size):
        index, level, margin = thresholds.outputs[e], thresholds.levels[e], thresholds.margins[e]
        samples = windows.samples[e]
        bottom = turning_point(c, index, 1.0, windows.lowest[e], samples, step)
        top = NO_TURN
        highest = samples[0]
        for q in range(1, SAMPLES + 1):
            highest = max(highest, samples[q])
        # a sample beyond the level shows the return by itself: where the top is does not matter then
        if highest < level + margin:
            top = turning_point(c, index, -1.0, -level, samples, step)
        left = 0.0
        for q in range(1, SAMPLES + 1):
            right = q / SAMPLES
            # in order of time, because a return counts only from the lowest value on
            for theta in (min(bottom, top), max(bottom, top), right):
                if not left < theta <= right:
                    continue
                now = samples[q] if theta == right else output_at(theta, c, index, step)
                if comes_to_level(now, level, margin, windows, threshold_times, e, course):
                    windows.met[e] = time + h * crossing(c, index, level, 1.0, left, theta, step)
                if threshold_times[e, course] == np.inf and now >= level + margin:
                    threshold_times[e, course] = windows.met[e]
                left = theta


@njit(cache=True, error_model="numpy")
def turning_point(c, index, sign, limit, samples, step):
    """Where ``sign`` times an output turns below its samples if that may be below ``limit``, else NO_TURN."""
    least = 0
    for q in range(1, SAMPLES + 1):
        if sign * samples[q] < sign * samples[least]:
            least = q
    before, after = max(least - 1, 0), min(least + 1, SAMPLES)
    lowest = sign * samples[least]
    # a parabola through three samples turns less far below the least one than the outer two lie above it together
    rise = sign * (samples[before] + samples[after]) - 2.0 * lowest
    if not lowest - rise < limit:
        return NO_TURN
    # at an end of the step the output turns inside only if it falls away from that end
    if least == 0 and sign * output_at(NEAR_END, c, index, step) >= lowest:
        return NO_TURN
    if least == SAMPLES and sign * output_at(1.0 - NEAR_END, c, index, step) >= lowest:
        return NO_TURN
    return lowest_between(c, index, sign, before / SAMPLES, after / SAMPLES, step)


@njit(cache=True, error_model="numpy")
def lowest_between(c, index, sign, left, right, step):
    """The fraction at which ``sign`` times an output is least, by golden section."""
    # not Newton on the slope: an output may be any expression of the states, with kinks of its own
    low, high = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
    at_low = sign * output_at(low, c, index, step)
    at_high = sign * output_at(high, c, index, step)
    while right - left > RESOLUTION:
        if at_low <= at_high:
            right, high, at_high = high, low, at_low
            low = right - GOLDEN * (right - left)
            at_low = sign * output_at(low, c, index, step)
        else:
            left, low, at_low = low, high, at_high
            high = left + GOLDEN * (right - left)
            at_high = sign * output_at(high, c, index, step)
    return 0.5 * (left + right)
