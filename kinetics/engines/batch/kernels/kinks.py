"""Where rates have a kink: continuous where a branch of ``max``, ``min``, ``abs`` or ``piecewise`` takes over.

The error estimate of a step supposes smooth rates and is too small on a step across, which is therefore held to a
stricter bound. Its derivative by parameters is only as accurate as the square root of its error. So with sensitivities
steps close in on the kink, and the one across is so short that it does not matter. The engine copies this file.
"""

from __future__ import annotations

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import KINKS, fill_kinks
from kinetics.engines.batch.kernels.dense import dense_terms, interpolate

# In shares of the step that met the kink: stages look ahead with an error of the square of their step, so the last
# steps before it are short.
BEFORE, AFTER = 0.9, 1e-5
CAUTION = 50.0
"""How many times smaller the error of a step across a kink has to be than that of another."""
HALVINGS = 50
NO_KINK = 2.0


@njit(cache=True, error_model="numpy")
def passes_kink(c, step):
    """Whether a step passes a kink."""
    fill_kinks(step.y, c, step.kinks[0])
    fill_kinks(step.y_new, c, step.kinks[1])
    # two changes of one sign inside a step cancel: there only the error estimate is left
    passed = False
    for kink in range(KINKS):
        passed |= step.kinks[0, kink] * step.kinks[1, kink] < 0.0
    return passed


@njit(cache=True, error_model="numpy")
def first_kink(c, step):
    """The fraction of a step at which the first kink lies, by bisection; NO_KINK if there is none."""
    kinks = step.kinks
    fill_kinks(step.y, c, kinks[0])
    fill_kinks(step.y_new, c, kinks[1])
    first = NO_KINK
    for kink in range(KINKS):
        if kinks[0, kink] * kinks[1, kink] < 0.0:
            # of several kinks only those before the first found so far are of interest
            left, right = 0.0, min(first, 1.0)
            for _ in range(HALVINGS):
                middle = 0.5 * (left + right)
                interpolate(middle, step)
                fill_kinks(step.state, c, kinks[2])
                if kinks[2, kink] * kinks[0, kink] > 0.0:
                    left = middle
                else:
                    right = middle
            # the end behind the kink, so that a step of this share does pass it
            first = right
    return first


@njit(cache=True, error_model="numpy")
def length_at_kink(tangent, c, h, step, kink_step):
    """How long a step with sensitivities may be, and whether it passes a kink.

    ``kink_step`` is the first step that met the kink, to which steps return behind it.
    """
    if tangent is None or KINKS == 0:
        return h, False
    dense_terms(step)
    share = first_kink(c, step)
    if share > 1.0:
        return h, False
    # the longest of the attempts, all of which met the same kink: later ones are short for its sake
    kink_step[0] = max(kink_step[0], h)
    distance, beyond = share * h, AFTER * kink_step[0]
    return (BEFORE * distance if distance > beyond else distance + beyond), True
