"""The level of a row: of a fact, of each of its patients, and of a row of a fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from kinetics.errors import InputError
from kinetics.published.kinds.quantity import Quantity
from kinetics.units.levels import Level, read_level

if TYPE_CHECKING:
    from kinetics.published.target import RowInFit


class AtLevel(Quantity):
    """A number that depends on a level: a quantity, a share of baseline, or the cohort's value of a parameter."""

    def read(self) -> None:
        """The level."""
        text, model = str(self.row.level), self.arm.model
        name = text.replace(".", "_", 1)
        known = name in model.parameters
        self.level = Level(self.arm.cohort.values[name], model.parameters[name].unit) if known else read_level(text)
        self.level.value(self.unit_of_output(), math.nan)
        if not self.level.number > 0:
            raise InputError(f"level {text} is not positive")

    def levels(self, baseline: np.ndarray) -> np.ndarray:
        """The level of each patient, (patient,), in the unit of the output, by the output before treatment."""
        if self.level.unit is None:
            return self.level.number * baseline
        return np.full(baseline.shape, self.level.value(self.unit_of_output(), np.nan))


def level_in_fit(entry: RowInFit) -> tuple[float, bool]:
    """The level of a row of a fit, in the unit of its output or as a share of baseline, and whether it is a share."""
    level = read_level(str(entry.row.level))
    if not level.number > 0:
        raise InputError(f"level {entry.row.level} is not positive")
    return level.value(entry.model.output(entry.row.output).unit, 1.0), level.unit is None
