"""Generated functions that return new arrays, as SciPy and Python callers want them.

The generator appends this file to a model's functions.
"""

from __future__ import annotations

import numpy as np

from kinetics.compile.machine_code import njit
from kinetics.compile.stub import (
    CONSTANTS,
    CONSTANTS_BY_PARAMETER,
    JACOBIAN,
    OUTPUTS,
    OUTPUTS_BY_CONSTANT,
    OUTPUTS_BY_STATE,
    PARAMETERS,
    RATE_BY_CONSTANT,
    START_BY_CONSTANT,
    STATES,
    fill_constants,
    fill_constants_by_parameter,
    fill_jacobian,
    fill_outputs,
    fill_outputs_by_constant,
    fill_outputs_by_state,
    fill_rate,
    fill_rate_by_constant,
    fill_start,
    fill_start_by_constant,
)


@njit(cache=True, error_model="numpy")
def dense_matrix(indices, values, rows, columns):
    """A dense matrix of its nonzero entries."""
    out = np.zeros((rows, columns))
    for entry in range(values.size):
        out[indices[0, entry], indices[1, entry]] = values[entry]
    return out


@njit(cache=True, error_model="numpy")
def constants(p):
    """Parameters, then derived constants, (constant,)."""
    out = np.empty(CONSTANTS)
    fill_constants(p, out)
    return out


@njit(cache=True, error_model="numpy")
def constants_table(parameters):
    """`constants` of many patients, (patient, constant)."""
    out = np.empty((len(parameters), CONSTANTS))
    for i in range(len(parameters)):
        fill_constants(parameters[i], out[i])
    return out


@njit(cache=True, error_model="numpy")
def initial(c):
    """States at rest, (state,)."""
    out = np.empty(STATES)
    fill_start(c, out)
    return out


@njit(cache=True, error_model="numpy")
def initial_table(constants):
    """States at rest of many patients, (patient, state), given (patient, constant)."""
    out = np.empty((len(constants), STATES))
    for i in range(len(constants)):
        fill_start(constants[i], out[i])
    return out


@njit(cache=True, error_model="numpy")
def rest_table(constants):
    """Outputs at rest of many patients, (patient, output), given (patient, constant)."""
    out, y = np.empty((len(constants), OUTPUTS)), np.empty(STATES)
    for i in range(len(constants)):
        fill_start(constants[i], y)
        fill_outputs(y, constants[i], out[i])
    return out


@njit(cache=True, error_model="numpy")
def rate(y, c, forcing):
    """Rates of the states with a constant inflow, (state,)."""
    out = np.empty(STATES)
    fill_rate(y, c, out)
    return out + forcing


@njit(cache=True, error_model="numpy")
def outputs(y, c):
    """Outputs, (output,)."""
    out = np.empty(OUTPUTS)
    fill_outputs(y, c, out)
    return out


@njit(cache=True, error_model="numpy")
def output_table(states, c):
    """Outputs at many times, (time, output)."""
    out = np.empty((len(states), OUTPUTS))
    for i in range(len(states)):
        fill_outputs(states[i], c, out[i])
    return out


@njit(cache=True, error_model="numpy")
def jacobian(y, c):
    """Derivatives of the rates by the states, (state, state)."""
    values = np.empty(JACOBIAN.shape[1])
    fill_jacobian(y, c, values)
    return dense_matrix(JACOBIAN, values, STATES, STATES)


@njit(cache=True, error_model="numpy")
def constants_by_parameter(p):
    """Derivatives of the constants by the parameters, (constant, parameter)."""
    values = np.empty(CONSTANTS_BY_PARAMETER.shape[1])
    fill_constants_by_parameter(p, values)
    return dense_matrix(CONSTANTS_BY_PARAMETER, values, CONSTANTS, PARAMETERS)


@njit(cache=True, error_model="numpy")
def initial_by_constant(c):
    """Derivatives of the start by the constants, (state, constant)."""
    values = np.empty(START_BY_CONSTANT.shape[1])
    fill_start_by_constant(c, values)
    return dense_matrix(START_BY_CONSTANT, values, STATES, CONSTANTS)


@njit(cache=True, error_model="numpy")
def rate_by_constant(y, c):
    """Derivatives of the rates by the constants, (state, constant)."""
    values = np.empty(RATE_BY_CONSTANT.shape[1])
    fill_rate_by_constant(y, c, values)
    return dense_matrix(RATE_BY_CONSTANT, values, STATES, CONSTANTS)


@njit(cache=True, error_model="numpy")
def outputs_by_state(y, c):
    """Derivatives of the outputs by the states, (output, state)."""
    values = np.empty(OUTPUTS_BY_STATE.shape[1])
    fill_outputs_by_state(y, c, values)
    return dense_matrix(OUTPUTS_BY_STATE, values, OUTPUTS, STATES)


@njit(cache=True, error_model="numpy")
def outputs_by_constant(y, c):
    """Derivatives of the outputs by the constants, (output, constant)."""
    values = np.empty(OUTPUTS_BY_CONSTANT.shape[1])
    fill_outputs_by_constant(y, c, values)
    return dense_matrix(OUTPUTS_BY_CONSTANT, values, OUTPUTS, CONSTANTS)


@njit(cache=True, error_model="numpy")
def augmented_rate(z, c, by_parameter, forcing):
    """Rates of the states and of their sensitivities: dS/dt = J S + (df/dc)(dc/dp)."""
    y = z[:STATES]
    out = np.empty(z.size)
    out[:STATES] = rate(y, c, forcing)
    sensitivities = z[STATES:].reshape(by_parameter.shape[1], STATES)
    direct = rate_by_constant(y, c) @ by_parameter
    out[STATES:] = (sensitivities @ jacobian(y, c).T + direct.T).ravel()
    return out


@njit(cache=True, error_model="numpy")
def augmented_jacobian(z, c, by_parameter, forcing):
    """The block diagonal of the augmented Jacobian in LAPACK band storage, (2 n - 1, n (m + 1))."""
    block = jacobian(z[:STATES], c)
    band = np.zeros((2 * STATES - 1, z.size))
    for k in range(by_parameter.shape[1] + 1):
        for i in range(STATES):
            for j in range(STATES):
                band[STATES - 1 + i - j, k * STATES + j] = block[i, j]
    return band
