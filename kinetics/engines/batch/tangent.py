"""The exact tangent of a Rodas5P step: derivatives of the numerical solution, with the step's own LU factors.

With M = I/(h gamma) - J(y), a stage solves M k = f(u) + inflow + sum_j (c_j/h) k_j. Its derivative by a parameter
solves, with the same factors,

    M k' = J(u) u' + f_c(u) c' + inflow' + sum_j (c_j/h) k_j' + (J(y))' k

Steps are held fixed, as a derivative of the solution asks. Parameters advance in blocks of LANES, in flat arrays of
(state, lane). The engine copies this file before `kernel.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from kinetics.compile.decay import (
    CURVATURE_BY_CONSTANT,
    CURVATURE_BY_STATE,
    JACOBIAN,
    LANES,
    RATE_BY_CONSTANT,
    add_bent_lanes,
    add_jacobian_lanes,
    bend_lanes,
    fill_curvature_by_constant,
    fill_curvature_by_state,
    fill_jacobian,
    fill_rate_by_constant,
    solve_lanes,
)
from kinetics.engines.batch.lanes import WIDTH, combine
from kinetics.engines.batch.rodas5p import DENSE, STAGES, A, C


@njit(cache=True, error_model="numpy")
def start_tangent(tangent):
    """Nothing of the record is used yet."""
    tangent[-1][:] = 0.0


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def advance_tangent(tangent, y, c, h, lu, k, points, segment):
    """Advance the sensitivities through an accepted step.

    Parameters
    ----------
    tangent : (sensitivities, inflows, jumps, direct, curved, record, kept)
        (block, state * lane) now; (segment, block, state * lane) derivatives of the inflow, and of what is added at
        the start of a segment; two pairs of places (3, entry) and weights (entry,), the derivatives of rates and of
        Jacobian entries by constants that some parameter moves: block, place in (row, lane), number of the
        derivative; filled: (step, 5, block, state * lane); (2,) steps kept, and segments whose jumps are in.
    """
    sensitivities, inflows, jumps, direct, curved, record, kept = tangent
    if kept[1] < segment + 1.0:
        kept[1] = segment + 1.0
        sensitivities += jumps[segment]
    jacobian = np.empty((STAGES, JACOBIAN.shape[1]))
    by_constant = np.empty((STAGES, RATE_BY_CONSTANT.shape[1]))
    second, second_direct = np.empty(CURVATURE_BY_STATE.shape[1]), np.empty(CURVATURE_BY_CONSTANT.shape[1])
    bent, here, nothing = np.empty(JACOBIAN.shape[1] * LANES), np.empty(WIDTH), np.zeros(WIDTH)
    right = np.empty(WIDTH)
    slopes = np.zeros(STAGES * WIDTH)
    fill_curvature_by_state(y, c, second)
    fill_curvature_by_constant(y, c, second_direct)
    for s in range(STAGES):
        fill_jacobian(points[s], c, jacobian[s])
        fill_rate_by_constant(points[s], c, by_constant[s])
    step = record[int(kept[0])]
    kept[0] += 1.0
    places, weights = direct
    for block in range(sensitivities.shape[0]):
        now = sensitivities[block]
        bend_lanes(second, now, bent)
        for entry in range(curved[1].size):
            if curved[0][0, entry] == block:
                bent[curved[0][1, entry]] += second_direct[curved[0][2, entry]] * curved[1][entry]
        for s in range(STAGES):
            stage = slopes[s * WIDTH : (s + 1) * WIDTH]
            combine(now, slopes, A[s], 1.0, s <= 4, here)
            combine(inflows[segment, block], slopes, C[s], 1.0 / h, s <= 4, right)
            add_jacobian_lanes(jacobian[s], here, right)
            add_bent_lanes(bent, k[s], right)
            for entry in range(weights.size):
                if places[0, entry] == block:
                    right[places[1, entry]] += by_constant[s, places[2, entry]] * weights[entry]
            solve_lanes(lu, right)
            stage[:] = right
        for m in range(3):
            combine(nothing, slopes, DENSE[m], 1.0, False, step[2 + m, block])
        step[0, block] = now
        for i in range(WIDTH):
            now[i] = here[i] + right[i]
        step[1, block] = now
