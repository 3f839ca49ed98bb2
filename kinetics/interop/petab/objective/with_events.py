"""Experiments of models with events, which the engines of periods do not follow: states alone, without derivatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kinetics.compile import System, compile_model
from kinetics.engines.clock import clock_of
from kinetics.engines.dosing.integrating import Engine as EngineName
from kinetics.engines.periods import ExperimentValues, Period, PeriodValues
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.regimen import Segments
from kinetics.simulation.engine import choose_engine

JUST_BEFORE = 1e-9
"""How long before and behind the begin of a period, over the larger of its end and 1, states there are read."""
LONGEST = 1e9
"""How long a steady state is waited for, in the model's time."""
AT_REST = 1e-9
"""Change in a unit of time, over the state or 1, that counts as none."""


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
                outputs, states = self._period(period, constants, before, start, is_first=number == 0)
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
    ) -> tuple[np.ndarray, np.ndarray]:
        """States at the times of a period, and just before its end."""
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
                return outputs, end
            before = start = trajectory.integrated(np.array([length]))[0]
            is_first = False
        end = self._rest(constants, before, start, is_first=is_first)
        outputs[~finite] = end
        return outputs, end

    def _rest(self, constants: np.ndarray, before: np.ndarray, start: np.ndarray, *, is_first: bool) -> np.ndarray:
        """The states in which nothing changes, after all events on the way."""
        length = passed = 1.0
        clock, none = clock_of(self._system), np.zeros(before.size)
        while passed < LONGEST:
            trajectory = self._stretch(constants, before, start - before, length, is_first=is_first)
            before = start = trajectory.integrated(np.array([length]))[0]
            is_first, length, passed = False, 10.0 * length, passed + length
            rates = self._system.functions.rate(start, constants, none)
            if clock is not None:
                rates[clock] = 0.0
            if (np.abs(rates) <= AT_REST * np.maximum(np.abs(start), 1.0)).all():
                return start
        raise IntegrationError(f"no steady state within {LONGEST:g}: a state still changes")

    def _stretch(
        self, constants: np.ndarray, before: np.ndarray, change: np.ndarray, length: float, *, is_first: bool
    ) -> Trajectory:
        system = self._system if is_first else self._later
        edges, rates = np.array([0.0, length]), np.zeros((1, len(system.states)))
        segments = Segments(system.states, edges, rates, change[None])
        return self._engine.integrate(system, constants, segments, start=before)

    def _at(self, states: np.ndarray, time: float) -> np.ndarray:
        """States with the clock at a time."""
        if (clock := clock_of(self._system)) is None:
            return states
        states = states.copy()
        states[clock] = time
        return states


def _settable(system: System) -> System:
    return _SettableSystem(system.model, system.functions, system.rest)


def _without_derivatives(period: Period, outputs: np.ndarray, start: np.ndarray, end: np.ndarray) -> PeriodValues:
    directions = period.parameter_changes.shape[1]
    changes = np.full((end.size, directions), np.nan)
    return PeriodValues(outputs, np.full((*outputs.shape, directions), np.nan), start, end, changes, changes)
