"""What measurements would read at given values of what is estimated: observables, noise, and their derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.engines.dosing.integrating import Engine
from kinetics.engines.periods import ExperimentValues, integrate_experiments
from kinetics.engines.tolerances import Tolerances
from kinetics.interop.petab.objective.layout import Layout, Overrides
from kinetics.interop.petab.objective.output_terms import OutputTerms
from kinetics.interop.petab.objective.plan import Plan, PlannedExperiment
from kinetics.interop.petab.objective.with_events import EventRun

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
        Derivatives of both by what is estimated, not transformed; of no parameter if not asked for.
    failure : str
        Why something could not be simulated; empty if everything could.
    """

    simulations: np.ndarray
    noise: np.ndarray
    by_estimated: np.ndarray
    failure: str = ""


@dataclass(frozen=True, eq=False)
class _Places:
    """States and constants at each measurement, (measurement, ...), and their derivatives, (..., direction)."""

    states: np.ndarray
    state_changes: np.ndarray
    constants: np.ndarray
    constant_changes: np.ndarray


@dataclass(frozen=True, eq=False)
class Reader:
    """Simulates a problem on one of the engines, within error bounds, and reads its measurements."""

    plan: Plan
    engine: Engine
    tolerances: Tolerances

    def read(self, values: np.ndarray, *, gradient: bool) -> Readings:
        """What measurements would read at values of what is estimated, (parameter,), not transformed."""
        plan = self.plan
        planned = plan.experiments(plan.settings(values, gradient=gradient))
        integrated, size = self._integrated(planned, gradient=gradient), len(plan.problem.measurements)
        by_estimated = np.zeros((2, size, values.size if gradient else 0))
        for name, one in zip(plan.measured, integrated, strict=True):
            if one.reason:
                failure, nothing = f"experiment '{name}': {one.reason}" if name else one.reason, np.full(size, np.nan)
                return Readings(nothing, nothing, by_estimated, failure)
        there = self._places(planned, integrated)
        functions, c = plan.system.functions, there.constants
        outputs = functions.output_table(there.states, c)[np.arange(size)[:, None], self._outputs]
        if gradient:
            by_estimated += self._by_constant.applied(
                functions.outputs_by_constant_table(there.states, c), there.constant_changes
            )
            by_estimated[..., plan.dynamic] += self._by_state.applied(
                functions.outputs_by_state_table(there.states, c), there.state_changes
            )
        return Readings(outputs[:, 0], outputs[:, 1], by_estimated)

    def _integrated(self, planned: list[PlannedExperiment], *, gradient: bool) -> list[ExperimentValues]:
        plan, experiments = self.plan, [one.periods for one in planned]
        if not plan.assembled.model.events:
            return integrate_experiments(
                plan.system, experiments, self._states, engine=self.engine, tolerances=self.tolerances
            )
        run = EventRun(plan.system, self.engine, gradient=gradient)
        return [run.values(one) for one in experiments]

    def _places(self, planned: list[PlannedExperiment], integrated: list[ExperimentValues]) -> _Places:
        """What holds at each measurement."""
        layout, size, functions = self._layout(planned), len(self._outputs), self.plan.system.functions
        directions = planned[0].periods[0].parameter_changes.shape[1]
        states, state_changes = np.empty((size, len(self._states))), np.empty((size, len(self._states), directions))
        for (experiment, number), rows, times in layout.pieces:
            period = integrated[experiment].periods[number]
            states[rows], state_changes[rows] = period.outputs[times], period.gradients[times]
        settings = [planned[experiment].settings[number] for (experiment, number), *_ in layout.pieces]
        parameters = np.array([one.parameters for one in settings])[layout.settings]
        changes = np.array([one.changes for one in settings])[layout.settings]
        self.overrides.replace(layout.overrides, parameters, changes)
        constants, row = functions.constants_table(parameters), layout.row
        if not changes.shape[2]:
            return _Places(states, state_changes, constants[row], np.empty((size, constants.shape[1], 0)))
        by_parameter = functions.constants_by_parameter_table(parameters, range(parameters.shape[1]))
        return _Places(states, state_changes, constants[row], (by_parameter @ changes)[row])

    def _layout(self, planned: list[PlannedExperiment]) -> Layout:
        """The layout of the experiments; only times of switches that are estimated make another one."""
        begins = tuple(tuple(period.begin for period in one.periods) for one in planned)
        last = self._last_layout.get(begins)
        if last is None:
            last = Layout.of(planned, self._measured, self.overrides)
            self._last_layout.clear()
            self._last_layout[begins] = last
        return last

    @cached_property
    def _last_layout(self) -> dict[tuple[tuple[float, ...], ...], Layout]:
        return {}

    @cached_property
    def _states(self) -> tuple[str, ...]:
        """The outputs that return the states that are integrated."""
        return tuple(self.plan.assembled.states_output(name) for name in self.plan.system.states)

    @cached_property
    def _measured(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """By experiment: the numbers of its measurements, and their times."""
        rows = self.plan.problem.measurements
        own = [[number for number, row in enumerate(rows) if row.experiment == name] for name in self.plan.measured]
        return [(np.array(numbers), np.array([rows[number].time for number in numbers])) for numbers in own]

    @cached_property
    def _outputs(self) -> np.ndarray:
        """The outputs of the formula of each measurement and of its noise, (measurement, 2)."""
        number, observables = self.plan.system.outputs.index, self.plan.assembled.observables
        pairs = [observables[row.observable] for row in self.plan.problem.measurements]
        return np.array([[number(name) for name in pair] for pair in pairs])

    @cached_property
    def _by_state(self) -> OutputTerms:
        return OutputTerms.of(self.plan.system.functions.compiled("outputs_by_state").entries, self._outputs)

    @cached_property
    def _by_constant(self) -> OutputTerms:
        return OutputTerms.of(self.plan.system.functions.compiled("outputs_by_constant").entries, self._outputs)

    @cached_property
    def overrides(self) -> Overrides:
        """What each measurement puts in the place of placeholders; `InputError` if it names what there is not."""
        return Overrides.of(self.plan.problem, self.plan.assembled)
