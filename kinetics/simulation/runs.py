"""The runs of a simulation: every patient through the chosen engine, to arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinetics.compile import System
from kinetics.engines import Tolerances, batch, scipy
from kinetics.engines.rule_monitor import TriggeredDoses
from kinetics.engines.trajectory import Trajectory
from kinetics.errors import InputError, IntegrationError
from kinetics.files.capacity import check_memory
from kinetics.measures import Measure, TimeToThreshold, evaluate
from kinetics.regimen import Regimen, Segments, Triggers, course_starts, segments, triggers
from kinetics.units import unit_text
from kinetics.units.levels import read_level

__all__ = ["CHUNK", "ENGINES", "Engine", "Progress", "Run", "choose_engine"]

ENGINES = ("auto", "scipy", "batch")
CHUNK = 1000
"""Patients that are integrated together."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Engine:
    """An engine with its error bounds; ``method`` is empty for the batch engine."""

    method: str
    tolerances: Tolerances

    @property
    def name(self) -> str:
        """How results name it."""
        return f"scipy {self.method}" if self.method else "batch Rodas5P"

    def integrate(
        self, system: System, constants: np.ndarray, segments: Segments, triggers: Triggers | None = None
    ) -> Trajectory:
        """One patient with a dense solution."""
        options: dict[str, Any] = {"tolerances": self.tolerances, "triggers": triggers}
        if self.method:
            return scipy.integrate(system, constants, segments, method=self.method, **options)
        return batch.integrate(system, constants, segments, **options)


def choose_engine(engine: str, method: str | None, runs: int, tolerances: Tolerances | None) -> Engine:
    """The engine of a simulation.

    Parameters
    ----------
    engine : {"auto", "scipy", "batch"}
        ``auto`` takes the batch engine for more than one run, unless a method is given.
    method : {"LSODA", "BDF", "Radau"}, optional
        The integrator of the scipy engine; LSODA by default.
    runs : int
        Patients or draws.
    tolerances : Tolerances, optional
        The engine's own by default.

    Raises
    ------
    InputError
        If there is no such engine or method, or a method is given to the batch engine.

    Examples
    --------
    >>> choose_engine("auto", None, 1000, None).name, choose_engine("auto", "BDF", 1000, None).name
    ('batch Rodas5P', 'scipy BDF')
    """
    if engine not in ENGINES:
        raise InputError(f"unknown engine '{engine}'; there are {', '.join(ENGINES)}")
    if method is not None and method not in scipy.METHODS:
        raise InputError(f"unknown method '{method}'; there are {', '.join(scipy.METHODS)}")
    if method is not None and engine == "batch":
        raise InputError(f"the batch engine has no method '{method}'; leave out one of the two")
    if engine == "batch" or (engine == "auto" and method is None and runs > 1):
        return Engine("", tolerances or batch.TOLERANCES)
    return Engine(method or scipy.METHODS[0], tolerances or scipy.TOLERANCES)


@dataclass(frozen=True)
class Run:
    """What all patients of a simulation share.

    Parameters
    ----------
    system : System
        The compiled model.
    segments : Segments
        Dose edges, rates and boluses.
    times : ndarray, (time,)
        Output times.
    starts : ndarray, (course,)
        First doses.
    measures : tuple of Measure
        Taken on the dense solution.
    with_states : bool
        Whether states stand beside the outputs.
    engine : Engine
        Who integrates.
    triggers : Triggers, optional
        Rules that give doses.
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
        given = segments(regimen, doses, model.time, float(times[-1]))
        rules = triggers(regimen, outputs, doses, model.time)
        return cls(system, given, times, course_starts(regimen, model.time), measures, with_states, engine, rules)

    def quantities(self) -> list[Any]:
        """What is returned over time: outputs, then states if asked."""
        model = self.system.model
        return [*model.outputs.values(), *(model.states.values() if self.with_states else ())]

    def bytes_of_one(self) -> int:
        """What the values of one patient over time take."""
        return 8 * self.times.size * len(self.quantities())

    def nothing(self, patients: int) -> list[np.ndarray]:
        """The arrays of `of_patients`, all NaN."""
        shapes = [(self.times.size, len(self.quantities())), *((self.starts.size,) for _ in self.measures)]
        given = () if self.triggers is None else TriggeredDoses.none(self.triggers, patients).arrays
        return [*(np.full((patients, *shape), np.nan) for shape in shapes), *given]

    def of_patient(self, parameters: np.ndarray) -> list[np.ndarray]:
        """The values over time, (time, quantity), then one array (course,) a measure, then what rules did, if any.

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
        if told := self._not_finite(table):
            raise IntegrationError(told)
        given = () if trajectory.triggered_doses is None else trajectory.triggered_doses.arrays
        return [table, *(self._measured(measure, trajectory) for measure in self.measures), *given]

    def of_patients(self, table: np.ndarray, progress: Progress | None) -> tuple[list[np.ndarray], list[str]]:
        """The same with a leading axis, and the reasons of failures, empty for a patient that did not fail.

        Parameters
        ----------
        table : ndarray, (patient, parameter)
            Parameters in the units of the model.
        progress : callable, optional
            Called with (done, all).
        """
        needed = 2.0 * len(table) * self.bytes_of_one()
        check_memory(needed, f"{len(table)} patients at {self.times.size} times", "ask for fewer, or fewer times")
        crossings = all(isinstance(measure, TimeToThreshold) for measure in self.measures)
        step = CHUNK if not self.engine.method and crossings and self._outputs_only() else 1
        integrate = self._together if step > 1 else self._alone
        parts, reasons = [], []
        for begin in range(0, len(table), step):
            columns, failed = integrate(table[begin : begin + step])
            parts.append(columns)
            reasons += failed
            if progress is not None:
                progress(len(reasons), len(table))
        return [np.concatenate(column) for column in zip(*parts, strict=True)], reasons

    def _outputs_only(self) -> bool:
        return all(measure.output in self.system.outputs for measure in self.measures)

    def _alone(self, table: np.ndarray) -> tuple[list[np.ndarray], list[str]]:
        try:
            return [column[None] for column in self.of_patient(table[0])], [""]
        except IntegrationError as error:
            return self.nothing(1), [str(error)]

    def _together(self, table: np.ndarray) -> tuple[list[np.ndarray], list[str]]:
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
        counts = result.outputs if result.states is None else np.concatenate([result.outputs, result.states], axis=2)
        recovery = result.threshold_times - self.starts
        given = () if result.triggered_doses is None else result.triggered_doses.arrays
        arrays = [counts, *(recovery[:, event] for event in range(len(self.measures))), *given]
        return arrays, self._failures(arrays, result.reasons)

    def _failures(self, arrays: list[np.ndarray], reasons: list[str]) -> list[str]:
        """The reasons of failures with those of values that are not finite, whose patients become all NaN."""
        told = list(reasons)
        for patient in np.flatnonzero(~np.isfinite(arrays[0]).all(axis=(1, 2))):
            if not told[patient]:
                told[patient] = self._not_finite(arrays[0][patient])
                for array, nothing in zip(arrays, self.nothing(1), strict=True):
                    array[patient] = nothing[0]
        return told

    def _not_finite(self, table: np.ndarray) -> str:
        """The first value of a table (time, quantity) that is no finite number, in words; empty if there is none."""
        wrong = np.argwhere(~np.isfinite(table))
        if not wrong.size:
            return ""
        row, column = wrong[0]
        model = self.system.model
        time = f"{self.times[row]:.6g} {unit_text(model.time)}"
        return (
            f"{self.quantities()[column].name} is {table[row, column]} at {time}; look for a division by zero, or a "
            f"logarithm or power of what can be zero or negative, in what it follows from"
        )

    def _events(self, constants: np.ndarray) -> tuple[list[str], np.ndarray]:
        """Outputs and levels (patient, event); a level may be a share of the patient's own baseline."""
        model = self.system.model
        names = [measure.output for measure in self.measures]
        columns = [self.system.outputs.index(name) for name in names]
        rest = self.system.functions.rest_table(np.ascontiguousarray(constants))
        levels = np.empty((len(constants), len(names)))
        for event, (measure, column) in enumerate(zip(self.measures, columns, strict=True)):
            assert isinstance(measure, TimeToThreshold)
            level = read_level(measure.level)
            absolute = level.unit is not None
            unit = model.outputs[measure.output].unit
            levels[:, event] = level.value(unit, np.nan) if absolute else level.number * rest[:, column]
        return names, levels

    def _measured(self, measure: Measure, trajectory: Trajectory) -> np.ndarray:
        model, curve = self.system.model, trajectory.curve(measure.output)
        unit = model.quantity(measure.output).unit
        return evaluate(measure, curve, self.starts, self.times[-1], unit, model.time)
