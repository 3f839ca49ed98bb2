"""A number of the curve over a window of time, looked at without gap or at visits."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kinetics.errors import InputError
from kinetics.measures.sampled import SampledCurves
from kinetics.observation.observed_times import visit_days
from kinetics.published.kinds.quantity import Quantity
from kinetics.units import to_unit

if TYPE_CHECKING:
    from kinetics.published.patients import Patients

WINDOW = ("since", "time", "visits")
"""Columns of a window."""

HORIZON = "10 year"
"""How long patients are followed where nothing ends it."""

FINE, FINE_FOR, COARSE = "1 day", "90 day", "7 day"
"""Steps at which a curve without visits is looked at: after each course, and later."""


class OverWindow(Quantity):
    """Of an output from the first course, or ``since``, to ``time``, else to the next course if there is one."""

    def times(self) -> np.ndarray:
        """Those at which the curve is looked at."""
        return self._times

    @cached_property
    def _times(self) -> np.ndarray:
        unit, starts = self.arm.model.time, self.arm.course_starts
        begin = self._begin
        later = starts[starts > begin]
        end = float(min([begin + to_unit(HORIZON, unit), *later[:1]])) if self.time is None else self.time
        if self.visits is not None:
            times = self.visits.times(self.output, unit, starts, end)
            times = times[times > begin]
            if times.size < 2:
                raise InputError(f"visits '{self.row.visits}' measure {self.output} less than twice in the window")
            return times
        fine, fine_for, coarse = (to_unit(text, unit) for text in (FINE, FINE_FOR, COARSE))
        inside = starts[(starts > begin) & (starts < end)]
        parts = [np.arange(start, min(end, start + fine_for), fine) for start in (begin, *inside)]
        return np.unique(np.concatenate([*parts, np.arange(begin, end, coarse), [end]]))

    def moment(self, patients: Patients) -> float:
        """The end of the window."""
        return float(self._times[-1])

    def curves(self, patients: Patients) -> SampledCurves:
        """The output of each patient over the window: as measured at visits, else the true values."""
        at_visits = self.visits is not None
        output = self.arm.model.outputs.get(self.output)
        reported = at_visits and output is not None and output.rounding is not None
        return SampledCurves(self._times, self._values(patients, self._times), at_visits, reported)

    def days(self, scheduled: np.ndarray, patients: Patients) -> np.ndarray:
        """The days of visits of patients, (patient,), from the scheduled ones: uniform over the windows of visits."""
        assert self.visits is not None
        begin, window = self._begin, self.visits.window(self.output, self.arm.model.time)
        return begin + visit_days(scheduled - begin, self._times - begin, window, patients.uniform(self.output))

    @cached_property
    def _begin(self) -> float:
        """From when the curve is looked at."""
        starts = self.arm.course_starts
        return (float(starts[0]) if starts.size else 0.0) if self.since is None else self.since

    def baseline(self, patients: Patients) -> np.ndarray:
        """The output of each patient before treatment, (patient,), measured if there are visits."""
        return self._values(patients, np.zeros(1))[:, 0]

    def _values(self, patients: Patients, times: np.ndarray) -> np.ndarray:
        return (patients.true if self.visits is None else patients.measured)(self.output, times)
