"""Retreatment: a course appended to a regimen at given times."""

from __future__ import annotations

from kinetics.errors import Faults, InputError
from kinetics.regimen.regimen import Course, Regimen
from kinetics.regimen.times import SAME, Amounts, as_tuple, in_days, span_text

MAX_TIMES = 1000
"""The most retreatments: each is compared with the courses before it."""


def only_course(regimen: Regimen) -> Course:
    """The course of a regimen that is given again; `InputError` if it has none, or several."""
    if len(regimen.courses) != 1:
        raise InputError(f"regimen '{regimen.name}' has {len(regimen.courses)} courses; retreatment is with one")
    return regimen.courses[0]


def with_retreatment(regimen: Regimen, course: Course, times: Amounts) -> Regimen:
    """Give a course again, its first dose at each of some times since time zero, in any order.

    `InputError` for every time that is negative, or at which another course is being given, and for more than 1000
    times.

    >>> course = Course.of("drug_a", "12 mg", every="1 day", count=3)
    >>> again = with_retreatment(Regimen([course], name="first"), course, ["24 month", "12 month"])
    >>> again.name
    'first, again at 24 month, 12 month'
    >>> with_retreatment(again, course, ["1 day"])
    Traceback (most recent call last):
    kinetics.errors.InputError: retreatment at 1 day: overlaps the course from 0 day to 2 day; start after its end
    """
    times = as_tuple(times)
    if len(times) > MAX_TIMES:
        raise InputError(f"{len(times)} retreatments; at most {MAX_TIMES}")
    faults, courses = Faults(), list(regimen.courses)
    spans = list(map(_span, courses))
    for time in times:
        name = f"retreatment at {time}"
        with faults.gather(name=name):
            if in_days(time) < 0:
                faults.add("is before time zero", name=name)
                continue
            added = course.at(time)
            start, end = _span(added)
            # the last dose, even a bolus, is part of a course
            taken = next((other for other in spans if start <= other[1] + SAME and other[0] <= end + SAME), None)
            if taken is not None:
                faults.add(f"overlaps the course from {span_text(*taken)}; start after its end", name=name)
            else:
                courses.append(added)
                spans.append((start, end))
    faults.raise_if_any()
    if not times:
        return regimen
    name = ", ".join(filter(None, (regimen.name, "again at " + ", ".join(map(str, times)))))
    rules = regimen.rules_among(courses)
    return Regimen(courses, name, regimen.title, regimen.source, rules, regimen.about)


def _span(course: Course) -> tuple[float, float]:
    return course.start.magnitude, course.end.magnitude
