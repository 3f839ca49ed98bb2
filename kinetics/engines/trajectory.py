"""A dense solution in pieces, one a segment, and outputs read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from kinetics.compile import System
from kinetics.engines.jumps import clock_of
from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.engines.tolerances import from_zero
from kinetics.units.levels import slack

_ROUNDING = 1e-12  # 3 * 0.1 lies a rounding after a dose at 0.3


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The states of one patient at any time.

    Parameters
    ----------
    system : System
        What was integrated.
    constants : ndarray, (constant,)
        Parameters and derived constants of the patient.
    start : ndarray, (state,)
        The states before the first dose.
    pieces : sequence of scipy.integrate.OdeSolution
        One a segment, in order of time.
    triggered_doses : TriggeredDoses, optional
        What rules did; None without rules.
    absolute : ndarray, (state,), optional
        Absolute tolerances, of states that may be below zero by the error of the integrator; see
        `kinetics.engines.tolerances.from_zero`.
    relative : float
        Relative tolerance of the integration.
    """

    system: System
    constants: np.ndarray
    start: np.ndarray
    pieces: Sequence[Any]
    triggered_doses: TriggeredDoses | None = None
    absolute: np.ndarray | None = None
    relative: float = 0.0
    # measures of several outputs sample the same times
    _latest: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def knots(self) -> np.ndarray:
        """The integrator's own steps, increasing, in the model's time."""
        return np.unique(np.concatenate([piece.ts for piece in self.pieces]))

    def integrated(self, times: np.ndarray) -> np.ndarray:
        """`states` without those that rest; a clock has no error, so that conditions of time hold from a time on."""
        states = read(self.pieces, times, self.start[: len(self.system.states)])
        if (clock := clock_of(self.system)) is not None:
            states[:, clock] = self.start[clock] + np.maximum(times, 0.0)
        return states

    def states(self, times: np.ndarray) -> np.ndarray:
        """States, (time, state), in the units of the model; at an edge, and a rounding beyond it, before the dose."""
        return self.system.all_states(self.integrated(times), self.constants)

    def outputs(self, times: np.ndarray) -> np.ndarray:
        """Outputs, (time, output), in the units of the model."""
        key = np.asarray(times, dtype=float).tobytes()
        if self._latest.get("key") != key:
            states = np.ascontiguousarray(self.integrated(times))
            table = from_zero(lambda y: self.system.functions.output_table(y, self.constants), states, self.absolute)
            self._latest.update(key=key, table=table)
        return self._latest["table"]

    def at_rest(self, name: str) -> float:
        """An output or state at the model's own start, before any drug."""
        first = self.system.functions.initial(self.constants)
        return float(replace(self, start=first).curve(name)(np.zeros(1))[0])

    def curve(self, name: str) -> OutputCurve:
        """An output or state as a function of time."""
        return OutputCurve(self, *self.system.row(name))


class OfTime(Protocol):
    """What an `OutputCurve` reads: a `Trajectory`, or several of them, one after the other."""

    @property
    def relative(self) -> float:
        """Relative tolerance of the integration."""
        ...

    @property
    def knots(self) -> np.ndarray:
        """The integrator's own steps, increasing, in the model's time."""
        ...

    def outputs(self, times: np.ndarray) -> np.ndarray:
        """Outputs, (time, output), in the units of the model."""
        ...

    def states(self, times: np.ndarray) -> np.ndarray:
        """States, (time, state), in the units of the model."""
        ...


@dataclass(frozen=True, eq=False)
class OutputCurve:
    """One output or state over time: a curve that measures can be taken of."""

    trajectory: OfTime
    kind: str
    index: int

    @property
    def slack(self) -> float:
        """The share of a level within which the curve counts as at it."""
        return slack(self.trajectory.relative)

    @property
    def knots(self) -> np.ndarray:
        """The integrator's own steps, increasing, in the model's time."""
        return self.trajectory.knots

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """Values at ``times``, same shape."""
        times = np.asarray(times, dtype=float)
        flat = np.atleast_1d(times).ravel()
        table = self.trajectory.outputs(flat) if self.kind == "output" else self.trajectory.states(flat)
        return table[:, self.index].reshape(times.shape)


def read(pieces: Sequence[Any], times: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The first components of a solution in pieces, (time, component).

    Parameters
    ----------
    pieces : sequence of scipy.integrate.OdeSolution
        In order of time.
    times : ndarray, (time,)
        At an edge, and a rounding beyond it, the value before it is read.
    start : ndarray, (component,)
        The values at 0 and before; as many components are read.
    """
    times = np.asarray(times, dtype=float)
    ends = np.array([piece.t_max for piece in pieces])
    piece_of = np.minimum(np.searchsorted(ends * (1 + _ROUNDING), times, side="left"), len(pieces) - 1)
    values = np.empty((times.size, start.size))
    for index in np.unique(piece_of):
        chosen = piece_of == index
        values[chosen] = pieces[index](np.minimum(times[chosen], ends[index]))[: start.size].T
    values[times <= 0.0] = start
    return values
