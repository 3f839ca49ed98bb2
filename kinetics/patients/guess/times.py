"""How the times of tables are written: numbers or dates, their unit, time zero."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from kinetics.errors import InputError
from kinetics.model import Model
from kinetics.patients.mapping.headings import plain, unit_in_brackets
from kinetics.patients.mapping.schema import ColumnsRow, DoseColumnsRow, MomentColumns, TimeRow
from kinetics.patients.mapping.source_tables import Tables
from kinetics.patients.tables import RawTable, cell_text, is_missing, read_moment
from kinetics.patients.tables.dates import clock_hours, formats_of, is_iso
from kinetics.units import conversion, parse_unit, read_number, unit_text

_UNITS = ("hour", "day", "week", "month", "minute")
_OF_HEADING = {name + end: name for name in (*_UNITS, "year") for end in ("", "s")}
_OF_HEADING |= {"tag": "day", "woche": "week", "monat": "month", "stunde": "hour", "jahr": "year"}
_KINDS = ("time", "study_day", "date")


def times(
    tables: Tables,
    columns: ColumnsRow,
    dosing: DoseColumnsRow | None,
    model: Model | None,
    notes: list[str],
    *,
    for_reading: bool,
    layout: str,
) -> tuple[ColumnsRow, DoseColumnsRow | None, TimeRow]:
    """The columns, of which only one kind of time is left, the same in both tables; and how times are written."""
    columns = columns.model_copy(update=_corrected(tables.counts, columns))
    if dosing is not None and tables.doses is not None:
        dosing = dosing.model_copy(update=_corrected(tables.doses, dosing))
    kinds = [kind for kind in _KINDS if getattr(columns, kind)]
    if dosing is not None:
        kinds = [kind for kind in kinds if getattr(dosing, kind)] or kinds
    kind = kinds[0] if kinds else "time"
    unit = _unit(tables.counts, columns, model, notes, layout) if kind == "time" else "day"
    texts = [] if kind != "date" else _date_texts(tables, columns, dosing)
    form = None if for_reading else _format(texts, notes)
    columns = columns.model_copy(update=_one_kind(columns, kind))
    dosing = None if dosing is None else dosing.model_copy(update=_one_kind(dosing, kind))
    origin = "as written"
    if kind == "date":
        has_doses = dosing is not None or layout == "events"
        origin = "first dose" if has_doses and layout != "events" else "first record"
    return columns, dosing, TimeRow(unit=unit, origin=origin, date_format=form)


def _corrected(table: RawTable, columns: MomentColumns) -> dict[str, str | None]:
    """What stands in a column of times: dates, or times of day beside a date, by its first cells."""
    if columns.time is None:
        return {}
    cells = [cell for cell in table.column(columns.time) if not is_missing(cell)][:50]
    if cells and columns.date is not None and all(clock_hours(cell) is not None for cell in cells):
        return {"clock": columns.time, "time": None}
    is_number = [read_number(cell_text(cell).replace(",", ".")) is not None for cell in cells]
    if cells and not any(is_number) and not any(clock_hours(cell) is not None for cell in cells):
        return {"date": columns.date or columns.time, "time": None}
    return {}


def _one_kind(columns: MomentColumns, kind: str) -> dict[str, str | None]:
    return {other: None for other in (*_KINDS, *(() if kind == "date" else ("clock",))) if other != kind}


def _unit(table: RawTable, columns: ColumnsRow, model: Model | None, notes: list[str], layout: str) -> str:
    """The unit of times: of the heading; that in which they go with a column of dates; else assumed, which is said."""
    if columns.time is None:
        return "day"
    if (unit := unit_in_brackets(columns.time)) is not None:
        return unit
    if (named := _OF_HEADING.get(plain(columns.time))) is not None:
        return named
    if columns.date is not None and (measured := _unit_by_dates(table, columns)) is not None:
        notes.append(f"times of '{columns.time}' are {measured}s, by the dates of '{columns.date}'")
        return measured
    if model is not None:
        assumed = unit_text(model.time)
    else:
        assumed = "hour" if layout == "events" else "day"
    notes.append(f"assumed: times of '{columns.time}' are in the unit {assumed}")
    return assumed


def _unit_by_dates(table: RawTable, columns: ColumnsRow) -> str | None:
    """The unit in which differences of times are those of dates, in the first rows that have both."""
    pairs: list[tuple[str, float, datetime]] = []
    indices = [table.index(str(heading)) for heading in (columns.patient, columns.time, columns.date)]
    for row in table.rows[:200]:
        patient, time, date = (row[index] for index in indices)
        number = read_number(cell_text(time))
        try:
            pairs.append((cell_text(patient), float(number or 0), read_moment(date)))
        except InputError:
            return None
    steps = [
        (later[1] - earlier[1], (later[2] - earlier[2]).total_seconds())
        for earlier, later in pairwise(pairs)
        if earlier[0] == later[0] and later[1] != earlier[1]
    ]
    for unit in _UNITS:
        seconds = float(conversion(parse_unit(unit), parse_unit("second")))
        if steps and all(abs(number * seconds - step) <= 0.02 * abs(step) + 60 for number, step in steps):
            return unit
    return None


def _date_texts(tables: Tables, columns: ColumnsRow, dosing: DoseColumnsRow | None) -> list[str]:
    texts = tables.counts.texts(columns.date) if columns.date else []
    if dosing is not None and dosing.date and tables.doses is not None:
        texts += tables.doses.texts(dosing.date)
    return texts


def _format(texts: Sequence[str], notes: list[str]) -> str | None:
    """The only common format in which all dates that are not ISO can be read; None if there are several, or none."""
    foreign = [text for text in texts if not is_iso(text)]
    if not foreign:
        return None
    forms = formats_of(foreign)
    if len(forms) == 1:
        notes.append(f"assumed: dates such as {foreign[0][:30]} have the format {forms[0]}")
        return forms[0]
    which = f"may be {' or '.join(forms)}" if forms else "have no common format"
    notes.append(f"dates such as {foreign[0][:30]} {which}: state [time] date_format")
    return None
