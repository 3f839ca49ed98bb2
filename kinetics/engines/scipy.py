"""The reference engine: SciPy's `solve_ivp`, segment by segment, on compiled functions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import BDF, LSODA, Radau, solve_ivp

from kinetics.compile import System
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments

__all__ = ["METHODS", "Tolerances", "integrate", "state_scale"]

MAX_STEPS = 100_000
_NOT_FINITE = "The rates or their derivatives are not finite ({})."


def _guarded(solver: Any) -> Any:
    """A solver that gives up where SciPy's own steps on for ever (LSODA at a pole) or raises (BDF, Radau at a NaN)."""

    class Guarded(solver):
        steps = 0

        def _step_impl(self) -> tuple[bool, str | None]:
            before = self.t
            try:
                success, message = super()._step_impl()
            except (ArithmeticError, ValueError) as error:
                return False, _NOT_FINITE.format(error)
            if not success:
                return success, message
            self.steps += 1
            if not np.isfinite(self.y).all():
                return False, "The next step is not a finite number."
            if self.t <= before:
                return False, "The step size fell to zero."
            if self.steps > MAX_STEPS:
                return False, f"More than {MAX_STEPS} steps."
            return True, None

    return Guarded


_SOLVERS = {"LSODA": _guarded(LSODA), "BDF": _guarded(BDF), "Radau": _guarded(Radau)}
METHODS = tuple(_SOLVERS)


@dataclass(frozen=True)
class Tolerances:
    """Error bounds of a step.

    Parameters
    ----------
    relative : float
        Relative tolerance of every state.
    absolute : float
        Absolute tolerance as a fraction of each state's scale: its value at rest, or the amount given into it. The
        nadir lies four orders of magnitude below rest, so this one decides the error there.

    Notes
    -----
    With the defaults, ten years of the shipped models agree with Radau at a relative tolerance of 1e-11 to better than
    1e-6 wherever an output exceeds 1e-6 of its peak (the tests ask for 1e-5), and without a drug no output moves by
    1e-9. The last is what sets the relative tolerance: at 1e-8 some patients drift by 5e-9.
    """

    relative: float = 3e-10
    absolute: float = 1e-13


def state_scale(system: System, start: np.ndarray, segments: Segments) -> np.ndarray:
    """The size of each state, (state,): its start, or what is given into it, or that of a state of its unit, or 1."""
    scale = np.maximum(np.abs(start), segments.totals @ system.dose_matrix())
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
        try:
            solution = solve_ivp(
                rate, span, y, method=_SOLVERS[method], jac=jacobian, rtol=rtol, atol=atol, dense_output=True, **options
            )
        except (ArithmeticError, ValueError) as error:  # the solvers look at rate and Jacobian before their first step
            reason = _NOT_FINITE.format(error)
            raise IntegrationError(_explain(reason, span[0], y, rate, span, atol, method, where)) from error
        if solution.success:
            return solution.sol, solution.y[:, -1]
        last = np.ascontiguousarray(solution.y[:, -1])
        raise IntegrationError(_explain(solution.message, solution.t[-1], last, rate, span, atol, method, where))


def _explain(
    reason: str,
    time: float,
    last: np.ndarray,
    rate: Any,
    span: tuple[float, float],
    atol: np.ndarray,
    method: str,
    where: tuple[System, int, int],
) -> str:
    system, index, count = where
    fastest = int(np.argmax(np.nan_to_num(np.abs(rate(time, last)) / atol, nan=np.inf))) % len(system.states)
    others = " or ".join(name for name in METHODS if name != method)
    return (
        f"{method} stopped in segment {index + 1} of {count} ({span[0]:g} to {span[1]:g}) at time {time:.6g}, "
        f"state {system.states[fastest]}: {reason} Try {others}, a looser tolerance, or check the parameters."
    )
