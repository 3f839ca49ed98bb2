"""Events that have fired: when they are executed, in which order, and what they make of the states."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from kinetics.compile import System
from kinetics.engines.events.conditions import Conditions
from kinetics.engines.events.history import ExecutedEvent, Execution, Firing
from kinetics.errors import IntegrationError
from kinetics.model.events.event import TRIGGER
from kinetics.text.lists import listed
from kinetics.units import unit_text

MOST = 1000
"""Executions at one time."""
MOST_WAITING = 10_000
"""Executions that wait for their delay."""
_NAMED = 6


def numbers_of(system: System) -> list[slice]:
    """Of the numbers of `events` those of each event: a delay, a priority, and one for each state it sets."""
    ends = list(accumulate(2 + len(event.assignments) for event in system.model.events.values()))
    return [slice(first, end) for first, end in zip([0, *ends], ends, strict=False)]


def states_set(system: System) -> list[list[int]]:
    """The numbers of the states that each event sets."""
    return [[system.states.index(name) for name in event.assignments] for event in system.model.events.values()]


class Executions:
    """The events of one patient, which fire and are executed.

    What fires at one time is executed one after the other, that of the highest priority first; after each, triggers
    are looked at anew (SBML Level 3 Version 2, section 4.11).

    Parameters
    ----------
    system : System
        What is integrated.
    constants : ndarray, (constant,)
        Parameters and derived constants of the patient.
    conditions : Conditions
        The triggers.
    start : ndarray, (state,)
        The states at time 0, before any dose.
    same : float
        Times closer than this are one.

    Attributes
    ----------
    executed : list of ExecutedEvent
        What has been executed.
    history : list of Firing and Execution
        What has happened, in order.
    truths : ndarray of bool, (event,)
        Whether each trigger holds, as far as is noted.
    """

    def __init__(
        self, system: System, constants: np.ndarray, conditions: Conditions, start: np.ndarray, same: float
    ) -> None:
        self.executed: list[ExecutedEvent] = []
        self.history: list[Firing | Execution] = []
        self._system, self._constants, self._conditions, self._same = system, constants, conditions, same
        self._events = tuple(system.model.events.values())
        self._numbers, self._states = numbers_of(system), states_set(system)
        # a trigger that is false at the start may become true by a dose there
        self.truths = np.array([event.initial for event in self._events]) & conditions.truths(start)
        self._pending: list[Firing] = []
        self._since, self._count = 0.0, 0

    @property
    def next_time(self) -> float:
        """When the next execution is due; infinite if none is."""
        return min((pending.due for pending in self._pending), default=np.inf)

    @property
    def pending(self) -> tuple[ExecutedEvent, ...]:
        """What has fired and is not yet executed."""
        return tuple(ExecutedEvent(row.due, self._events[row.event].name) for row in self._pending)

    def note(self, time: float, truths: np.ndarray, y: np.ndarray, sides: np.ndarray | None = None) -> None:
        """Take note of triggers that change to ``truths``, (event,), in a state: some fire, others give up.

        ``sides``, (comparison,), are those of `Change`; None behind a jump.
        """
        fallen = self.truths & ~truths
        self._pending = [row for row in self._pending if self._events[row.event].persistent or not fallen[row.event]]
        for number in np.flatnonzero(truths & ~self.truths).tolist():
            event, numbers = self._events[number], self._of(number, y)
            delay = float(numbers[0])
            if not 0.0 <= delay < np.inf:
                raise IntegrationError(f"the delay of event {event.name} is {delay:.6g} at {self._text(time)}")
            values = numbers[2:] if event.values_at == TRIGGER else None
            firing = Firing(number, time, time + delay, y, values, sides)
            self._pending.append(firing)
            self.history.append(firing)
            if len(self._pending) > MOST_WAITING:
                waiting = f"more than {MOST_WAITING} executions of events wait at {self._text(time)}, the last of event"
                raise IntegrationError(f"{waiting} {event.name}; check its trigger and its delay")
        self.truths = truths

    def execute(self, time: float, y: np.ndarray) -> np.ndarray:
        """Look at the triggers, and execute what is due, until nothing is; returns the states.

        Raises
        ------
        IntegrationError
            If that has no end.
        """
        self.note(time, self._conditions.truths(y), y)
        return self.execute_due(time, y)

    def execute_due(self, time: float, y: np.ndarray) -> np.ndarray:
        """`execute` with triggers as they are noted: one that holds at an instant alone has been."""
        while due := [row for row in self._pending if row.due <= time + self._same]:
            chosen = min(due, key=lambda row: (-self._priority(row.event, y), row.event))
            self._pending.remove(chosen)
            self._count_executions(time, due)
            before, y = y, y.copy()
            values = self._of(chosen.event, y)[2:] if chosen.values is None else chosen.values
            y[self._states[chosen.event]] = values
            event = self._events[chosen.event]
            if not np.isfinite(values).all():
                wrong = list(event.assignments)[int(np.argmin(np.isfinite(values)))]
                raise IntegrationError(f"event {event.name} sets {wrong} to no finite number at {self._text(time)}")
            self.executed.append(ExecutedEvent(time, event.name))
            self.history.append(Execution(chosen, time, before, y))
            self.note(time, self._conditions.truths(y), y)
        self.note(time, self._conditions.truths(y), y)
        return y

    def _of(self, number: int, y: np.ndarray) -> np.ndarray:
        """Delay, priority and assigned values of an event in a state."""
        return self._system.functions.events(np.ascontiguousarray(y), self._constants)[self._numbers[number]]

    def _priority(self, number: int, y: np.ndarray) -> float:
        priority = -np.inf if self._events[number].priority is None else float(self._of(number, y)[1])
        return -np.inf if np.isnan(priority) else priority

    def _count_executions(self, time: float, due: list[Firing]) -> None:
        if time - self._since > self._same:
            self._since, self._count = time, 0
        self._count += 1
        if self._count > MOST:
            names = {*(row.name for row in self.executed[-MOST:]), *(self._events[row.event].name for row in due)}
            raise IntegrationError(
                f"events set one another off more than {MOST} times at {self._text(time)}, without an end: "
                f"{listed(sorted(names), _NAMED)}. Check their triggers."
            )

    def _text(self, time: float) -> str:
        return f"time {time:.6g} {unit_text(self._system.model.time)}"
