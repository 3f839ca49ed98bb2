"""Periods of a problem with numbers of parameters, states and outputs in the place of names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.compile import System
from kinetics.interop.petab.objective.assembling import PetabModel
from kinetics.interop.petab.problem.problem import Period, PetabProblem


@dataclass(frozen=True, eq=False)
class Outline:
    """What does not change between evaluations of a period.

    Parameters
    ----------
    begin, end : float
        In model time; the first period may begin at minus infinity, the last end at infinity.
    times : ndarray, (time,)
        When something is measured, in order: at the end only in the last period.
    assigned : tuple of (int, int)
        Each parameter that is set, and the output with its value.
    default : tuple of int
        Parameters that return to what they are without any condition.
    targets : tuple of (int, int)
        Each state that is set, and the output with its value.
    concentrations : tuple of (int, int)
        Each state that is an amount whose concentration is set or kept, and the output with the size of its
        compartment.
    condition : tuple
        Equal for periods that set the same.
    """

    begin: float
    end: float
    times: np.ndarray
    assigned: tuple[tuple[int, int], ...]
    default: tuple[int, ...]
    targets: tuple[tuple[int, int], ...]
    concentrations: tuple[tuple[int, int], ...]
    condition: tuple[tuple[str, str], ...]

    def times_within(self, begin: float, end: float) -> np.ndarray:
        """Those of a part of the period: at its end only if nothing comes behind it."""
        if (begin, end) == (self.begin, self.end):
            return self.times
        before = self.times <= end if end == self.end else self.times < end
        return self.times[(self.times >= begin) & before]


def outlines(
    problem: PetabProblem, assembled: PetabModel, system: System, experiment: str, times: np.ndarray
) -> tuple[Outline, ...]:
    """The periods of an experiment that is measured at some times; one that has a steady state alone goes on from 0."""
    periods = problem.experiments[experiment].periods
    if not math.isfinite(periods[-1].start):
        periods = (*periods, Period(0.0, {}))
    starts = [period.start for period in periods]
    ends = [*starts[1:], max(starts[-1], float(times[-1]))]
    numbers = _Numbers(assembled, system)
    found: list[Outline] = []
    for period, end in zip(periods, ends, strict=True):
        within = (times >= period.start) & ((times <= end) if period is periods[-1] else (times < end))
        parameters = [target for target in period.assignments if not numbers.is_state(target)]
        found.append(
            Outline(
                period.start,
                end,
                times[within],
                tuple((numbers.parameter(target), numbers.value(period, target)) for target in parameters),
                tuple(numbers.parameter(target) for target in period.default if not numbers.is_state(target)),
                tuple(numbers.targets(period)),
                tuple(numbers.concentrations(period).items()),
                tuple(period.assignments.items()),
            )
        )
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Numbers:
    assembled: PetabModel
    system: System

    def is_state(self, target: str) -> bool:
        return self.assembled.entities[target].target in self.assembled.model.states

    def parameter(self, target: str) -> int:
        return self.system.parameters.index(self.assembled.entities[target].target)

    def value(self, period: Period, target: str) -> int:
        """The output with the value that a period sets."""
        return self.system.outputs.index(self.assembled.values[period.assignments[target]])

    def targets(self, period: Period) -> Sequence[tuple[int, int]]:
        own = [target for target in period.assignments if self.is_state(target)]
        return [(self._state(target), self.value(period, target)) for target in own]

    def concentrations(self, period: Period) -> dict[int, int]:
        """Set themselves, or kept where the size of their compartment is set."""
        entities, kept = self.assembled.entities, (*period.assignments, *period.default)
        names = [name for name in period.assignments if self.is_state(name) and entities[name].compartment]
        names += [name for name, entity in entities.items() if entity.compartment in kept]
        sizes = {name: self.assembled.sizes[entities[name].compartment] for name in names}
        return {self._state(name): self.system.outputs.index(size) for name, size in sizes.items()}

    def _state(self, target: str) -> int:
        return self.system.states.index(self.assembled.entities[target].target)
