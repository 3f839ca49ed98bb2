"""Tables of doses to entries."""

from __future__ import annotations

import re

from kinetics.errors import InputError
from kinetics.patients.layouts.columns import ColumnReader
from kinetics.patients.layouts.entries import DoseEntry, Entries
from kinetics.patients.mapping.headings import unit_in_brackets
from kinetics.patients.tables import read_number_cell
from kinetics.regimen.times import rescale
from kinetics.units import Unit, conversion, laboratory_unit, parse_quantity

_WITH_UNIT = re.compile(r"\s*([0-9.,]+)\s*([^\W\d_]+)\s*")


def dose_entries(reader: ColumnReader, entries: Entries, time: Unit) -> None:
    """Add the doses of a table of doses."""
    for role in ("drug", "amount"):
        if not reader.has(role) and not (role == "drug" and len(reader.mapping.drugs) == 1):
            reader.faults.add(f"no column has the {role}; state [dose_columns] {role}", reader.table.where_header)
    if not reader.is_readable or not reader.has("amount"):
        return
    only = next(iter(reader.mapping.drugs), "")
    for row, entry in reader.entries(("amount",), ("drug", "unit")):
        amount, drug = reader.number(row, "amount"), reader.text(row, "drug")
        drug = drug or ("" if reader.has("drug") else only)
        if amount is None and reader.cell(row, "amount") is None:
            reader.fault(row, "amount", "is empty; delete the row of a dose that was not given")
        elif amount is not None and amount <= 0:
            reader.fault(row, "amount", f"must be positive, found {amount:g}")
        elif not drug and reader.cell(row, "drug") is None:
            reader.fault(row, "drug", "is empty; say what was given")
        elif amount is not None and drug:
            dose = DoseEntry(
                **vars(entry),
                drug=drug,
                amount=amount,
                unit=reader.text(row, "unit"),
                duration=_duration(reader, row, drug, time),
                heading=reader.heading("amount"),
            )
            entries.doses.append(dose)


def _duration(reader: ColumnReader, row: int, drug: str, time: Unit) -> float:
    """How long an infusion lasts, in the unit of time of the data; 0 for a bolus."""
    cell = reader.cell(row, "duration")
    if cell is None:
        stated = reader.mapping.drugs[drug].duration if drug in reader.mapping.drugs else None
        return 0.0 if stated is None else parse_quantity(stated, time)[0]
    with reader.faults.gather(reader.table.where(row), reader.heading("duration")):
        unit = reader.mapping.time.duration_unit or unit_in_brackets(reader.heading("duration"))
        if isinstance(cell, str) and (match := _WITH_UNIT.fullmatch(cell)):
            number, unit = read_number_cell(match[1]).value, match[2]
        else:
            number = reader.number(row, "duration")
        if number is None:
            return 0.0
        if unit is None:
            raise InputError(f"has no unit: {number:g}; write '{number:g} h', or state [time] duration_unit")
        if number < 0:
            raise InputError(f"must not be negative, found {number:g}")
        return rescale(number, conversion(laboratory_unit(unit), time))
    return 0.0
