"""Outputs of a patient over time, at many parameter sets, under one treatment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.compile import compile_model
from kinetics.engines import batch
from kinetics.model import Model
from kinetics.patients.population.predictions import TOLERANCES
from kinetics.regimen import Regimen, model_segments
from kinetics.regimen.times import apart
from kinetics.results import LIMIT_LEVEL, variable
from kinetics.units import to_unit

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit

AFTER_A_DOSE = ("1 day", "3 day", "7 day", "14 day", "21 day")
"""Times after the first dose of a course that a curve has besides regular ones: the fall is within days."""
SAME = 1e-6
"""Of the unit of time: closer times are one."""


class DrawnCurves:
    """Outputs at parameter sets of a patient, all of them integrated at once.

    Parameters
    ----------
    fit : PatientFit
        The patient.
    treatment : Regimen
        The doses, in time of the simulation.
    random : ndarray, (draw, parameter)
        Random effects.
    times : ndarray, (time,)
        In order, in the model's unit, from time zero of the data.
    """

    def __init__(self, fit: PatientFit, treatment: Regimen, random: np.ndarray, times: np.ndarray) -> None:
        model = self.model = fit.model
        system = compile_model(model, sorted(treatment.drugs))
        plan = model_segments(treatment, model, float(times[-1]) - fit.time_zero)
        table = fit.table(random)[:, [fit.patients.treated.system.parameters.index(name) for name in system.parameters]]
        since_begin = np.clip(times - fit.time_zero, 0.0, plan.edges[-1])
        result = batch.integrate_many(
            system, system.constants_table(table), [(plan, np.empty(0))], np.zeros(len(table), dtype=int), since_begin,
            tolerances=TOLERANCES,
        )  # fmt: skip
        self.times, self.values, self.outputs = times, result.outputs, system.outputs

    def of(self, output: str, times: np.ndarray | None = None) -> np.ndarray:
        """An output, (draw, time), at all times or at some of them; NaN where the integration failed."""
        values = self.values[:, :, self.outputs.index(output)]
        return values if times is None else values[:, np.abs(self.times[:, None] - times).argmin(axis=0)]

    def dataset(self, times: np.ndarray, limits: Mapping[str, str]) -> xr.Dataset:
        """Every output at some of the times, (draw, time)."""
        data = {}
        for name, output in self.model.outputs.items():
            limit = {"lower_limit": output.lower_limit, LIMIT_LEVEL: limits[name]} if output.lower_limit else {}
            data[name] = variable(
                ("draw", "time"), self.of(name, times), output.unit, output.about or name,
                exploratory=output.exploratory, **limit,
            )  # fmt: skip
        return xr.Dataset(data, {"time": time_coordinate(times, self.model)})


def time_coordinate(times: np.ndarray, model: Model) -> xr.Variable:
    """The coordinate of times of the data."""
    return variable(("time",), times, model.time, "time since time zero of the data")


def curve_times(fit: PatientFit, treatment: Regimen, until: float, every: float) -> np.ndarray:
    """The times of a curve, (time,), in the model's unit: regular ones, and those at which much happens."""
    model, begin = fit.model, fit.time_zero
    starts = [to_unit(course.start, model.time) + begin for course in treatment.courses]
    after = [start + to_unit(length, model.time) for start in starts for length in AFTER_A_DOSE]
    regular = every * np.arange(int(until / every * (1 + 1e-12)) + 1)
    return np.array(apart([begin, *regular, *(time for time in (*starts, *after) if time < until), until], SAME))
