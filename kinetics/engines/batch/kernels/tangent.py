"""The exact tangent of a Rodas5P step: derivatives of the numerical solution, with the step's own LU factors.

With M = I/(h gamma) - J(y), a stage solves M k = f(u) + inflow + sum_j (c_j/h) k_j. Its derivative by a parameter
solves, with the same factors,

    M k' = J(u) u' + f_c(u) c' + inflow' + sum_j (c_j/h) k_j' + (J(y))' k

Steps are held fixed, as a derivative of the solution asks. Parameters advance in blocks of LANES, in flat arrays of
(state, lane). The engine copies this file.
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
    add_jacobian_product,
    add_jacobians_product,
    fill_curvature_by_constant,
    fill_curvature_by_state,
    fill_jacobian_changes,
    fill_jacobian_lanes,
    fill_rate_by_constant,
    solve_sensitivities,
)
from kinetics.engines.batch.kernels.lane_step import WIDTH, combine, dense_terms_lanes
from kinetics.engines.batch.kernels.problems import Tangent
from kinetics.engines.batch.kernels.rodas5p import STAGES, A, C
from kinetics.engines.batch.kernels.workspaces import TangentStages


def tangent_arrays(sensitivities, inflows, boluses, rate, jacobian, steps):
    """The `Tangent` of one patient, with a record of so many steps."""
    entries, size = JACOBIAN.shape[1], RATE_BY_CONSTANT.shape[1]
    stages = TangentStages(
        constants=np.empty(CONSTANTS * LANES),
        points=np.empty(WIDTH),
        entries=np.empty(LANES * entries),
        jacobian=np.empty((STAGES, entries)),
        by_constant=np.empty((STAGES, size)),
        curvature_by_state=np.empty(CURVATURE_BY_STATE.shape[1]),
        curvature_by_constant=np.empty(CURVATURE_BY_CONSTANT.shape[1]),
        jacobian_change=np.empty(LANES * entries),
        point=np.empty(WIDTH),
        right=np.empty(WIDTH),
        slopes=np.zeros(STAGES * WIDTH),
    )
    record, (taken, segments) = np.empty((steps, len(sensitivities), 5 * WIDTH)), np.zeros((2, 1), np.int64)
    return Tangent(sensitivities, inflows, boluses, rate, jacobian, record, taken, segments, stages)


@njit(cache=True, error_model="numpy")
def start_tangent(tangent, c):
    """Nothing of the record is used yet."""
    if tangent is None:
        return
    tangent.steps[0], tangent.segments[0] = 0, 0
    # `combine` multiplies slopes of later stages by coefficients that are zero, and 0 times NaN is NaN: nothing that
    # the patient before has left here may stay
    tangent.stages.slopes[:] = 0.0
    for i in range(CONSTANTS * LANES):
        tangent.stages.constants[i] = c[i // LANES]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def advance_tangent(tangent, c, h, segment, step):
    """Advance the sensitivities through an accepted step."""
    if tangent is None:
        return
    sensitivities = tangent.sensitivities
    # the derivative of a bolus jumps with it, once in a segment: before its first step
    if tangent.segments[0] <= segment:
        tangent.segments[0] = segment + 1
        sensitivities += tangent.boluses[segment]
    differentiate_stages(tangent.stages, c, step)
    # one row for each step, or a single one that is written again if outputs are read off every step at once
    record = tangent.record[tangent.steps[0] % tangent.record.shape[0]]
    tangent.steps[0] += 1
    for block in range(sensitivities.shape[0]):
        advance_block(tangent, block, h, tangent.inflows[segment, block], record[block], step)


@njit(cache=True, error_model="numpy")
def differentiate_stages(stages, c, step):
    """Derivatives that all blocks share: of the rates at each stage, and of the Jacobian at the begin of the step."""
    # the stages stand side by side, in as many lanes as there are parameters in a block
    for i in range(STATES):
        for q in range(LANES):
            stages.points[LANES * i + q] = step.points[q % STAGES, i]
    fill_jacobian_lanes(stages.points, stages.constants, stages.entries)
    for s in range(STAGES):
        for entry in range(JACOBIAN.shape[1]):
            stages.jacobian[s, entry] = stages.entries[LANES * entry + s]
        fill_rate_by_constant(step.points[s], c, stages.by_constant[s])
    # M holds the Jacobian at the begin of the step alone, so its own derivative is needed there and at no stage
    fill_curvature_by_state(step.y, c, stages.curvature_by_state)
    fill_curvature_by_constant(step.y, c, stages.curvature_by_constant)


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def advance_block(tangent, block, h, inflow, record, step):
    """Advance the sensitivities to a block of parameters; each line of the formula above is a line here."""
    now, stages, pace = tangent.sensitivities[block], tangent.stages, 1.0 / h
    point, right, slopes, change = stages.point, stages.right, stages.slopes, stages.jacobian_change
    # (J(y))' = J_y y' + J_c c'
    fill_jacobian_changes(stages.curvature_by_state, now, change)
    add_terms(tangent.jacobian, block, stages.curvature_by_constant, change)
    for s in range(STAGES):
        if s == 0:
            for i in range(WIDTH):
                point[i], right[i] = now[i], inflow[i]
        else:
            combine(now, slopes, A[s], C[s], s <= 4, point, right)
            for i in range(WIDTH):
                right[i] = inflow[i] + right[i] * pace
        # in the order of the formula: f_c c', then J(u) u', then (J(y))' k; then M is divided out
        add_terms(tangent.rate, block, stages.by_constant[s], right)
        add_jacobian_product(stages.jacobian[s], point, right)
        add_jacobians_product(change, step.k[s], right)
        solve_sensitivities(step.lu, right, slopes[s * WIDTH : (s + 1) * WIDTH])
    last = slopes[(STAGES - 1) * WIDTH :]
    for i in range(WIDTH):
        record[i] = now[i]
        now[i] = point[i] + last[i]
        record[WIDTH + i] = now[i]
    dense_terms_lanes(slopes, record[2 * WIDTH :])


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def add_terms(terms, block, derivatives, out):
    """Add `SparseTerms` of a block to a flat array."""
    places = terms.places
    # the terms of all blocks are in one list, which is short: a parameter enters few equations
    for term in range(terms.factors.size):
        if places[0, term] == block:
            out[places[1, term]] += derivatives[places[2, term]] * terms.factors[term]
