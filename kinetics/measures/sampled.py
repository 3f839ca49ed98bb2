"""Measures of many curves known at the same times alone: extremes, the return to a level, the time below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kinetics.measures.returns import first_return
from kinetics.units.levels import earliest_lowest, stands_below, visited_level


@dataclass(frozen=True, eq=False)
class SampledCurves:
    """Values of patients, (patient, time), finite, at increasing times, (time,); levels are in their unit, (patient,).

    ``at_visits``: nothing is known between the times; else the curve is a straight line there. ``reported``: values are
    rounded as a report is.
    """

    times: np.ndarray
    values: np.ndarray
    at_visits: bool
    reported: bool = False

    def return_to(self, level: np.ndarray) -> np.ndarray:
        """When each patient is back at a level, (patient,); infinite for never, NaN for one never below.

        At visits: the first at or above the level after one below it. Else the first upward crossing after the nadir.
        """
        limits, margin = visited_level(level[:, None], reported=self.reported)
        if self.at_visits:
            return first_return(self.values, limits, margin).times(self.times)
        below = stands_below(self.values, limits, margin)
        back = ~below & (np.arange(self.times.size) >= earliest_lowest(self.values)[:, None])
        times = np.where(back.any(axis=1), self._crossing(level, back.argmax(axis=1)), np.inf)
        return np.where(below.any(axis=1), times, np.nan)

    def time_below(self, level: np.ndarray) -> np.ndarray:
        """How long each patient is below a level, (patient,), by straight lines between the times."""
        limits, margin = visited_level(level[:, None], reported=self.reported)
        side = np.where(stands_below(self.values, limits, margin), -margin, margin)
        # within the margin it is where it was
        beyond = np.where(np.abs(self.values - limits) <= margin, side, self.values - limits)
        depth, height = np.maximum(-beyond, 0.0), np.maximum(beyond, 0.0)
        ends = np.stack([depth[:, :-1] + depth[:, 1:], height[:, :-1] + height[:, 1:]])
        total = ends.sum(axis=0)
        share = np.where(total > 0, ends[0] / np.where(total > 0, total, 1.0), 0.0)
        return share @ np.diff(self.times)

    def _crossing(self, level: np.ndarray, beyond: np.ndarray) -> np.ndarray:
        """When the straight line to each patient's time ``beyond``, by index, meets the level, (patient,)."""
        each, before = np.arange(len(self.values)), np.maximum(beyond - 1, 0)
        low, high, times = self.values[each, before], self.values[each, beyond], self.times[beyond]
        rise = np.where(high > low, high - low, 1.0)
        return times - (times - self.times[before]) * np.clip((high - level) / rise, 0.0, 1.0)


class SampledExtremes(NamedTuple):
    """The lowest point of a curve, the highest after it, and the highest of all: values, and times beside them."""

    nadir: float
    time_of_nadir: float
    overshoot: float
    time_of_overshoot: float
    peak: float
    time_of_peak: float


def sampled_extremes(times: np.ndarray, values: np.ndarray) -> SampledExtremes:
    """The extremes of one curve, (time,), of one time at least; of equals the earliest."""
    lowest, highest = values.argmin(), values.argmax()
    after = lowest + values[lowest:].argmax()
    points = [(float(values[index]), float(times[index])) for index in (lowest, after, highest)]
    return SampledExtremes(*points[0], *points[1], *points[2])


def time_of_steepest_rise(times: np.ndarray, values: np.ndarray) -> float:
    """When a curve of two points at least rises fastest, by central differences.

    Between the times, it is the top of a parabola through the steepest slope and its neighbours: a small change of the
    curve is a small change of the time.
    """
    slopes = np.gradient(values, times)
    top = int(slopes.argmax())
    if top in (0, times.size - 1):
        return float(times[top])
    middles = 0.5 * (times[top - 1 : top + 1] + times[top : top + 2])
    before, after = np.diff(slopes[top - 1 : top + 2]) / np.diff(times[top - 1 : top + 2])
    return float(times[top] if before == after else middles[0] + np.diff(middles)[0] * before / (before - after))
