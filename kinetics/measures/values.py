"""A value at a time, the area under a curve, and means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.errors import UnitError
from kinetics.measures.evaluation import Measure
from kinetics.measures.windows import Window
from kinetics.units import parse_quantity, to_unit


@dataclass(frozen=True)
class ValueAt(Measure):
    """The value at a time since time 0, in the unit of the output; NaN if the window does not reach it."""

    time: str
    suffix = "at"
    description = "{output} at {time}"

    @property
    def argument(self) -> str:
        """The time."""
        return self.time

    def of(self, window: Window) -> float:
        """The number."""
        time, slack = to_unit(self.time, window.time_unit), 1e-9 * window.end
        if not window.begin - slack <= time <= window.end + slack:
            return np.nan
        return float(window.curve(np.array([min(max(time, window.begin), window.end)]))[0])


@dataclass(frozen=True)
class Final(Measure):
    """The value at the end of the window, in the unit of the output."""

    suffix = "final"
    description = "{output} at the end"

    def of(self, window: Window) -> float:
        """The number."""
        return float(window.curve(np.array([window.end]))[0])


@dataclass(frozen=True)
class AreaUnderCurve(Measure):
    """The integral of the output over the window, in the unit of the output times that of time.

    Of data it is the area between the first and the last value in the window.

    Parameters
    ----------
    output : str
        Of the model or the data.

    Examples
    --------
    >>> import xarray as xr
    >>> from kinetics.measures import measure
    >>> time = xr.Variable("time", [0.0, 30.0], {"units": "day"})
    >>> visits = xr.Dataset({"A": ("time", [0.5, 0.5], {"units": "1/nL"})}, {"time": time})
    >>> round(measure(visits, AreaUnderCurve("A")).A_area_under_curve.item(), 9)
    15.0
    """

    suffix = "area_under_curve"
    description = "area under the curve of {output}"
    measured_in = "output * time"

    def of(self, window: Window) -> float:
        """The number."""
        return window.integral(window.begin, window.end)


@dataclass(frozen=True)
class Plateau(Measure):
    """The mean over the last part of the window, in the unit of the output; NaN if the window is shorter than the part.

    Parameters
    ----------
    output : str
        Of the model or the data.
    length : str
        How long the part is, a positive quantity of time.

    Examples
    --------
    >>> Plateau("A").name
    'A_plateau_1_year'
    """

    length: str = "1 year"
    suffix = "plateau"
    description = "mean of {output} over the last {length} of the window"

    def __post_init__(self) -> None:
        if parse_quantity(self.length, "day")[0] <= 0:
            raise UnitError(f"length '{self.length}' of a plateau must be positive")

    @property
    def argument(self) -> str:
        """The length."""
        return self.length

    def of(self, window: Window) -> float:
        """The number."""
        length = parse_quantity(self.length, window.time_unit)[0]
        begin = window.end - length
        if begin < window.begin - 1e-9 * length:
            return np.nan
        return window.integral(max(begin, window.begin), window.end) / length


@dataclass(frozen=True)
class Length(Measure):
    """How long the window is, in the unit of time: what an area is divided by for a mean."""

    suffix = "length"
    description = "length of the window of {output}"
    measured_in = "time"

    def of(self, window: Window) -> float:
        """The number."""
        return window.end - window.begin
