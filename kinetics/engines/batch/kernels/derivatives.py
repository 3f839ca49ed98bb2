"""Derivatives of outputs at given times, for many patients: what each begins with, and what a step passes.

The engine copies this file.
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
from kinetics.engines.batch.kernels.lane_step import WIDTH, interpolate_lanes
from kinetics.engines.batch.kernels.problems import OutputDerivatives, SparseTerms
from kinetics.engines.batch.kernels.tangent import tangent_arrays


def derivative_arrays(effects, segments, blocks, outputs, times):
    """A `Tangent` whose record holds one step alone, and the `OutputDerivatives` that are read off it."""
    no_dose = np.zeros((segments, blocks, WIDTH))
    rate, jacobian, shown = (
        SparseTerms(terms.places, np.empty(terms.factors.size))
        for terms in (effects.rate, effects.jacobian, effects.outputs)
    )
    tangent = tangent_arrays(np.empty((blocks, WIDTH)), no_dose, no_dose, rate, jacobian, 1)
    return tangent, OutputDerivatives(
        outputs,
        tangent.record[0],
        shown,
        values=np.empty((times, outputs.size, blocks * LANES)),
        by_parameter=np.empty(CONSTANTS_BY_PARAMETER.shape[1]),
        at_rest=np.empty(START_BY_CONSTANT.shape[1]),
        by_state=np.empty(OUTPUTS_BY_STATE.shape[1]),
        by_constant=np.empty(OUTPUTS_BY_CONSTANT.shape[1]),
        lanes=np.empty(WIDTH),
        of_block=np.empty(OUTPUTS * LANES),
    )


@njit(cache=True, error_model="numpy")
def start_derivatives(c, effects, tangent, derivatives):
    """Set the terms to a patient's own derivatives of constants by parameters, and the record to the rest."""
    by_parameter, at_rest = derivatives.by_parameter, derivatives.at_rest
    fill_constants_by_parameter(c[:PARAMETERS], by_parameter)
    fill_start_by_constant(c, at_rest)
    pick(by_parameter, effects.rate.factors, tangent.rate.factors)
    pick(by_parameter, effects.jacobian.factors, tangent.jacobian.factors)
    pick(by_parameter, effects.outputs.factors, derivatives.terms.factors)
    sensitivities, places = tangent.sensitivities, effects.start.places
    sensitivities[:] = 0.0
    for term in range(effects.start.factors.size):
        change = at_rest[places[2, term]] * by_parameter[effects.start.factors[term]]
        sensitivities[places[0, term], places[1, term]] += change
    # a step of no length at rest, like that of `step.start_patient`: an output time of 0 is read off it
    derivatives.step[:] = 0.0
    for block in range(sensitivities.shape[0]):
        for i in range(WIDTH):
            derivatives.step[block, i] = sensitivities[block, i]


@njit(cache=True, error_model="numpy")
def pick(values, numbers, out):
    """Some of an array's values."""
    for entry in range(numbers.size):
        out[entry] = values[numbers[entry]]


@njit(cache=True, error_model="numpy")
def write_derivatives(derivatives, sample, theta, c, y):
    """Write the derivatives of outputs at a fraction ``theta`` of the last step, where the states are ``y``."""
    if derivatives is None:
        return
    outputs, of_block = derivatives.outputs, derivatives.of_block
    # of all outputs, though few may be asked for: a model has one function for all
    fill_outputs_by_state(y, c, derivatives.by_state)
    fill_outputs_by_constant(y, c, derivatives.by_constant)
    for block in range(derivatives.step.shape[0]):
        interpolate_lanes(derivatives.step[block], theta, derivatives.lanes)
        differentiate_outputs(derivatives, block)
        for index in range(outputs.size):
            for q in range(LANES):
                derivatives.values[sample, index, LANES * block + q] = of_block[LANES * outputs[index] + q]


@njit(cache=True, error_model="numpy")
def differentiate_outputs(derivatives, block):
    """Derivatives of all outputs by the parameters of a block: through the states, and through constants."""
    of_block, lanes = derivatives.of_block, derivatives.lanes
    of_block[:] = 0.0
    for entry in range(OUTPUTS_BY_STATE.shape[1]):
        row, state = LANES * OUTPUTS_BY_STATE[0, entry], LANES * OUTPUTS_BY_STATE[1, entry]
        for q in range(LANES):
            of_block[row + q] += derivatives.by_state[entry] * lanes[state + q]
    places, factors = derivatives.terms.places, derivatives.terms.factors
    for term in range(factors.size):
        if places[0, term] == block:
            of_block[places[1, term]] += derivatives.by_constant[places[2, term]] * factors[term]
