"""Experiments of models with events, which the engines of periods do not follow: states alone, without derivatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np

from kinetics.compile import System, compile_model
from kinetics.engines.clock import clock_of
from kinetics.engines.dosing.integrating import Engine as EngineName
from kinetics.engines.events.trajectory import EventTrajectory
from kinetics.engines.periods import ExperimentValues, Period, PeriodValues
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments
from kinetics.simulation.engine import choose_engine
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


class EventRun:
    """One experiment of a model with events.

    Conditions come before events at the same time: a trigger that they make true fires.

    Parameters
    ----------
    system : System
        The compiled model.
    engine : {"batch", "scipy"}
        Which integrates.
    """

    def __init__(self, system: System, engine: EngineName) -> None:
        self._system, self._engine = _settable(system), choose_engine(engine, None, 1, None)

    @cached_property
    def _later(self) -> System:
        """The same model for all but the first stretch: what a trigger counts as before the start is forgotten."""
        model = self._system.model
        events = {name: replace(event, initial=True) for name, event in model.events.items()}
        return _settable(compile_model(replace(model, events=events)))

    def values(self, periods: Sequence[Period]) -> ExperimentValues:
        """What becomes of the states; outputs are the states, derivatives are NaN."""
        found: list[PeriodValues] = []
        states: np.ndarray | None = None
        try:
            for number, period in enumerate(periods):
                constants = self._system.constants(period.parameters)
                before = self._system.functions.initial(constants) if states is None else states
                start = before if period.jump is None else period.jump(before).states
                start = self._at(start, period.begin if math.isfinite(period.begin) else 0.0)
                outputs, states, lost = self._period(period, constants, before, start, is_first=number == 0)
                if lost and number + 1 < len(periods):
                    raise _not_carried(lost)
                found.append(_without_derivatives(period, outputs, start, states))
        except IntegrationError as error:
            nothing = np.full(len(self._system.states), np.nan)
            for period in periods[len(found) :]:
                outputs = np.full((len(period.times), nothing.size), np.nan)
                found.append(_without_derivatives(period, outputs, nothing, nothing))
            return ExperimentValues(tuple(found), str(error))
        return ExperimentValues(tuple(found), "")

    def _period(
        self, period: Period, constants: np.ndarray, before: np.ndarray, start: np.ndarray, *, is_first: bool
    ) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """States at the times of a period, and just before its end; the events whose delay goes beyond that."""
        if not is_first:
            before = self._at(before, period.begin - JUST_BEFORE * max(1.0, abs(period.begin)))
        elif math.isfinite(period.begin):
            before = self._at(before, period.begin)
        outputs = np.empty((len(period.times), before.size))
        finite = np.isfinite(period.times)
        if math.isfinite(period.begin):
            last = period.end if math.isfinite(period.end) else max([*period.times[finite], period.begin + 1.0])
            length = max(last - period.begin, JUST_BEFORE)
            trajectory = self._stretch(constants, before, start - before, length, is_first=is_first)
            close = JUST_BEFORE * max(1.0, abs(last))
            # at its begin a trajectory has the states before what is given there
            outputs[finite] = trajectory.integrated(np.maximum(period.times[finite] - period.begin, close))
            end = trajectory.integrated(np.array([length - close]))[0]
            if math.isfinite(period.end):
                return outputs, end, self._delayed(trajectory, length - close)
            if lost := self._delayed(trajectory, np.inf):
                raise _not_carried(lost)
            before = start = trajectory.integrated(np.array([length]))[0]
            is_first = False
        end = self._rest(constants, before, start, is_first=is_first)
        outputs[~finite] = end
        return outputs, end, []

    def _delayed(self, trajectory: EventTrajectory, time: float) -> list[str]:
        """The events that fire before a time and are executed from then on."""
        late = [one.name for one in trajectory.executed if one.time >= time]
        return [
            *(one.name for one in trajectory.pending),
            *(name for name in late if self._system.model.events[name].delay is not None),
        ]

    def _rest(self, constants: np.ndarray, before: np.ndarray, start: np.ndarray, *, is_first: bool) -> np.ndarray:
        """The states in which nothing changes, after all events on the way."""
        length = passed = 1.0
        clock, none = clock_of(self._system), np.zeros(before.size)
        while passed < LONGEST:
            trajectory = self._stretch(constants, before, start - before, length, is_first=is_first)
            before = start = trajectory.integrated(np.array([length]))[0]
            if lost := self._delayed(trajectory, np.inf):
                raise _not_carried(lost)
            is_first, length, passed = False, 10.0 * length, passed + length
            rates = self._system.functions.rate(start, constants, none)
            if clock is not None:
                rates[clock] = 0.0
            if (np.abs(rates) <= AT_REST * np.maximum(np.abs(start), 1.0)).all():
                return start
        raise IntegrationError(f"no steady state within {LONGEST:g}: a state still changes")

    def _stretch(
        self, constants: np.ndarray, before: np.ndarray, change: np.ndarray, length: float, *, is_first: bool
    ) -> EventTrajectory:
        system = self._system if is_first else self._later
        edges, rates = np.array([0.0, length]), np.zeros((1, len(system.states)))
        segments = Segments(system.states, edges, rates, change[None])
        return cast(EventTrajectory, self._engine.integrate(system, constants, segments, start=before))

    def _at(self, states: np.ndarray, time: float) -> np.ndarray:
        """States with the clock at a time."""
        if (clock := clock_of(self._system)) is None:
            return states
        states = states.copy()
        states[clock] = time
        return states


def _settable(system: System) -> System:
    return _SettableSystem(system.model, system.functions, system.rest)


def _not_carried(events: list[str]) -> IntegrationError:
    return IntegrationError(
        f"the delay of event {listed(sorted(set(events)), _NAMED)} goes beyond the end of a period or of a stretch "
        "on the way to a steady state, and is not carried over; let no condition begin while an event waits"
    )


def _without_derivatives(period: Period, outputs: np.ndarray, start: np.ndarray, end: np.ndarray) -> PeriodValues:
    directions = period.parameter_changes.shape[1]
    changes = np.full((end.size, directions), np.nan)
    return PeriodValues(outputs, np.full((*outputs.shape, directions), np.nan), start, end, changes, changes)
