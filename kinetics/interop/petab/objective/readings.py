"""What measurements would read at given values of what is estimated: observables, noise, and their derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinetics.engines.dosing.integrating import Engine
from kinetics.engines.periods import ExperimentValues, integrate_experiments
from kinetics.engines.tolerances import Tolerances
from kinetics.interop.petab.objective.conditions import Settings
from kinetics.interop.petab.objective.output_terms import OutputTerms
from kinetics.interop.petab.objective.overrides import Overrides
from kinetics.interop.petab.objective.plan import Plan, PlannedExperiment
from kinetics.interop.petab.objective.with_events import EventRun
from kinetics.model.events import check_no_events

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
        for name, one in zip(plan.measured, integrated, strict=True):
            if one.reason:
                failure, nothing = f"experiment '{name}': {one.reason}" if name else one.reason, np.full(size, np.nan)
                return Readings(nothing, nothing, np.zeros((2, size, values.size)), failure)
        there = self._places(planned, integrated)
        functions, c = plan.system.functions, there.constants
        outputs = functions.output_table(there.states, c)[np.arange(size)[:, None], self._outputs]
        by_estimated = np.zeros((2, size, values.size))
        if gradient:
            by_estimated += self._by_constant.applied(
                functions.outputs_by_constant_table(there.states, c), there.constant_changes
            )
            by_estimated[..., plan.dynamic] += self._by_state.applied(
                functions.outputs_by_state_table(there.states, c), there.state_changes
            )
        return Readings(*outputs.T, by_estimated)

    def _integrated(self, planned: list[PlannedExperiment], *, gradient: bool) -> list[ExperimentValues]:
        plan, experiments = self.plan, [one.periods for one in planned]
        if not plan.assembled.model.events:
            return integrate_experiments(
                plan.system, experiments, self._states, engine=self.engine, tolerances=self.tolerances
            )
        if gradient:
            check_no_events(plan.assembled.model, "the gradient of a problem of PEtab")
        return [EventRun(plan.system, self.engine).values(one) for one in experiments]

    def _places(self, planned: list[PlannedExperiment], integrated: list[ExperimentValues]) -> _Places:
        """What holds at each measurement."""
        plan, size, directions = self.plan, len(self._outputs), planned[0].periods[0].parameter_changes.shape[1]
        states, state_changes = np.empty((size, len(self._states))), np.empty((size, len(self._states), directions))
        settings, of_measurement = list[Settings](), np.empty(size, dtype=int)
        for one, values, (rows, times) in zip(planned, integrated, self._measured, strict=True):
            for number, own, order in one.places(times):
                period = values.periods[number]
                states[rows[own]], state_changes[rows[own]] = period.outputs[order], period.gradients[order]
                of_measurement[rows[own]] = len(settings)
                settings.append(one.settings[number])
        # measurements with the same replacements of placeholders share their constants
        overrides = self.overrides
        both = of_measurement * len(overrides.placeholders) + overrides.of_measurement
        different, row = np.unique(both, return_inverse=True)
        setting, kinds = np.divmod(different, len(overrides.placeholders))
        parameters = np.array([one.parameters for one in settings])[setting]
        changes = np.array([one.changes for one in settings])[setting]
        overrides.replace(kinds, parameters, changes)
        constants = plan.system.constants_table(parameters)
        of_parameters = range(parameters.shape[1] if changes.size else 0)
        by_parameter = plan.system.functions.constants_by_parameter_table(parameters, of_parameters)
        return _Places(states, state_changes, constants[row], (by_parameter @ changes[:, of_parameters])[row])

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
