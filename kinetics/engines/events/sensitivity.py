"""A trajectory with events and its derivatives, which jump where an event moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kinetics.engines.events.trajectory import EventTrajectory, Piece
from kinetics.engines.sensitivity import SensitiveTrajectory
from kinetics.errors import IntegrationError
from kinetics.units import unit_text

CLOSE = 1e-9
"""Times closer than this share of the later one are one."""
JUMP = 1e-6
"""Change of an output between two such times, as a share of it, that is a jump."""


class MovingEvent(NamedTuple):
    """The time of an execution, in the model's time, and its derivatives, (direction,)."""

    time: float
    changes: np.ndarray


@dataclass(frozen=True, eq=False)
class TangentPiece(Piece):
    """A piece that holds the states, then their derivatives by each direction in turn."""

    def __call__(self, times: np.ndarray) -> np.ndarray:
        """States and derivatives, (component, time)."""
        if isinstance(self.dense, SensitiveTrajectory):
            return self.dense.with_tangent[0](np.maximum(times - self.begin, 0.0))
        return super().__call__(times)


@dataclass(frozen=True, eq=False, kw_only=True)
class SensitiveEventTrajectory(SensitiveTrajectory, EventTrajectory):
    """A trajectory with events and its derivatives.

    Parameters
    ----------
    moving : sequence of MovingEvent
        Every execution, in order.
    """

    moving: Sequence[MovingEvent] = ()

    def output_gradient(self, times: np.ndarray) -> np.ndarray:
        """Derivatives of the outputs by the chosen parameters at fixed times, (time, output, parameter).

        Raises
        ------
        IntegrationError
            If an output jumps at one of the times, which the jump passes when parameters change.
        """
        self._check_apart(times, "an output", self.outputs)
        return super().output_gradient(times)

    def check_read(self, times: np.ndarray) -> None:
        """Refuse, with an `IntegrationError`, times at which a state jumps that the jump passes."""
        self._check_apart(times, "a state", self.states)

    def state_changes(self, times: np.ndarray) -> np.ndarray:
        """Derivatives of the states at fixed times, (time, state, parameter); raises as `check_read` does."""
        self.check_read(times)
        return super().state_changes(times)

    def crossing_gradient(self, name: str, time: float, level_changes: np.ndarray | None = None) -> np.ndarray:
        """Derivatives of the time at which an output comes to a level, (parameter,): also by a jump of it."""
        for event in self._jumps(time, self._curve(name)):
            return event.changes
        return super().crossing_gradient(name, time, level_changes)

    def extreme_gradient(self, name: str, time: float) -> np.ndarray:
        """Derivatives of an extreme of an output, (parameter,): also of one at a jump, with which it moves."""
        index = self.system.outputs.index(name)
        for event in self._jumps(time, self._curve(name)):
            side = np.array([time + (-CLOSE if time < event.time else CLOSE) * time])
            return super().output_gradient(side)[0, index] + self.output_slope(side)[0, index] * event.changes
        return super().extreme_gradient(name, time)

    def _curve(self, name: str) -> Callable[[np.ndarray], np.ndarray]:
        index = self.system.outputs.index(name)
        return lambda times: self.outputs(times)[:, index]

    def _check_apart(self, times: np.ndarray, kind: str, values: Callable[[np.ndarray], np.ndarray]) -> None:
        for time in np.asarray(times, dtype=float).tolist():
            if any(event.changes.any() for event in self._jumps(time, values)):
                raise IntegrationError(
                    f"{kind} is read at time {time:.6g} {unit_text(self.system.model.time)}, at which an event "
                    "makes it jump. The event moves with the parameters, so the value has no derivative"
                )

    def _jumps(self, time: float, values: Callable[[np.ndarray], np.ndarray]) -> list[MovingEvent]:
        """The events at a time, if one of some values jumps there."""
        there = [event for event in self.moving if abs(event.time - time) <= CLOSE * max(abs(time), abs(event.time))]
        if not there:
            return []
        before, after = values(np.array([there[0].time, there[-1].time]) + CLOSE * abs(time) * np.array([-1.0, 1.0]))
        return there if (np.abs(after - before) > JUMP * (np.abs(after) + np.abs(before))).any() else []
