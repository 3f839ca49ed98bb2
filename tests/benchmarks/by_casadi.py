"""CVODES as CasADi ships it, on the same sympy expressions: one integrator a segment, built before it is timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np
import sympy as sp

from casadi_printer import to_casadi
from kinetics.compile import System
from kinetics.engines import Tolerances
from kinetics.engines.tolerances import state_scale
from workload import COHORTS, Workload

__all__ = ["Engine", "symbolic"]


def symbolic(system: System, states: Any, constants: Any) -> tuple[Any, Any]:
    """Rates and outputs of a model over CasADi vectors of states and constants.

    Returns
    -------
    tuple of casadi.SX
        (state,) without infusion, and (output,).
    """
    model = system.model
    names = [sp.Symbol(name, real=True) for name in model.defaults]
    names += [model.definitions[name].symbol for name in model.constants]
    symbols = {row.symbol: states[index] for index, row in enumerate(model.states.values())}
    symbols |= {name: constants[index] for index, name in enumerate(names)}
    rates = [model.written_out(row.rate, model.constants) for row in model.states.values()]
    outputs = [
        row.symbol if row.name in model.constants else model.written_out(row.value, model.constants)
        for row in model.outputs.values()
    ]
    return to_casadi(rates, symbols), to_casadi(outputs, symbols)


@dataclass(frozen=True)
class _Piece:
    """The integrator of a segment, what it adds and lets flow in, and how many of the output times lie in it."""

    integrate: Any
    jump: np.ndarray
    inflow: np.ndarray
    outputs: int


class Engine:
    """One process, one patient at a time; states are scaled to their size, so that the tolerance fits each."""

    name = "CasADi CVODES"
    about = "CVODES with exact sparse Jacobian, expressions interpreted by CasADi, one process"
    together = False
    relative = (1e-6, 3e-7, 1e-7, 5e-8, 2e-8, 1e-8, 5e-9, 2e-9, 1e-9)
    absolute = (1e-4, 1e-5)

    def __init__(self, work: Workload) -> None:
        self._work = work
        system = work.system
        typical = work.typical(COHORTS[0])
        start = system.functions.initial(typical)
        self._scale = state_scale(system, typical, start, work.segments.largest)
        self._scaled = ca.SX.sym("z", len(system.states))
        self._constants = ca.SX.sym("c", typical.size)
        self._rates, outputs = symbolic(system, self._scaled * self._scale, self._constants)
        self._outputs = ca.Function("outputs", [self._scaled, self._constants], [outputs])
        self._built: dict[Any, list[_Piece]] = {}

    def outputs(self, constants: np.ndarray, tolerances: Tolerances, times: np.ndarray) -> np.ndarray:
        """Outputs at some times, (patient, time, output)."""
        key = (tolerances, times.tobytes())
        if key not in self._built:
            self._built = {key: self._pieces(tolerances, times)}
        return np.array([self._one(self._built[key], one) for one in constants])

    def _one(self, pieces: list[_Piece], constants: np.ndarray) -> np.ndarray:
        state = self._work.system.functions.initial(constants) / self._scale
        columns = [state[:, None]]
        for piece in pieces:
            start = state + piece.jump
            ends = np.array(piece.integrate(x0=start, p=np.concatenate([constants, piece.inflow]))["xf"])
            columns.append(ends[:, : piece.outputs])
            state = ends[:, -1]
        return np.array(self._outputs(np.hstack(columns), constants[:, None])).T

    def _pieces(self, tolerances: Tolerances, times: np.ndarray) -> list[_Piece]:
        given, doses = self._work.segments, self._work.system.dose_matrix()
        options = {
            "reltol": tolerances.relative,
            "abstol": tolerances.absolute,
            "max_num_steps": 100_000,
        }
        inflow = ca.SX.sym("inflow", self._scale.size)
        equations = {
            "x": self._scaled,
            "p": ca.vertcat(self._constants, inflow),
            "ode": (self._rates + inflow) / self._scale,
        }
        pieces = []
        for index, (begin, end) in enumerate(zip(given.edges[:-1], given.edges[1:], strict=True)):
            inside = times[(times > begin) & (times <= end)]
            stops = inside if inside.size and inside[-1] == end else np.append(inside, end)
            integrator = ca.integrator(f"segment_{index}", "cvodes", equations, begin, stops.tolist(), options)
            jump = given.boluses[index] @ doses / self._scale
            pieces.append(_Piece(integrator, jump, given.rates[index] @ doses, inside.size))
        return pieces
