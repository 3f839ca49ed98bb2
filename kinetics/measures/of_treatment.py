"""Measures that a comparison adds to those of recovery: the highest value anywhere, a value at a time, time above."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kinetics.measures import Curve, Measure, TimeBelow, Window
from kinetics.measures.evaluation import identifier
from kinetics.units import to_unit
from kinetics.units.levels import read_level

__all__ = ["Final", "Highest", "Length", "TimeAbove", "TimeOfHighest", "ValueAt"]


@dataclass(frozen=True, eq=False)
class _Negative:
    """A curve upside down, whose nadir is the highest point of the curve."""

    curve: Curve

    @property
    def slack(self) -> float:
        return self.curve.slack

    @property
    def knots(self) -> np.ndarray:
        return self.curve.knots

    def __call__(self, times: np.ndarray) -> np.ndarray:
        return -self.curve(times)


def _highest(window: Window) -> tuple[float, float]:
    """Time and value of the highest point of a window, before the nadir or after it."""
    time, value = replace(window, curve=_Negative(window.curve)).nadir
    return time, -value


@dataclass(frozen=True)
class Highest(Measure):
    """The highest value in the window, in the unit of the output.

    Examples
    --------
    >>> import xarray as xr
    >>> from kinetics.measures import curve_of, evaluate
    >>> curve = curve_of(xr.DataArray([1.0, 3.0, 0.2, 2.0], {"time": [0.0, 1.0, 30.0, 60.0]}, "time"))
    >>> evaluate(Highest("A"), curve, np.array([0.0]), 60.0, "1/nL", "day")
    array([3.])
    """

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_highest"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"highest {self.output}"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return unit

    def of(self, window: Window) -> float:
        """The number."""
        return _highest(window)[1]


@dataclass(frozen=True)
class TimeOfHighest(Measure):
    """The time of the highest value in the window, from the course's first dose, in the unit of time."""

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_time_of_highest"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"time from the course's first dose to the highest {self.output}"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return time_unit

    def of(self, window: Window) -> float:
        """The number."""
        return _highest(window)[0] - window.start


@dataclass(frozen=True)
class ValueAt(Measure):
    """The value at a time since time 0, in the unit of the output; NaN if the window does not reach it.

    Parameters
    ----------
    output : str
        The output, state or data variable.
    time : str
        A quantity of time.
    """

    time: str

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_at_{identifier(self.time)}"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"{self.output} at {self.time}"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return unit

    def of(self, window: Window) -> float:
        """The number."""
        time, slack = to_unit(self.time, window.time_unit), 1e-9 * window.end
        if not window.begin - slack <= time <= window.end + slack:
            return np.nan
        return float(window.curve(np.array([min(max(time, window.begin), window.end)]))[0])


@dataclass(frozen=True)
class Final(Measure):
    """The value at the end of the window, in the unit of the output."""

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_final"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"{self.output} at the end"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return unit

    def of(self, window: Window) -> float:
        """The number."""
        return float(window.curve(np.array([window.end]))[0])


@dataclass(frozen=True)
class Length(Measure):
    """How long the window is, in the unit of time: what an area is divided by for a mean."""

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_length"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"length of the window of {self.output}"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return time_unit

    def of(self, window: Window) -> float:
        """The number."""
        return window.end - window.begin


@dataclass(frozen=True)
class TimeAbove(TimeBelow):
    """How long the output lies at or above a level in the window, in the unit of time; the rest of `TimeBelow`.

    Examples
    --------
    >>> TimeAbove("A", "0.5 1").name
    'A_time_above_0p5_1'
    """

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_time_above_{identifier(read_level(self.level).text)}"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"time that {self.output} is above {self.level}"

    def of(self, window: Window) -> float:
        """The number."""
        return window.end - window.begin - super().of(window)
