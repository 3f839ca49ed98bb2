"""The table ``[facts]`` of a fit problem: rows of a file of evidence, read under its model as its targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StrictFloat, StrictInt

from kinetics.errors import InputError
from kinetics.estimate.problem.fact_target import FactTarget, fact_target
from kinetics.files.rows import Line, Row, Text
from kinetics.files.tables import PlacedRow, read_table
from kinetics.published import EvidenceRow, PublishedFact, Target, read_facts
from kinetics.published.settings import read_settings, versus_columns
from kinetics.text.suggestions import did_you_mean

if TYPE_CHECKING:
    from kinetics.estimate.problem.reading import ProblemReader

NOT_OF_FACTS = ("population", "between_studies", "errors")
"""Tables that a fit of facts does not have."""


class FactsRow(Row):
    """``[facts]``: the file of evidence, the names of its rows, and the virtual patients of each arm.

    ``step`` is how far the logarithm of a parameter moves to both sides for a derivative.
    """

    table: Text
    rows: Annotated[list[Line], Field(min_length=1)]
    patients: Annotated[StrictInt, Field(ge=16, le=100_000)] = 256
    step: Annotated[StrictFloat, Field(ge=1e-3, le=0.5)] = 0.1


def read_facts_row(reader: ProblemReader) -> FactsRow | None:
    """The table ``[facts]``, or None; that a fit has either it or ``tables`` is checked."""
    data, fit = reader.document.data, reader.document.data.get("fit")
    has_tables = isinstance(fit, dict) and "tables" in fit
    if "facts" not in data:
        if not has_tables:
            reader.add("missing 'tables'; or add a table [facts]", "fit")
        return None
    if has_tables:
        reader.add("a fit has either tables or [facts]; leave one out", "fit", "tables")
    if reader.header["calibrate"]:
        reader.add("is of 'tables'; all rows of [facts] calibrate", "fit", "calibrate")
    for key in NOT_OF_FACTS:
        if key in data:
            reader.add("a fit of facts has no such table", key)
    return reader.row(FactsRow, data["facts"], "facts")


def read_fact_rows(reader: ProblemReader, facts: FactsRow) -> tuple[PlacedRow[EvidenceRow], ...]:
    """The named rows of the file of evidence that are right, in the order of the problem."""
    placed: list[PlacedRow[EvidenceRow]] = []
    with reader.at("facts", "table") as noted:
        placed = read_table(reader.document.file("facts", "table").parent / facts.table, EvidenceRow, noted)
    by_name = {each.row.name: each for each in placed}
    for name in facts.rows if by_name else ():
        if name not in by_name:
            reader.add(f"{facts.table} has no row '{name}'{did_you_mean(name, by_name)}", "facts", "rows")
    for name in sorted({name for name in facts.rows if facts.rows.count(name) > 1}):
        reader.add(f"row '{name}' is there more than once", "facts", "rows")
    return tuple(by_name[name] for name in dict.fromkeys(facts.rows) if name in by_name)


def facts_of(reader: ProblemReader) -> list[PublishedFact]:
    """What the rows ask for, of the model of the fit and of cohorts without its estimates."""
    if reader.model is None:
        return []
    return read_facts(reader.fact_rows, reader.faults, reader.model, reader.cohort)


def fact_targets(reader: ProblemReader, facts: Sequence[PublishedFact]) -> tuple[Target, ...]:
    """The targets of facts that are right."""
    targets: list[FactTarget] = []
    for fact in facts:
        with reader.faults.gather(fact.placed.where, fact.placed.row.name):
            targets.append(fact_target(fact, float(reader.header["discrepancy"] or 0.0)))
        with reader.faults.gather(fact.placed.where, fact.placed.row.name):
            _check_settings(reader, fact.placed.row)
    return tuple(targets)


def _check_settings(reader: ProblemReader, row: EvidenceRow) -> None:
    """Refuse a row, or its other side, that sets what is free."""
    assert reader.model is not None
    for side in filter(None, (row, versus_columns(row))):
        settings = read_settings(side.set, reader.model)
        if wrong := [one.name for one in reader.free if one.is_typical and one.flat in settings]:
            raise InputError(f"sets {', '.join(wrong)}, which is free in this fit")
