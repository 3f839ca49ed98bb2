"""Recovery after each course, found while a patient is integrated: what `kinetics.measures` does on a dense solution.

A window reaches from a course's first dose to the next course's. It is followed by the lowest value so far, and the
time at which the output since then met its level: it is back then if it goes on beyond the margin. A low that is new by
more than rounding forgets the return found before it. The time is infinite until the output is back, and NaN while it
has not been below.
"""

from __future__ import annotations

import numpy as np

from kinetics.engines.batch.kernels.calls import call, floats, integers
from kinetics.engines.batch.kernels.roots import crossing, look_inside, output_at
from kinetics.engines.batch.machine_code import kernel
from kinetics.units.levels import SLACK

SAMPLES = 4  # of each step, so that an output that dips or crosses inside one is seen
EVENT = np.dtype(
    [
        ("output", np.int64),  # its number
        ("level", np.float64),
        ("margin", np.float64),  # within which the output counts as at its level
        ("lowest", np.float64),  # value of the window
        ("met", np.float64),  # time at which the output met its level since then
        ("back", np.float64),  # time of the return
        ("samples", np.float64, (SAMPLES + 1,)),  # values at the ends of a step and between
    ],
    align=True,
)
"""An output whose return to a level is followed."""
NEAR_END = 1e-3
GOLDEN = 0.6180339887498949
RESOLUTION = 1e-8
"""Where a smooth curve is flat it differs from its extreme by less than rounding so near to it."""
NO_TURN = 2.0


@kernel
def watch(thresholds, events):
    """What to look for in a patient."""
    for e in range(events.size):
        events[e].output = integers(thresholds.outputs, e)[0]
        events[e].level, events[e].margin = floats(thresholds.levels, e)[0], floats(thresholds.margins, e)[0]
        events[e].back = np.nan


@kernel
def begin_window(code, events, step):
    """The first value of a window, before the dose, is its lowest so far."""
    call(code.read_outputs, (step.y, step.constants, step.outputs))
    for e in range(events.size):
        start_from(events[e], floats(step.outputs, events[e].output)[0])


@kernel
def start_from(event, now):
    """A new low, from which the return is looked for anew."""
    event.lowest, event.met = now, np.inf
    event.back = np.inf if now < event.level - event.margin else np.nan


@kernel
def end_window(events, course, threshold_times, courses):
    """Keep the returns of a course, (event, course)."""
    if course >= 0:
        for e in range(events.size):
            floats(threshold_times, e * courses + course)[0] = events[e].back


@kernel
def comes_to_level(event, now):
    """Whether an output comes to its level here, having been below; what else follows from a value is noted."""
    returned = event.back < np.inf
    # Once it is back, a low must be new by more than rounding: an output at rest trembles by that much, and would
    # forget its return. Before, every new low counts, or the nadir would lie above the curve.
    if now < event.lowest - (SLACK * abs(event.lowest) if returned else 0.0):
        start_from(event, now)
        return False
    if returned or event.back != np.inf:
        return False
    # it met its level and fell below again before it was beyond the margin: that was no return
    if now < event.level:
        event.met = np.inf
    return now >= event.level and event.met == np.inf


@kernel
def note_return(event, now):
    """An output that met its level is back as soon as it is beyond the margin."""
    if event.back == np.inf and now >= event.level + event.margin:
        event.back = event.met


@kernel
def follow_jump(code, time, events, course, step):
    """Right after a bolus an output may be at a new low, or back at its level."""
    if events.size == 0:
        return
    call(code.read_outputs, (step.y, step.constants, step.outputs))
    for e in range(events.size):
        event = events[e]
        now = floats(step.outputs, event.output)[0]
        # before the first course nothing is followed, but the first step of that course starts from this value
        event.samples[0] = now
        if course < 0:
            continue
        if comes_to_level(event, now):
            event.met = time
        note_return(event, now)


@kernel
def follow_step(code, time, h, events, step):
    """Sample each watched output in a step, and follow it; the first sample is the value at the beginning."""
    for m in range(1, SAMPLES + 1):
        look_inside(code, m / SAMPLES, step)
        for e in range(events.size):
            events[e].samples[m] = floats(step.outputs, events[e].output)[0]
    if not nothing_happens(events):
        follow_samples(code, time, h, events, step)
    for e in range(events.size):
        events[e].samples[0] = events[e].samples[SAMPLES]


@kernel
def nothing_happens(events):
    """Whether no output can reach a new low in a step, or its level: most steps are of this kind."""
    for e in range(events.size):
        event = events[e]
        waiting, samples = event.back == np.inf, event.samples
        # between level and margin: each step may decide
        if waiting and event.met < np.inf:
            return False
        least, most = samples[0], samples[0]
        for m in range(1, SAMPLES + 1):
            least, most = min(least, samples[m]), max(most, samples[m])
        reach = 2.0 * (most - least)  # a turn between samples lies no further off; see `turning_point`
        if not least - reach > event.lowest or (waiting and not most + reach < event.level):
            return False
    return True


@kernel
def follow_samples(code, time, h, events, step):
    """Follow each watched output through the samples of a step.

    A turn between two samples is looked for if it could be the nadir, or the only moment at the level.
    """
    for e in range(events.size):
        event = events[e]
        index, level, samples, highest = event.output, event.level, event.samples, event.samples[0]
        for m in range(1, SAMPLES + 1):
            highest = max(highest, samples[m])
        bottom, top = turning_point(code, index, 1.0, event.lowest, samples, step), NO_TURN
        # a sample beyond the level shows the return by itself: where the top is does not matter then
        if highest < level + event.margin:
            top = turning_point(code, index, -1.0, -level, samples, step)
        left = 0.0
        for m in range(1, SAMPLES + 1):
            right = m / SAMPLES
            # in order of time, because a return counts only from the lowest value on
            for theta in (min(bottom, top), max(bottom, top), right):
                if not left < theta <= right:
                    continue
                now = samples[m] if theta == right else output_at(code, theta, index, step)
                if comes_to_level(event, now):
                    event.met = time + h * crossing(code, index, level, 1.0, left, theta, step)
                note_return(event, now)
                left = theta


@kernel
def turning_point(code, index, sign, limit, samples, step):
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
    if least == 0 and sign * output_at(code, NEAR_END, index, step) >= lowest:
        return NO_TURN
    if least == SAMPLES and sign * output_at(code, 1.0 - NEAR_END, index, step) >= lowest:
        return NO_TURN
    return lowest_between(code, index, sign, before / SAMPLES, after / SAMPLES, step)


@kernel
def lowest_between(code, index, sign, left, right, step):
    """The fraction at which ``sign`` times an output is least, by golden section."""
    # not Newton on the slope: an output may be any expression of the states, with kinks of its own
    low, high = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
    at_low = sign * output_at(code, low, index, step)
    at_high = sign * output_at(code, high, index, step)
    while right - left > RESOLUTION:
        if at_low <= at_high:
            right, high, at_high = high, low, at_low
            low = right - GOLDEN * (right - left)
            at_low = sign * output_at(code, low, index, step)
        else:
            left, low, at_low = low, high, at_high
            high = left + GOLDEN * (right - left)
            at_high = sign * output_at(code, high, index, step)
    return 0.5 * (left + right)
