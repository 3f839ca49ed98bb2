"""Derivatives along a trajectory with events: integrated between them, and carried across each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.engines.events.crossings import Arrival, Crossings, Moved, check_together
from kinetics.engines.events.execution import numbers_of, states_set
from kinetics.engines.events.history import Execution, Firing
from kinetics.engines.events.integrating import SAME
from kinetics.engines.events.sensitivity import MovingEvent, SensitiveEventTrajectory, TangentPiece
from kinetics.engines.events.trajectory import EventTrajectory
from kinetics.engines.jumps import jumps
from kinetics.engines.sensitivity import Directions
from kinetics.engines.tolerances import Tolerances, from_zero
from kinetics.regimen import Segments


def sensitive(
    found: EventTrajectory,
    start: np.ndarray,
    with_tangent: Sequence[Any],
    segments: Segments,
    directions: Directions,
    moving: Sequence[MovingEvent],
) -> SensitiveEventTrajectory:
    """A trajectory with its derivatives."""
    return SensitiveEventTrajectory(
        found.system, found.constants, start, found.pieces, absolute=found.absolute, relative=found.relative,
        executed=found.executed, pending=found.pending, history=found.history,
        with_tangent=with_tangent, segments=segments, by_parameter=directions.constants, moving=moving,
    )  # fmt: skip


def fixed(system: System, tolerances: Tolerances, absolute: np.ndarray) -> Tolerances:
    """Tolerances whose absolute ones are given, (state,), wherever a stretch begins."""
    return replace(tolerances, of_states=tuple(zip(system.states, absolute.tolist(), strict=True)))


class Tangent:
    r"""The derivatives S of the states, (state, direction), on their way along a trajectory that is known.

    An event fires at a time t* with a derivative, and is executed at a time with another if its delay has one. What an
    execution makes of the states, from y- to y+, moves along its time: with d/dp y- = S- + f- dt/dp at that moving
    time, S+ is d/dp y+ - f+ dt/dp.

    Parameters
    ----------
    found : EventTrajectory
        The trajectory.
    start : ndarray, (state,)
        States at time 0, before any dose.
    segments : Segments
        Doses.
    directions : Directions
        What is differentiated by.
    differentiate : callable
        The engine between events: `kinetics.engines.sensitivity.differentiate` or that of `kinetics.engines.batch`.
    """

    def __init__(
        self,
        found: EventTrajectory,
        start: np.ndarray,
        segments: Segments,
        directions: Directions,
        differentiate: Callable[..., Any],
    ) -> None:
        self._found, self._system, self._constants = found, found.system, found.constants
        self._segments, self._by, self._differentiate = segments, directions, differentiate
        self._tolerances = fixed(self._system, Tolerances(found.relative, 0.0), found.bounds)
        self._inflows, self._given = segments.rates @ self._system.dose_matrix(), jumps(self._system, segments)
        self._inflow, self._same = self._inflows[0], SAME * float(segments.edges[-1])
        self._y, self._s, self._start = start, directions.start, directions.start
        self._numbers, self._states = numbers_of(self._system), states_set(self._system)
        self._crossings = Crossings(found, directions.constants)
        self._history = list(found.history)[::-1]
        self._fired: dict[Firing, tuple[Moved, np.ndarray | None]] = {}
        self._together: Moved | None = None
        self._f = np.zeros(start.size)
        self._pieces, self._moving = list[TangentPiece](), list[MovingEvent]()

    def go_on(self, rate: np.ndarray) -> None:
        """Begin where something has ended, with these rates."""
        self._crossings.arrive(Arrival(self._y, self._s, lambda _: rate))

    def finished(self) -> SensitiveEventTrajectory:
        """Everything."""
        edges = self._segments.edges.tolist()
        for segment, (time, end) in enumerate(pairwise(edges)):
            self._give(segment)
            self._happen(time)
            while time < end:
                time = self._stretch(segment, time, end)
                if time < end:
                    self._happen(time)
        self._happen(edges[-1])
        start = np.concatenate([self._found.start, self._start.T.ravel()])
        return sensitive(self._found, start, self._pieces, self._segments, self._by, self._moving)

    def _give(self, segment: int) -> None:
        """Doses at once at the begin of a segment, which may come later with parameters."""
        self._inflow, before = self._inflows[segment], self._y
        self._y = before + self._given[segment]
        delay = self._by.delays[segment]
        slower = self._rate(before) - self._rate(self._y)
        self._s = self._s + self._by.boluses[segment] + np.outer(slower, delay)
        self._together, self._f = Moved(delay, np.abs(delay)), self._rate(self._y)

    def _stretch(self, segment: int, time: float, end: float) -> float:
        """Integrate up to what happens next, or the end of the segment; returns when that is."""
        stop = end if not self._history else min(end, self._history[-1].at)
        stop = end if end - stop <= self._same else stop
        edges, nothing = np.array([0.0, stop - time]), np.zeros((1, len(self._segments.drugs)))
        plan = Segments(self._segments.drugs, edges, self._segments.rates[segment][None], nothing)
        none = np.zeros((1, *self._s.shape))
        by = replace(
            self._by, start=self._s, inflows=self._by.inflows[segment][None], boluses=none, delays=none[:, 0]
        )  # fmt: skip
        options = {"tolerances": self._tolerances}
        dense = self._differentiate(self._system, self._constants, plan, self._y, by, **options)
        last = self._history[-1] if self._history and stop < end else None
        self._crossings.check_touched(dense, time, last if isinstance(last, Firing) else None)
        piece = TangentPiece(dense, time, stop)
        self._pieces.append(piece)
        end_values = piece(np.array([stop]))[:, 0]
        states = self._y.size
        self._y, self._s = end_values[:states], end_values[states:].reshape(-1, states).T
        self._crossings.arrive(Arrival(self._y, self._s, partial(self._rate, inflow=self._inflow)))
        self._together, self._f = None, self._rate(self._y)
        return stop

    def _happen(self, time: float) -> None:
        """What fires and is executed at a time."""
        executed = False
        while self._history and self._history[-1].at <= time + self._same:
            happening = self._history.pop()
            if isinstance(happening, Firing):
                self._fire(happening)
            else:
                self._execute(happening)
                executed = True
        if executed and not self._pieces:
            self._start = self._s
        elif executed:
            self._pieces[-1] = replace(self._pieces[-1], is_cut=True)
            if time >= self._segments.edges[-1]:
                last = np.concatenate([self._y, self._s.T.ravel()])
                self._pieces.append(TangentPiece(last, time, time))

    def _fire(self, firing: Firing) -> None:
        """When an event fires, when it is to be executed, and values that are worked out now; with derivatives."""
        moved = self._crossings.moved(firing, self._together)
        if firing.sides is not None and (rate := self._crossings.rate) is not None:
            self._f = rate
        self._together = moved
        along = self._s + np.outer(self._f, moved.changes)
        numbers = self._of_event(firing.event, firing.y, along)
        due = Moved(moved.changes + numbers[0], moved.size + np.abs(numbers[0]))
        self._fired[firing] = due, None if firing.values is None else numbers[2:]

    def _execute(self, execution: Execution) -> None:
        """The jump of the derivatives."""
        moved, values = self._fired.pop(execution.firing)
        if self._together is not None:
            check_together(self._system, execution.at, self._together, moved)
        self._together = moved
        event = execution.firing.event
        along = self._s + np.outer(self._f, moved.changes)
        along[self._states[event]] = self._of_event(event, execution.before, along)[2:] if values is None else values
        self._f = self._rate(self._crossings.behind(execution.after))
        self._y, self._s = execution.after, along - np.outer(self._f, moved.changes)
        self._moving.append(MovingEvent(execution.at, moved.changes))

    def _of_event(self, event: int, y: np.ndarray, along: np.ndarray) -> np.ndarray:
        """Derivatives of the delay, the priority and the assigned values of an event, (number, direction)."""
        functions, numbers, constants = self._system.functions, self._numbers[event], self._constants
        by_state = functions.events_by_state(y, constants)[numbers]
        by_constant = functions.events_by_constant(y, constants)[numbers]
        return by_state @ along + by_constant @ self._by.constants

    def _rate(self, y: np.ndarray, inflow: np.ndarray | None = None) -> np.ndarray:
        functions, given = self._system.functions, self._inflow if inflow is None else inflow
        return from_zero(lambda y: functions.rate(y, self._constants, given), y, self._found.absolute)
