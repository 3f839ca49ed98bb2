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

__all__ = ["AtLevel", "level_of_row"]


class AtLevel(Quantity):
    """A number that depends on a level: a quantity, a share of baseline, or the cohort's value of a parameter."""

    def read_level(self) -> Level:
        """The level, checked against the unit of the output.

        Raises
        ------
        InputError
            If it is of another dimension, or not positive.
        """
        text, model = str(self.row.level), self.arm.model
        name = text.replace(".", "_", 1)
        known = name in model.parameters
        level = Level(self.arm.cohort.values[name], model.parameters[name].unit) if known else read_level(text)
        level.value(self.output_unit, math.nan)
        if not level.number > 0:
            raise InputError(f"level {text} is not positive")
        return level

    def levels(self, baseline: np.ndarray) -> np.ndarray:
        """That of each patient, (patient,), in the unit of the output.

        Parameters
        ----------
        baseline : ndarray, (patient,)
            The output before treatment.
        """
        level = self.read_level()
        if level.unit is None:
            return level.number * baseline
        return np.full(baseline.shape, level.value(self.output_unit, np.nan))


def level_of_row(entry: RowInFit) -> tuple[float, bool]:
    """The level of a row of a fit, in the unit of its output or as a share of baseline, and whether it is a share.

    Raises
    ------
    InputError
        If it is of another dimension, or not positive.
    """
    level = read_level(str(entry.row.level))
    if not level.number > 0:
        raise InputError(f"level {entry.row.level} is not positive")
    return level.value(entry.output(entry.row.output).unit, 1.0), level.unit is None
