"""Sums over lanes: flat arrays of (state, lane), so that the compiler sees the strides and uses vector registers.

The engine copies this file first.
"""

from __future__ import annotations

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import LANES, STATES
from kinetics.engines.batch.kernels.rodas5p import DENSE

WIDTH = STATES * LANES


@njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def combine(y, k, a, c, half, points, inflow):
    """``points = y + sum_j a[j] k[j]`` and ``inflow = sum_j c[j] k[j]`` in one pass; four slopes alone if ``half``."""
    if half:
        for i in range(WIDTH):
            k0, k1, k2, k3 = k[i], k[WIDTH + i], k[2 * WIDTH + i], k[3 * WIDTH + i]
            points[i] = y[i] + (a[0] * k0 + a[1] * k1 + a[2] * k2 + a[3] * k3)
            inflow[i] = c[0] * k0 + c[1] * k1 + c[2] * k2 + c[3] * k3
        return
    for i in range(WIDTH):
        k0, k1, k2, k3 = k[i], k[WIDTH + i], k[2 * WIDTH + i], k[3 * WIDTH + i]
        k4, k5, k6 = k[4 * WIDTH + i], k[5 * WIDTH + i], k[6 * WIDTH + i]
        points[i] = y[i] + (a[0] * k0 + a[1] * k1 + a[2] * k2 + a[3] * k3 + a[4] * k4 + a[5] * k5 + a[6] * k6)
        inflow[i] = c[0] * k0 + c[1] * k1 + c[2] * k2 + c[3] * k3 + c[4] * k4 + c[5] * k5 + c[6] * k6


@njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def dense_lanes(k, terms):
    """The three vectors of the dense output in one pass, (3, state, lane)."""
    d, e, f = DENSE
    for i in range(WIDTH):
        k0, k1, k2, k3 = k[i], k[WIDTH + i], k[2 * WIDTH + i], k[3 * WIDTH + i]
        k4, k5, k6, k7 = k[4 * WIDTH + i], k[5 * WIDTH + i], k[6 * WIDTH + i], k[7 * WIDTH + i]
        first = d[0] * k0 + d[1] * k1 + d[2] * k2 + d[3] * k3 + d[4] * k4 + d[5] * k5 + d[6] * k6 + d[7] * k7
        second = e[0] * k0 + e[1] * k1 + e[2] * k2 + e[3] * k3 + e[4] * k4 + e[5] * k5 + e[6] * k6 + e[7] * k7
        third = f[0] * k0 + f[1] * k1 + f[2] * k2 + f[3] * k3 + f[4] * k4 + f[5] * k5 + f[6] * k6 + f[7] * k7
        terms[i], terms[WIDTH + i], terms[2 * WIDTH + i] = first, second, third


@njit(cache=True, error_model="numpy")
def between_lanes(step, theta, out):
    """`dense.between` of lanes, given (5, state, lane): left and right values and the terms of the dense output."""
    rest = 1.0 - theta
    for i in range(WIDTH):
        inner = step[2 * WIDTH + i] + theta * (step[3 * WIDTH + i] + theta * step[4 * WIDTH + i])
        out[i] = rest * step[i] + theta * (step[WIDTH + i] + rest * inner)
