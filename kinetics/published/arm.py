"""A cohort under a regimen: what is simulated once, for all numbers that are asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kinetics.cohorts.cohort import CohortParameters
from kinetics.compile import System, compile_model
from kinetics.engines.rule_monitor import TriggeredDoses, baselines_of
from kinetics.errors import IntegrationError, warn
from kinetics.files.arguments import Progress
from kinetics.model import Model
from kinetics.population.draws import draw_patients
from kinetics.published.patients import Patients
from kinetics.regimen import Regimen, Segments, course_starts, model_segments
from kinetics.simulation.engine import choose_engine
from kinetics.simulation.runs import Run

MOST_LOST = 0.05
"""More patients than this share that cannot be integrated are no population."""


@dataclass(frozen=True, eq=False)
class Arm:
    """Patients of one cohort, whose values have what differs from them, under one regimen of a model.

    ``reduce`` as of `kinetics.simulation.SimulationRequest`.
    """

    model: Model
    cohort: CohortParameters
    regimen: Regimen
    reduce: bool = True

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """The same for arms whose patients are the same."""
        return self.model.name, self.model.path, self.regimen.content_hash, self.cohort.content_hash

    @cached_property
    def system(self) -> System:
        """The compiled model."""
        return compile_model(self.model, self.regimen.drugs if self.reduce else None)

    @cached_property
    def course_starts(self) -> np.ndarray:
        """First doses, (course,), in the model's time."""
        return course_starts(self.regimen, self.model.time)

    def segments(self, until: float) -> Segments:
        """What an engine integrates up to a time, in the model's."""
        return model_segments(self.regimen, self.model, until)

    def simulate(
        self,
        times: np.ndarray,
        patients: int,
        seed: int,
        *,
        with_states: bool = False,
        progress: Progress | None = None,
    ) -> Patients:
        """Draw and simulate ``patients``, points of a Sobol sequence scrambled by ``seed``, and the typical one.

        ``times``, (time,), increase from 0, in the model's time; ``with_states`` if states are needed beside the
        outputs. Patients who cannot be integrated are left out, with a warning.

        Raises
        ------
        InputError
            If no patients can be drawn, or a rule's level cannot be returned to.
        IntegrationError
            If more than `MOST_LOST` of the patients, or the typical one, cannot be integrated.
        """
        typical = self.system.parameter_array(self.cohort.values)
        drawn = draw_patients(self.system, self.cohort, patients, seed, sampling="quasi")
        table = np.vstack([typical, drawn])
        engine = choose_engine("batch", None, len(table), None)
        run = Run.under(self.regimen, self.system, times, (), engine, with_states=with_states)
        if run.triggers is not None:
            constants = self.system.constants_table(typical[None])
            run.triggers.check(baselines_of(self.system, constants, run.triggers))
        results = run.of_patients(table, progress)
        if reason := results.failures[0]:
            raise IntegrationError(f"the typical patient cannot be simulated: {reason}")
        simulated, doses = integrated_patients(results.failures[1:]), results.triggered
        if lost := int((~simulated).sum()):
            text = f"{lost} of {simulated.size} virtual patients could not be simulated and are left out"
            warn(text)
        constants = self.system.constants_table(table)

        def part(rows: np.ndarray, typical: Patients | None) -> Patients:
            triggered = None if doses is None else TriggeredDoses(*(array[rows] for array in doses.arrays))
            return Patients(self.model, times, results.values[rows], constants[rows], triggered, seed, typical)

        return part(np.append(False, simulated), part(np.arange(1), None))


def integrated_patients(failures: Sequence[str]) -> np.ndarray:
    """Which patients have no failure, (patient,); an `IntegrationError` if more than `MOST_LOST` of them have."""
    integrated = np.array([not reason for reason in failures])
    lost = int((~integrated).sum())
    if lost > MOST_LOST * integrated.size:
        reason = next(reason for reason in failures if reason)
        raise IntegrationError(f"{lost} of {integrated.size} virtual patients cannot be simulated; {reason}")
    return integrated
