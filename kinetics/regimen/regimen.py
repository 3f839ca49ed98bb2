"""`Course` and `Regimen`: doses in groups, and an algebra that moves, repeats and joins them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TypeVar

import pint

from kinetics.documents import content_hash
from kinetics.errors import InputError
from kinetics.model.library import find_file
from kinetics.regimen.dose import Dose
from kinetics.regimen.reading import read_regimen
from kinetics.regimen.table import course_table
from kinetics.regimen.times import SAME, Amount, days, in_days, offsets, time_text

__all__ = ["Course", "Regimen"]

T = TypeVar("T")


@dataclass(frozen=True)
class Course:
    """A group of doses that belong together; recovery is counted from the first of them.

    Parameters
    ----------
    doses : sequence of Dose
        At least one, in any order; kept in order of time.

    Raises
    ------
    InputError
        If there is no dose, or something else among them.

    Examples
    --------
    >>> course = Course.of("drug_a", "12 mg", duration="4 hour", every="1 day", count=3)
    >>> print(course + course.at("36 month"))
    course at 0 day + course at 36 month
    course  start     drug    amount  duration  doses
    1       0 day     drug_a  12 mg   4 hour    3, every 1 day
    2       36 month  drug_a  12 mg   4 hour    3, every 1 day
    """

    doses: Sequence[Dose]

    def __post_init__(self) -> None:
        doses = _members(self.doses, Dose, "a course is made of doses")
        if not doses:
            raise InputError("a course needs at least one dose; a drug-free regimen is Regimen.none()")
        object.__setattr__(self, "doses", tuple(sorted(doses, key=lambda dose: dose.key)))

    @classmethod
    def of(
        cls, drug: str, amount: Amount, duration: Amount = "0 day", every: Amount | None = None, count: int = 1
    ) -> Course:
        """The same dose ``count`` times, the first at time zero; parameters as of `Dose` and `Dose.repeat`."""
        return cls(Dose(drug, amount, duration=duration).repeat(count, every))

    @property
    def start(self) -> pint.Quantity:
        """The start of the first dose, in days."""
        return self.doses[0].start

    @property
    def end(self) -> pint.Quantity:
        """The end of the last infusion, in days."""
        return max(dose.end for dose in self.doses)

    @cached_property
    def key(self) -> tuple[tuple[float, float, str, float, str], ...]:
        """The order of courses, and what they are."""
        return tuple(dose.key for dose in self.doses)

    def at(self, start: Amount) -> Course:
        """The same course with its first dose at ``start``."""
        first, start = self.start, days(in_days(start))
        # from the first dose, not by a shift, so that the first dose is at `start` to the last digit
        return Course([replace(dose, start=start + (dose.start - first)) for dose in self.doses])

    def shift(self, by: Amount) -> Course:
        """The same course later, or earlier if ``by`` is negative.

        Raises
        ------
        InputError
            If it would start before time zero.
        """
        if self.start.magnitude + in_days(by) < -SAME:
            raise InputError(f"shift by {by} puts a dose at {time_text(self.start.magnitude)} before time zero")
        return Course([dose.shift(by) for dose in self.doses])

    def repeat(self, count: int, every: Amount | None = None) -> Regimen:
        """The same course ``count`` times, each ``every`` after the one before."""
        return Regimen([self], name=self._name).repeat(count, every)

    def __add__(self, other: Course | Regimen) -> Regimen:
        return Regimen([self], name=self._name) + other if isinstance(other, Course | Regimen) else NotImplemented

    def __str__(self) -> str:
        return course_table([self.doses])

    @property
    def _name(self) -> str:
        return f"course at {time_text(self.start.magnitude)}"


@dataclass(frozen=True)
class Regimen:
    """Courses in order of time. Two regimens are equal if their courses are, whatever they are called.

    Parameters
    ----------
    courses : sequence of Course
        In any order; kept in order of time. Infusions that overlap add.
    name, title, source : str
        What it is called, what it is, and the key of its publication.

    Examples
    --------
    >>> course = Course.of("drug_a", "12 mg", every="1 day", count=3)
    >>> course.repeat(2, every="12 month") + course.at("24 month") == course.repeat(3, every="12 month")
    True
    >>> Regimen.none().drugs
    ()
    """

    courses: Sequence[Course] = ()
    name: str = field(default="", compare=False)
    title: str = field(default="", compare=False)
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        courses = _members(self.courses, Course, "a regimen is made of courses; put doses into Course([...])")
        object.__setattr__(self, "courses", tuple(sorted(courses, key=lambda course: course.key)))

    @classmethod
    def load(cls, name: str | Path) -> Regimen:
        """Read a regimen file: a path, or the name of a regimen that ships.

        Raises
        ------
        InputError
            With every fault of the file.
        """
        path = find_file(name, "models/regimens")
        file = read_regimen(path)
        return cls([Course(doses) for doses in file.courses], path.stem, file.title, file.source)

    @classmethod
    def none(cls) -> Regimen:
        """No drug at all."""
        return cls(name="none", title="no drug")

    @property
    def doses(self) -> tuple[Dose, ...]:
        """The doses of all courses, course by course."""
        return tuple(chain.from_iterable(course.doses for course in self.courses))

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drugs given, sorted."""
        return tuple(sorted({dose.drug for dose in self.doses}))

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of what is given and when, to 1e-9 day and 12 digits; names do not count."""
        return content_hash([[dose.fingerprint for dose in course.doses] for course in self.courses])

    def shift(self, by: Amount) -> Regimen:
        """The same regimen later, or earlier if ``by`` is negative; `InputError` if that is before time zero."""
        in_days(by)
        return self._called([course.shift(by) for course in self.courses], f"shifted by {by}")

    def repeat(self, count: int, every: Amount | None = None) -> Regimen:
        """The same regimen ``count`` times, each ``every`` after the one before."""
        shifts = [days(offset) for offset in offsets(count, every)]
        courses = [course.shift(by) for by in shifts for course in self.courses]
        return self._called(courses, f"{count} times every {every}") if count > 1 else self

    def _called(self, courses: Sequence[Course], change: str) -> Regimen:
        return Regimen(courses, ", ".join(filter(None, (self.name, change))), self.title, self.source)

    def __add__(self, other: Course | Regimen) -> Regimen:
        if isinstance(other, Course):
            other = Regimen([other], name=other._name)
        if not isinstance(other, Regimen):
            return NotImplemented
        if not (self.courses and other.courses):
            return self if self.courses else other
        name, title, source = (
            " + ".join(dict.fromkeys(filter(None, both)))
            for both in ((self.name, other.name), (self.title, other.title), (self.source, other.source))
        )
        return Regimen([*self.courses, *other.courses], name, title, source)

    def __str__(self) -> str:
        about = ": ".join(filter(None, (self.name, self.title))) + (f" ({self.source})" if self.source else "")
        table = course_table(course.doses for course in self.courses) if self.courses else ""
        return "\n".join(filter(None, (about, table)))


def _members(items: Iterable[T], kind: type[T], message: str) -> tuple[T, ...]:
    if not isinstance(items, Iterable):
        raise InputError(f"{message}, in a list, found {items!r:.60}")
    members = tuple(items)
    for item in members:
        if not isinstance(item, kind):
            raise InputError(f"{message}, found {item!r:.60}")
    return members
