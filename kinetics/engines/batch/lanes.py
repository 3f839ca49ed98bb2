"""Sums over lanes: flat arrays of (state, lane), so that the compiler sees the strides and uses vector registers.

The engine copies this file first.
"""

from __future__ import annotations

from numba import njit

from kinetics.compile.decay import LANES, STATES

WIDTH = STATES * LANES


@njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def combine(base, slopes, w, scale, half, out):
    """``out = base + scale * sum_j w[j] slopes[j]`` over (state, lane) in one pass; four slopes alone if ``half``."""
    w0, w1, w2, w3 = scale * w[0], scale * w[1], scale * w[2], scale * w[3]
    if half:
        for i in range(WIDTH):
            out[i] = base[i] + (
                w0 * slopes[i] + w1 * slopes[WIDTH + i] + w2 * slopes[2 * WIDTH + i] + w3 * slopes[3 * WIDTH + i]
            )
        return
    w4, w5, w6, w7 = scale * w[4], scale * w[5], scale * w[6], scale * w[7]
    for i in range(WIDTH):
        first = w0 * slopes[i] + w1 * slopes[WIDTH + i] + w2 * slopes[2 * WIDTH + i] + w3 * slopes[3 * WIDTH + i]
        second = (
            w4 * slopes[4 * WIDTH + i]
            + w5 * slopes[5 * WIDTH + i]
            + w6 * slopes[6 * WIDTH + i]
            + w7 * slopes[7 * WIDTH + i]
        )
        out[i] = base[i] + (first + second)
