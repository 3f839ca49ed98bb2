"""The exact tangent of a Rodas5P step: derivatives of the numerical solution, with the step's own LU factors.

With M = I/(h gamma) - J(y), a stage solves M k = f(u) + inflow + sum_j (c_j/h) k_j. Its derivative by a parameter
solves, with the same factors,

    M k' = J(u) u' + f_c(u) c' + inflow' + sum_j (c_j/h) k_j' + (J(y))' k

Steps are held fixed, as a derivative of the solution asks. Parameters advance in blocks of LANES, in flat arrays of
(state, lane). The engine copies this file before `kernel.py`.
"""

from __future__ import annotations

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import (
    CONSTANTS,
    CURVATURE_BY_CONSTANT,
    CURVATURE_BY_STATE,
    JACOBIAN,
    LANES,
    RATE_BY_CONSTANT,
    STATES,
    add_bent_lanes,
    add_jacobian_lanes,
    bend_lanes,
    fill_curvature_by_constant,
    fill_curvature_by_state,
    fill_jacobian_wide,
    fill_rate_by_constant,
    solve_lanes,
)
from kinetics.engines.batch.kernels.lanes import WIDTH, combine, dense_lanes
from kinetics.engines.batch.kernels.rodas5p import STAGES, A, C


@njit(cache=True, error_model="numpy")
def start_tangent(tangent, c):
    """Nothing of the record is used yet; returns room for a step."""
    tangent[-1][:] = 0.0
    constants = np.empty(CONSTANTS * LANES)
    for i in range(CONSTANTS * LANES):
        constants[i] = c[i // LANES]
    entries = JACOBIAN.shape[1]
    by_constant = np.empty((STAGES, RATE_BY_CONSTANT.shape[1]))
    of_stages = np.empty(WIDTH), np.empty(LANES * entries), np.empty((STAGES, entries)), by_constant
    curvatures = np.empty(CURVATURE_BY_STATE.shape[1]), np.empty(CURVATURE_BY_CONSTANT.shape[1])
    bent = np.empty(LANES * entries)
    return constants, of_stages, curvatures, bent, np.empty(WIDTH), np.empty(WIDTH), np.zeros(STAGES * WIDTH)


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def advance_tangent(tangent, room, y, c, h, lu, k, points, segment):
    """Advance the sensitivities through an accepted step.

    Parameters
    ----------
    tangent : (sensitivities, inflows, jumps, direct, curved, record, kept)
        (block, state * lane) now; (segment, block, state * lane) derivatives of the inflow, and of what is added at
        the start of a segment; two pairs of places (3, entry) and weights (entry,), the derivatives of rates and of
        Jacobian entries by constants that some parameter moves: block, place in (row, lane), number of the
        derivative; filled: (step, block, 5 * state * lane), over again when it is full; (2,) steps so far, and segments
        whose jumps are in.
    room : tuple
        Of `start_tangent`.
    """
    sensitivities, inflows, jumps, direct, curved, record, kept = tangent
    constants, (at, found, jacobian, by_constant), (second, second_direct), bent, here, right, slopes = room
    if kept[1] < segment + 1.0:
        kept[1] = segment + 1.0
        sensitivities += jumps[segment]
    # the stages stand side by side, in as many lanes as there are parameters in a block
    for i in range(STATES):
        for q in range(LANES):
            at[LANES * i + q] = points[q % STAGES, i]
    fill_jacobian_wide(at, constants, found)
    for s in range(STAGES):
        for entry in range(JACOBIAN.shape[1]):
            jacobian[s, entry] = found[LANES * entry + s]
        fill_rate_by_constant(points[s], c, by_constant[s])
    fill_curvature_by_state(y, c, second)
    fill_curvature_by_constant(y, c, second_direct)
    step = record[int(kept[0]) % record.shape[0]]
    kept[0] += 1.0
    (places, weights), pace = direct, 1.0 / h
    for block in range(sensitivities.shape[0]):
        now, flow, knot = sensitivities[block], inflows[segment, block], step[block]
        bend_lanes(second, now, bent)
        for entry in range(curved[1].size):
            if curved[0][0, entry] == block:
                bent[curved[0][1, entry]] += second_direct[curved[0][2, entry]] * curved[1][entry]
        for s in range(STAGES):
            if s == 0:
                for i in range(WIDTH):
                    here[i], right[i] = now[i], flow[i]
            else:
                combine(now, slopes, A[s], C[s], s <= 4, here, right)
                for i in range(WIDTH):
                    right[i] = flow[i] + right[i] * pace
            for entry in range(weights.size):
                if places[0, entry] == block:
                    right[places[1, entry]] += by_constant[s, places[2, entry]] * weights[entry]
            add_jacobian_lanes(jacobian[s], here, right)
            add_bent_lanes(bent, k[s], right)
            solve_lanes(lu, right, slopes[s * WIDTH : (s + 1) * WIDTH])
        last = slopes[(STAGES - 1) * WIDTH :]
        for i in range(WIDTH):
            knot[i] = now[i]
            now[i] = here[i] + last[i]
            knot[WIDTH + i] = now[i]
        dense_lanes(slopes, knot[2 * WIDTH :])
