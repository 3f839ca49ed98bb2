"""What measurements would read at given values of what is estimated: observables, noise, and their derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.engines.dosing.integrating import Engine
from kinetics.engines.periods import PeriodValues, integrate_experiments
from kinetics.engines.tolerances import Tolerances
from kinetics.errors import Faults
from kinetics.interop.petab.objective.conditions import Settings
from kinetics.interop.petab.objective.plan import Plan, PlannedExperiment
from kinetics.interop.petab.objective.with_events import EventRun
from kinetics.text.suggestions import did_you_mean
from kinetics.units import read_number

TOLERANCES = Tolerances(relative=1e-8, absolute=1e-13)
"""Of either engine: a log-likelihood magnifies errors by the precision of its measurements."""


@dataclass(frozen=True, eq=False)
class Readings:
    """What each measurement would read.

    Parameters
    ----------
    simulations, noise : ndarray, (measurement,)
        Observables, not transformed, and the scales of their noise; NaN if something could not be simulated.
    by_estimated : ndarray, (2, measurement, parameter)
        Derivatives of both by what is estimated, not transformed; zero if not asked for.
    failure : str
        Why something could not be simulated; empty if everything could.
    """

    simulations: np.ndarray
    noise: np.ndarray
    by_estimated: np.ndarray
    failure: str = ""


@dataclass(frozen=True)
class _Override:
    """A placeholder, by the number of its parameter, and the number or the parameter that replaces it."""

    placeholder: int
    value: float
    parameter: int | None


@dataclass(frozen=True, eq=False)
class _Point:
    """All outputs of the model at one time, (output,), and their derivatives, (output, estimated)."""

    outputs: np.ndarray
    by_estimated: np.ndarray


@dataclass(frozen=True, eq=False)
class Reader:
    """Simulates a problem on one of the engines and reads its measurements."""

    plan: Plan
    engine: Engine

    def read(self, values: np.ndarray, *, gradient: bool) -> Readings:
        """What measurements would read at values of what is estimated, (parameter,), not transformed."""
        plan = self.plan
        planned = plan.experiments(plan.settings(values))
        states = [plan.assembled.states_output(name) for name in plan.system.states]
        experiments = [one.periods for one in planned]
        if plan.assembled.model.events:
            run = EventRun(plan.system, self.engine, gradient=gradient)
            integrated = [run.values(one) for one in experiments]
        else:
            integrated = integrate_experiments(
                plan.system, experiments, states, engine=self.engine, tolerances=TOLERANCES
            )
        rows = plan.problem.measurements
        readings = Readings(
            np.full(len(rows), np.nan), np.full(len(rows), np.nan), np.zeros((2, len(rows), values.size))
        )
        for name, one in zip(plan.measured, integrated, strict=True):
            if one.reason:
                failure = f"experiment '{name}': {one.reason}" if name else one.reason
                return Readings(readings.simulations, readings.noise, readings.by_estimated, failure)
        settings: dict[tuple[int, int, tuple[_Override, ...]], Settings] = {}
        # several observables are measured at one time
        points: dict[tuple[int, int, tuple[_Override, ...], int], _Point] = {}
        for index, row in enumerate(rows):
            number = plan.measured.index(row.experiment)
            period, time = planned[number].place(row.time)
            key = (number, period, self._overrides[index])
            if key not in settings:
                settings[key] = self._overridden(planned[number], period, self._overrides[index])
            if (*key, time) not in points:
                there = integrated[number].periods[period]
                points[(*key, time)] = self._point(time, there, settings[key], gradient=gradient)
            point, outputs = points[(*key, time)], self._outputs[row.observable]
            readings.simulations[index], readings.noise[index] = point.outputs[outputs]
            if gradient:
                readings.by_estimated[:, index] = point.by_estimated[outputs]
        return readings

    def _point(self, time: int, there: PeriodValues, now: Settings, *, gradient: bool) -> _Point:
        """All outputs at one time of a period."""
        functions, y = self.plan.system.functions, there.outputs[time]
        outputs = functions.outputs(y, now.constants)
        if not gradient:
            return _Point(outputs, np.empty(0))
        by_estimated = functions.outputs_by_constant(y, now.constants) @ now.constant_changes
        by_estimated[:, self.plan.dynamic] += functions.outputs_by_state(y, now.constants) @ there.gradients[time]
        return _Point(outputs, by_estimated)

    @cached_property
    def _outputs(self) -> dict[str, list[int]]:
        """By observable: the outputs of its formula and of its noise."""
        outputs = self.plan.system.outputs
        return {name: [outputs.index(one) for one in pair] for name, pair in self.plan.assembled.observables.items()}

    @cached_property
    def _overrides(self) -> list[tuple[_Override, ...]]:
        """What each measurement puts in the place of placeholders."""
        assembled, problem, faults = self.plan.assembled, self.plan.problem, Faults()
        numbers = self.plan.system.parameters.index
        known = {name: numbers(own) for name, own in assembled.parameters.items()}
        known |= {
            name: numbers(entity.target)
            for name, entity in assembled.entities.items()
            if entity.target in assembled.model.parameters and name not in known
        }
        overrides: list[tuple[_Override, ...]] = []
        for row in problem.measurements:
            observable = problem.observables[row.observable]
            names = (*observable.placeholders, *observable.noise_placeholders)
            own: list[_Override] = []
            for name, text in zip(names, (*row.overrides, *row.noise_overrides), strict=True):
                number = read_number(text)
                if number is None and text not in known:
                    faults.add(f"there is no parameter '{text:.40}'{did_you_mean(text, known)}", row.where, name)
                parameter = known.get(text) if number is None else None
                own.append(_Override(known[name], 0.0 if number is None else number, parameter))
            overrides.append(tuple(own))
        faults.raise_if_any()
        return overrides

    def check(self) -> None:
        """`InputError` if a measurement names a parameter that there is not."""
        _ = self._overrides

    def _overridden(self, planned: PlannedExperiment, period: int, overrides: tuple[_Override, ...]) -> Settings:
        """What holds in a period, with placeholders replaced."""
        now = planned.settings[period]
        if not overrides:
            return now
        parameters, changes = now.parameters.copy(), now.changes.copy()
        for one in overrides:
            is_number = one.parameter is None
            parameters[one.placeholder] = one.value if is_number else now.parameters[one.parameter]
            changes[one.placeholder] = 0.0 if is_number else now.changes[one.parameter]
        return Settings.of(self.plan.system, parameters, changes)
