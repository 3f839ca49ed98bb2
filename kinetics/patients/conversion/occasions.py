"""Rows of one patient to occasions."""

from __future__ import annotations

from collections.abc import Sequence

from kinetics.errors import Faults
from kinetics.patients.data.records import Occasion
from kinetics.patients.layouts.entries import DoseEntry, Entry
from kinetics.patients.mapping.mapping import DataMapping


def occasions_of(rows: Sequence[Entry], mapping: DataMapping, faults: Faults) -> tuple[Occasion, ...]:
    """The occasions of rows in order, where each begins; one that comes again after another is a fault."""
    found: list[Occasion] = []
    for sequence, row in enumerate(rows):
        if not row.occasion or (found and found[-1].name == row.occasion):
            continue
        if row.occasion in [one.name for one in found]:
            message = f"occasion '{row.occasion}' of patient '{row.patient}' comes again after '{found[-1].name}'"
            faults.add(f"{message}; an occasion is one stretch of time", row.where, _heading(row, mapping))
        found.append(Occasion(row.occasion, sequence))
    return tuple(found)


def _heading(row: Entry, mapping: DataMapping) -> str:
    """The column of occasions in the table of a row; empty if the table is tidy."""
    own = mapping.dose_columns.occasion if isinstance(row, DoseEntry) else None
    return own or mapping.columns.occasion or ""
