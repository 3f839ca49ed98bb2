"""What `predict_patient` is asked for, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kinetics.errors import Faults, InputError
from kinetics.files.arguments import loaded, whole_number
from kinetics.measures import Measure, TimeToThreshold, lower_limits, read_measures, recovery_measures
from kinetics.observation import VisitSchedule
from kinetics.patients.individual.curves import curve_times
from kinetics.patients.individual.time_scale import REACH, usual_step
from kinetics.patients.individual.treatment_plan import planned_treatment
from kinetics.patients.population.treatment import Treatment
from kinetics.population.seeds import checked_seed
from kinetics.regimen import Course, Regimen
from kinetics.regimen.times import Amount, Amounts
from kinetics.units import to_unit

if TYPE_CHECKING:
    from kinetics.patients.individual.patient_fit import PatientFit

MAX_TIMES = 100_000


@dataclass(frozen=True, eq=False)
class ForecastRequest:
    """What is predicted of a patient; times are in the model's unit, from time zero of the data. Make it with `of`.

    Parameters
    ----------
    fit : PatientFit
        The patient.
    treatment : Treatment
        The doses given and planned, in time of the simulation.
    times : ndarray, (time,)
        Of the output.
    visits : mapping of str to ndarray, (visit,)
        By output that has a lower limit of normal, when it is measured.
    draws, seed : int
        The number of parameter sets, and the seed of these.
    limits : dict of str to str
        Lower limits of normal, as levels.
    recovery : list of TimeToThreshold
        The times to these.
    further : list of Measure
        What else is measured.
    schedule : str
        What the schedule of the visits is called; empty if they are at the times of the output.
    """

    fit: PatientFit
    treatment: Treatment
    times: np.ndarray
    visits: Mapping[str, np.ndarray]
    draws: int
    seed: int
    limits: dict[str, str]
    recovery: list[TimeToThreshold]
    further: list[Measure]
    schedule: str

    @classmethod
    def of(
        cls, fit: PatientFit, *, until: Amount | None, every: Amount | None, seed: int,
        measures: Measure | str | Iterable[Measure | str], retreat: Amounts | None,
        retreat_with: Course | Regimen | str | Path | None, visits: VisitSchedule | str | Path | None, draws: int,
    ) -> ForecastRequest:  # fmt: skip
        """The request of arguments of `predict_patient`; `InputError` with every fault of them."""
        faults, model = Faults(), fit.model
        size = faults.attempt("", lambda: whole_number("draws", draws, 2))
        checked = faults.attempt("", lambda: checked_seed(seed))
        treatment = faults.attempt(
            "retreat_with" if retreat is None else "retreat", lambda: planned_treatment(fit, retreat, retreat_with)
        )
        step = faults.attempt("every", lambda: usual_step(model.time) if every is None else _positive(every, fit))
        last = None if treatment is None else faults.attempt("until", lambda: _end(fit, treatment, until))
        typical = fit.patients.cohort.values | dict(
            zip(fit.names, fit.values(fit.random[None])[0].tolist(), strict=True)
        )
        limits = lower_limits(model, typical)
        schedule = faults.attempt("visits", lambda: None if visits is None else _schedule(visits, fit, limits))
        further = faults.attempt("measures", lambda: read_measures(measures, model.outputs, limits))
        if step is not None and last is not None and (last - fit.time_zero) / step > MAX_TIMES:
            faults.add(f"gives more than {MAX_TIMES} times; take a longer step", name="every")
        faults.raise_if_any()
        assert size is not None
        assert checked is not None
        assert treatment is not None
        assert step is not None
        assert last is not None
        assert further is not None
        times = curve_times(fit, treatment, last, step)
        at = {name: times if schedule is None else _visits(schedule, name, fit, treatment, last) for name in limits}
        name = "" if schedule is None else schedule.name or "without a name"
        recovery = recovery_measures(model, typical)
        return cls(fit, treatment, times, at, size, checked, limits, recovery, list(further), name)

    @property
    def all_times(self) -> np.ndarray:
        """Of the output and of visits, (time,)."""
        return np.unique(np.concatenate([self.times, *self.visits.values()]))

    @property
    def measures(self) -> list[Measure]:
        """The times to the limits, and what else is measured."""
        return [*self.recovery, *(each for each in self.further if each not in self.recovery)]

    @property
    def thresholds(self) -> dict[str, float]:
        """Lower limits of normal, by output, in its unit."""
        outputs = self.fit.model.outputs
        return {each.output: each.threshold(outputs[each.output].unit, np.nan) for each in self.recovery}


def _positive(value: Amount, fit: PatientFit) -> float:
    number = to_unit(value, fit.model.time)
    if not number > 0:
        raise InputError(f"must be a positive time; found '{value}'")
    return number


def _end(fit: PatientFit, treatment: Treatment, until: Amount | None) -> float:
    """When the prediction ends."""
    unit = fit.model.time
    starts = (treatment.starts + fit.time_zero).tolist()
    if until is None:
        last = max([0.0, *(record.time for record in fit.patient.records), *starts])
        return last + REACH * usual_step(unit)
    end = to_unit(until, unit)
    if not end > max(0.0, fit.time_zero):
        raise InputError(f"must be later than time zero of the data; found '{until}'")
    if treatment.planned and end <= starts[-1]:
        raise InputError(f"is before the further course begins; found '{until}'")
    return end


def _schedule(visits: VisitSchedule | str | Path, fit: PatientFit, limits: Mapping[str, str]) -> VisitSchedule:
    schedule = loaded("visits", visits, VisitSchedule)
    schedule.check_outputs(fit.model)
    if limits and not any(map(schedule.series_of, limits)):
        raise InputError(f"'{schedule.name}' measures none of {', '.join(limits)}, which have a lower limit of normal")
    return schedule


def _visits(schedule: VisitSchedule, output: str, fit: PatientFit, treatment: Treatment, until: float) -> np.ndarray:
    """When an output is measured, (visit,), counted from the first dose, or from time zero if there is none."""
    begin = fit.time_zero
    starts = treatment.starts if treatment.courses else np.array([-begin])
    return schedule.times(output, fit.model.time, starts, until - begin) + begin
