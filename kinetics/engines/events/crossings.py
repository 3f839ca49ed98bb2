"""When a trigger becomes true, as a function of what is differentiated by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kinetics.compile import System
from kinetics.engines.events.conditions import SECTIONS, Conditions, samples
from kinetics.engines.events.history import Firing
from kinetics.engines.events.trajectory import EventTrajectory
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.model.events import comparisons, switches_of
from kinetics.units import unit_text

TOGETHER = 1e-4
"""Derivatives of two times that differ by less, as a share of their terms, are one."""
NEAR = 1e-9
"""A comparison whose sides differ by less, as a share of their terms, is about to turn over."""
REFINEMENTS = 6
"""How often the time at which a comparison is closest to turn over is looked for between parts of parts."""
STEPS = 30.0
"""Error bounds of a step that errors of a solution add up to."""
CLEAR = 64 * np.finfo(float).eps
"""Share of its terms by which a comparison is clearly on a side."""
TINY = np.finfo(float).tiny
BENT = 0.1
"""Share by which a trigger may slow down or speed up within the error of its time; with more it is only touched."""


@dataclass(frozen=True, eq=False)
class Moved:
    """The derivatives of a time, (direction,), and the summed sizes of the terms they are made of."""

    changes: np.ndarray
    size: np.ndarray


def check_together(system: System, time: float, *times: Moved) -> None:
    """Refuse, with an `IntegrationError`, what happens at one time and moves apart: its order is about to change."""
    first = times[0]
    for other in times[1:]:
        if (np.abs(first.changes - other.changes) > TOGETHER * (first.size + other.size)).any():
            raise IntegrationError(
                f"two things happen at time {time:.6g} {unit_text(system.model.time)}, of events or doses, that move "
                "apart with the parameters, so there is no derivative. Change a time or a parameter a little"
            )


@dataclass(frozen=True, eq=False)
class Arrival:
    """Where a stretch ends, before anything happens there.

    Parameters
    ----------
    y : ndarray, (state,)
        States.
    changes : ndarray, (state, direction)
        Their derivatives.
    rate : callable
        The rates of states, (state,).
    """

    y: np.ndarray
    changes: np.ndarray
    rate: Callable[[np.ndarray], np.ndarray]


class Crossings:
    """The times at which triggers are crossed along a trajectory.

    Parameters
    ----------
    found : EventTrajectory
        The trajectory.
    by_direction : ndarray, (constant, direction)
        Derivatives of the constants.
    """

    def __init__(self, found: EventTrajectory, by_direction: np.ndarray) -> None:
        self._system, self._constants, self._by_direction = found.system, found.constants, by_direction
        self._bounds, self._relative = found.bounds, found.relative
        events = found.system.model.events.values()
        rows = switches_of(events)
        self._of_event = [np.array([row in comparisons(event.trigger) for row in rows], dtype=bool) for event in events]
        self._names = tuple(found.system.model.events)
        self._conditions = Conditions(found.system, found.constants, found.absolute)
        self._arrived: Arrival | None = None
        self._surface: tuple[int, float] | None = None

    def arrive(self, arrival: Arrival) -> None:
        """Come to the end of a stretch."""
        self._arrived, self._surface = arrival, None

    def check_touched(self, dense: Trajectory, begin: float, end: Firing | None) -> None:
        """Refuse, with an `IntegrationError`, a stretch along which a trigger comes to turn over and turns back.

        ``end`` is the event that fires where it ends, if one does.
        """
        times = np.concatenate([dense.knots[:1], *samples(dense.knots)])
        functions, size = self._system.functions, len(self._of_event[0]) if self._of_event else 0
        table = functions.switch_table(dense.integrated(times), self._constants)[:, :size]
        inner, sign = np.abs(table), np.sign(table)
        is_low = (inner[1:-1] < inner[:-2]) & (inner[1:-1] < inner[2:])
        is_low &= (sign[1:-1] == sign[:-2]) & (sign[1:-1] == sign[2:])
        # a parabola through three samples has its end far from zero where nothing is touched
        is_low &= inner[1:-1] < np.maximum(inner[:-2], inner[2:]) - inner[1:-1]
        for row, number in np.argwhere(is_low).tolist():
            time, y = self._lowest(dense, number, float(times[row]), float(times[row + 2]))
            difference = functions.switch_table(y[None], self._constants)[0, number]
            arrives = end is not None and end.sides is not None and not np.isnan(end.sides[number])
            if abs(difference) > self._error(number, y) or (arrives and inner[-1, number] <= self._error(number, y)):
                continue
            for event in np.flatnonzero(self._conditions.hangs_on(y, number)).tolist():
                raise IntegrationError(self._touched(event, begin + time))

    def _lowest(self, dense: Trajectory, number: int, left: float, right: float) -> tuple[float, np.ndarray]:
        """Where the sides of a comparison are closest between two times, and the states there."""
        for _ in range(REFINEMENTS):
            times = np.linspace(left, right, SECTIONS + 1)
            best = int(np.abs(self._along(dense, times, number)).argmin())
            left, right = float(times[max(best - 1, 0)]), float(times[min(best + 1, SECTIONS)])
        middle = np.array([0.5 * (left + right)])
        return float(middle[0]), dense.integrated(middle)[0]

    def _along(self, dense: Trajectory, times: np.ndarray, number: int) -> np.ndarray:
        states = np.ascontiguousarray(dense.integrated(times))
        return self._system.functions.switch_table(states, self._constants)[:, number]

    def moved(self, firing: Firing, together: Moved | None) -> Moved:
        """The derivatives of the time at which an event fires.

        Parameters
        ----------
        firing : Firing
            The event.
        together : Moved or None
            That of what has happened at the same time before it.

        Raises
        ------
        IntegrationError
            If there are none.
        """
        if (at := self._arrived) is None:  # at the start
            assert together is not None
            return together
        crossed = self._near(at.y) if firing.sides is None else ~np.isnan(firing.sides)
        numbers = np.flatnonzero(crossed & self._of_event[firing.event])
        times = [self._crossing(at, number, firing) for number in numbers.tolist()]
        known = [*([] if together is None else [together]), *(time for time in times if time is not None)]
        if not known:
            name = self._names[firing.event]
            raise IntegrationError(f"event {name} fires {self._at(firing.at)}, and it is not clear why")
        check_together(self._system, firing.at, *known)
        return known[0]

    @property
    def rate(self) -> np.ndarray | None:
        """The rates at a crossing before it, (state,); None if nothing is crossed."""
        if self._arrived is None or self._surface is None:
            return None
        return self._arrived.rate(self._beside(self._arrived.y, *self._surface))

    def behind(self, y: np.ndarray) -> np.ndarray:
        """States that an execution has left on the surface of a crossing, on its other side."""
        return y if self._surface is None else self._beside(y, self._surface[0], -self._surface[1])

    def _beside(self, y: np.ndarray, number: int, side: float) -> np.ndarray:
        """States with a comparison on one side, -1 or 1, if they are hardly on one: rates may have its condition."""
        difference, size = self._differences(y)
        if side == 0.0 or abs(difference[number]) > max(NEAR * size[number], self._error(number, y)):
            return y
        by_state = self._by_state(number, y) * np.maximum(np.abs(y), self._bounds)
        away = side * max(2.0 * abs(difference[number]), CLEAR * size[number]) - difference[number]
        return y + np.maximum(np.abs(y), self._bounds) * by_state * away / max(by_state @ by_state, TINY)

    def _near(self, y: np.ndarray) -> np.ndarray:
        """The comparisons about to turn over, (comparison,): a jump may come at the very time of a crossing."""
        difference, size = self._differences(y)
        return np.abs(difference) <= NEAR * size

    def _differences(self, y: np.ndarray) -> np.ndarray:
        """Left less right of comparisons, and the sizes of their terms, (2, comparison)."""
        return self._system.functions.switch_table(y[None], self._constants).reshape(2, -1)

    def _crossing(self, at: Arrival, number: int, firing: Firing) -> Moved | None:
        r"""By implicit differentiation, dt/dp = -(g_x S + g_p)/(g_x f); None of a comparison that stands still."""
        y, by_state = at.y, self._by_state(number, at.y)
        side = 0.0 if firing.sides is None else float(firing.sides[number])
        direct = self._system.functions.switches_by_constant(y, self._constants)[number] @ self._by_direction
        moved, slope = by_state @ at.changes + direct, float(by_state @ at.rate(self._beside(y, number, side)))
        if firing.sides is not None and self._surface is None:
            self._surface = number, side
        if not moved.any():
            return None if slope == 0.0 else Moved(moved, moved)
        if slope == 0.0 or self._is_bent(at, number, slope, side):
            raise IntegrationError(self._touched(firing.event, firing.at))
        size = np.abs(by_state) @ np.abs(at.changes) + np.abs(direct)
        return Moved(-moved / slope, size / abs(slope))

    def _is_bent(self, at: Arrival, number: int, slope: float, side: float) -> bool:
        """Whether the slope of a comparison is another one within the error before the time at which it turns over."""
        y = self._beside(at.y, number, side)
        there = y - self._error(number, y) / abs(slope) * at.rate(y)
        return abs(float(self._by_state(number, there) @ at.rate(there)) - slope) > BENT * abs(slope)

    def _error(self, number: int, y: np.ndarray) -> float:
        """How far a comparison may be off by the error of the states."""
        return STEPS * float(np.abs(self._by_state(number, y)) @ (self._bounds + self._relative * np.abs(y)))

    def _by_state(self, number: int, y: np.ndarray) -> np.ndarray:
        return self._system.functions.switches_by_state(y, self._constants)[number]

    def _touched(self, event: int, time: float) -> str:
        return (
            f"the trigger of event {self._names[event]} is touched {self._at(time)}, and not crossed: there is no "
            "derivative there. Change a parameter a little"
        )

    def _at(self, time: float) -> str:
        return f"at time {time:.6g} {unit_text(self._system.model.time)}"
