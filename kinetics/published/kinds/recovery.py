"""When patients are back at a level, how many are, and how long they are below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.errors import InputError
from kinetics.measures import TimeToThreshold as ThresholdTime
from kinetics.measures.patient_statistics import share_recovered
from kinetics.observation.population_values import RecoveryProbe
from kinetics.published.kinds.level import AtLevel, level_in_fit
from kinetics.published.kinds.quantity import FITTED, OF_PATIENTS, Columns, OfShare, Quantity
from kinetics.published.kinds.typical_recovery import TypicalRecovery
from kinetics.published.kinds.window import WINDOW, OverWindow
from kinetics.regimen import course_starts
from kinetics.units import conversion, parse_unit, to_unit
from kinetics.units.levels import SLACK, read_level

if TYPE_CHECKING:
    from kinetics.published.patients import Patients
    from kinetics.published.target import RowInFit


class TimeToThreshold(AtLevel, OverWindow):
    """When each patient is first back at the level: after the nadir, or at the first visit that shows it."""

    columns = Columns(("output", "level"), WINDOW, (*OF_PATIENTS, "survival_median"))
    columns_in_fits = Columns(("output", "level"), ("visits",), (*FITTED, "survival_median"))
    own_unit, discrepancy_class = Quantity.unit_of_time, "time"

    def sample(self, patients: Patients) -> np.ndarray:
        """The time, (patient,), at visits that of the day; infinite for never, NaN for one never below."""
        times = self.returns(patients)
        return times if self.visits is None else self.days(times, patients)

    def moment(self, patients: Patients) -> float:
        """That of the number, or the end of the window if it is never."""
        number = self.answer(patients)
        return number if np.isfinite(number) else super().moment(patients)

    def returns(self, patients: Patients) -> np.ndarray:
        """When each patient is back, (patient,), at visits as they are scheduled."""
        return self.curves(patients).return_to(self.levels(self.baseline(patients)))

    @classmethod
    def typical(cls, entry: RowInFit) -> TypicalRecovery:
        """The time from the first dose of the first course."""
        name, unit = entry.row.output, entry.model.output(entry.row.output).unit
        measure = ThresholdTime(name, str(entry.row.level))
        measure.check(unit, entry.model.time)
        rest = entry.baseline_of(name)
        level = measure.threshold(unit, rest)
        if not level > 0:
            raise InputError(f"threshold {measure.level} is not positive")
        if read_level(measure.level).unit is not None and not level < (1 - SLACK) * rest:
            raise InputError(f"{name} at rest, {rest:g}, is already below the threshold {measure.level}")
        return TypicalRecovery(measure, _starts(entry), entry.horizon, unit, entry.model.time)

    @classmethod
    def probe(cls, entry: RowInFit) -> RecoveryProbe:
        """The visit of the first course's window that is the first to show it, in the unit of the row."""
        row, model, name = entry.row, entry.model, entry.row.output
        noise = entry.noise(name)
        if entry.schedule is None:
            raise InputError("names no 'visits'; a population fit needs the schedule of visits that show a recovery")
        level, of_baseline = level_in_fit(entry)
        starts = _starts(entry)
        start, end = float(starts[0]), float(min([entry.horizon, *starts[1:2]]))
        visits = entry.schedule.times(name, model.time, starts, end)
        visits = visits[visits > start]
        if visits.size < 2:
            raise InputError(f"visits '{row.visits}' measure {name} less than twice within the first course's window")
        for column, text in (("time", row.time), ("since", row.since)):
            if text is not None and not 0 < to_unit(text, model.time) <= visits[-1] - start:
                raise InputError(f"{column} {text} is not between the first dose and the last visit")
        factor = float(conversion(model.time, parse_unit("month" if row.of_patients else row.unit)))
        window = factor * entry.schedule.window(name, model.time)
        at = tuple(visits.tolist())
        return RecoveryProbe(name, at, start, level, of_baseline, factor, noise, window, row.of_patients)


def _starts(entry: RowInFit) -> np.ndarray:
    """First doses, (course,), the first of which is within the simulation."""
    starts = course_starts(entry.regimen, entry.model.time)
    if not starts.size or not starts[0] < entry.horizon:
        raise InputError("a time to a threshold needs a regimen with a course within the simulation")
    return starts


class ShareRecovered(OfShare, TimeToThreshold):
    """Of those who were below the level, the share back by the end of the window."""

    columns = Columns(("output", "level"), WINDOW, ("share",))
    columns_in_fits = Columns(("output", "level", "visits"), ("time", "since"), ("share",))
    own_unit = Quantity.own_unit
    moment = OverWindow.moment

    def number(self, patients: Patients) -> Any:
        """The share; NaN if nobody was below."""
        return share_recovered(self.returns(patients))


class TimeBelow(AtLevel, OverWindow):
    """How long each patient is below the level."""

    columns = Columns(("output", "level"), WINDOW, OF_PATIENTS)
    own_unit, discrepancy_class = Quantity.unit_of_time, "time"

    def sample(self, patients: Patients) -> np.ndarray:
        """The time, (patient,)."""
        return self.curves(patients).time_below(self.levels(self.baseline(patients)))
