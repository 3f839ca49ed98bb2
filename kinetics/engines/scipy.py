"""The reference engine: SciPy's `solve_ivp`, segment by segment, on compiled functions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from kinetics.compile import System
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments

__all__ = ["METHODS", "Tolerances", "integrate", "state_scale"]

METHODS = ("LSODA", "BDF", "Radau")


@dataclass(frozen=True)
class Tolerances:
    """Error bounds of a step.

    Parameters
    ----------
    relative : float
        Relative tolerance of every state.
    absolute : float
        Absolute tolerance as a fraction of each state's scale: its value at rest, or the largest amount given into it. The nadir lies four orders of
        magnitude below rest, so this one decides the error there.
    """

    relative: float = 1e-8
    absolute: float = 1e-13


def state_scale(system: System, start: np.ndarray, segments: Segments) -> np.ndarray:
    """The size of each state, (state,): its start, or what is given into it, or that of a state of the same unit, or 1."""
    given = segments.boluses.sum(axis=0) + (segments.rates * np.diff(segments.edges)[:, None]).sum(axis=0)
    scale = np.maximum(np.abs(start), given @ system.dose_matrix())
    units = [row.unit for row in system.model.states.values()]
    alike = np.array([max((s for s, u in zip(scale, units, strict=True) if u == unit), default=0.0) for unit in units])
    return np.where(scale > 0, scale, np.where(alike > 0, alike, 1.0))


def integrate(
    system: System,
    constants: np.ndarray,
    segments: Segments,
    *,
    method: str = "LSODA",
    tolerances: Tolerances | None = None,
    start: np.ndarray | None = None,
) -> Trajectory:
    """Integrate one patient.

    Parameters
    ----------
    system : System
        The compiled model.
    constants : ndarray, (constant,)
        Parameters and derived constants, in the model's units.
    segments : Segments
        Dose edges, rates and boluses; no step crosses an edge.
    method : {"LSODA", "BDF", "Radau"}
        SciPy's integrator.
    tolerances : Tolerances, optional
        Error bounds.
    start : ndarray, (state,), optional
        States at time 0; the model's own by default.

    Returns
    -------
    Trajectory

    Raises
    ------
    IntegrationError
        If the integrator gives up; the message names segment, time and state.
    """
    tolerances = tolerances or Tolerances()
    functions = system.functions
    first = functions.initial(constants) if start is None else start
    doses = system.dose_matrix()
    scale = state_scale(system, first, segments)
    pieces, y = [], first
    for index, (begin, end) in enumerate(zip(segments.edges[:-1], segments.edges[1:], strict=True)):
        forcing = segments.rates[index] @ doses
        y = y + segments.boluses[index] @ doses
        piece, y = solve_segment(
            lambda _, z, forcing=forcing: functions.rate(z, constants, forcing),
            lambda _, z: functions.jacobian(z, constants),
            (begin, end),
            y,
            method=method,
            rtol=tolerances.relative,
            atol=tolerances.absolute * scale,
            where=(system, index, len(segments.edges) - 1),
        )
        pieces.append(piece)
    return Trajectory(system, constants, first, pieces)


def solve_segment(
    rate: Any,
    jacobian: Any,
    span: tuple[float, float],
    y: np.ndarray,
    *,
    method: str,
    rtol: float,
    atol: np.ndarray,
    where: tuple[System, int, int],
    **options: Any,
) -> tuple[Any, np.ndarray]:
    """One smooth stretch; returns its dense solution and the vector at its end."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        solution = solve_ivp(
            rate, span, y, method=method, jac=jacobian, rtol=rtol, atol=atol, dense_output=True, **options
        )
    if solution.success and np.isfinite(solution.y[:, -1]).all():
        return solution.sol, solution.y[:, -1]
    raise IntegrationError(_explain(solution, rate, span, atol, method, where))


def _explain(
    solution: Any, rate: Any, span: tuple[float, float], atol: np.ndarray, method: str, where: tuple[System, int, int]
) -> str:
    system, index, count = where
    time, last = solution.t[-1], solution.y[:, -1]
    fastest = int(np.argmax(np.nan_to_num(np.abs(rate(time, last)) / atol, nan=np.inf))) % len(system.states)
    others = " or ".join(name for name in METHODS if name != method)
    return (
        f"{method} stopped in segment {index + 1} of {count} ({span[0]:g} to {span[1]:g}) at time {time:.6g}, "
        f"state {system.states[fastest]}: {solution.message} Try {others}, a looser tolerance, or check the parameters."
    )
