"""Which column is which: by the headings that are usual, and for covariates by what stands below."""

from __future__ import annotations

from kinetics.model import Model
from kinetics.patients.mapping.headings import (
    COUNTS,
    DOSES,
    EVENTS,
    is_bookkeeping,
    is_personal,
    is_usual_covariate,
    plain,
    roles,
    unit_in_brackets,
)
from kinetics.patients.mapping.names import likely_output
from kinetics.patients.mapping.schema import ColumnsRow, CovariateRow, DoseColumnsRow
from kinetics.patients.mapping.source_tables import Tables
from kinetics.patients.tables import Cell, RawTable, cell_text, is_missing
from kinetics.text.lists import listed
from kinetics.units import read_number

DERIVED = 9000
"""Numbers of visits (AVISITN) from here on are of rows that are computed from others, in ADaM."""


def long_columns(table: RawTable) -> ColumnsRow:
    """The columns of a table of counts; an analyte whose name has its unit in brackets tells more than its code."""
    headings = roles(table.header, COUNTS)
    by_plain = {plain(heading): heading for heading in table.header}
    if headings.get("analyte") == by_plain.get("paramcd") and "param" in by_plain:
        headings["analyte"] = by_plain["param"]
    return ColumnsRow(**headings)


def event_columns(table: RawTable) -> ColumnsRow:
    """The columns of a table of events; these distinguish the counts of several compartments."""
    columns = ColumnsRow(**roles(table.header, EVENTS))
    if columns.compartment is None:
        return columns
    counts = [row for row in table.rows if not is_dose(row, table, columns)]
    codes = set[str]() if columns.analyte is None else {cell_text(row[table.index(columns.analyte)]) for row in counts}
    compartments = {cell_text(row[table.index(columns.compartment)]) for row in counts}
    if len(compartments) > max(len(codes), 1):
        return columns.model_copy(update={"analyte": columns.compartment})
    return columns


def is_dose(row: tuple[Cell, ...], table: RawTable, columns: ColumnsRow) -> bool:
    """Whether a row of events gives a dose: by EVID, else by its amount."""
    heading = columns.event or columns.amount
    return heading is not None and read_number(cell_text(row[table.index(heading)])) not in (None, 0.0)


def dose_columns(table: RawTable) -> DoseColumnsRow:
    """The columns of a table of doses."""
    return DoseColumnsRow(**roles(table.header, DOSES))


def with_occasions(
    tables: Tables, columns: ColumnsRow, dosing: DoseColumnsRow | None
) -> tuple[ColumnsRow, DoseColumnsRow | None]:
    """The columns, with those of occasions only where every row of every table says its own, and none comes again."""
    pairs = [(tables.counts, columns), *([] if tables.doses is None else [(tables.doses, dosing)])]
    if all(own is not None and _tells_occasions(table, own.patient, own.occasion) for table, own in pairs):
        return columns, dosing
    without = {"occasion": None}
    return columns.model_copy(update=without), None if dosing is None else dosing.model_copy(update=without)


def _tells_occasions(table: RawTable, patient: str, heading: str | None) -> bool:
    if heading is None or patient.casefold() not in map(str.casefold, table.header):
        return False
    stretches: dict[str, list[str]] = {}
    for whose, cell in zip(table.column(patient), table.column(heading), strict=True):
        own, text = stretches.setdefault(cell_text(whose), []), "" if is_missing(cell) else cell_text(cell)
        if not text or text in own[:-1]:
            return False
        if own[-1:] != [text]:
            own.append(text)
    return bool(stretches)


def left_out(table: RawTable, columns: ColumnsRow, notes: list[str]) -> dict[str, list[str]]:
    """The cells whose rows are derived from others in ADaM: of DTYPE, and of AVISITN from 9000 on."""
    chosen: dict[str, list[str]] = {}
    for heading in table.header:
        texts: list[str] = []
        if plain(heading) == "dtype":
            texts = table.texts(heading)
        elif plain(heading) == "avisitn":
            texts = [text for text in table.texts(heading) if (read_number(text) or 0) >= DERIVED]
        if texts:
            chosen[heading] = texts
            notes.append(f"rows whose {heading} is {listed(texts)} are derived from others, and left out")
    return chosen


def covariates(
    table: RawTable, columns: ColumnsRow, layout: str, model: Model | None, notes: list[str]
) -> dict[str, CovariateRow]:
    """The columns that are usually covariates; of events also numbers that do not change within a patient."""
    used = set(columns.model_dump(exclude_none=True).values())
    chosen: dict[str, CovariateRow] = {}
    for heading in table.header:
        if heading in used or not heading or is_personal(heading) or is_bookkeeping(heading):
            continue
        if layout == "wide" and model is not None and likely_output(heading, model) is not None:
            continue
        if is_usual_covariate(heading) or (layout == "events" and _is_constant(table, columns.patient, heading)):
            chosen[heading] = CovariateRow(name=_name(heading), unit=unit_in_brackets(heading))
    if chosen:
        notes.append(f"assumed to be covariates: {', '.join(chosen)}")
    return chosen


def _name(heading: str) -> str | None:
    """A name for a covariate whose heading has its unit."""
    name = heading.partition("(")[0].partition("[")[0].strip()
    return name if name and name != heading else None


def _is_constant(table: RawTable, patient: str, heading: str) -> bool:
    """Whether a column has numbers, one a patient and not the same for all."""
    values: dict[str, set[str]] = {}
    whose, column = table.index(patient), table.index(heading)
    for row in table.rows:
        text = cell_text(row[column])
        if not is_missing(row[column]):
            if read_number(text) is None:
                return False
            values.setdefault(cell_text(row[whose]), set()).add(text)
    distinct = {text for own in values.values() for text in own}
    return bool(values) and len(distinct) > 1 and all(len(own) == 1 for own in values.values())
