"""What every engine is given, and how far it may be from the truth: ten years of the shipped model, monthly output."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.compile import System, compile_model
from kinetics.model import Model
from kinetics.population.draws import draw_patients
from kinetics.regimen import Regimen, Segments, course_starts, segments
from kinetics.units import to_unit

__all__ = [
    "COHORTS",
    "EVERY",
    "LIMIT",
    "MODEL",
    "REGIMEN",
    "SEED",
    "UNTIL",
    "Workload",
    "load_workload",
    "worst_errors",
]

MODEL, REGIMEN = "reconstitution", "ms_licensed"
COHORTS = ("relapsing", "progressive")
UNTIL, EVERY = "10 year", "1 month"
SEED = 11
LIMIT = 2e-6
"""The error at which engines are compared."""
FLOOR = 1e-6
"""Share of its peak below which an output is not compared."""


@dataclass(frozen=True, eq=False)
class Workload:
    """The shipped model under the licensed regimen.

    Parameters
    ----------
    system : System
        The whole model, compiled: for what cannot tell which states rest, and for the truth.
    reduced : System
        Without the states that rest, as `kinetics.simulate` integrates it with either engine.
    segments : Segments
        Dose edges and rates.
    starts : ndarray, (course,), day
        First doses.
    months : ndarray, (time,), day
        Output times that are timed.
    checked : ndarray, (time,), day
        Output times at which errors are taken: those, and every day of the first 14 months.
    """

    system: System
    reduced: System
    segments: Segments
    starts: np.ndarray
    months: np.ndarray
    checked: np.ndarray

    def cohort(self, name: str) -> CohortParameters:
        """Values and spreads of a cohort."""
        return cohort_parameters(self.system.model, name)

    def patients(self, cohort: str, number: int) -> np.ndarray:
        """Constants of random patients, (patient, constant)."""
        drawn = draw_patients(self.system, self.cohort(cohort), number, SEED)
        return np.array([self.system.constants(parameters) for parameters in drawn])

    def typical(self, cohort: str) -> np.ndarray:
        """Constants of the typical patient, (constant,)."""
        return self.system.constants(self.system.parameter_array(self.cohort(cohort).values))

    def sample(self, cohort: str, number: int) -> np.ndarray:
        """The typical patient and random ones, (patient, constant), ``number`` in all."""
        return np.vstack([self.typical(cohort)[None], self.patients(cohort, number - 1)])


@cache
def load_workload() -> Workload:
    """The workload, with the code of the model compiled or taken from the cache."""
    model = Model.load(MODEL)
    regimen = Regimen.load(REGIMEN)
    last = to_unit(UNTIL, model.time)
    given = segments(regimen, {name: dose.unit for name, dose in model.doses.items()}, model.time, last)
    month = to_unit(EVERY, model.time)
    months = np.linspace(0.0, last, round(last / month) + 1)
    days = np.arange(0.0, 14 * month, to_unit("1 day", model.time))
    systems = compile_model(model), compile_model(model, regimen.drugs)
    return Workload(*systems, given, course_starts(regimen, model.time), months, np.union1d(months, days))


def worst_errors(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The largest relative error of each output of each patient, (patient, output).

    Parameters
    ----------
    found, truth : ndarray, (patient, time, output)
        An output counts where it is above a millionth of its peak. A value that is missing is infinitely wrong.
    """
    counts = truth > FLOOR * truth.max(axis=1, keepdims=True)
    errors = np.abs(found / np.where(counts, truth, 1.0) - 1.0)
    return np.where(counts, np.nan_to_num(errors, nan=np.inf), 0.0).max(axis=1)
