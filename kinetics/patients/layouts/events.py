"""Rows of events, as NONMEM reads them and a CDISC ADPPK has them, to entries.

The columns are described in the NONMEM users guide, part VI (PREDPP); CENS and LIMIT are those of Monolix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kinetics.patients.layouts.columns import ColumnReader
from kinetics.patients.layouts.entries import CountEntry, DoseEntry, Entries, Entry
from kinetics.patients.layouts.long import add_covariates
from kinetics.patients.layouts.selection import covariate_columns
from kinetics.patients.tables import Cell, CensoredNumber, cell_text
from kinetics.regimen.times import rescale
from kinetics.text.numbers import count_text

OBSERVATION, DOSE, OTHER, RESET, RESET_AND_DOSE = range(5)
"""EVID."""
_YES = ("y", "yes", "1", "true")


@dataclass
class _Numbers:
    """How many rows there are of which a note tells."""

    below_and_missing: int = 0
    other_events: int = 0
    no_value: int = 0


def event_entries(reader: ColumnReader, entries: Entries) -> None:
    """Add the counts, doses and covariates of a table of events."""
    if not reader.has("value"):
        reader.faults.add("no column has the values; state [columns] value", reader.table.where_header)
    if not reader.is_readable:
        return
    entries.keeps_order = True
    covariates, rows_with = covariate_columns(reader, reader.mapping), _Numbers()
    for row, entry in reader.entries(("value", "limit", "amount", "rate", "interval"), ("analyte", "unit", "drug")):
        entries.patients.setdefault(entry.patient, entry.where)
        add_covariates(reader, row, entry, covariates, entries)
        event, compartment = _event(reader, row)
        _check_nothing_given(reader, row, event)
        if event in (DOSE, RESET, RESET_AND_DOSE):
            with reader.faults.gather(entry.where):
                entries.doses.append(_dose(reader, row, entry, event, compartment))
        elif event == OBSERVATION:
            if (count := _count(reader, row, entry, rows_with)) is not None:
                entries.counts.append(count)
        else:
            rows_with.other_events += 1
    name = reader.table.path.name
    if rows_with.other_events:
        entries.notes.append(
            f"{name}: {count_text(rows_with.other_events, 'row')} of EVID 2: covariates alone are read"
        )
    if rows_with.no_value:
        entries.notes.append(f"{name}: {count_text(rows_with.no_value, 'row')} without a value, or with MDV 1")
    if rows_with.below_and_missing:
        rows = count_text(rows_with.below_and_missing, "row")
        entries.notes.append(f"{name}: {rows} with MDV 1 that are flagged as below the limit count as censored there")


def _event(reader: ColumnReader, row: int) -> tuple[int, int | None]:
    """EVID and the number of CMT; without EVID, an amount or a rate makes a dose.

    RxODE writes the compartment into EVID, as 101, or its name into CMT.
    """
    cell, number = reader.cell(row, "compartment"), None
    if cell is not None and not _is_name(cell):
        number = reader.whole(row, "compartment")
        if number < 0:
            reader.fault(row, "compartment", f"is negative, {number}: compartments are not switched off here")
    if reader.cell(row, "event") is None:
        given = any(reader.number(row, role) for role in ("amount", "rate") if reader.has(role))
        value = reader.cell(row, "value")
        if given and value is not None and cell_text(value) != "0" and not reader.whole(row, "missing"):
            reader.fault(row, "value", "stands in a row with a dose; give each a row of its own, or a column EVID")
        return (DOSE if given else OBSERVATION), number
    event = reader.whole(row, "event")
    if 100 < event < 10_000 and event % 100 == 1:
        return DOSE, event // 100
    if event not in range(5):
        reader.fault(row, "event", f"must be 0, 1, 2, 3 or 4, found {event}")
        return OTHER, number
    return event, number


def _check_nothing_given(reader: ColumnReader, row: int, event: int) -> None:
    """Note an amount or a rate in a record that gives nothing, which PREDPP refuses too."""
    if event in (DOSE, RESET_AND_DOSE) or reader.number(row, "event") != event:
        return
    for role in ("amount", "rate"):
        if number := reader.number(row, role):
            gives = f"EVID {DOSE} is a dose, {RESET_AND_DOSE} a reset and a dose"
            reader.fault(row, role, f"is {number:g} in a record of EVID {event}, which gives nothing; {gives}")


def _is_name(cell: Cell) -> bool:
    """Whether a compartment has a name, and no number."""
    return isinstance(cell, str) and cell.strip()[:1].isalpha()


def _count(reader: ColumnReader, row: int, entry: Entry, rows_with: _Numbers) -> CountEntry | None:
    number, limit = reader.censored_number(row, "value"), reader.number(row, "limit")
    is_missing = reader.whole(row, "missing") == 1
    censored, bound = reader.whole(row, "censored"), reader.number(row, "bound")
    if censored not in (-1, 0, 1):
        reader.fault(row, "censored", f"must be 0, 1 (below) or -1 (above), found {censored}")
    if reader.text(row, "below").casefold() in _YES:
        if limit is None:
            reader.fault(row, "below", "says that the value is below a limit, and no limit is stated")
            return None
        rows_with.below_and_missing += is_missing
        number = CensoredNumber(limit, "below")
    elif is_missing or number is None:
        rows_with.no_value += 1
        return None
    elif censored:
        side: Literal["below", "above"] = "below" if censored == 1 else "above"
        number = CensoredNumber(number.value, side)
    analyte = reader.text(row, "analyte") or reader.heading("value")
    return CountEntry(
        **vars(entry),
        analyte=analyte,
        number=number,
        unit=reader.text(row, "unit"),
        limit=limit,
        bound=bound if number.censored else None,
        heading=reader.heading("value"),
    )


def _dose(reader: ColumnReader, row: int, entry: Entry, event: int, compartment: int | None) -> DoseEntry:
    rate, amount = reader.number(row, "rate") or 0.0, reader.number(row, "amount") or 0.0
    additional, interval = reader.whole(row, "additional"), reader.number(row, "interval") or 0.0
    steady_state = reader.whole(row, "steady_state")
    if event == RESET:
        rate, amount, additional, interval, steady_state = 0.0, 0.0, 0, 0.0, 0
    else:
        _check_dose(reader, row, amount, rate, additional, interval, steady_state)
    modelled: Literal["", "rate", "duration"] = "rate" if rate == -1 else "duration" if rate == -2 else ""
    named = reader.text(row, "drug") or (reader.text(row, "compartment") if compartment is None else str(compartment))
    return DoseEntry(
        **vars(entry),
        drug="" if event == RESET else named or reader.heading("amount"),
        amount=amount,
        rate=rescale(max(rate, 0.0), 1 / reader.per_unit),
        modelled=modelled,
        interval=rescale(interval, reader.per_unit),
        additional=additional if interval else 0,
        steady_state=steady_state,
        reset=event in (RESET, RESET_AND_DOSE),
        compartment=compartment,
        heading=reader.heading("amount"),
    )


def _check_dose(
    reader: ColumnReader, row: int, amount: float, rate: float, additional: int, interval: float, steady_state: int
) -> None:
    """Note what PREDPP refuses in a record of doses."""
    endless = steady_state == 1 and amount == 0 and interval == 0 and rate > 0
    if rate < 0 and rate not in (-1, -2):
        reader.fault(row, "rate", f"must be positive, 0 (bolus), -1 (modelled rate) or -2 (duration), found {rate:g}")
    if amount < 0 or (amount == 0 and not endless):
        reader.fault(row, "amount", f"must be positive in a record of doses, found {amount:g}")
    if steady_state not in (0, 1, 2):
        reader.fault(row, "steady_state", f"must be 0, 1 or 2, found {steady_state}")
    if interval < 0:
        reader.fault(row, "interval", f"must not be negative, found {interval:g}")
    if additional > 0 and interval == 0:
        reader.fault(row, "additional", f"says {additional} more doses, and no interval (II) is stated")
    if additional < 0:
        reader.fault(row, "additional", f"must not be negative, found {additional}")
    if steady_state and interval == 0 and not endless:
        reader.fault(row, "steady_state", "needs an interval (II) between doses, or a constant infusion (AMT 0, RATE)")
