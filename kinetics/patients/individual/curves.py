"""Outputs of a patient over time, at many parameter sets, under one treatment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from kinetics.compile import compile_model
from kinetics.errors import warn
from kinetics.files.checksums import content_hash
from kinetics.measures import Measure
from kinetics.model import Model
from kinetics.patients.individual.time_scale import early_times
from kinetics.patients.population.treatment import Treatment
from kinetics.regimen.times import apart
from kinetics.results import variable
from kinetics.simulation.engine import choose_engine
from kinetics.simulation.labelled import labelled
from kinetics.simulation.runs import Run
from kinetics.simulation.simulating import result_warnings

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit

SAME = 1e-6
"""Of the unit of time: closer times are one."""


class DrawnCurves:
    """Outputs at parameter sets of a patient, all of them integrated at once, along the records that are fitted.

    Parameters
    ----------
    fit : PatientFit
        The patient.
    treatment : Treatment
        The doses.
    random : ndarray, (draw, parameter)
        Random effects.
    times : ndarray, (time,)
        In order, in the model's unit, from time zero of the data.
    measures : sequence of Measure
        What is measured on the curves.
    limits : mapping of str to str
        Lower limits of normal by output, as levels.

    Attributes
    ----------
    everything : xarray.Dataset
        Outputs on (draw, time), measures on (draw, course), ``course_start`` and ``failure``.

    Warns
    -----
    UserWarning
        If sets cannot be integrated, or an output comes to a level only within rounding.
    """

    def __init__(
        self, fit: PatientFit, treatment: Treatment, random: np.ndarray, times: np.ndarray,
        measures: Sequence[Measure], limits: Mapping[str, str],
    ) -> None:  # fmt: skip
        model, engine = fit.model, choose_engine("batch", None, len(random), None)
        treated, until = fit.patients.treated, float(times[-1]) - fit.time_zero
        system = compile_model(model, treatment.drugs, sorted({*treated.changing(fit.id), *treated.between_occasions}))
        occasions = treatment.occasions or ()
        given = treated.along(fit.id, treatment.records, until, occasions)
        if measures and any(np.abs(treatment.starts - begin).min(initial=np.inf) > SAME for begin in occasions):
            warn(f"an occasion of patient {fit.id} begins within a course, whose recovery is looked for before that")
        since_begin = np.clip(times - fit.time_zero, 0.0, until)
        run = Run(system, given, since_begin, treatment.starts, tuple(measures), with_states=False, engine=engine)
        all_parameters = treated.system.parameters
        table = fit.table(random)[..., [all_parameters.index(name) for name in system.parameters]]
        found = labelled(run, run.of_patients(table), "draw", 0, _facts(fit, treatment, table, run), limits)
        for line in result_warnings(run, found):
            warn(line)
        self.model, self.times = model, times
        if "course_start" in found:
            attrs = found["course_start"].attrs
            found = found.assign(course_start=(found["course_start"] + fit.time_zero).assign_attrs(attrs))
        self.everything = found.assign_coords(time=time_coordinate(times, model))

    def of(self, output: str, times: np.ndarray) -> np.ndarray:
        """An output, (draw, time), at some of the times; NaN where the integration failed."""
        return self.everything[output].values[:, self._indices(times)]

    def outputs(self, times: np.ndarray) -> xr.Dataset:
        """Every output at some of the times, (draw, time)."""
        return self.everything[list(self.model.outputs)].isel(time=self._indices(times)).drop_vars("draw")

    def measured(self) -> xr.Dataset:
        """The measures and what else is not over time."""
        return self.everything.drop_vars([*self.model.outputs, "time"])

    def _indices(self, times: np.ndarray) -> np.ndarray:
        return np.abs(self.times[:, None] - times).argmin(axis=0)


def _facts(fit: PatientFit, treatment: Treatment, table: np.ndarray, run: Run) -> dict[str, object]:
    """Provenance."""
    model, cohort, tolerances = fit.model, fit.patients.cohort, run.engine.tolerances
    return {
        "model": model.name,
        "model_hash": model.content_hash,
        "regimen": treatment.name,
        "regimen_hash": treatment.content_hash,
        "cohort": cohort.name or None,
        "cohort_hash": cohort.content_hash,
        "parameters_hash": content_hash(table.tolist()),
        "fits": ", ".join(cohort.fits) or None,
        "engine": run.engine.name,
        "relative_tolerance": tolerances.relative,
        "absolute_tolerance": tolerances.absolute,
    }


def time_coordinate(times: np.ndarray, model: Model) -> xr.Variable:
    """The coordinate of times of the data."""
    return variable(("time",), times, model.time, "time since time zero of the data")


def curve_times(fit: PatientFit, treatment: Treatment, until: float, every: float) -> np.ndarray:
    """The times of a curve, (time,), in the model's unit: regular ones, and those at which much happens."""
    model, begin = fit.model, fit.time_zero
    starts = (treatment.starts + begin).tolist()
    after = [start + time for start in starts for time in early_times(model.time)]
    regular = every * np.arange(math.ceil(begin / every), int(until / every * (1 + 1e-12)) + 1)
    return np.array(apart([begin, *regular, *(time for time in (*starts, *after) if time < until), until], SAME))
