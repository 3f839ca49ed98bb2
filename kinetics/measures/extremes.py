"""The lowest point after a course, the highest after that, and the highest of all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.measures.evaluation import Measure
from kinetics.measures.windows import Window


@dataclass(frozen=True)
class Nadir(Measure):
    """The lowest value in the window, in the unit of the output.

    Parameters
    ----------
    output : str
        An output or a state of the model, or a variable of data.

    Examples
    --------
    >>> Nadir("A").name
    'A_nadir'
    """

    suffix = "nadir"
    description = "nadir of {output}"

    def of(self, window: Window) -> float:
        """The number."""
        return window.nadir[1]


@dataclass(frozen=True)
class TimeOfNadir(Measure):
    """The time of the nadir, from the course's first dose, in the unit of time; the earliest of equals.

    Parameters
    ----------
    output : str
        An output or a state of the model, or a variable of data.

    Examples
    --------
    >>> TimeOfNadir("A").long_name
    "time from the course's first dose to the nadir of A"
    """

    suffix = "time_of_nadir"
    description = "time from the course's first dose to the nadir of {output}"
    measured_in = "time"

    def of(self, window: Window) -> float:
        """The number."""
        return window.nadir[0] - window.start


@dataclass(frozen=True)
class Overshoot(Measure):
    """The highest value after the window's nadir over the value at time 0, dimensionless.

    Below 1 the output has not come back. NaN if the value at time 0 is not known or not positive.

    Parameters
    ----------
    output : str
        An output or a state of the model, or a variable of data.

    Examples
    --------
    >>> import xarray as xr
    >>> from kinetics.measures import measure
    >>> time = xr.Variable("time", [0.0, 30.0, 60.0], {"units": "day"})
    >>> visits = xr.Dataset({"A": ("time", [2.0, 0.2, 3.0], {"units": "1/nL"})}, {"time": time})
    >>> measure(visits, Overshoot("A")).A_overshoot.item()
    1.5
    """

    suffix = "overshoot"
    description = "highest {output} after the nadir over its baseline"
    measured_in = "1"

    def of(self, window: Window) -> float:
        """The number."""
        return window.overshoot[1] / window.baseline if window.baseline > 0 else np.nan


@dataclass(frozen=True)
class TimeOfOvershoot(Measure):
    """The time of the highest value after the window's nadir, from the course's first dose, in the unit of time.

    Parameters
    ----------
    output : str
        An output or a state of the model, or a variable of data.

    Examples
    --------
    >>> TimeOfOvershoot("A").long_name
    "time from the course's first dose to the highest A after the nadir"
    """

    suffix = "time_of_overshoot"
    description = "time from the course's first dose to the highest {output} after the nadir"
    measured_in = "time"

    def of(self, window: Window) -> float:
        """The number."""
        return window.overshoot[0] - window.start


@dataclass(frozen=True)
class Peak(Measure):
    """The highest value in the window, before the nadir or after it, in the unit of the output.

    Examples
    --------
    >>> Peak("A").long_name
    'highest A'
    """

    suffix = "peak"
    description = "highest {output}"

    def of(self, window: Window) -> float:
        """The number."""
        return window.peak[1]


@dataclass(frozen=True)
class TimeOfPeak(Measure):
    """The time of the highest value in the window, from the course's first dose, in the unit of time."""

    suffix = "time_of_peak"
    description = "time from the course's first dose to the highest {output}"
    measured_in = "time"

    def of(self, window: Window) -> float:
        """The number."""
        return window.peak[0] - window.start
