"""The lowest point after a course, and the highest after that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kinetics.measures.evaluation import Measure
from kinetics.measures.windows import Window
from kinetics.units import parse_unit

__all__ = ["Nadir", "Overshoot", "TimeOfNadir", "TimeOfOvershoot"]


@dataclass(frozen=True)
class Nadir(Measure):
    """The lowest value in the window, in the unit of the output.

    Examples
    --------
    >>> Nadir("A").name
    'A_nadir'
    """

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_nadir"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"nadir of {self.output}"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return unit

    def of(self, window: Window) -> float:
        """The number."""
        return window.nadir[1]


@dataclass(frozen=True)
class TimeOfNadir(Measure):
    """The time of the nadir, from the course's first dose, in the unit of time; the earliest of equals.

    Examples
    --------
    >>> TimeOfNadir("A").name
    'A_time_of_nadir'
    """

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_time_of_nadir"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"time from the course's first dose to the nadir of {self.output}"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return time_unit

    def of(self, window: Window) -> float:
        """The number."""
        return window.nadir[0] - window.start


@dataclass(frozen=True)
class Overshoot(Measure):
    """The highest value after the window's nadir over the value at time 0, dimensionless.

    Below 1 the output has not come back. NaN if the value at time 0 is not known or not positive.

    Examples
    --------
    >>> Overshoot("A").name
    'A_overshoot'
    """

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_overshoot"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"highest {self.output} after the nadir over its baseline"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return parse_unit("1")

    def of(self, window: Window) -> float:
        """The number."""
        return window.peak[1] / window.baseline if window.baseline > 0 else np.nan


@dataclass(frozen=True)
class TimeOfOvershoot(Measure):
    """The time of the highest value after the window's nadir, from the course's first dose, in the unit of time.

    Examples
    --------
    >>> TimeOfOvershoot("A").name
    'A_time_of_overshoot'
    """

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_time_of_overshoot"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"time from the course's first dose to the highest {self.output} after the nadir"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return time_unit

    def of(self, window: Window) -> float:
        """The number."""
        return window.peak[0] - window.start
