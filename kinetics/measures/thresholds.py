"""When a curve is back at a level, and how long it lies below it or above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from kinetics.measures.evaluation import Measure
from kinetics.measures.windows import Window
from kinetics.units import Unit, parse_unit
from kinetics.units.levels import read_level, slack


@dataclass(frozen=True)
class _AtLevel(Measure):
    """A time that depends on a level."""

    level: str
    measured_in = "time"

    def __post_init__(self) -> None:
        read_level(self.level)

    @property
    def argument(self) -> str:
        """The level."""
        return read_level(self.level).text

    def check(self, unit: Unit, time_unit: Unit) -> None:
        """Refuse units that do not fit."""
        super().check(unit, time_unit)
        self.threshold(unit, 1.0)

    def threshold(self, unit: Unit, baseline: Any) -> Any:
        """The level in the unit of the output; a share of ``baseline`` is an array like it."""
        return read_level(self.level).value(unit, baseline)


@dataclass(frozen=True)
class TimeToThreshold(_AtLevel):
    """The time from the course's first dose to the first upward crossing of a level after the window's nadir.

    In the unit of time. Infinite if the level is not reached again in the window (censored); NaN if the output is never
    below it there (not at risk).

    Parameters
    ----------
    output : str
        Of the model or the data.
    level : str
        A quantity such as ``"0.4 1e9/L"``, ``"baseline"``, or ``"40 % of baseline"``; baseline is the value at time 0.

    Examples
    --------
    >>> TimeToThreshold("A", "40 % of baseline").name
    'A_time_to_40_percent_of_baseline'
    """

    suffix = "time_to"
    description = "time from the course's first dose until {output} is back at {level}"

    def of(self, window: Window) -> float:
        """The number."""
        return window.return_to(self.threshold(window.unit, window.baseline)) - window.start


@dataclass(frozen=True)
class TimeBelow(_AtLevel):
    """How long the output lies below a level in the window, in the unit of time.

    Parameters
    ----------
    output : str
        Of the model or the data.
    level : str
        As of `TimeToThreshold`.

    Examples
    --------
    >>> TimeBelow("A", "0.4 1e9/L").name
    'A_time_below_0p4_1_per_nL'
    """

    suffix = "time_below"
    description = "time that {output} is below {level}"

    def of(self, window: Window) -> float:
        """The number."""
        return window.time_below(self.threshold(window.unit, window.baseline))


@dataclass(frozen=True)
class TimeAbove(TimeBelow):
    """How long the output lies at or above a level in the window, in the unit of time; the rest of `TimeBelow`."""

    suffix = "time_above"
    description = "time that {output} is above {level}"

    def of(self, window: Window) -> float:
        """The number."""
        return window.end - window.begin - super().of(window)


def limit_warnings(result: xr.Dataset, measures: Sequence[Measure]) -> list[str]:
    """One line for each output that counts as at its level at the end of a course: it approaches it as a limit.

    Parameters
    ----------
    result : xarray.Dataset
        Of a simulation, with its measures.
    measures : sequence of Measure
        Those of a time to a level or below it are looked at.
    """
    starts = result["course_start"].values if "course_start" in result else np.empty(0)
    times, share = result["time"].values, slack(result.attrs["relative_tolerance"])
    last = np.searchsorted(times, np.append(starts[1:], np.inf), side="right") - 1
    lines: dict[str, None] = {}
    for measure in measures:
        # a state that the result does not hold is not looked at
        if not starts.size or type(measure) not in (TimeToThreshold, TimeBelow) or measure.output not in result:
            continue
        assert isinstance(measure, _AtLevel)
        series = result[measure.output]
        ends = series.isel(time=last).values
        baseline = series.isel(time=0).values[..., None]
        threshold = np.asarray(measure.threshold(parse_unit(series.attrs["units"]), baseline))
        duration = result[measure.name].values
        # never back, or below for some time: an output that rests at the level is neither
        below = np.isinf(duration) if isinstance(measure, TimeToThreshold) else duration > 0
        close = (below & (np.abs(ends - threshold) <= share * np.abs(threshold))).reshape(-1, starts.size).any(axis=1)
        if close.any():
            among = f" in {close.sum()} of {close.size}" if close.size > 1 else ""
            lines[
                f"{measure.output} only comes within rounding of {measure.level}{among}, as a limit does: "
                "it counts as below and never back"
            ] = None
    return list(lines)
