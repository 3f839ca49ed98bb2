"""The reference engine: SciPy's `solve_ivp`, segment by segment, on compiled functions."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.integrate import BDF, LSODA, OdeSolution, Radau, solve_ivp

from kinetics.compile import System
from kinetics.engines.guard import BLAME, Guard
from kinetics.engines.rule_monitor import RuleMonitor
from kinetics.engines.tolerances import Tolerances, from_zero, state_scale
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments, Triggers
from kinetics.units.levels import slack

__all__ = ["METHODS", "TOLERANCES", "integrate", "solve_segment"]

MAX_STEPS = 100_000
_NOT_FINITE = "The rates or their derivatives are not finite ({})."


def _guarded(solver: Any) -> Any:
    """A solver that gives up where SciPy's own steps on for ever (LSODA at a pole) or raises (BDF, Radau at a NaN).

    It stops early where its watch says so, and fails where its guard does.
    """

    class Guarded(solver):
        steps = 0

        def __init__(self, *args: Any, guard: Guard, watch: RuleMonitor | None = None, **options: Any) -> None:
            self.watch, self.guard = watch, guard
            super().__init__(*args, **options)

        def step(self) -> str | None:
            message = super().step()
            if self.watch is None or self.status == "failed":
                return message
            if self.watch.step(self.dense_output(), self.t_old, self.t):
                self.status = "finished"
            return message

        def _step_impl(self) -> tuple[bool, str | None]:
            before, left = self.t, self.y
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
            if fault := self.guard.fault(self.fun, (before, self.t), left, self.y):
                return False, fault
            return True, None

    return Guarded


_SOLVERS = {"LSODA": _guarded(LSODA), "BDF": _guarded(BDF), "Radau": _guarded(Radau)}
METHODS = tuple(_SOLVERS)

# at 1e-8 some patients drift by 5e-9 in ten years without a drug, at 3e-10 none by 1e-9
TOLERANCES = Tolerances(relative=3e-10, absolute=1e-13)


def integrate(
    system: System,
    constants: np.ndarray,
    segments: Segments,
    *,
    method: str = "LSODA",
    tolerances: Tolerances | None = None,
    start: np.ndarray | None = None,
    triggers: Triggers | None = None,
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
    triggers : Triggers, optional
        Rules that give doses; baselines are those of the model's own start.

    Returns
    -------
    Trajectory

    Raises
    ------
    IntegrationError
        If the integrator gives up; the message names segment, time and state.
    """
    tolerances = tolerances or TOLERANCES
    functions = system.functions
    first = functions.initial(constants) if start is None else start
    doses = system.dose_matrix()
    scale = state_scale(system, first, segments, triggers)
    watch = None if triggers is None else RuleMonitor(system, constants, segments, triggers, slack(tolerances.relative))
    absolute = tolerances.bounds(system, scale)
    guard = Guard(system, absolute)
    pieces, y = [], first
    for index, (time, end) in enumerate(pairwise(segments.edges.tolist())):
        y = y + segments.boluses[index] @ doses
        while time < end:
            forcing, stop = segments.rates[index] @ doses, end
            if watch is not None:
                y, inflow, stop = watch.begin(time, y, end)
                forcing = forcing + inflow
            begun = y
            piece, y = solve_segment(
                lambda _, z, forcing=forcing: functions.rate(z, constants, forcing),
                lambda _, z: functions.jacobian(z, constants),
                (time, stop),
                y,
                method=method,
                rtol=tolerances.relative,
                atol=absolute,
                guard=guard,
                where=(system, index, len(segments)),
                **({} if watch is None else {"watch": watch}),
            )
            if watch is not None and watch.cut is not None:
                stop = watch.cut
                piece = cut_off(piece, stop)
                y = watch.act(stop, begun if piece is None else piece(stop))
            pieces += [piece] if piece is not None else []
            time = stop
    fired = None if watch is None else watch.fired
    return Trajectory(system, constants, first, pieces, fired, absolute=absolute, relative=tolerances.relative)


def cut_off(piece: OdeSolution, end: float) -> OdeSolution | None:
    """A dense solution up to an earlier end; None if nothing is left."""
    count = int(np.searchsorted(piece.ts, end, side="left"))
    return OdeSolution([*piece.ts[:count], end], piece.interpolants[:count]) if count else None


def solve_segment(
    rate: Any,
    jacobian: Any,
    span: tuple[float, float],
    y: np.ndarray,
    *,
    method: str,
    rtol: float,
    atol: np.ndarray,
    guard: Guard,
    where: tuple[System, int, int],
    **options: Any,
) -> tuple[Any, np.ndarray]:
    """One smooth stretch; returns its dense solution and the vector at its end."""
    guard.begin(y)
    options["guard"] = guard
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            solution = solve_ivp(
                lambda t, z: from_zero(lambda z: rate(t, z), z, atol),
                span,
                y,
                method=_SOLVERS[method],
                jac=lambda t, z: from_zero(lambda z: jacobian(t, z), z, atol),
                rtol=rtol,
                atol=atol,
                dense_output=True,
                **options,
            )
        except (ArithmeticError, ValueError) as error:  # the solvers look at rate and Jacobian before their first step
            reason = _NOT_FINITE.format(error)
            raise IntegrationError(_explain(reason, span[0], y, rate, span, atol, method, where)) from error
        last = np.ascontiguousarray(solution.y[:, -1])
        fault = guard.end(rate, solution.t[-1], last) if solution.success else solution.message
        if not fault:
            return solution.sol, solution.y[:, -1]
        if fault.startswith(BLAME):
            raise IntegrationError(f"{_where(span, solution.t[-1], method, where)}, {fault}")
        raise IntegrationError(_explain(fault, solution.t[-1], last, rate, span, atol, method, where))


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
    system = where[0]
    fastest = int(np.argmax(np.nan_to_num(np.abs(rate(time, last)) / atol, nan=np.inf))) % len(system.states)
    others = " or ".join(name for name in METHODS if name != method)
    return (
        f"{_where(span, time, method, where)}, {BLAME}{system.states[fastest]}: {reason} "
        f"Try {others}, a looser tolerance, or check the parameters."
    )


def _where(span: tuple[float, float], time: float, method: str, where: tuple[System, int, int]) -> str:
    _, index, count = where
    return f"{method} stopped in segment {index + 1} of {count} ({span[0]:g} to {span[1]:g}) at time {time:.6g}"
