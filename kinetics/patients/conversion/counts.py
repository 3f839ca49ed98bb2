"""Values of analytes to values of outputs: units converted, percentages multiplied by their parent, limits applied."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from kinetics.errors import Faults, InputError
from kinetics.patients.conversion.analytes import Analyte
from kinetics.patients.conversion.times import TimeOf
from kinetics.patients.data.records import Censoring
from kinetics.patients.layouts.entries import CountEntry
from kinetics.regimen.times import rescale
from kinetics.text.numbers import count_text
from kinetics.units import conversion

Key = tuple[str, float, str]
"""Patient, time and output."""


@dataclass(frozen=True)
class Count:
    """A value in the unit of its output, and the entry it comes from."""

    entry: CountEntry
    time: float
    output: str
    value: float
    censored: Censoring = ""
    limit: float = math.nan
    bound: float = math.nan

    @property
    def key(self) -> Key:
        """What is measured when in whom."""
        return (self.entry.patient, self.time, self.output)


def counts_of(analytes: Sequence[Analyte], time_of: TimeOf, faults: Faults, notes: list[str]) -> list[Count]:
    """The counts of analytes, in the units of their outputs; what cannot be is a fault of its row."""
    counts: list[Count] = []
    shares: list[tuple[Analyte, CountEntry]] = []
    for analyte in analytes:
        for entry in analyte.entries:
            if entry.number.value < 0 and not analyte.row.signed:
                what = f"is below zero, {entry.number.value:g}; a count or concentration is not"
                faults.add(f"{what} (else state [analytes] signed = true)", entry.where, entry.heading)
            elif analyte.is_share(entry):
                shares.append((analyte, entry))
            else:
                try:
                    counts.append(_converted(analyte, entry, time_of(entry)))
                except InputError as error:  # a number beyond all bounds
                    faults.add(error.faults[0].message, entry.where, entry.heading)
    parents = {count.key: count for count in counts}
    for analyte, entry in shares:
        if (count := _of_parent(analyte, entry, parents, time_of(entry), faults)) is not None:
            counts.append(count)
    lowered = sum(count.censored == "below" and not count.entry.number.censored for count in counts)
    if lowered:
        notes.append(f"{count_text(lowered, 'value')} below the limit of quantification: read as censored there")
    zeros = sum(count.value == 0 and not count.censored for count in counts)
    if zeros:
        notes.append(f"{count_text(zeros, 'value')} of exactly 0 without a limit of quantification")
    return counts


def _converted(analyte: Analyte, entry: CountEntry, time: float) -> Count:
    """A value in the unit of the output; one below its own limit is censored there."""
    factor = conversion(analyte.units[entry.unit], analyte.target)
    value, limit, bound = (
        math.nan if number is None else number if factor == 1 else rescale(number, factor)
        for number in (entry.number.value, entry.limit, entry.bound)
    )
    limit = analyte.limit if math.isnan(limit) else limit
    censored = entry.number.censored
    if censored == "below" and math.isnan(limit):
        limit = value
    if not censored and value < limit:
        value, censored = limit, "below"
    return Count(entry, time, analyte.output, value, censored, limit, bound)


def _of_parent(
    analyte: Analyte, entry: CountEntry, parents: dict[Key, Count], time: float, faults: Faults
) -> Count | None:
    """A percentage of the parent's count at the same time in the same patient."""
    share = Fraction(entry.number.value) / 100
    if not 0 <= share <= 1:
        faults.add(f"is {entry.number.value:g} %; a percentage is from 0 to 100", entry.where, entry.heading)
        return None
    parent = parents.get((entry.patient, time, str(analyte.parent)))
    if parent is None:
        message = f"is a percentage of '{analyte.parent}', which has no value of patient '{entry.patient}' then"
        faults.add(message, entry.where, entry.heading)
        return None
    censored: Censoring = entry.number.censored or parent.censored
    if {entry.number.censored, parent.censored} == {"below", "above"}:
        faults.add("is below a limit, and its parent above one; nothing is known", entry.where, entry.heading)
        return None
    value = rescale(parent.value, share)
    limit = value if censored == "below" else math.nan
    return Count(replace(entry), time, analyte.output, value, censored, limit)


def by_output(counts: Iterable[Count]) -> dict[str, list[Count]]:
    """The counts of each output."""
    grouped: dict[str, list[Count]] = {}
    for count in counts:
        grouped.setdefault(count.output, []).append(count)
    return grouped
