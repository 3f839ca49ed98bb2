"""Periods cut where a comparison with the time turns over, so that rates are smooth within each part."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from kinetics.compile import System
from kinetics.engines.periods import JumpedStates
from kinetics.interop.petab.objective.conditions import Settings
from kinetics.interop.petab.objective.switches import Switch

CLOSE = 1e-12
"""Times that differ by less, over the larger, are one."""


@dataclass(frozen=True, eq=False)
class Crossing:
    """What a change of rates at a time that depends on parameters does to derivatives, (f- - f+) dt/dp.

    Calling it gives `JumpedStates`, whose states are those before.
    """

    system: System
    before: Settings
    after: Settings
    time_changes: np.ndarray

    def __call__(self, y: np.ndarray) -> JumpedStates:
        """States and derivatives behind the crossing."""
        functions, none = self.system.functions, np.zeros(y.size)
        kink = functions.rate(y, self.before.constants, none) - functions.rate(y, self.after.constants, none)
        return JumpedStates(y, np.eye(y.size), kink[:, None] * self.time_changes[None, :])


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a period: when it begins and ends, what holds, and how its begin moves with what is estimated."""

    begin: float
    end: float
    settings: Settings
    is_crossed: bool
    time_changes: np.ndarray

    def crossing(self, system: System, before: Settings, directions: np.ndarray) -> Crossing | None:
        """What its begin does to derivatives; None if nothing estimated moves it."""
        changes = self.time_changes[directions]
        return Crossing(system, before, self.settings, changes) if changes.any() else None


class NumberedSwitch(NamedTuple):
    """A switch, with the number of its parameter and those of the outputs of its slope and offset."""

    switch: Switch
    parameter: int
    slope: int
    offset: int


def smooth_parts(
    system: System, switches: Sequence[NumberedSwitch], now: Settings, begin: float, end: float
) -> Iterator[Part]:
    """The parts of a period; one that begins at minus infinity has comparisons as at its end."""
    if not switches:
        yield Part(begin, end, now, is_crossed=False, time_changes=np.zeros(now.changes.shape[1]))
        return
    y = system.functions.initial(now.constants)
    values = system.functions.outputs(y, now.constants)
    changes = now.outputs_by_direction(system, y)
    cuts: dict[float, np.ndarray] = {}
    for _, _, slope, offset in switches:
        if values[slope] == 0 or not math.isfinite(begin):
            continue
        time = float(-values[offset] / values[slope])
        if begin < time < end and not any(math.isclose(time, other, rel_tol=CLOSE) for other in (begin, end, *cuts)):
            cuts[time] = -(changes[offset] + time * changes[slope]) / values[slope]
    for start, stop in pairwise([begin, *sorted(cuts), end]):
        parameters = now.parameters.copy()
        for switch, parameter, slope, offset in switches:
            is_true = switch.holds(float(values[slope]), float(values[offset]), _inside(start, stop))
            parameters[parameter] = float(is_true)
        settings = now if (parameters == now.parameters).all() else Settings.of(system, parameters, now.changes)
        yield Part(start, stop, settings, start in cuts, cuts.get(start, np.zeros(now.changes.shape[1])))


def _inside(begin: float, end: float) -> float:
    """A time of a part that is no edge of it, if it has one."""
    if math.isfinite(begin) and math.isfinite(end):
        return 0.5 * (begin + end)
    return end if math.isfinite(end) else begin + max(1.0, abs(begin))
