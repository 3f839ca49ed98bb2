"""Courses as a table to read: equal doses at equal intervals on one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from kinetics.regimen.dose import Dose, amount_text
from kinetics.regimen.times import SAME, time_text
from kinetics.text.numbers import count_text
from kinetics.text.tables import table

__all__ = ["HEAD", "content_text", "course_rows", "course_table", "dose_count"]

HEAD = ("course", "start", "drug", "amount", "duration", "doses")


def course_table(courses: Iterable[Sequence[Dose]]) -> str:
    """The doses of courses as a table, one line a drug and dose size.

    Examples
    --------
    >>> print(course_table([Dose("drug_a", "12 mg", duration="4 hour").repeat(5, "1 day")]))
    course  start  drug    amount  duration  doses
    1       0 day  drug_a  12 mg   4 hour    5, every 1 day
    """
    return table(HEAD, course_rows(courses), text=range(len(HEAD)))


def course_rows(courses: Iterable[Sequence[Dose]]) -> list[tuple[str, ...]]:
    """The rows of `course_table`."""
    return [(str(number), *row) for number, doses in enumerate(courses, 1) for row in _lines(doses)]


def _lines(doses: Sequence[Dose]) -> Iterator[tuple[str, ...]]:
    alike: dict[tuple[str, str, str], list[float]] = {}
    for dose in doses:
        duration = time_text(dose.duration.magnitude) if dose.duration.magnitude else "bolus"
        alike.setdefault((dose.drug, amount_text(dose.amount), duration), []).append(dose.start.magnitude)
    for dose, starts in alike.items():
        yield (time_text(starts[0]), *dose, _rhythm(starts))


def _rhythm(starts: Sequence[float]) -> str:
    """How many, and how far apart: every so often if evenly, else the time from the first to the last."""
    steps = [later - earlier for earlier, later in pairwise(starts)]
    if not steps:
        return "1"
    if max(steps) - min(steps) <= SAME:
        return f"{len(starts)}, every {time_text(steps[0])}"
    return f"{len(starts)} within {starts[-1] - starts[0]:.3g} day"


def dose_count(doses: Sequence[Dose]) -> str:
    """How many doses there are, and of what.

    Examples
    --------
    >>> dose_count(Dose("drug_a", "12 mg").repeat(5, "1 day"))
    '5 doses of drug_a'
    """
    drugs = ", ".join(sorted({dose.drug for dose in doses}))
    return count_text(len(doses), "dose") + (f" of {drugs}" if drugs else "")


def content_text(courses: int, doses: Sequence[Dose], rules: int) -> str:
    """How many courses, doses and rules there are, and the drugs of the doses."""
    number_of_rules = [count_text(rules, "rule")] if rules else []
    return ", ".join([count_text(courses, "course"), dose_count(doses), *number_of_rules])
