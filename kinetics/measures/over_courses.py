"""How numbers that a measure gives course by course become one of the whole treatment.

Each function takes `Courses` and the measures of a reading, and gives (...), in the units of the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinetics.measures import Measure
from kinetics.units.levels import earliest_lowest

Measures = tuple[Measure, ...]


@dataclass(frozen=True)
class Courses:
    """Measures of one simulation, (..., course), by name; first doses, (course,); the output before any drug, (...)."""

    values: Mapping[str, np.ndarray]
    starts: np.ndarray
    baseline: np.ndarray

    def of(self, measure: Measure) -> np.ndarray:
        """A measure, (..., course)."""
        return self.values[measure.name]


def after_first(courses: Courses, measures: Measures) -> np.ndarray:
    """The number of the first course."""
    return courses.of(measures[0])[..., 0]


def after_last(courses: Courses, measures: Measures) -> np.ndarray:
    """The number of the last course."""
    return courses.of(measures[0])[..., -1]


def total(courses: Courses, measures: Measures) -> np.ndarray:
    """The sum."""
    return np.asarray(np.add.reduce(courses.of(measures[0]), axis=-1))


def mean(courses: Courses, measures: Measures) -> np.ndarray:
    """The first measure, an area, over the second, a length."""
    return total(courses, measures[:1]) / total(courses, measures[1:])


def lowest(courses: Courses, measures: Measures) -> np.ndarray:
    """The least of all courses that have one."""
    return np.asarray(np.fmin.reduce(courses.of(measures[0]), axis=-1))


def highest(courses: Courses, measures: Measures) -> np.ndarray:
    """The greatest of all courses that have one; of a measure that one course alone has, its number."""
    return np.asarray(np.fmax.reduce(courses.of(measures[0]), axis=-1))


def lowest_percent(courses: Courses, measures: Measures) -> np.ndarray:
    """The least, in percent of baseline."""
    return 100 * lowest(courses, measures) / np.where(courses.baseline > 0, courses.baseline, np.nan)


def highest_percent(courses: Courses, measures: Measures) -> np.ndarray:
    """The greatest of a measure that is a share of baseline, in percent."""
    return 100 * highest(courses, measures)


def time_of_lowest(courses: Courses, measures: Measures) -> np.ndarray:
    """The first measure, a time, of the course whose second is least; from the first dose of all."""
    return _at_best(courses, measures, np.inf)


def time_of_highest(courses: Courses, measures: Measures) -> np.ndarray:
    """The first measure, a time, of the course whose second is greatest; from the first dose of all."""
    return _at_best(courses, measures, -np.inf)


def _at_best(courses: Courses, measures: Measures, worst: float) -> np.ndarray:
    times, values = (courses.of(measure) for measure in measures)
    known = np.where(np.isnan(values), worst, values)
    best = earliest_lowest(known if worst > 0 else -known)
    since_first = times + (courses.starts - courses.starts[0])
    return np.take_along_axis(since_first, best[..., None], axis=-1)[..., 0]
