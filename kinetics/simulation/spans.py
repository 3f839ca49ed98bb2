"""A span of time through the chosen engine, for one patient or for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.engines import batch
from kinetics.engines.dosing import JoinedTrajectory
from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import IntegrationError
from kinetics.measures import Measure, TimeToThreshold, evaluate_all
from kinetics.regimen import Segments, Triggers
from kinetics.simulation.engine import Engine
from kinetics.simulation.run_results import RunResults
from kinetics.units import unit_text


@dataclass(frozen=True)
class Span:
    """A span of time in which patients are integrated from a start.

    Parameters
    ----------
    segments : sequence of Segments
        The doses of all patients, or those of each.
    times : ndarray, (time,)
        Output times, in model time from the begin of the span.
    starts : ndarray, (course,)
        First doses of courses, likewise.
    measures : tuple of Measure
        Taken on the dense solution.
    quantities : sequence
        What is returned over time: the outputs of the model, perhaps its states behind them.
    initial : ndarray, (patient, state), optional
        States at the begin; the model's own by default.
    """

    system: System
    segments: Sequence[Segments]
    times: np.ndarray
    starts: np.ndarray
    measures: tuple[Measure, ...]
    quantities: Sequence[Any]
    engine: Engine
    triggers: Triggers | None = None
    initial: np.ndarray | None = None

    @property
    def with_states(self) -> bool:
        """Whether states stand beside the outputs."""
        return len(self.quantities) > len(self.system.outputs)

    def nothing(self, patients: int, reason: str = "") -> RunResults:
        """The results of patients of whom nothing is known: all NaN."""
        values = np.full((patients, self.times.size, len(self.quantities)), np.nan)
        measures = {measure.name: np.full((patients, self.starts.size), np.nan) for measure in self.measures}
        triggered = None if self.triggers is None else TriggeredDoses.none(self.triggers, patients)
        return RunResults(values, measures, triggered, [reason] * patients)

    def of_patient(self, parameters: np.ndarray, number: int = 0) -> RunResults:
        """The results of one patient, with an axis of length 1 for it; ``number`` is that among all.

        Raises
        ------
        IntegrationError
            If the parameters are impossible or the engine gives up.
        """
        constants = self.system.constants(parameters)
        if reason := self.system.impossible(constants):
            raise IntegrationError(reason)
        segments = self.segments[number if len(self.segments) > 1 else 0]
        initial = None if self.initial is None else self.initial[number]
        trajectory = self.engine.integrate(self.system, constants, segments, self.triggers, initial)
        return self.read(trajectory, segments.edges[-1])

    def read(self, trajectory: Trajectory | JoinedTrajectory, until: float) -> RunResults:
        """The results of one patient, whose trajectory goes on ``until`` then; `IntegrationError` if not finite."""
        table = trajectory.outputs(self.times)
        if self.with_states:
            table = np.hstack([table, trajectory.states(self.times)])
        if reason := self._not_finite(table):
            raise IntegrationError(reason)
        model, outputs = self.system.model, dict.fromkeys(measure.output for measure in self.measures)
        curves = {name: trajectory.curve(name) for name in outputs}
        units = {name: model.quantity(name).unit for name in outputs}
        baselines = {name: trajectory.at_rest(name) for name in outputs}
        found = evaluate_all(self.measures, curves, self.starts, until, units, model.time, baselines=baselines)
        measures = {measure.name: row[None] for measure, row in zip(self.measures, found, strict=True)}
        doses = trajectory.triggered_doses
        triggered = None if doses is None else TriggeredDoses(*(array[None] for array in doses.arrays))
        return RunResults(table[None], measures, triggered, [""])

    def of_patients(self, table: np.ndarray) -> RunResults:
        """The results of patients, from their parameters, (patient, parameter); all NaN where integration fails."""
        if is_integrated_together(self.system, self.engine, self.measures):
            return self._together(table)
        return RunResults.joined([self._alone(row, number) for number, row in enumerate(table)])

    def _alone(self, parameters: np.ndarray, number: int) -> RunResults:
        try:
            return self.of_patient(parameters, number)
        except IntegrationError as error:
            return self.nothing(1, str(error))

    def _together(self, table: np.ndarray) -> RunResults:
        constants, size = self.system.constants_table(table), len(table)
        result = batch.integrate_many(
            self.system,
            constants,
            [(segments, self.starts) for segments in self.segments],
            np.arange(size) if len(self.segments) > 1 else np.zeros(size, dtype=int),
            self.times,
            events=self._events(constants),
            starts=self.initial,
            states=self.with_states,
            tolerances=self.engine.tolerances,
            triggers=self.triggers,
        )
        values = result.outputs if result.states is None else np.concatenate([result.outputs, result.states], axis=2)
        recovery = result.threshold_times - self.starts
        measures = {measure.name: recovery[:, event] for event, measure in enumerate(self.measures)}
        results = RunResults(values, measures, result.triggered_doses, list(result.reasons))
        for patient in np.flatnonzero(~np.isfinite(values).all(axis=(1, 2))):
            if not results.failures[patient]:
                results.fail(int(patient), self._not_finite(values[patient]))
        return results

    def _not_finite(self, table: np.ndarray) -> str:
        """The first value of a table (time, quantity) that is no finite number, in words; empty if there is none."""
        wrong = np.argwhere(~np.isfinite(table))
        if not wrong.size:
            return ""
        row, column = wrong[0]
        time = f"{self.times[row]:.6g} {unit_text(self.system.model.time)}"
        return (
            f"{self.quantities[column].name} is {table[row, column]} at {time}; look for a division by zero, or a "
            f"logarithm or power of what can be zero or negative, in what it follows from"
        )

    def _events(self, constants: np.ndarray) -> tuple[list[str], np.ndarray]:
        """Outputs and levels (patient, event); a level may be a share of the patient's own baseline."""
        names = [measure.output for measure in self.measures]
        rest = self.system.functions.rest_table(np.ascontiguousarray(constants))
        levels = np.empty((len(constants), len(names)))
        for event, measure in enumerate(self.measures):
            assert isinstance(measure, TimeToThreshold)
            unit, column = self.system.model.outputs[measure.output].unit, self.system.outputs.index(measure.output)
            levels[:, event] = measure.threshold(unit, rest[:, column])
        return names, levels


def is_integrated_together(system: System, engine: Engine, measures: Sequence[Measure]) -> bool:
    """Whether many patients are integrated side by side: the batch engine, no events, times to a threshold alone."""
    return (
        not engine.method
        and not system.model.events
        and all(isinstance(measure, TimeToThreshold) and measure.output in system.outputs for measure in measures)
    )
