"""The share of patients below a level at a time, or not below it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kinetics.errors import InputError
from kinetics.observation.population_values import CountProbe
from kinetics.published.kinds.level import AtLevel, level_in_fit
from kinetics.published.kinds.quantity import Columns, OfShare
from kinetics.units.levels import stands_below, visited_level

if TYPE_CHECKING:
    from kinetics.published.patients import Patients
    from kinetics.published.target import RowInFit


class ShareBelow(OfShare, AtLevel):
    """Of patients whose measured output is below the level."""

    columns = columns_in_fits = Columns(("output", "time", "level"), (), ("share",))

    def number(self, patients: Patients) -> Any:
        """The share."""
        counts, baseline = (patients.measured_once(self.output, time) for time in (self.time, 0.0))
        levels = self.levels(baseline)[:, None]
        return stands_below(counts[:, None], *visited_level(levels, reported=True)).mean()

    @classmethod
    def probe(cls, entry: RowInFit) -> CountProbe:
        """One measurement in the unit of the output, or over one before treatment."""
        name = entry.row.output
        noise, limit = entry.noise(name), entry.model.output(name).quantification or 0.0
        level, of_baseline = level_in_fit(entry)
        if of_baseline:
            return CountProbe(name, entry.time, (name, 0.0), 1.0, math.sqrt(2) * noise, 0.0)
        if level <= limit:
            limit_text = f"the limit of quantification, {limit:g} in the output's unit"
            raise InputError(f"level {entry.row.level} is not above {limit_text}")
        return CountProbe(name, entry.time, None, 1.0, noise, limit)


class ShareAbove(ShareBelow):
    """Of patients whose measured output is at the level or above it."""

    def number(self, patients: Patients) -> Any:
        """The share."""
        return 1.0 - super().number(patients)
