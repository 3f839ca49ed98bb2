"""The experiments of a problem as periods of the engines, for given values of what is estimated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.compile import System, compile_model
from kinetics.engines.periods import Jump
from kinetics.engines.periods import Period as EnginePeriod
from kinetics.interop.petab.objective.assembling import PetabModel
from kinetics.interop.petab.objective.conditions import Settings, StateJump
from kinetics.interop.petab.objective.outlines import Outline, outlines
from kinetics.interop.petab.objective.parts import NumberedSwitch, smooth_parts
from kinetics.interop.petab.problem.problem import PetabProblem


@dataclass(frozen=True, eq=False)
class PlannedExperiment:
    """An experiment for the engines, and what holds in each of its periods."""

    periods: tuple[EnginePeriod, ...]
    settings: tuple[Settings, ...]

    def places(self, times: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """By period: which of some times, (time,), belong to it, and where each is among those of the period.

        A time belongs to the last period that begins no later.
        """
        numbers = np.searchsorted([period.begin for period in self.periods], times, side="right") - 1
        for number, period in enumerate(self.periods):
            if period.times.size:
                own = np.flatnonzero(numbers == number)
                yield number, own, np.searchsorted(period.times, times[own])


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
        """The numbers of those that states depend on, (direction,): derivatives of states are by these alone."""
        own = self.assembled.parameters
        return np.array([i for i, n in enumerate(self.estimated) if own[n] in self.assembled.dynamic], dtype=int)

    def settings(self, values: np.ndarray, *, gradient: bool) -> Settings:
        """What holds without any condition, for values of what is estimated; without derivatives if none are needed."""
        parameters, columns = self._nominal.copy(), self._estimated_parameters
        changes = np.zeros((parameters.size, columns.size if gradient else 0))
        parameters[columns] = values
        if gradient:
            changes[columns, np.arange(columns.size)] = 1.0
        return Settings.of(self.system, parameters, changes)

    @cached_property
    def _estimated_parameters(self) -> np.ndarray:
        """The number of the parameter of the model that is estimated, (estimated,)."""
        own, number = self.assembled.parameters, self.system.parameters.index
        return np.array([number(own[name]) for name in self.estimated], dtype=int)

    @cached_property
    def _nominal(self) -> np.ndarray:
        """All parameters of the model, (parameter,), where the problem has a value for them with that."""
        own = self.assembled.parameters
        return self.system.parameter_array({own[name]: row.nominal for name, row in self.problem.parameters.items()})

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

    @cached_property
    def _outlines(self) -> tuple[tuple[Outline, ...], ...]:
        """The periods of each experiment that is measured."""
        return tuple(
            outlines(self.problem, self.assembled, self.system, name, times) for name, times in self.times.items()
        )

    def experiments(self, base: Settings) -> list[PlannedExperiment]:
        """All that are measured; those that begin alike share their first period."""
        planned = [self._experiment(periods, base) for periods in self._outlines]
        shared: dict[object, EnginePeriod] = {}
        for index, (one, periods) in enumerate(zip(planned, self._outlines, strict=True)):
            first = one.periods[0]
            if len(one.periods) > 1 and not first.times.size:
                key = (first.begin, first.end, first.parameters.tobytes(), periods[0].condition)
                planned[index] = PlannedExperiment((shared.setdefault(key, first), *one.periods[1:]), one.settings)
        return planned

    def _experiment(self, periods: tuple[Outline, ...], base: Settings) -> PlannedExperiment:
        """An experiment with the parameters that hold in it."""
        directions = self.dynamic if base.changes.shape[1] else self.dynamic[:0]
        planned: list[EnginePeriod] = []
        settings: list[Settings] = []
        before = base
        for period in periods:
            now = self._changed(period, before, base)
            jump: Jump | None = None
            if period.targets or period.concentrations:
                first, then = (one.in_directions(directions) for one in (before if planned else now, now))
                jump = StateJump(self.system, first, then, period.targets, period.concentrations)
            for part in smooth_parts(self.system, self._switches, now, period.begin, period.end):
                crossing = part.crossing(self.system, settings[-1], directions) if part.is_crossed else jump
                planned.append(
                    EnginePeriod(
                        begin=part.begin,
                        end=part.end,
                        parameters=part.settings.parameters,
                        parameter_changes=part.settings.changes[:, directions],
                        times=period.times_within(part.begin, part.end),
                        jump=crossing,
                    )
                )
                settings.append(part.settings)
            before = now
        return PlannedExperiment(tuple(planned), tuple(settings))

    @cached_property
    def _switches(self) -> tuple[NumberedSwitch, ...]:
        """Comparisons with the time."""
        parameter, output = self.system.parameters.index, self.system.outputs.index
        rows = self.assembled.switches
        return tuple(
            NumberedSwitch(one, parameter(one.parameter), output(slope), output(offset)) for one, slope, offset in rows
        )

    def _changed(self, period: Outline, before: Settings, base: Settings) -> Settings:
        """What holds from the begin of a period on."""
        if not period.assigned and not period.default:
            return before
        functions, constants = self.system.functions, before.constants
        parameters, changes, states = before.parameters.copy(), before.changes.copy(), functions.initial(constants)
        values, by_direction = functions.outputs(states, constants), before.outputs_by_direction(self.system, states)
        for index, output in period.assigned:
            parameters[index], changes[index] = values[output], by_direction[output]
        for index in period.default:
            parameters[index], changes[index] = base.parameters[index], base.changes[index]
        return Settings.of(self.system, parameters, changes)
