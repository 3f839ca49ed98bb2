"""The experiments of a problem as periods of the engines, for given values of what is estimated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.compile import System, compile_model
from kinetics.engines.periods import Jump
from kinetics.engines.periods import Period as EnginePeriod
from kinetics.interop.petab.objective.assembling import PetabModel
from kinetics.interop.petab.objective.conditions import Settings, StateJump
from kinetics.interop.petab.objective.parts import smooth_parts
from kinetics.interop.petab.problem.problem import Period, PetabProblem


@dataclass(frozen=True, eq=False)
class PlannedExperiment:
    """An experiment for the engines, and what holds in each of its periods."""

    periods: tuple[EnginePeriod, ...]
    settings: tuple[Settings, ...]

    def place(self, time: float) -> tuple[int, int]:
        """The number of the period to which a time belongs, the last that begins no later, and its number there."""
        number = max(index for index, period in enumerate(self.periods) if period.begin <= time)
        return number, int(np.searchsorted(self.periods[number].times, time))


@dataclass(frozen=True, eq=False)
class Plan:
    """What does not change between evaluations.

    Parameters
    ----------
    problem : PetabProblem
        The tables.
    assembled : PetabModel
        Its model.
    """

    problem: PetabProblem
    assembled: PetabModel

    @cached_property
    def system(self) -> System:
        """The compiled model; every state is integrated."""
        return compile_model(self.assembled.model)

    @cached_property
    def estimated(self) -> tuple[str, ...]:
        """The names of what is estimated, in the order of the table."""
        return tuple(name for name, row in self.problem.parameters.items() if row.estimate)

    @cached_property
    def dynamic(self) -> np.ndarray:
        """The numbers of those that states depend on, (direction,)."""
        own = self.assembled.parameters
        return np.array([i for i, n in enumerate(self.estimated) if own[n] in self.assembled.dynamic], dtype=int)

    def settings(self, values: np.ndarray) -> Settings:
        """What holds without any condition, for values of what is estimated."""
        system, own = self.system, self.assembled.parameters
        parameters = system.parameter_array()
        changes = np.zeros((parameters.size, len(self.estimated)))
        for name, row in self.problem.parameters.items():
            index = system.parameters.index(own[name])
            parameters[index] = row.nominal
            if row.estimate:
                column = self.estimated.index(name)
                parameters[index], changes[index, column] = values[column], 1.0
        return Settings.of(system, parameters, changes)

    @cached_property
    def times(self) -> dict[str, np.ndarray]:
        """The times at which each experiment is measured, in order."""
        measured: dict[str, set[float]] = {}
        for row in self.problem.measurements:
            measured.setdefault(row.experiment, set()).add(row.time)
        return {name: np.array(sorted(times)) for name, times in measured.items()}

    @property
    def measured(self) -> tuple[str, ...]:
        """The experiments that have measurements."""
        return tuple(self.times)

    def periods(self, experiment: str) -> tuple[Period, ...]:
        """Those of an experiment; one that has a steady state alone goes on from time 0 without change."""
        periods = self.problem.experiments[experiment].periods
        return periods if math.isfinite(periods[-1].start) else (*periods, Period(0.0, {}))

    def experiment(self, name: str, base: Settings) -> PlannedExperiment:
        """An experiment with the parameters that hold in it."""
        periods, times = self.periods(name), self.times[name]
        starts = [period.start for period in periods]
        planned: list[EnginePeriod] = []
        settings: list[Settings] = []
        before = base
        for period, end in zip(periods, [*starts[1:], max(starts[-1], times[-1])], strict=True):
            now = self._changed(period, before, base)
            targets, concentrations = self._targets(period)
            jump: Jump | None = None
            if targets or concentrations:
                jump = StateJump(self.system, before if planned else now, now, targets, concentrations)
            is_last = period is periods[-1]
            for part in smooth_parts(self.system, self.assembled.switches, now, period.start, end):
                at = times[
                    (times >= part.begin) & (times <= part.end if is_last and part.end == end else times < part.end)
                ]
                crossing = part.crossing(self.system, settings[-1], self.dynamic) if part.is_crossed else jump
                changes = part.settings.changes[:, self.dynamic]
                planned.append(
                    EnginePeriod(
                        begin=part.begin, end=part.end, parameters=part.settings.parameters,
                        parameter_changes=changes, times=at, jump=crossing,
                    )
                )  # fmt: skip
                settings.append(part.settings)
            before = now
        return PlannedExperiment(tuple(planned), tuple(settings))

    def _changed(self, period: Period, before: Settings, base: Settings) -> Settings:
        """What holds from the begin of a period on."""
        system, functions = self.system, self.system.functions
        set_now = [(target, text) for target, text in period.assignments.items() if not self._is_state(target)]
        back = [target for target in period.default if not self._is_state(target)]
        if not set_now and not back:
            return before
        parameters, changes = before.parameters.copy(), before.changes.copy()
        states = functions.initial(before.constants)
        values = functions.outputs(states, before.constants)
        by_direction = functions.outputs_by_constant(states, before.constants) @ before.constant_changes
        for target, text in set_now:
            index, output = self._parameter(target), system.outputs.index(self.assembled.values[text])
            parameters[index], changes[index] = values[output], by_direction[output]
        for target in back:
            index = self._parameter(target)
            parameters[index], changes[index] = base.parameters[index], base.changes[index]
        return Settings.of(system, parameters, changes)

    def _parameter(self, target: str) -> int:
        return self.system.parameters.index(self.assembled.entities[target].target)

    def _is_state(self, target: str) -> bool:
        return self.assembled.entities[target].target in self.assembled.model.states

    def _targets(self, period: Period) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
        """The states that a period sets, and those that are amounts of concentrations that are set or kept."""
        entities, outputs, states = self.assembled.entities, self.system.outputs, self.system.states
        targets, concentrations = {}, {}
        for target, text in period.assignments.items():
            if self._is_state(target):
                entity = entities[target]
                targets[states.index(entity.target)] = outputs.index(self.assembled.values[text])
                if entity.compartment:
                    concentrations[states.index(entity.target)] = outputs.index(
                        self.assembled.sizes[entity.compartment]
                    )
        for entity in entities.values():
            if entity.compartment in (*period.assignments, *period.default):
                concentrations[states.index(entity.target)] = outputs.index(self.assembled.sizes[entity.compartment])
        return tuple(targets.items()), tuple(concentrations.items())

    def experiments(self, base: Settings) -> list[PlannedExperiment]:
        """All that are measured; those that begin alike share their first period."""
        planned = [self.experiment(name, base) for name in self.measured]
        shared: dict[object, EnginePeriod] = {}
        for index, (name, one) in enumerate(zip(self.measured, planned, strict=True)):
            first, condition = one.periods[0], self.periods(name)[0]
            if len(one.periods) > 1 and not first.times.size:
                key = (first.begin, first.end, first.parameters.tobytes(), *condition.assignments.items())
                planned[index] = PlannedExperiment((shared.setdefault(key, first), *one.periods[1:]), one.settings)
        return planned
