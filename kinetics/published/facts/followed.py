"""Patients followed through a window of time: without gap, or at visits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinetics.errors import InputError
from kinetics.published.facts.patients import Patients
from kinetics.published.facts.question import Question
from kinetics.regimen import course_starts
from kinetics.units import to_unit
from kinetics.units.levels import earliest_lowest, stands_below, visited_level

__all__ = ["HORIZON", "Followed", "follow", "instants"]

HORIZON = "10 year"
"""How long patients are followed where nothing ends it."""

FINE, FINE_FOR, COARSE = "1 day", "90 day", "7 day"
"""Steps at which a course without visits is looked at: after each course, and later."""


@dataclass(frozen=True, eq=False)
class Followed:
    """An output of patients through a window.

    Parameters
    ----------
    times : ndarray, (time,)
        In the model's time, from the first dose.
    values : ndarray, (patient, time)
        Of the output.
    baseline : ndarray, (patient,)
        Its value before treatment.
    at_visits : bool
        Whether there is nothing known between the times.
    reported : bool
        Whether values are rounded as a report is.
    """

    times: np.ndarray
    values: np.ndarray
    baseline: np.ndarray
    at_visits: bool
    reported: bool = False

    def back(self, level: np.ndarray) -> np.ndarray:
        """When each patient is back at a level, (patient,); infinite for never, NaN for one never below.

        At visits: the first at or above the level after one below it. Else the first upward crossing after the
        window's nadir, by a straight line between the two times around it.

        Parameters
        ----------
        level : ndarray, (patient,)
            In the unit of the output.
        """
        below = stands_below(self.values, *visited_level(level[:, None], reported=self.reported))
        numbers = np.arange(self.times.size)
        nadir = earliest_lowest(self.values)
        later = np.logical_or.accumulate(below, axis=1) if self.at_visits else numbers >= nadir[:, None]
        hit = ~below & later
        first = hit.argmax(axis=1)
        each = np.arange(len(hit))
        times = self.times[first]
        if not self.at_visits:
            before = np.maximum(first - 1, 0)
            low, high = self.values[each, before], self.values[each, first]
            rise = np.where(high > low, high - low, 1.0)
            times = times - (times - self.times[before]) * np.clip((high - level) / rise, 0.0, 1.0)
        return np.where(below.any(axis=1), np.where(hit.any(axis=1), times, np.inf), np.nan)

    def time_below(self, level: np.ndarray) -> np.ndarray:
        """How long each patient is below a level, by straight lines between the times, (patient,)."""
        limits, margin = visited_level(level[:, None], reported=self.reported)
        side = np.where(stands_below(self.values, limits, margin), -margin, margin)
        # within the margin it is where it was
        beyond = np.where(np.abs(self.values - limits) <= margin, side, self.values - limits)
        depth, height = np.maximum(-beyond, 0.0), np.maximum(beyond, 0.0)
        ends = np.stack([depth[:, :-1] + depth[:, 1:], height[:, :-1] + height[:, 1:]])
        total = ends.sum(axis=0)
        share = np.where(total > 0, ends[0] / np.where(total > 0, total, 1.0), 0.0)
        return share @ np.diff(self.times)


def _window(question: Question) -> tuple[float, float, np.ndarray]:
    """Begin and end of the window, and the first doses of all courses.

    Without ``since`` it begins with the first course; without ``time`` it ends with the next course, if there is one.
    """
    model = question.model
    starts = course_starts(question.regimen, model.time)
    first = float(starts[0]) if starts.size else 0.0
    begin = first if question.since is None else question.since
    if question.time is not None:
        return begin, question.time, starts
    later = starts[starts > begin]
    end = begin + to_unit(HORIZON, model.time)
    return begin, float(min([end, *later[:1]])), starts


def instants(question: Question) -> np.ndarray:
    """The times of the window at which the output is needed, (time,), in the model's time.

    Raises
    ------
    InputError
        If fewer than two visits fall into it.
    """
    model = question.model
    begin, end, starts = _window(question)
    if question.visits is not None:
        times = question.visits.times(str(question.row.output), model.time, starts, end)
        times = times[times > begin]
        if times.size < 2:
            raise InputError(f"visits '{question.row.visits}' see {question.row.output} less than twice in the window")
        return times
    fine, fine_for, coarse = (to_unit(text, model.time) for text in (FINE, FINE_FOR, COARSE))
    inside = starts[(starts > begin) & (starts < end)]
    parts = [np.arange(start, min(end, start + fine_for), fine) for start in (begin, *inside)]
    return np.unique(np.concatenate([*parts, np.arange(begin, end, coarse), [end]]))


def follow(question: Question, patients: Patients) -> Followed:
    """The window of a question, as visits or an all-seeing eye show it."""
    output, times, rest = str(question.row.output), instants(question), np.zeros(1)
    at_visits = question.visits is not None
    see = patients.measured if at_visits else patients.true
    row = question.model.outputs.get(output)
    reported = at_visits and row is not None and row.rounding is not None
    return Followed(times, see(output, times), see(output, rest)[:, 0], at_visits, reported)
