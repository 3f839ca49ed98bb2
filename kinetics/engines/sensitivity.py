"""Exact sensitivities: the states integrated together with their derivatives by parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.compile.functions import Functions
from kinetics.engines.guard import Guard
from kinetics.engines.jumps import jumps
from kinetics.engines.scipy import TOLERANCES, StretchSolver
from kinetics.engines.tolerances import Tolerances, from_zero, state_scale
from kinetics.engines.trajectory import Trajectory, read
from kinetics.regimen import Segments


@dataclass(frozen=True, eq=False, kw_only=True)
class SensitiveTrajectory(Trajectory):
    """A trajectory with its derivatives.

    Parameters
    ----------
    with_tangent : sequence of scipy.integrate.OdeSolution
        Pieces that hold the states, then the derivatives of all states by each parameter in turn; so does ``start``.
    segments : Segments
        What was given.
    by_parameter : ndarray, (constant, parameter)
        Derivatives of the constants by the chosen parameters.
    """

    with_tangent: Sequence[Any]
    segments: Segments
    by_parameter: np.ndarray

    def output_gradient(self, times: np.ndarray) -> np.ndarray:
        """Derivatives of the outputs by the chosen parameters, (time, output, parameter), output per parameter unit."""
        n, m = len(self.system.states), self.by_parameter.shape[1]
        if not m:
            return np.zeros((len(times), len(self.system.outputs), 0))
        functions = self.system.functions
        gradients = []
        for z in read(self.with_tangent, times, self.start):
            states = z[n:].reshape(m, n).T

            def gradient(y: np.ndarray, states: np.ndarray = states) -> np.ndarray:
                direct = functions.outputs_by_constant(y, self.constants) @ self.by_parameter
                return functions.outputs_by_state(y, self.constants) @ states + direct

            gradients.append(from_zero(gradient, z[:n], self.absolute))
        return np.array(gradients)

    def output_slope(self, times: np.ndarray) -> np.ndarray:
        """Derivatives of the outputs by time, (time, output); at an edge, those before it."""
        functions, plan = self.system.functions, self.segments
        segment = np.clip(np.searchsorted(plan.edges, times, side="left") - 1, 0, len(plan) - 1)
        inflows = plan.rates[segment] @ self.system.dose_matrix()
        slopes = [
            functions.outputs_by_state(y, self.constants) @ functions.rate(y, self.constants, inflow)
            for y, inflow in zip(self.integrated(times), inflows, strict=True)
        ]
        return np.array(slopes)

    def crossing_gradient(self, name: str, time: float) -> np.ndarray:
        """Derivatives of the time at which an output crosses a fixed level, (parameter,), by implicit differentiation.

        With g(t*, p) = level, dt*/dp = -(dg/dp) / (dg/dt).
        """
        index = self.system.outputs.index(name)
        at = np.array([time])
        return -self.output_gradient(at)[0, index] / self.output_slope(at)[0, index]


def integrate_with_sensitivities(
    system: System,
    parameters: np.ndarray,
    names: Sequence[str],
    segments: Segments,
    *,
    tolerances: Tolerances | None = None,
) -> SensitiveTrajectory:
    """Integrate one patient and the derivatives of its states by chosen parameters, with LSODA.

    Parameters
    ----------
    system : System
        The compiled model.
    parameters : ndarray, (parameter,)
        All parameters, in the model's units.
    names : sequence of str
        The flat names of those to differentiate by.
    segments : Segments
        Dose edges, rates and boluses.
    tolerances : Tolerances, optional
        Error bounds of states and of derivatives scaled by their parameter.

    Raises
    ------
    IntegrationError
        If the integrator gives up.

    Notes
    -----
    The Newton iteration uses the block diagonal of the augmented Jacobian (one block a parameter, each the model's
    own); the coupling left out affects the number of iterations, not the solution.
    """
    tolerances, functions, n = tolerances or TOLERANCES, system.functions, len(system.states)
    columns = [system.parameters.index(name) for name in names]
    constants, doses = system.constants(parameters), system.dose_matrix()
    by_parameter = np.ascontiguousarray(functions.constants_by_parameter(parameters)[:, columns])
    states = functions.initial(constants)
    first = np.concatenate([states, (functions.initial_by_constant(constants) @ by_parameter).T.ravel()])
    absolute = tolerances.bounds(system, state_scale(system, constants, states, segments.largest))
    # a derivative times its parameter is as large as the state, and so is its error
    size = np.where(parameters[columns] != 0, np.abs(parameters[columns]), 1.0)
    atol = np.concatenate([absolute, (absolute[None, :] / size[:, None]).ravel()])
    solver = StretchSolver(system, segments, "LSODA", tolerances.relative, atol, Guard(system, absolute))
    pieces, z, given = [], first, jumps(system, segments)
    for segment, span in enumerate(pairwise(segments.edges)):
        # an amount is no function of a parameter, so a dose moves the states and not their derivatives
        inflow = segments.rates[segment] @ doses
        z = z.copy()
        z[:n] += given[segment]
        rate = partial(augmented_rate, functions, constants, by_parameter, inflow, None)
        jacobian = partial(augmented_jacobian, functions, constants, n)
        piece, z = solver.solve(rate, jacobian, segment, span, z, lband=n - 1, uband=n - 1)
        pieces.append(piece)
    return SensitiveTrajectory(
        system, constants, first, pieces, absolute=absolute, relative=tolerances.relative,
        with_tangent=pieces, segments=segments, by_parameter=by_parameter,
    )  # fmt: skip


def augmented_rate(
    functions: Functions,
    constants: np.ndarray,
    by_parameter: np.ndarray,
    inflow: np.ndarray,
    inflow_change: np.ndarray | None,
    _: float,
    z: np.ndarray,
) -> np.ndarray:
    """Rates of the states and of their sensitivities: dS/dt = J S + (df/dc)(dc/dp) + du/dp, if the inflow u has any."""
    y = z[: inflow.size]
    sensitivities = z[y.size :].reshape(-1, y.size)
    direct = functions.rate_by_constant(y, constants) @ by_parameter
    if inflow_change is not None:
        direct = direct + inflow_change
    slopes = sensitivities @ functions.jacobian(y, constants).T + direct.T
    return np.concatenate([functions.rate(y, constants, inflow), slopes.ravel()])


def augmented_jacobian(functions: Functions, constants: np.ndarray, n: int, _: float, z: np.ndarray) -> np.ndarray:
    """The block diagonal of the augmented Jacobian in LAPACK band storage, (2 n - 1, n (m + 1))."""
    rows, columns = np.indices((n, n))
    band = np.zeros((2 * n - 1, n))
    band[n - 1 + rows - columns, columns] = functions.jacobian(z[:n], constants)
    return np.tile(band, z.size // n)
