"""A trajectory with jumps: pieces between events, and which events were executed when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.engines.events.history import ExecutedEvent, Execution, Firing
from kinetics.engines.trajectory import Trajectory

BEFORE = 4e-12
"""An event comes that much before its time, relatively: a value at the time itself is the one after it."""


@dataclass(frozen=True, eq=False)
class EventTrajectory(Trajectory):
    """The states of one patient at any time; at the time of an event those after it, at that of a dose before it.

    Parameters
    ----------
    executed : sequence of ExecutedEvent
        In order.
    pending : sequence of ExecutedEvent
        Those that have fired, and whose delay goes beyond the end.
    history : sequence of Firing and Execution
        What has fired and what has been executed, in order.
    """

    executed: Sequence[ExecutedEvent] = ()
    pending: Sequence[ExecutedEvent] = ()
    history: Sequence[Firing | Execution] = ()

    @property
    def bounds(self) -> np.ndarray:
        """Absolute tolerances, (state,)."""
        return np.zeros(len(self.system.states)) if self.absolute is None else self.absolute


@dataclass(frozen=True, eq=False)
class Piece:
    """A dense solution between two times at which something happens.

    Parameters
    ----------
    dense : Trajectory or ndarray, (state,)
        Its times count from ``begin``; or states at a single time.
    begin, end : float
        In the model's time.
    is_cut : bool
        Whether an event ends it.
    """

    dense: Trajectory | np.ndarray
    begin: float
    end: float
    is_cut: bool = False

    @property
    def t_max(self) -> float:
        """Up to where it is read."""
        return max(self.begin, self.end * (1.0 - BEFORE)) if self.is_cut else self.end

    @property
    def ts(self) -> np.ndarray:
        """The integrator's own steps, (time,)."""
        inner = np.empty(0) if isinstance(self.dense, np.ndarray) else self.dense.knots + self.begin
        return np.array([self.begin, *inner[(inner > self.begin) & (inner < self.t_max)], self.t_max])

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """States, (state, time)."""
        if isinstance(self.dense, np.ndarray):
            return np.repeat(self.dense[:, None], len(times), axis=1)
        return self.dense.integrated(np.maximum(times - self.begin, 0.0)).T
