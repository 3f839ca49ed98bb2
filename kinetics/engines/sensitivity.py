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


@dataclass(frozen=True, eq=False)
class Directions:
    """What a patient is differentiated by.

    Parameters
    ----------
    start : ndarray, (state, direction)
        Derivatives of the states at time 0, before any dose.
    constants : ndarray, (constant, direction)
        Derivatives of parameters and derived constants.
    entered : tuple of int
        The numbers of the constants that are not the same in all directions, whatever the parameters are.
    inflows, boluses : ndarray, (segment, state, direction)
        Derivatives of what is given into states, as rates and at once.
    delays : ndarray, (segment, direction)
        Derivatives of the times of boluses.
    """

    start: np.ndarray
    constants: np.ndarray
    entered: tuple[int, ...]
    inflows: np.ndarray
    boluses: np.ndarray
    delays: np.ndarray

    @classmethod
    def of(cls, system: System, parameters: np.ndarray, names: Sequence[str], segments: Segments) -> Directions:
        """Parameters of some flat names, from the model's own start; they change no dose."""
        columns = [system.parameters.index(name) for name in names]
        functions, given = system.functions, np.zeros((len(segments), len(system.states), len(names)))
        constants = np.ascontiguousarray(functions.constants_by_parameter(parameters)[:, columns])
        start = functions.initial_by_constant(system.constants(parameters)) @ constants
        return cls(start, constants, system.constants_entered(names), given, given, given[:, 0])


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
        functions, gradients = self.system.functions, list[np.ndarray]()
        if not self.by_parameter.shape[1]:
            return np.zeros((len(times), len(self.system.outputs), 0))
        for y, states in zip(self.integrated(times), self._tangent(times), strict=True):

            def gradient(y: np.ndarray, states: np.ndarray = states) -> np.ndarray:
                direct = functions.outputs_by_constant(y, self.constants) @ self.by_parameter
                return functions.outputs_by_state(y, self.constants) @ states + direct

            gradients.append(from_zero(gradient, y, self.absolute))
        return np.array(gradients)

    def check_read(self, times: np.ndarray) -> None:
        """Refuse, with an `IntegrationError`, times at which a state has no derivative; here there are none."""

    def state_changes(self, times: np.ndarray) -> np.ndarray:
        """Derivatives of the states by the chosen parameters, (time, state, parameter)."""
        return self._tangent(times)

    def _tangent(self, times: np.ndarray) -> np.ndarray:
        n, m = len(self.system.states), self.by_parameter.shape[1]
        return np.swapaxes(read(self.with_tangent, times, self.start)[:, n:].reshape(len(times), m, n), 1, 2)

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

    def crossing_gradient(self, name: str, time: float, level_changes: np.ndarray | None = None) -> np.ndarray:
        """Derivatives of the time at which an output crosses a level, (parameter,), by implicit differentiation.

        With g(t*, p) = level(p), dt*/dp = -(dg/dp - dlevel/dp) / (dg/dt); a level is fixed by default.
        """
        index = self.system.outputs.index(name)
        at = np.array([time])
        moved = self.output_gradient(at)[0, index] - (0.0 if level_changes is None else level_changes)
        return -moved / self.output_slope(at)[0, index]

    def extreme_gradient(self, name: str, time: float) -> np.ndarray:
        """Derivatives of an extreme of an output, which is at a time, (parameter,).

        The extreme moves with the parameters, but to first order its value does not know.
        """
        return self.output_gradient(np.array([time]))[0, self.system.outputs.index(name)]


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
    """
    constants = system.constants(parameters)
    start, directions = system.functions.initial(constants), Directions.of(system, parameters, names, segments)
    return differentiate(system, constants, segments, start, directions, tolerances=tolerances)


def differentiate(
    system: System,
    constants: np.ndarray,
    segments: Segments,
    start: np.ndarray,
    directions: Directions,
    *,
    tolerances: Tolerances | None = None,
    scale: np.ndarray | None = None,
) -> SensitiveTrajectory:
    """Integrate one patient from a start, with the derivatives by directions, with LSODA.

    Parameters
    ----------
    constants : ndarray, (constant,)
        Parameters and derived constants, in the model's units.
    start : ndarray, (state,)
        States at time 0, before any dose.
    directions : Directions
        What is differentiated by.
    tolerances : Tolerances, optional
        Error bounds of states, and of derivatives by a direction scaled by the parameter that it moves.
    scale : ndarray, (state,), optional
        The size of each state; by default that of the start and of doses.

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
    scale = state_scale(system, constants, start, segments.largest) if scale is None else scale
    absolute = tolerances.bounds(system, scale)
    # a derivative times its parameter is as large as the state, and so is its error
    values = np.abs(constants[: len(system.parameters)] @ directions.constants[: len(system.parameters)])
    sizes = np.where(values > 0, values, 1.0)
    atol = np.concatenate([absolute, (absolute[None, :] / sizes[:, None]).ravel()])
    solver = StretchSolver(system, segments, "LSODA", tolerances.relative, atol, Guard(system, absolute))
    inflows, given = segments.rates @ system.dose_matrix(), jumps(system, segments)
    pieces, first = [], np.concatenate([start, directions.start.T.ravel()])
    z = first
    for segment, span in enumerate(pairwise(segments.edges)):
        inflow, before = inflows[segment], z[:n]
        after = before + given[segment]
        slower = functions.rate(before, constants, inflow) - functions.rate(after, constants, inflow)
        jump = directions.boluses[segment] + np.outer(slower, directions.delays[segment])
        z = np.concatenate([after, z[n:] + jump.T.ravel()])
        rate = partial(augmented_rate, functions, constants, directions.constants, inflow, directions.inflows[segment])
        jacobian = partial(augmented_jacobian, functions, constants, n)
        piece, z = solver.solve(rate, jacobian, segment, span, z, lband=n - 1, uband=n - 1)
        pieces.append(piece)
    return SensitiveTrajectory(
        system, constants, first, pieces, absolute=absolute, relative=tolerances.relative,
        with_tangent=pieces, segments=segments, by_parameter=directions.constants,
    )  # fmt: skip


def augmented_rate(
    functions: Functions,
    constants: np.ndarray,
    by_parameter: np.ndarray,
    inflow: np.ndarray,
    inflow_change: np.ndarray,
    _: float,
    z: np.ndarray,
) -> np.ndarray:
    """Rates of the states and of their sensitivities: dS/dt = J S + (df/dc)(dc/dp) + du/dp, of the inflow u."""
    y = z[: inflow.size]
    sensitivities = z[y.size :].reshape(-1, y.size)
    direct = functions.rate_by_constant(y, constants) @ by_parameter + inflow_change
    slopes = sensitivities @ functions.jacobian(y, constants).T + direct.T
    return np.concatenate([functions.rate(y, constants, inflow), slopes.ravel()])


def augmented_jacobian(functions: Functions, constants: np.ndarray, n: int, _: float, z: np.ndarray) -> np.ndarray:
    """The block diagonal of the augmented Jacobian in LAPACK band storage, (2 n - 1, n (m + 1))."""
    rows, columns = np.indices((n, n))
    band = np.zeros((2 * n - 1, n))
    band[n - 1 + rows - columns, columns] = functions.jacobian(z[:n], constants)
    return np.tile(band, z.size // n)
