"""`Course` and `Regimen`: doses in groups, rules for more of them, and an algebra that moves, repeats and joins."""

# pyright: reportUnnecessaryIsInstance=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from kinetics.errors import Faults, InputError
from kinetics.files.arguments import all_of
from kinetics.files.checksums import content_hash
from kinetics.files.library import find_file
from kinetics.regimen.dose import HEAD, Dose, content_text, course_rows, course_table, dose_count
from kinetics.regimen.reading import read_regimen
from kinetics.regimen.rule import Rule, check_rules
from kinetics.regimen.times import SAME, Amount, apart, days, in_days, offsets, time_text
from kinetics.text.tables import WIDTH, headline, html_table, paragraph
from kinetics.units import Quantity


@dataclass(frozen=True, repr=False)
class Course:
    """A group of doses that belong together; recovery is counted from the first of them.

    Parameters
    ----------
    doses : sequence of Dose
        At least one, in any order; kept in order of time.

    Examples
    --------
    >>> course = Course.of("drug_a", "12 mg", duration="4 hour", every="1 day", count=3)
    >>> course + course.at("36 month")
    <Regimen course at 0 day + course at 36 month: 2 courses, 6 doses of drug_a>
    """

    doses: Sequence[Dose]

    def __post_init__(self) -> None:
        doses = all_of("doses", self.doses, Dose, "[Dose('drug_a', '12 mg')]")
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
    def start(self) -> Quantity:
        """The start of the first dose, in days."""
        return self.doses[0].start

    @property
    def end(self) -> Quantity:
        """The end of the last infusion, in days."""
        return max(dose.end for dose in self.doses)

    @cached_property
    def key(self) -> tuple[tuple[float, float, str, float, str], ...]:
        """The order of courses, and what they are."""
        return tuple(dose.key for dose in self.doses)

    def at(self, start: Amount) -> Course:
        """The same course with its first dose at ``start``."""
        first, start = self.start, days(in_days(start))  # the first dose is at `start` to the last digit
        return Course([replace(dose, start=start + (dose.start - first)) for dose in self.doses])

    def shift(self, by: Amount) -> Course:
        """The same course later, or earlier if ``by`` is negative; `InputError` if that is before time zero."""
        if self.start.magnitude + in_days(by) < -SAME:
            raise InputError(f"shift by {by} puts a dose at {time_text(self.start.magnitude)} before time zero")
        return Course([dose.shift(by) for dose in self.doses])

    def repeat(self, count: int, every: Amount | None = None) -> Regimen:
        """The same course ``count`` times, each ``every`` after the one before."""
        return self.alone.repeat(count, every)

    def __add__(self, other: Course | Regimen | Rule) -> Regimen:
        return self.alone + other if isinstance(other, Course | Regimen | Rule) else NotImplemented

    def __repr__(self) -> str:
        return f"<Course at {time_text(self.start.magnitude)}: {dose_count(self.doses)}>"

    def __str__(self) -> str:
        return course_table([self.doses])

    def _repr_html_(self) -> str:
        return html_table(self.alone.name, HEAD, course_rows([self.doses]))

    @property
    def alone(self) -> Regimen:
        """A regimen of this course and no other."""
        return Regimen([self], name=f"course at {time_text(self.start.magnitude)}")


@dataclass(frozen=True, repr=False)
class Regimen:
    """Courses in order of time, and rules. Two regimens are equal if these are, whatever they are called.

    Parameters
    ----------
    courses : sequence of Course
        In any order; kept in order of time. Infusions that overlap add.
    name, title, source : str
        What it is called, what it is, and the key of its publication.
    rules : sequence of Rule
        Doses that depend on the state; the same rule twice counts once. A rule that names a course counts those that
        start together as one.
    about, label : str
        What the publication says of it, and which parts are choices; what figures call it, if not by its title.

    Raises
    ------
    InputError
        If a member is of the wrong kind, a rule names a course that is not there, or the rules may give more than
        10000 doses.

    Examples
    --------
    >>> course = Course.of("drug_a", "12 mg", every="1 day", count=3)
    >>> course.repeat(2, every="12 month") + course.at("24 month") == course.repeat(3, every="12 month")
    True
    >>> Regimen.none().drugs, course.repeat(2, every="12 month")
    ((), <Regimen course at 0 day, 2 times every 12 month: 2 courses, 6 doses of drug_a>)
    """

    courses: Sequence[Course] = ()
    name: str = field(default="", compare=False)
    title: str = field(default="", compare=False)
    source: str = field(default="", compare=False)
    rules: Sequence[Rule] = ()
    about: str = field(default="", compare=False)
    label: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        courses = all_of("courses", self.courses, Course, "[Course([dose])]")
        object.__setattr__(self, "courses", tuple(sorted(courses, key=lambda course: course.key)))
        rules = tuple(dict.fromkeys(all_of("rules", self.rules, Rule, "[Rule(...)]")))
        object.__setattr__(self, "rules", rules)
        faults = Faults()
        check_rules(dict(enumerate(rules)), len(self.starts), faults)
        faults.raise_if_any()

    @classmethod
    def load(cls, name: str | Path) -> Regimen:
        """Read a regimen file: a path, or the name of one that ships; `InputError` with every fault of the file."""
        path = find_file(name, "models/regimens")
        file = read_regimen(path)
        courses = [Course(doses) for doses in file.courses]
        return cls(courses, path.stem, rules=file.rules, **dict(file.title))

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
        """The drugs that are given, or that a rule may give, sorted."""
        return tuple(sorted({member.drug for member in (*self.doses, *self.rules)}))

    @cached_property
    def starts(self) -> tuple[float, ...]:
        """When courses start, in days, increasing; those closer than 1e-9 day count once."""
        return tuple(apart((course.start.magnitude for course in self.courses), SAME))

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of what is given and when, to 1e-9 day and 12 digits; names do not count."""
        courses = [[dose.fingerprint for dose in course.doses] for course in self.courses]
        return content_hash(courses, *([sorted(rule.fingerprint for rule in self.rules)] if self.rules else ()))

    def shift(self, by: Amount) -> Regimen:
        """The same regimen later, or earlier if ``by`` is negative; `InputError` if that is before time zero."""
        in_days(by)
        return self._called([course.shift(by) for course in self.courses], f"shifted by {by}", self.rules)

    def repeat(self, count: int, every: Amount | None = None) -> Regimen:
        """The same regimen ``count`` times, each ``every`` after the one before; rules on a course are repeated too."""
        copies = [[course.shift(days(offset)) for course in self.courses] for offset in offsets(count, every)]
        courses = list(chain.from_iterable(copies))
        rules = chain.from_iterable(self.rules_among(courses, copy) for copy in copies)
        return self._called(courses, f"{count} times every {every}", tuple(rules)) if count > 1 else self

    def _called(self, courses: Sequence[Course], change: str, rules: Sequence[Rule]) -> Regimen:
        name = ", ".join(filter(None, (self.name, change)))
        return Regimen(courses, name, self.title, self.source, rules, self.about, self.label)

    def rules_among(self, courses: Sequence[Course], own: Sequence[Course] | None = None) -> list[Rule]:
        """The rules with the numbers that this regimen's courses, as they stand among others, have there."""
        starts, all_starts = Regimen(self.courses if own is None else own).starts, Regimen(courses).starts
        return [
            replace(rule, after_course=1 + sum(start < starts[rule.after_course - 1] - SAME for start in all_starts))
            if rule.after_course
            else rule
            for rule in self.rules
        ]

    def __add__(self, other: Course | Regimen | Rule) -> Regimen:
        if isinstance(other, Rule):
            base = self if self._is_drug else Regimen()
            name = " + ".join(filter(None, (base.name, f"rule on {other.output}")))
            return replace(base, name=name, rules=(*self.rules, other))
        if isinstance(other, Course):
            other = other.alone
        if not isinstance(other, Regimen):
            return NotImplemented
        if not (self._is_drug and other._is_drug):
            return self if self._is_drug else other
        both = ((self.name, other.name), (self.title, other.title), (self.source, other.source))
        name, title, source = (" + ".join(dict.fromkeys(filter(None, texts))) for texts in both)
        about = " ".join(dict.fromkeys(filter(None, (self.about, other.about))))
        courses = [*self.courses, *other.courses]
        return Regimen(courses, name, title, source, self.rules_among(courses) + other.rules_among(courses), about)

    @property
    def _is_drug(self) -> bool:
        return bool(self.courses or self.rules)

    def __repr__(self) -> str:
        name, content = self.name or "without a name", content_text(len(self.courses), self.doses, len(self.rules))
        return f"<Regimen {name}: {content}>"

    def _lines(self) -> list[str]:
        head = headline(self.name, self.title, self.source)
        return [head, *(f"rule {number}: {rule}" for number, rule in enumerate(self.rules, 1))]

    def text(self, width: int = WIDTH) -> str:
        """Title, what the publication says, courses and rules, in lines of at most ``width`` characters."""
        head, *rules = (paragraph(line, width, hang=4) for line in self._lines())
        table = course_table(course.doses for course in self.courses) if self.courses else ""
        return "\n".join(filter(None, (head, paragraph(self.about, width), table, *rules)))

    __str__ = text

    def _repr_html_(self) -> str:
        title, rows = "; ".join(filter(None, self._lines())), course_rows(course.doses for course in self.courses)
        return html_table(title, HEAD, rows)
