"""How far a prediction is from the data of a fit: in cohort, first course, number of courses, and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinetics.estimate import FitProblem
from kinetics.files.checksums import content_hash
from kinetics.regimen import Course, Regimen
from kinetics.units import conversion, parse_unit, to_unit

DAYS = to_unit("1 month", "day")
"""Of a month."""


@dataclass(frozen=True)
class FittedArm:
    """Patients that were fitted: their cohort, a hash of their first course, how many courses, and until when.

    ``months`` is the time of their last fitted number from the first dose of the last course before it.
    """

    cohort: str
    first_course: str
    courses: int
    months: float


@dataclass(frozen=True, eq=False)
class Distance:
    """Steps away from the data at each time of a prediction, (time,): each is a separate source of error.

    ``start`` is when the first course begins; ``constant`` are the steps that hold from there: 1 for another cohort,
    1 for another first course. ``courses`` are when those courses begin that no fitted patient had. ``later``, (time,),
    grows from 0 at the last fitted time after a course to 1 at twice that time, and on with the logarithm.
    """

    start: float
    constant: int
    courses: tuple[float, ...]
    later: np.ndarray

    @property
    def is_near(self) -> bool:
        """Whether all of it is within the data."""
        return not self.constant and not self.courses and not self.later.any()

    @property
    def steps(self) -> float:
        """How many steps there are at the last time, whose variances add."""
        return self.constant + len(self.courses) + float(self.later[-1]) ** 2


def fitted_arms(problem: FitProblem) -> tuple[FittedArm, ...]:
    """The arms of the fitted rows of a problem."""
    arms = dict[tuple[str, str, int], float]()
    for target in problem.fitted:
        row, starts = target.row, np.array(target.regimen.starts or (0.0,))
        # a recovery has no time of its own: patients were followed until then at least
        number = row.value if row.upper is None else row.upper
        days = to_unit(row.time, "day") if row.time is not None else _recovery_days(row.unit, number or 0.0)
        begun = starts[starts <= days] if starts[0] <= days else starts[:1]
        key = (row.cohort, first_course(target.regimen), len(begun))
        arms[key] = max(arms.get(key, 0.0), (days - float(begun[-1])) / DAYS)
    return tuple(FittedArm(*key, months) for key, months in arms.items())


def _recovery_days(unit: str, number: float) -> float:
    """A time of recovery in days; 0 of a number that is no time."""
    own, day = parse_unit(unit), parse_unit("day")
    return number * float(conversion(own, day)) if own.dimensionality == day.dimensionality else 0.0


def distance_from(
    arms: Sequence[FittedArm], is_fitted: bool, regimen: Regimen, times: np.ndarray, starts: np.ndarray, month: float
) -> Distance:
    """Of a prediction from arms.

    Parameters
    ----------
    arms : sequence of FittedArm
        What was fitted.
    is_fitted : bool
        Whether patients of the predicted cohort were fitted.
    regimen : Regimen
        What is given to them.
    times, starts : ndarray, (time,) and (course,)
        Times of the prediction and of the first doses of its courses, in one unit.
    month : float
        A month in that unit.

    Returns
    -------
    Distance
    """
    same_course = [arm for arm in arms if arm.first_course == first_course(regimen)]
    most = max((arm.courses for arm in arms), default=0)
    until = max((arm.months for arm in arms), default=0.0) * month
    latest = np.searchsorted(starts, times, side="right") - 1
    since = np.where(latest >= 0, times - starts[np.maximum(latest, 0)], 0.0)
    with np.errstate(divide="ignore"):
        later = np.maximum(np.log2(since / until), 0.0) if until > 0 else np.zeros(times.size)
    constant = (not is_fitted) + (not same_course)
    return Distance(float(starts[0]), constant, tuple(starts[most:].tolist()), later)


def first_course(regimen: Regimen) -> str:
    """A hash of the doses of the first course; empty without one."""
    if not regimen.courses:
        return ""
    return course_hash(regimen.courses[0])


def course_hash(course: Course) -> str:
    """A hash of what is given, counted from the first dose."""
    return content_hash([dose.fingerprint for dose in course.at("0 day").doses])
