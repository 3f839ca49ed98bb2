"""The reference engine: SciPy's `solve_ivp`, segment by segment, on compiled functions."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.compile import System
from kinetics.engines.guard import BLAME, Guard
from kinetics.engines.jumps import jumps
from kinetics.engines.kinks import Kinks
from kinetics.engines.rule_monitor import RuleMonitor
from kinetics.engines.tolerances import Tolerances, from_zero, state_scale
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments, Triggers
from kinetics.units.levels import slack

if TYPE_CHECKING:
    from scipy.integrate import OdeSolution

METHODS = ("LSODA", "BDF", "Radau")

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

    Raises
    ------
    IntegrationError
        If the integrator gives up; the message names segment, time and state.
    """
    tolerances, functions, doses = tolerances or TOLERANCES, system.functions, system.dose_matrix()
    first = functions.initial(constants) if start is None else start
    absolute = tolerances.bounds(system, state_scale(system, constants, first, segments.largest, triggers))
    kinks = Kinks(system, constants, tolerances.relative, absolute)
    solver = StretchSolver(system, segments, method, tolerances.relative, absolute, Guard(system, absolute), kinks)
    monitor = None
    if triggers is not None:
        monitor = RuleMonitor(system, constants, segments, triggers, slack(tolerances.relative))
    pieces, y, given, jacobian = [], first, jumps(system, segments), partial(_jacobian, functions, constants)
    for segment, (time, end) in enumerate(pairwise(segments.edges.tolist())):
        y = y + given[segment]
        while time < end:
            by_rules, stop = 0.0, end
            if monitor is not None:
                y, by_rules, stop = monitor.begin(time, y, end)
            rate = partial(_rate, functions, constants, (segments.rates[segment] + by_rules) @ doses)
            before, options = y, {} if monitor is None else {"monitor": monitor}
            piece, y = solver.solve(rate, jacobian, segment, (time, stop), y, **options)
            if monitor is not None and monitor.cut is not None:
                stop = monitor.cut
                piece = _cut_off(piece, stop)
                y = monitor.give_due(stop, before if piece is None else piece(stop))
            pieces += [piece] if piece is not None else []
            time = stop
    triggered = None if monitor is None else monitor.triggered
    return Trajectory(system, constants, first, pieces, triggered, absolute=absolute, relative=tolerances.relative)


def _rate(functions: Any, constants: np.ndarray, inflow: np.ndarray, _: float, y: np.ndarray) -> np.ndarray:
    return functions.rate(y, constants, inflow)


def _jacobian(functions: Any, constants: np.ndarray, _: float, y: np.ndarray) -> np.ndarray:
    return functions.jacobian(y, constants)


def _cut_off(piece: OdeSolution, end: float) -> OdeSolution | None:
    """A dense solution up to an earlier end; None if nothing is left."""
    # SciPy stops at the end of its step and not at the level of a rule or at a kink: what lies beyond is thrown away
    count = int(np.searchsorted(piece.ts, end, side="left"))
    times, interpolants = [*piece.ts[:count], end], piece.interpolants[:count]
    return type(piece)(times, interpolants, alt_segment=piece.side == "right") if count else None


def _joined(parts: Sequence[OdeSolution]) -> OdeSolution:
    """Dense solutions, one after the other, as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    times = [first.ts[:1], *(part.ts[1:] for part in parts)]
    interpolants = [one for part in parts for one in part.interpolants]
    return type(first)(np.concatenate(times), interpolants, alt_segment=first.side == "right")


@dataclass(frozen=True, eq=False)
class StretchSolver:
    """SciPy's integrator on one smooth stretch after another, and what it says where it gives up.

    Parameters
    ----------
    system : System
        What is integrated.
    segments : Segments
        Doses.
    method : str
        One of `METHODS`.
    relative : float
        Relative tolerance.
    absolute : ndarray, (component,)
        Absolute tolerances; behind the states there may be their sensitivities.
    guard : Guard
        Follows the states.
    kinks : Kinks
        Where a solution begins anew.
    """

    system: System
    segments: Segments
    method: str
    relative: float
    absolute: np.ndarray
    guard: Guard
    kinks: Kinks

    def solve(
        self, rate: Any, jacobian: Any, segment: int, span: tuple[float, float], y: np.ndarray, **options: Any
    ) -> tuple[Any, np.ndarray]:
        """The dense solution of a stretch, and the vector at its end; rate and Jacobian are of time and vector."""
        parts, time, steps = list[Any](), span[0], 0
        while True:
            part, y = self._solve_smooth(rate, jacobian, segment, span, time, y, steps=steps, **options)
            if self.kinks.met is None:
                return _joined([*parts, part]), y
            time, y = self.kinks.met
            steps += part.n_segments
            parts.append(_cut_off(part, time))

    def _solve_smooth(
        self,
        rate: Any,
        jacobian: Any,
        segment: int,
        span: tuple[float, float],
        begin: float,
        y: np.ndarray,
        **options: Any,
    ) -> tuple[Any, np.ndarray]:
        """The same from a time of a stretch on, up to the next kink."""
        from scipy.integrate import solve_ivp  # takes a while to import, and the batch engine does without

        from kinetics.engines.guarded_solvers import NOT_FINITE, SOLVERS

        # a problem of its own: LSODA keeps a history of steps, which a jump of the rates makes worthless
        self.guard.begin(y)
        self.kinks.begin(y, span[1])
        # what LSODA prints as a warning, and a rate that is no number, is reported once, in the error below
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                solution = solve_ivp(
                    lambda t, z: from_zero(lambda z: rate(t, z), z, self.absolute),
                    (begin, span[1]),
                    y,
                    method=SOLVERS[self.method],
                    jac=lambda t, z: from_zero(lambda z: jacobian(t, z), z, self.absolute),
                    rtol=self.relative,
                    atol=self.absolute,
                    dense_output=True,
                    guard=self.guard,
                    kinks=self.kinks,
                    **options,
                )
            except (ArithmeticError, ValueError) as error:  # raised by a look at the rates before the first step
                raise IntegrationError(
                    self._explain(NOT_FINITE.format(error), rate, segment, span, begin, y)
                ) from error
            time, last = solution.t[-1], np.ascontiguousarray(solution.y[:, -1])
            fault = self.guard.end(rate, time, last) if solution.success else solution.message
            if fault.startswith(BLAME):
                raise IntegrationError(f"{self._where(segment, span, time)}, {fault}")
            if fault:
                raise IntegrationError(self._explain(fault, rate, segment, span, time, last))
            return solution.sol, solution.y[:, -1]

    def _explain(
        self, reason: str, rate: Any, segment: int, span: tuple[float, float], time: float, y: np.ndarray
    ) -> str:
        # the fastest component for its tolerance; behind the states each parameter has as many derivatives
        speeds = np.nan_to_num(np.abs(rate(time, y)) / self.absolute, nan=np.inf)
        state = self.system.states[int(np.argmax(speeds)) % len(self.system.states)]
        others = " or ".join(name for name in METHODS if name != self.method)
        return (
            f"{self._where(segment, span, time)}, {BLAME}{state}: {reason} "
            f"Try {others}, a looser tolerance, or check the parameters."
        )

    def _where(self, segment: int, span: tuple[float, float], time: float) -> str:
        inside = f"segment {segment + 1} of {len(self.segments)} ({span[0]:g} to {span[1]:g})"
        return f"{self.method} stopped in {inside} at time {time:.6g}"
