"""Where rates have a kink: continuous where a branch of ``max``, ``min``, ``abs`` or ``piecewise`` takes over.

The error estimate of a step supposes smooth rates and is too small on a step across, which is therefore held to a
stricter bound. Its derivative by parameters is only as accurate as the square root of its error. So with sensitivities
steps close in on the kink, and the one across is so short that it does not matter.

The engine copies this file before `kernel.py`.
"""

from __future__ import annotations

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import KINKS, fill_kinks
from kinetics.engines.batch.kernels.dense import between

# In shares of the step that met the kink: stages look ahead with an error of the square of their step, so the last
# steps before it are short.
BEFORE, AFTER = 0.9, 1e-5
CAUTION = 50.0
"""How many times smaller the error of a step across a kink has to be than that of another."""
HALVINGS = 50


@njit(cache=True, error_model="numpy")
def passes_kink(y, u, c, sides):
    """Whether a step passes a kink."""
    fill_kinks(y, c, sides[0])
    fill_kinks(u, c, sides[1])
    passed = False
    for kink in range(KINKS):
        passed |= sides[0, kink] * sides[1, kink] < 0.0
    return passed


@njit(cache=True, error_model="numpy")
def first_kink(y, u, terms, c, state, sides):
    """The fraction of a step at which the first kink lies, by bisection; 2 if there is none."""
    fill_kinks(y, c, sides[0])
    fill_kinks(u, c, sides[1])
    first = 2.0
    for kink in range(KINKS):
        if sides[0, kink] * sides[1, kink] < 0.0:
            left, right = 0.0, min(first, 1.0)
            for _ in range(HALVINGS):
                middle = 0.5 * (left + right)
                between(y, u, terms, middle, state)
                fill_kinks(state, c, sides[2])
                if sides[2, kink] * sides[0, kink] > 0.0:
                    left = middle
                else:
                    right = middle
            first = right
    return first


@njit(cache=True, error_model="numpy")
def allowed(h, share, full):
    """How long a step may be that meets a kink at a fraction ``share``, ``full`` being the first that met it."""
    distance = share * h
    return BEFORE * distance if distance > AFTER * full else distance + AFTER * full
