"""The share of patients below a level at a time, or not below it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from kinetics.errors import InputError
from kinetics.observation.population_values import CountProbe
from kinetics.published.kinds.level import AtLevel, level_of_row
from kinetics.published.kinds.quantity import AtTime, Columns
from kinetics.units.levels import stands_below, visited_level

if TYPE_CHECKING:
    from kinetics.published.patients import Patients
    from kinetics.published.target import RowInFit

__all__ = ["ShareAbove", "ShareBelow"]


class ShareBelow(AtLevel, AtTime):
    """Of patients whose measured output is below the level."""

    columns = Columns(("output", "time", "level"), (), ("share",))
    columns_in_fits = columns

    def own_unit(self) -> Any:
        """A share."""
        self.read_level()
        return super().own_unit()

    def number(self, patients: Patients) -> Any:
        """The share."""
        counts, baseline = (patients.measured(self.output, at)[:, 0] for at in (self.moments, np.zeros(1)))
        levels = self.levels(baseline)[:, None]
        return stands_below(counts[:, None], *visited_level(levels, reported=True)).mean()

    @classmethod
    def probe(cls, entry: RowInFit) -> CountProbe:
        """One measurement in the unit of the output, or over one before treatment."""
        name = entry.row.output
        noise, limit = entry.noise(name), entry.output(name).quantification or 0.0
        level, of_baseline = level_of_row(entry)
        if of_baseline:
            return CountProbe(name, entry.time, (name, 0.0), 1.0, math.sqrt(2) * noise, 0.0)
        if level <= limit:
            raise InputError(
                f"level {entry.row.level} is not above the limit of quantification, {limit:g} in the output's unit"
            )
        return CountProbe(name, entry.time, None, 1.0, noise, limit)

    @classmethod
    def level_in_fit(cls, entry: RowInFit) -> float:
        """In the unit of the output, or as a share of baseline."""
        return level_of_row(entry)[0]


class ShareAbove(ShareBelow):
    """Of patients whose measured output is at the level or above it."""

    def number(self, patients: Patients) -> Any:
        """The share."""
        return 1.0 - super().number(patients)
