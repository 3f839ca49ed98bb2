"""The smallest model, y' = -c y, as the generator would write it, so that templates can be read, checked and tested."""

from __future__ import annotations

import numpy as np

from kinetics.compile.machine_code import njit

PARAMETERS, CONSTANTS, STATES = 1, 1, 1
OUTPUTS, FACTORS, KINKS, LANES = 1, 1, 0, 16
_DIAGONAL = np.array([[0], [0]], dtype=np.int64)
_NOTHING = np.zeros((2, 0), dtype=np.int64)
JACOBIAN = CONSTANTS_BY_PARAMETER = RATE_BY_CONSTANT = OUTPUTS_BY_STATE = CURVATURE_BY_CONSTANT = _DIAGONAL
START_BY_CONSTANT = OUTPUTS_BY_CONSTANT = CURVATURE_BY_STATE = _NOTHING


@njit(cache=True, error_model="numpy")
def fill_constants(p, out):
    """Parameters, then derived constants."""
    out[0] = p[0]


@njit(cache=True, error_model="numpy")
def fill_start(c, out):
    """States at rest."""
    out[0] = 1.0


@njit(cache=True, error_model="numpy")
def fill_rate(y, c, out):
    """Rates of the states, without infusion."""
    out[0] = -c[0] * y[0]


@njit(cache=True, error_model="numpy")
def fill_outputs(y, c, out):
    """Outputs."""
    out[0] = y[0]


@njit(cache=True, error_model="numpy")
def fill_kinks(y, c, out):
    """What changes sign where the derivatives of the rates jump."""


@njit(cache=True, error_model="numpy")
def fill_jacobian(y, c, out):
    """Nonzero derivatives of the rates by the states, in the order of JACOBIAN."""
    out[0] = -c[0]


@njit(cache=True, error_model="numpy")
def fill_constants_by_parameter(p, out):
    """Nonzero derivatives of the constants by the parameters."""
    out[0] = 1.0


@njit(cache=True, error_model="numpy")
def fill_start_by_constant(c, out):
    """Nonzero derivatives of the start by the constants."""


@njit(cache=True, error_model="numpy")
def fill_rate_by_constant(y, c, out):
    """Nonzero derivatives of the rates by the constants."""
    out[0] = -y[0]


@njit(cache=True, error_model="numpy")
def fill_outputs_by_state(y, c, out):
    """Nonzero derivatives of the outputs by the states."""
    out[0] = 1.0


@njit(cache=True, error_model="numpy")
def fill_outputs_by_constant(y, c, out):
    """Nonzero derivatives of the outputs by the constants."""


@njit(cache=True, error_model="numpy")
def fill_curvature_by_state(y, c, out):
    """Nonzero derivatives of the Jacobian's entries by the states, (entry, state)."""


@njit(cache=True, error_model="numpy")
def fill_curvature_by_constant(y, c, out):
    """Nonzero derivatives of the Jacobian's entries by the constants, (entry, constant)."""
    out[0] = -1.0


@njit(cache=True, error_model="numpy")
def factor(y, c, w, lu):
    """LU factors of w I - J."""
    lu[0] = 1.0 / (w + c[0])


@njit(cache=True, error_model="numpy")
def solve(lu, b):
    """Replace b by the solution."""
    b[0] = b[0] * lu[0]


@njit(cache=True, error_model="numpy")
def fill_rate_lanes(y, c, out):
    """Rates of patients side by side, in flat arrays of (state, lane) and (constant, lane)."""
    for q in range(LANES):
        out[q] = -c[q] * y[q]


@njit(cache=True, error_model="numpy")
def fill_outputs_lanes(y, c, out):
    """Outputs of patients side by side."""
    for q in range(LANES):
        out[q] = y[q]


@njit(cache=True, error_model="numpy")
def factor_lanes(y, c, w, lu):
    """LU factors of w I - J of patients side by side."""
    for q in range(LANES):
        lu[q] = 1.0 / (w[q] + c[q])


@njit(cache=True, error_model="numpy")
def solve_lanes(lu, b):
    """Replace b by the solutions of patients side by side."""
    for q in range(LANES):
        b[q] = b[q] * lu[q]


@njit(cache=True, error_model="numpy")
def fill_kinks_lanes(y, c, out):
    """What changes sign at kinks, of patients side by side."""


@njit(cache=True, error_model="numpy")
def fill_jacobian_lanes(y, c, out):
    """Nonzero derivatives of the rates by the states, in flat arrays."""
    for q in range(LANES):
        out[q] = -c[q]


@njit(cache=True, error_model="numpy")
def solve_sensitivities(lu, right, out):
    """Solve for lanes of right sides with the factors of one patient."""
    for q in range(LANES):
        out[q] = right[q] * lu[0]


@njit(cache=True, error_model="numpy")
def add_jacobian_product(values, right, out):
    """Add the Jacobian times lanes of vectors."""
    for q in range(LANES):
        out[q] += values[0] * right[q]


@njit(cache=True, error_model="numpy")
def add_jacobians_product(values, right, out):
    """Add lanes of Jacobians times one vector."""
    for q in range(LANES):
        out[q] += values[q] * right[0]


@njit(cache=True, error_model="numpy")
def fill_jacobian_changes(values, right, out):
    """Set lanes of the Jacobian's entries to their derivatives by the states times lanes of states."""
    for q in range(LANES):
        out[q] = 0.0
