"""The area under a curve, and its mean at the end of a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kinetics.errors import UnitError
from kinetics.measures.evaluation import Measure, identifier
from kinetics.measures.windows import Window
from kinetics.units import parse_quantity

__all__ = ["AreaUnderCurve", "Plateau"]


@dataclass(frozen=True)
class AreaUnderCurve(Measure):
    """The integral of the output over the window, in the unit of the output times that of time.

    Of data it is the area between the first and the last value in the window.

    Examples
    --------
    >>> AreaUnderCurve("A").name
    'A_area_under_curve'
    """

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_area_under_curve"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"area under the curve of {self.output}"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return unit * time_unit

    def of(self, window: Window) -> float:
        """The number."""
        return window.integral(window.begin, window.end)


@dataclass(frozen=True)
class Plateau(Measure):
    """The mean of the output over the last part of the window, in the unit of the output; NaN if the window is shorter.

    Parameters
    ----------
    output : str
        The output, state or data variable.
    length : str
        Duration of that part.

    Examples
    --------
    >>> Plateau("A").name
    'A_plateau_1_year'
    """

    length: str = "1 year"

    def __post_init__(self) -> None:
        if parse_quantity(self.length, "day")[0] <= 0:
            raise UnitError(f"length '{self.length}' of a plateau must be positive")

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_plateau_{identifier(self.length)}"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"mean of {self.output} over the last {self.length} of the window"

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return unit

    def of(self, window: Window) -> float:
        """The number."""
        length = parse_quantity(self.length, window.time_unit)[0]
        begin = window.end - length
        if begin < window.begin - 1e-9 * length:
            return np.nan
        return window.integral(max(begin, window.begin), window.end) / length
