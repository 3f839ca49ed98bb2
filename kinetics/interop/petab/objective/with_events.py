"""Experiments of models with events, which the engines of periods do not follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kinetics.compile import System, compile_model
from kinetics.engines.clock import clock_of
from kinetics.engines.dosing.integrating import Engine as EngineName
from kinetics.engines.events import EventTrajectory, SensitiveEventTrajectory, differentiate
from kinetics.engines.periods import ExperimentValues, Period, PeriodValues
from kinetics.engines.sensitivity import Directions
from kinetics.errors import IntegrationError
from kinetics.interop.petab.objective.parts import Crossing
from kinetics.regimen import Segments
from kinetics.text.lists import listed

JUST_BEFORE = 1e-9
"""How long before and behind the begin of a period, over the larger of its end and 1, states there are read."""
LONGEST = 1e9
"""How long a steady state is waited for, in the model's time."""
AT_REST = 1e-9
"""Change in a unit of time, over the state or 1, that counts as none."""
_NAMED = 6


@dataclass(frozen=True, eq=False)
class _SettableSystem(System):
    """A model into each of whose states something can be given at once: what conditions change comes before events."""

    def dose_matrix(self) -> np.ndarray:
        """Each into its own state, (state, state)."""
        return np.eye(len(self.states))

    def check_doses(self, amounts: np.ndarray) -> None:
        """No state rests, so nothing is lost."""


@dataclass(frozen=True, eq=False)
class _Point:
    """States, (state,), and their derivatives, (state, direction)."""

    y: np.ndarray
    changes: np.ndarray

    def at(self, time: float, clock: int | None) -> _Point:
        """The same with the clock at a time."""
        if clock is None:
            return self
        y, changes = self.y.copy(), self.changes.copy()
        y[clock], changes[clock] = time, 0.0
        return _Point(y, changes)


@dataclass(frozen=True, eq=False)
class _Held:
    """What holds in a period: constants, their derivatives, and which of them are differentiated."""

    constants: np.ndarray
    by_direction: np.ndarray
    entered: tuple[int, ...]


class EventRun:
    """One experiment of a model with events.

    Conditions come before events at the same time: a trigger that they make true fires.

    Parameters
    ----------
    system : System
        The compiled model.
    engine : {"batch", "scipy"}
        Which integrates.
    gradient : bool
        Whether derivatives are worked out.
    """

    def __init__(self, system: System, engine: EngineName, *, gradient: bool) -> None:
        self._system, self._engine, self._gradient = _settable(system), engine, gradient
        self._clock = clock_of(system)

    @cached_property
    def _later(self) -> System:
        """The same model for all but the first stretch: what a trigger counts as before the start is forgotten."""
        model = self._system.model
        events = {name: replace(event, initial=True) for name, event in model.events.items()}
        return _settable(compile_model(replace(model, events=events)))

    def values(self, periods: Sequence[Period]) -> ExperimentValues:
        """What becomes of the states; outputs are the states."""
        found: list[PeriodValues] = []
        size = periods[0].parameter_changes.shape[1] if self._gradient else 0
        last: _Point | None = None
        rate: np.ndarray | None = None
        try:
            for number, period in enumerate(periods):
                now = self._held(period)
                before = self._first(now) if last is None else last
                start = _jumped(before, period)
                start = start.at(period.begin if math.isfinite(period.begin) else 0.0, self._clock)
                outputs, last, lost = self._period(period, now, before, start, rate)
                if lost and number + 1 < len(periods):
                    raise _not_carried(lost)
                rate = self._system.functions.rate(last.y, now.constants, np.zeros(last.y.size))
                found.append(PeriodValues(outputs.y, outputs.changes, start.y, last.y, start.changes, last.changes))
        except IntegrationError as error:
            nothing = np.full((len(self._system.states), size), np.nan)
            for period in periods[len(found) :]:
                table = np.full((len(period.times), *nothing.shape), np.nan)
                states = np.full(len(nothing), np.nan)
                shape = np.full(table.shape[:2], np.nan)
                found.append(PeriodValues(shape, table, states, states, nothing, nothing))
            return ExperimentValues(tuple(found), str(error))
        return ExperimentValues(tuple(found), "")

    def _held(self, period: Period) -> _Held:
        functions, parameters = self._system.functions, period.parameters
        changes = period.parameter_changes if self._gradient else period.parameter_changes[:, :0]
        used = [self._system.parameters[number] for number in np.flatnonzero(changes.any(axis=1))]
        by_direction = functions.constants_by_parameter(parameters) @ changes
        return _Held(self._system.constants(parameters), by_direction, self._system.constants_entered(used))

    def _first(self, now: _Held) -> _Point:
        """The start that the model states."""
        functions = self._system.functions
        changes = functions.initial_by_constant(now.constants) @ now.by_direction
        return _Point(functions.initial(now.constants), changes)

    def _period(
        self, period: Period, now: _Held, before: _Point, start: _Point, rate: np.ndarray | None
    ) -> tuple[_Point, _Point, list[str]]:
        """States at the times of a period, and just before its end; the events whose delay goes beyond that.

        ``rate`` are the rates before it, if it is not the first.
        """
        if rate is not None:
            before = before.at(period.begin - JUST_BEFORE * max(1.0, abs(period.begin)), self._clock)
        elif math.isfinite(period.begin):
            before = before.at(period.begin, self._clock)
        outputs = _Point(*(np.empty((len(period.times), *table.shape)) for table in (before.y, before.changes)))
        finite = np.isfinite(period.times)
        if math.isfinite(period.begin):
            last = period.end if math.isfinite(period.end) else max([*period.times[finite], period.begin + 1.0])
            length = max(last - period.begin, JUST_BEFORE)
            delays = period.jump.time_changes if isinstance(period.jump, Crossing) and self._gradient else None
            trajectory = self._stretch(now, before, start, length, rate, delays)
            close = JUST_BEFORE * max(1.0, abs(last))
            # at its begin a trajectory has the states before what is given there
            times = np.maximum(period.times[finite] - period.begin, close)
            outputs.y[finite], outputs.changes[finite] = trajectory.integrated(times), trajectory.state_changes(times)
            end = _read(trajectory, length - close)
            if math.isfinite(period.end):
                return outputs, end, self._delayed(trajectory, length - close)
            if lost := self._delayed(trajectory, np.inf):
                raise _not_carried(lost)
            before = start = _read(trajectory, length)
            rate = self._system.functions.rate(start.y, now.constants, np.zeros(start.y.size))
        end = self._rest(now, before, start, rate)
        outputs.y[~finite], outputs.changes[~finite] = end.y, end.changes
        return outputs, end, []

    def _delayed(self, trajectory: EventTrajectory, time: float) -> list[str]:
        """The events that fire before a time and are executed from then on."""
        late = [one.name for one in trajectory.executed if one.time >= time]
        return [
            *(one.name for one in trajectory.pending),
            *(name for name in late if self._system.model.events[name].delay is not None),
        ]

    def _rest(self, now: _Held, before: _Point, start: _Point, rate: np.ndarray | None) -> _Point:
        """The states in which nothing changes, after all events on the way."""
        length = passed = 1.0
        while passed < LONGEST:
            trajectory = self._stretch(now, before, start, length, rate)
            before = start = _read(trajectory, length)
            if lost := self._delayed(trajectory, np.inf):
                raise _not_carried(lost)
            length, passed = 10.0 * length, passed + length
            rate = self._system.functions.rate(start.y, now.constants, np.zeros(start.y.size))
            still = rate.copy()
            if self._clock is not None:
                still[self._clock] = 0.0
            if (np.abs(still) <= AT_REST * np.maximum(np.abs(start.y), 1.0)).all():
                return start
        raise IntegrationError(f"no steady state within {LONGEST:g}: a state still changes")

    def _stretch(
        self,
        now: _Held,
        before: _Point,
        start: _Point,
        length: float,
        rate: np.ndarray | None,
        delays: np.ndarray | None = None,
    ) -> SensitiveEventTrajectory:
        """From before a jump on; ``delays``, (direction,), are the derivatives of its time, if it has some."""
        system, size = self._system if rate is None else self._later, before.changes.shape[1]
        edges, none = np.array([0.0, length]), np.zeros((1, len(system.states), size))
        segments = Segments(system.states, edges, none[:, :, :0].sum(axis=2), (start.y - before.y)[None])
        moved = np.zeros((1, size)) if delays is None else delays[None]
        given = (start.changes - before.changes)[None]
        by = Directions(before.changes, now.by_direction, now.entered, none, given, moved)
        return differentiate(self._engine, system, now.constants, segments, before.y, by, rate=rate)


def _jumped(before: _Point, period: Period) -> _Point:
    """Behind the jump at the begin of a period."""
    if period.jump is None:
        return before
    there = period.jump(before.y)
    direct = there.by_direction[:, : before.changes.shape[1]]
    return _Point(there.states, there.by_state @ before.changes + direct)


def _read(trajectory: SensitiveEventTrajectory, time: float) -> _Point:
    at = np.array([time])
    return _Point(trajectory.integrated(at)[0], trajectory.state_changes(at)[0])


def _settable(system: System) -> System:
    return _SettableSystem(system.model, system.functions, system.rest)


def _not_carried(events: list[str]) -> IntegrationError:
    return IntegrationError(
        f"the delay of event {listed(sorted(set(events)), _NAMED)} goes beyond the end of a period or of a stretch "
        "on the way to a steady state, and is not carried over; let no condition begin while an event waits"
    )
