"""When a curve is back at a level, and how long it lies below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kinetics.measures.evaluation import Measure, identifier
from kinetics.measures.windows import Window
from kinetics.units.levels import read_level

__all__ = ["TimeBelow", "TimeToThreshold"]


@dataclass(frozen=True)
class _AtLevel(Measure):
    """A time that depends on a level."""

    level: str

    def __post_init__(self) -> None:
        read_level(self.level)

    def unit(self, unit: Any, time_unit: Any) -> Any:
        """Unit of the result."""
        return time_unit

    def check(self, unit: Any, time_unit: Any) -> None:
        """Refuse units that do not fit."""
        super().check(unit, time_unit)
        self.threshold(unit, 1.0)

    def threshold(self, unit: Any, baseline: float) -> float:
        """The level in the unit of the output.

        Parameters
        ----------
        unit : pint.Unit
            Of the output.
        baseline : float
            The output at time 0, in ``unit``.

        Raises
        ------
        UnitError
            If the level has another dimension.
        """
        return read_level(self.level).value(unit, baseline)


@dataclass(frozen=True)
class TimeToThreshold(_AtLevel):
    """The time from the course's first dose to the first upward crossing of a level after the window's nadir.

    In the unit of time. Infinite if the level is not reached again in the window (censored); NaN if the output is never
    below it there (not at risk).

    Parameters
    ----------
    output : str
        The output, state or data variable.
    level : str
        A quantity such as ``"0.4 1e9/L"``, ``"baseline"``, or ``"40 % of baseline"``; baseline is the value at time 0.

    Examples
    --------
    >>> TimeToThreshold("A", "40 % of baseline").name
    'A_time_to_40_percent_of_baseline'
    """

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_time_to_{identifier(read_level(self.level).text)}"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"time from the course's first dose until {self.output} is back at {self.level}"

    def of(self, window: Window) -> float:
        """The number."""
        return window.return_to(self.threshold(window.unit, window.baseline)) - window.start


@dataclass(frozen=True)
class TimeBelow(_AtLevel):
    """How long the output lies below a level in the window, in the unit of time.

    Parameters
    ----------
    output : str
        The output, state or data variable.
    level : str
        A quantity such as ``"0.4 1e9/L"``, ``"baseline"``, or ``"40 % of baseline"``; baseline is the value at time 0.

    Examples
    --------
    >>> TimeBelow("A", "0.4 1e9/L").name
    'A_time_below_0p4_1_per_nL'
    """

    @property
    def name(self) -> str:
        """Name of its result variable."""
        return f"{self.output}_time_below_{identifier(read_level(self.level).text)}"

    @property
    def long_name(self) -> str:
        """What it is, in words."""
        return f"time that {self.output} is below {self.level}"

    def of(self, window: Window) -> float:
        """The number."""
        return window.time_below(self.threshold(window.unit, window.baseline))
