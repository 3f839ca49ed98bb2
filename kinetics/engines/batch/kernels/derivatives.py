"""Derivatives of outputs at given times, for many patients: what each begins with, and what a step passes.

The engine copies this file before `kernel.py`.
"""

from __future__ import annotations

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import (
    CONSTANTS_BY_PARAMETER,
    LANES,
    OUTPUTS,
    OUTPUTS_BY_CONSTANT,
    OUTPUTS_BY_STATE,
    PARAMETERS,
    START_BY_CONSTANT,
    fill_constants_by_parameter,
    fill_outputs_by_constant,
    fill_outputs_by_state,
    fill_start_by_constant,
)
from kinetics.engines.batch.kernels.lanes import WIDTH, between_lanes
from kinetics.engines.batch.kernels.workspaces import Wanted


@njit(cache=True, error_model="numpy")
def tangent_room(moved, segments, blocks, outputs, times):
    """What `tangent.advance_tangent` needs, with a record of one step, and the derivatives that are wanted of it."""
    _, direct, curved, shown = moved
    no_dose, record = np.zeros((segments, blocks, WIDTH)), np.empty((1, blocks, 5 * WIDTH))
    of_rates, of_jacobian = np.empty(direct[1].size), np.empty(curved[1].size)
    weighed = (direct[0], of_rates), (curved[0], of_jacobian)
    tangent = (np.empty((blocks, WIDTH)), no_dose, no_dose, *weighed, record, np.zeros(2))
    by_state, by_constant = np.empty(OUTPUTS_BY_STATE.shape[1]), np.empty(OUTPUTS_BY_CONSTANT.shape[1])
    lanes, found, rows = np.empty(WIDTH), np.empty(OUTPUTS * LANES), np.empty((times, outputs.size, blocks * LANES))
    weights = np.empty(shown[1].size)
    return tangent, Wanted(outputs, record[0], shown[0], weights, by_state, by_constant, lanes, found, rows)


@njit(cache=True, error_model="numpy")
def begin_tangent(c, moved, tangent, wanted):
    """Set the weights to a patient's own derivatives of constants by parameters, and the record to the rest."""
    (places, sources), direct, curved, shown = moved
    by_parameter, at_rest = np.empty(CONSTANTS_BY_PARAMETER.shape[1]), np.empty(START_BY_CONSTANT.shape[1])
    fill_constants_by_parameter(c[:PARAMETERS], by_parameter)
    fill_start_by_constant(c, at_rest)
    sensitivities, _, _, of_rates, of_jacobian, _, _ = tangent
    pick(by_parameter, direct[1], of_rates[1])
    pick(by_parameter, curved[1], of_jacobian[1])
    pick(by_parameter, shown[1], wanted.weights)
    sensitivities[:] = 0.0
    for entry in range(sources.size):
        moves = at_rest[places[2, entry]] * by_parameter[sources[entry]]
        sensitivities[places[0, entry], places[1, entry]] += moves
    wanted.step[:] = 0.0
    for block in range(sensitivities.shape[0]):
        for i in range(WIDTH):
            wanted.step[block, i] = sensitivities[block, i]


@njit(cache=True, error_model="numpy")
def pick(values, sources, out):
    """Some of an array's values."""
    for entry in range(sources.size):
        out[entry] = values[sources[entry]]


@njit(cache=True, error_model="numpy")
def write_derivatives(wanted, place, theta, y, c):
    """Write the derivatives of outputs at a fraction ``theta`` of the last step, where the states are ``y``."""
    if wanted is None:  # the rest is then left out by the compiler
        return
    fill_outputs_by_state(y, c, wanted.by_state)
    fill_outputs_by_constant(y, c, wanted.by_constant)
    for block in range(wanted.step.shape[0]):
        between_lanes(wanted.step[block], theta, wanted.lanes)
        find_derivatives(wanted, block)
        for index in range(wanted.outputs.size):
            for q in range(LANES):
                wanted.rows[place, index, LANES * block + q] = wanted.found[LANES * wanted.outputs[index] + q]


@njit(cache=True, error_model="numpy")
def find_derivatives(wanted, block):
    """Derivatives of all outputs by the parameters of a block: through the states, and through constants."""
    found, lanes, places = wanted.found, wanted.lanes, wanted.places
    found[:] = 0.0
    for entry in range(OUTPUTS_BY_STATE.shape[1]):
        row, state = LANES * OUTPUTS_BY_STATE[0, entry], LANES * OUTPUTS_BY_STATE[1, entry]
        for q in range(LANES):
            found[row + q] += wanted.by_state[entry] * lanes[state + q]
    for entry in range(wanted.weights.size):
        if places[0, entry] == block:
            found[places[1, entry]] += wanted.by_constant[places[2, entry]] * wanted.weights[entry]
