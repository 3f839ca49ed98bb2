"""An output that is the probability of an event: the share of patients who have it, and when most get it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kinetics.measures.sampled import time_of_steepest_rise
from kinetics.published.kinds.quantity import Columns, OfShare, Quantity
from kinetics.published.kinds.window import HORIZON
from kinetics.units import conversion, parse_unit, to_unit

if TYPE_CHECKING:
    from kinetics.published.patients import Patients

INCIDENCE = "1 month"
"""Step over which the increase of a probability is taken."""


class EventShare(OfShare):
    """The mean probability by a time, or between two."""

    columns = Columns(("output", "time"), ("since",))
    own_unit = Quantity.unit_of_output

    def read(self) -> None:
        """The output must be a share."""
        conversion(self.unit_of_output(), parse_unit("1"))

    def number(self, patients: Patients) -> float:
        """The mean over patients."""
        *before, last = patients.true(self.output, np.array(self.times())).mean(axis=0)
        return last - before[0] if before else last


class EventPeak(Quantity):
    """When the mean probability rises fastest from month to month."""

    columns = Columns(("output",), ("since", "time"))
    sampled = False
    own_unit = Quantity.unit_of_time

    def times(self) -> np.ndarray:
        """Every month, and the end."""
        unit = self.arm.model.time
        step, begin = to_unit(INCIDENCE, unit), self.since or 0.0
        end = begin + to_unit(HORIZON, unit) if self.time is None else self.time
        return np.append(np.arange(begin, end - 0.5 * step, step), end)

    def number(self, patients: Patients) -> float:
        """The time."""
        times = self.times()
        return time_of_steepest_rise(times, patients.true(self.output, times).mean(axis=0))
