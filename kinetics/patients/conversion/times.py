"""Times from a zero of the file, or dates, to times since time zero of each patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from fractions import Fraction

from kinetics.errors import Faults, InputError
from kinetics.patients.layouts.entries import Entries, Entry, Moment
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.tables import read_moment
from kinetics.regimen.times import rescale
from kinetics.text.lists import listed
from kinetics.units import Unit, conversion, laboratory_unit, parse_unit

_DAY = parse_unit("day")
_MICROSECONDS = timedelta(days=1) // timedelta(microseconds=1)
TimeOf = Callable[[Entry], float]


def unit_of_time(mapping: DataMapping, model_time: Unit | None) -> Unit:
    """The unit of time of the data: the model's; without one days for dates, else that of the file."""
    if model_time is not None:
        return model_time
    columns = mapping.columns
    return _DAY if columns.date or columns.study_day else laboratory_unit(mapping.time.unit)


def times_since_zero(entries: Entries, mapping: DataMapping, time: Unit, faults: Faults) -> TimeOf:
    """A function from an entry to its time since time zero of its patient, in the unit ``time``.

    Of a patient whose time zero is not known, which is a fault, times are 0.
    """
    by_patient: dict[str, list[Entry]] = {}
    for entry in entries.all:
        by_patient.setdefault(entry.patient, []).append(entry)
    given: dict[str, list[Entry]] = {}
    for dose in entries.doses:
        if dose.drug:
            given.setdefault(dose.patient, []).append(dose)
    origin, per_day = _origin(entries, mapping, faults), conversion(_DAY, time)
    zeros: dict[str, Moment] = {}
    undosed: list[str] = []
    for patient, own in by_patient.items():
        if len({isinstance(entry.moment, datetime) for entry in own}) > 1:
            number = next(entry for entry in own if not isinstance(entry.moment, datetime))
            message = f"patient '{patient}' has dates in one table and numbers in the other; write one of them"
            faults.add(message, number.where)
            continue
        doses = given.get(patient, [])
        if origin == "first dose" and not doses:
            undosed.append(patient)
        with faults.gather(own[0].where):
            zeros[patient] = _zero(origin, own, doses, entries.origins.get(patient), patient)
    if undosed:
        entries.notes.append(f"time zero of patients without a dose is their first record: {listed(undosed, 10)}")

    def time_of(entry: Entry) -> float:
        zero = zeros.get(entry.patient)
        return 0.0 if zero is None else _since(zero, entry.moment, per_day)

    return time_of


def _origin(entries: Entries, mapping: DataMapping, faults: Faults) -> str | datetime:
    """What time zero is; for dates, which have none as written, the first dose or record, which is said."""
    stated = mapping.time.origin
    dated = any(isinstance(entry.moment, datetime) for entry in entries.all)
    if entries.origins:
        entries.notes.append(f"time zero is the date in the column '{mapping.columns.origin}'")
        return "column"
    if stated == "as written" and dated:
        stated = "first dose" if entries.doses else "first record"
    if stated in ("first dose", "first record"):
        entries.notes.append(f"time zero is the {stated} of each patient")
        return stated
    if stated == "as written":
        return stated
    with faults.gather(mapping.where("time", "origin"), "time.origin"):
        if not dated and entries.all:
            raise InputError("is a date, and the times of the table are numbers")
        return read_moment(stated)
    return "first record"


def _zero(
    origin: str | datetime, own: Iterable[Entry], doses: Iterable[Entry], stated: datetime | None, patient: str
) -> Moment:
    if isinstance(origin, datetime):
        return origin
    if origin == "column":
        if stated is None:
            raise InputError(f"patient '{patient}' has no date of time zero in its column")
        return stated
    if origin == "as written":
        return 0.0
    return min([entry.moment for entry in (doses if origin == "first dose" else ())] or [entry.moment for entry in own])


def _since(zero: Moment, moment: Moment, per_day: Fraction) -> float:
    if isinstance(zero, datetime) and isinstance(moment, datetime):
        steps = (moment - zero) // timedelta(microseconds=1)
        # one division of whole numbers is rounded once
        return steps * per_day.numerator / (_MICROSECONDS * per_day.denominator)
    if isinstance(zero, datetime) or isinstance(moment, datetime):
        raise InputError("time zero is a date, and the times of the table are numbers; write one of them")
    return rescale(moment, 1) - zero if zero else moment
