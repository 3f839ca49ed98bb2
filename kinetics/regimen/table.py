"""A regimen as a table to read: equal doses at equal intervals on one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from kinetics.regimen.dose import Dose, amount_text
from kinetics.regimen.times import SAME, time_text

__all__ = ["course_table"]

_HEAD = ("course", "start", "drug", "amount", "duration", "doses")


def course_table(courses: Iterable[Sequence[Dose]]) -> str:
    """The doses of courses as a table, one line a drug and dose size."""
    rows = [_HEAD]
    for number, doses in enumerate(courses, 1):
        rows += [(str(number), *row) for row in _lines(doses)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _lines(doses: Sequence[Dose]) -> Iterable[tuple[str, ...]]:
    alike: dict[tuple[str, str, str], list[float]] = {}
    for dose in doses:
        duration = time_text(dose.duration.magnitude) if dose.duration.magnitude else "bolus"
        alike.setdefault((dose.drug, amount_text(dose.amount), duration), []).append(dose.start.magnitude)
    for given, starts in alike.items():
        yield (time_text(starts[0]), *given, _rhythm(starts))


def _rhythm(starts: Sequence[float]) -> str:
    """How many, and how far apart: every so often if evenly, else the time from the first to the last."""
    steps = [later - earlier for earlier, later in pairwise(starts)]
    if not steps:
        return "1"
    if max(steps) - min(steps) <= SAME:
        return f"{len(starts)}, every {time_text(steps[0])}"
    return f"{len(starts)} within {starts[-1] - starts[0]:.3g} day"
