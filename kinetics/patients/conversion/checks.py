"""What counts and doses cannot be: two of one kind at a time, out of order, a part larger than the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from kinetics.errors import Faults
from kinetics.patients.conversion.counts import Count, Key
from kinetics.patients.conversion.times import TimeOf
from kinetics.patients.layouts.entries import DoseEntry, Entries
from kinetics.text.lists import listed
from kinetics.text.numbers import count_text, number_text
from kinetics.units import Unit, conversion, parse_unit
from kinetics.units.levels import SLACK

LIFETIME = 120
"""Years between two records of one person, at most."""


def check_duplicates(counts: Sequence[Count], faults: Faults, notes: list[str], *, replicates: bool) -> list[Count]:
    """The counts without those that stand twice, each a fault; with ``replicates`` unlike values of one time stay."""
    standing: dict[Key, dict[float, Count]] = {}
    again, kept = 0, list[Count]()
    for count in sorted(counts, key=lambda count: (count.key, count.entry.order)):
        others = standing.setdefault(count.key, {})
        if not others or (replicates and count.value not in others):
            again += bool(others)
            others[count.value] = count
            kept.append(count)
        else:
            earlier = others.get(count.value) or next(iter(others.values()))
            same = "the same value of" if earlier.value == count.value else "another value of"
            what = f"{same} '{count.entry.analyte}' of patient '{count.entry.patient}' at this time"
            message = f"{what} stands at {earlier.entry.where}; delete one"
            faults.add(message, count.entry.where, count.entry.heading)
    if again:
        notes.append(f"{count_text(again, 'value')} at a time that has another of the same analyte: read as replicates")
    return kept


def check_dose_duplicates(doses: Iterable[DoseEntry], time_of: TimeOf, faults: Faults) -> None:
    """Note doses that stand twice in a table of doses."""
    first: dict[tuple[str, float, str, float], DoseEntry] = {}
    for dose in doses:
        key = (dose.patient, time_of(dose), dose.drug, dose.amount)
        if (earlier := first.setdefault(key, dose)) is not dose:
            what = f"the same dose of patient '{dose.patient}' at this time stands at {earlier.where}; delete one"
            faults.add(what, dose.where, dose.heading)


def check_order(entries: Entries, time_of: TimeOf, faults: Faults, heading: str) -> None:
    """Note where time goes back in a patient: a fault where the order of rows has a meaning, else a note."""
    latest: dict[tuple[str, str], tuple[float, str]] = {}
    back: list[str] = []
    for entry in sorted((*entries.counts, *entries.doses), key=lambda entry: entry.order):
        if not entries.keeps_order and isinstance(entry, DoseEntry):
            continue
        series = "" if entries.keeps_order else getattr(entry, "analyte", "")
        time, (before, where) = time_of(entry), latest.get((entry.patient, series), (float("-inf"), ""))
        if time < before and entries.keeps_order:
            message = (
                f"time of patient '{entry.patient}' goes back from {before:g} to {time:g} ({where}); sort the rows"
            )
            faults.add(message, entry.where, heading)
        elif time < before:
            back.append(entry.where)
        latest[entry.patient, series] = (time, entry.where)
    if back:
        entries.notes.append(f"rows are not in order of time, and are sorted: {listed(back, 3)}")


def check_span(entries: Entries, time_of: TimeOf, time: Unit, faults: Faults, heading: str) -> None:
    """Note patients whose records are further apart than a lifetime: of a wrong year, or in a wrong unit of time."""
    year = float(conversion(parse_unit("year"), time))
    by_patient: dict[str, list[tuple[float, str]]] = {}
    for entry in (*entries.counts, *entries.doses):
        by_patient.setdefault(entry.patient, []).append((time_of(entry), entry.where))
    for patient, own in by_patient.items():
        middle = median(at for at, _ in own)
        at, where = max(own, key=lambda one: abs(one[0] - middle))
        other, elsewhere = max(own, key=lambda one: abs(one[0] - at))
        if (years := abs(at - other) / year) > LIFETIME:
            far = f"is {number_text(years)} years from another row of patient '{patient}' ({elsewhere})"
            faults.add(f"{far}; correct the date, or the unit of times", where, heading)


def check_parts(counts: Sequence[Count], parents: Mapping[str, str], faults: Faults) -> None:
    """Note counts that are larger than that of the whole they are a part of; ``parents`` are outputs by output."""
    by_key = {count.key: count for count in counts}
    for count in counts:
        parent = by_key.get((count.entry.patient, count.time, parents.get(count.output, "")))
        if parent is None or count.censored or parent.censored == "above":
            continue
        if count.value > parent.value * (1 + SLACK):
            larger = f"'{count.entry.analyte}' is larger than '{parent.entry.analyte}', of which it is a part"
            values = f"{number_text(count.value)} and {number_text(parent.value)} ({parent.entry.where})"
            faults.add(f"{larger}: {values}; correct one", count.entry.where, count.entry.heading)
