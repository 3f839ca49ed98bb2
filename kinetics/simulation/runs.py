"""The runs of a simulation: every patient through the chosen engine, to named arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.engines import batch
from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.errors import IntegrationError
from kinetics.files.arguments import Progress
from kinetics.files.capacity import check_memory
from kinetics.measures import Measure, TimeToThreshold, evaluate_all
from kinetics.regimen import Regimen, Segments, Triggers, course_starts, model_segments, triggers
from kinetics.simulation.engine import Engine
from kinetics.units import unit_text

CHUNK = 1000
"""Patients that are integrated together."""


@dataclass(frozen=True, eq=False)
class RunResults:
    """What runs give, in the units of the model.

    ``values`` are those of `Run.quantities`, (run, time, quantity), ``measures`` by name, (run, course); NaN for a run
    that failed. ``triggered`` is what rules did, (run, ...), None without rules. ``failures`` are the reasons of runs
    that failed, empty for those that did not.
    """

    values: np.ndarray
    measures: dict[str, np.ndarray]
    triggered: TriggeredDoses | None
    failures: list[str]

    @classmethod
    def joined(cls, parts: Sequence[RunResults]) -> RunResults:
        """The runs of all parts, of which there is one at least, in their order."""
        triggered = [part.triggered.arrays for part in parts if part.triggered is not None]
        return cls(
            np.concatenate([part.values for part in parts]),
            {name: np.concatenate([part.measures[name] for part in parts]) for name in parts[0].measures},
            TriggeredDoses(*map(np.concatenate, zip(*triggered, strict=True))) if triggered else None,
            [reason for part in parts for reason in part.failures],
        )


@dataclass(frozen=True)
class Run:
    """What all patients of a simulation share; make one with `Run.under`.

    Parameters
    ----------
    times : ndarray, (time,)
        Output times, in model time.
    starts : ndarray, (course,)
        First doses of courses, in model time.
    measures : tuple of Measure
        Taken on the dense solution.
    with_states : bool
        Whether states stand beside the outputs.
    """

    system: System
    segments: Segments
    times: np.ndarray
    starts: np.ndarray
    measures: tuple[Measure, ...]
    with_states: bool
    engine: Engine
    triggers: Triggers | None = None

    @classmethod
    def under(
        cls,
        regimen: Regimen,
        system: System,
        times: np.ndarray,
        measures: tuple[Measure, ...],
        engine: Engine,
        *,
        with_states: bool = False,
    ) -> Run:
        """A run under a regimen up to the last output time; its other arguments are those of the class.

        Raises
        ------
        InputError
            If the model has no such dose or output, or units do not fit.
        """
        model = system.model
        doses = {name: dose.unit for name, dose in model.doses.items()}
        outputs = {name: output.unit for name, output in model.outputs.items()}
        scheduled = model_segments(regimen, model, float(times[-1]))
        rules = triggers(regimen, outputs, doses, model.time)
        return cls(system, scheduled, times, course_starts(regimen, model.time), measures, with_states, engine, rules)

    def quantities(self) -> list[Any]:
        """What is returned over time: outputs, then states if requested."""
        model = self.system.model
        return [*model.outputs.values(), *(model.states.values() if self.with_states else ())]

    def bytes_of_one(self) -> int:
        """What the values of one patient over time take."""
        return 8 * self.times.size * len(self.quantities())

    def nothing(self, patients: int, reason: str = "") -> RunResults:
        """The results of patients of whom nothing is known: all NaN."""
        values = np.full((patients, self.times.size, len(self.quantities())), np.nan)
        measures = {measure.name: np.full((patients, self.starts.size), np.nan) for measure in self.measures}
        triggered = None if self.triggers is None else TriggeredDoses.none(self.triggers, patients)
        return RunResults(values, measures, triggered, [reason] * patients)

    def of_patient(self, parameters: np.ndarray) -> RunResults:
        """The results of one patient, with an axis of length 1 for it.

        Raises
        ------
        IntegrationError
            If the parameters are impossible or the engine gives up.
        """
        constants = self.system.constants(parameters)
        if reason := self.system.impossible(constants):
            raise IntegrationError(reason)
        trajectory = self.engine.integrate(self.system, constants, self.segments, self.triggers)
        table = trajectory.outputs(self.times)
        if self.with_states:
            table = np.hstack([table, trajectory.states(self.times)])
        if reason := self._not_finite(table):
            raise IntegrationError(reason)
        model, outputs = self.system.model, dict.fromkeys(measure.output for measure in self.measures)
        curves = {name: trajectory.curve(name) for name in outputs}
        units = {name: model.quantity(name).unit for name in outputs}
        found = evaluate_all(self.measures, curves, self.starts, self.times[-1], units, model.time)
        measures = {measure.name: row[None] for measure, row in zip(self.measures, found, strict=True)}
        doses = trajectory.triggered_doses
        triggered = None if doses is None else TriggeredDoses(*(array[None] for array in doses.arrays))
        return RunResults(table[None], measures, triggered, [""])

    def of_patients(self, table: np.ndarray, progress: Progress | None) -> RunResults:
        """The results of patients, from their parameters, (patient, parameter); all NaN where integration fails."""
        needed = 2.0 * len(table) * self.bytes_of_one()
        check_memory(needed, f"{len(table)} patients at {self.times.size} times", "ask for fewer, or fewer times")
        together = not self.engine.method and all(
            isinstance(measure, TimeToThreshold) and measure.output in self.system.outputs for measure in self.measures
        )
        integrate, step = (self._together, CHUNK) if together else (self._alone, 1)
        parts = []
        for begin in range(0, len(table), step):
            parts.append(integrate(table[begin : begin + step]))
            if progress is not None:
                progress(min(begin + step, len(table)), len(table))
        return RunResults.joined(parts)

    def _alone(self, table: np.ndarray) -> RunResults:
        try:
            return self.of_patient(table[0])
        except IntegrationError as error:
            return self.nothing(1, str(error))

    def _together(self, table: np.ndarray) -> RunResults:
        constants = self.system.constants_table(table)
        result = batch.integrate_many(
            self.system,
            constants,
            [(self.segments, self.starts)],
            np.zeros(len(table), dtype=int),
            self.times,
            events=self._events(constants),
            states=self.with_states,
            tolerances=self.engine.tolerances,
            triggers=self.triggers,
        )
        values = result.outputs if result.states is None else np.concatenate([result.outputs, result.states], axis=2)
        recovery = result.threshold_times - self.starts
        measures = {measure.name: recovery[:, event] for event, measure in enumerate(self.measures)}
        results = RunResults(values, measures, result.triggered_doses, list(result.reasons))
        self._fail_where_not_finite(results)
        return results

    def _fail_where_not_finite(self, results: RunResults) -> None:
        """Make a failure of each patient with a value that is not finite: all NaN, with the reason."""
        nothing = self.nothing(1)
        for patient in np.flatnonzero(~np.isfinite(results.values).all(axis=(1, 2))):
            if results.failures[patient]:
                continue
            results.failures[patient] = self._not_finite(results.values[patient])
            results.values[patient] = np.nan
            for array in results.measures.values():
                array[patient] = np.nan
            if results.triggered is not None and nothing.triggered is not None:
                for array, none in zip(results.triggered.arrays, nothing.triggered.arrays, strict=True):
                    array[patient] = none[0]

    def _not_finite(self, table: np.ndarray) -> str:
        """The first value of a table (time, quantity) that is no finite number, in words; empty if there is none."""
        wrong = np.argwhere(~np.isfinite(table))
        if not wrong.size:
            return ""
        row, column = wrong[0]
        time = f"{self.times[row]:.6g} {unit_text(self.system.model.time)}"
        return (
            f"{self.quantities()[column].name} is {table[row, column]} at {time}; look for a division by zero, or a "
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
