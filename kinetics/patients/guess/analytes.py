"""Which outputs and doses of a model the analytes and drugs of a table are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from kinetics.model import Model
from kinetics.patients.guess.columns import is_dose
from kinetics.patients.guess.parts import wholes
from kinetics.patients.mapping.headings import is_bookkeeping, is_personal, unit_in_brackets
from kinetics.patients.mapping.names import likely_dose, likely_output
from kinetics.patients.mapping.schema import AnalyteRow, ColumnsRow, DoseColumnsRow, DrugRow
from kinetics.patients.mapping.source_tables import Tables
from kinetics.patients.tables import RawTable, cell_text, is_missing
from kinetics.patients.tables.numbers import split_sign
from kinetics.units import percent_of, read_number


def analytes(
    table: RawTable,
    columns: ColumnsRow,
    layout: str,
    model: Model | None,
    covariates: Iterable[str],
    notes: list[str],
) -> tuple[dict[str, AnalyteRow], list[str]]:
    """The analytes and their outputs; and percentages beside absolute counts of the same output, to be left out."""
    names = _names(table, columns, layout, model, covariates)
    larger = {} if model is None else wholes(model)
    rows: dict[str, AnalyteRow] = {}
    for name in names:
        output = _output(name, columns, model)
        unit = unit_in_brackets(name) or ("%" if name.rstrip().endswith("%") else None)
        rows[name] = AnalyteRow(output=output, unit=unit)
    if unknown := [name for name, row in rows.items() if not row.output]:
        notes.append(f"similar to no output: {', '.join(unknown)}; name one, or list them under [leave_out]")
    outputs = {row.output for row in rows.values()}
    for name, row in rows.items():
        candidates = larger.get(row.output, [])
        if candidates and _is_percent(name, row):
            rows[name] = row.model_copy(update={"parent": candidates[0]})
            notes.append(f"assumed: '{name}' is a percentage of {candidates[0]}")
        elif measured := [whole for whole in candidates if whole in outputs]:
            rows[name] = row.model_copy(update={"parent": measured[0]})
    dropped = _percentages(rows)
    if dropped:
        notes.append(f"percentages beside absolute counts are left out: {', '.join(dropped)}")
    return {name: row for name, row in rows.items() if name not in dropped}, dropped


def _names(
    table: RawTable, columns: ColumnsRow, layout: str, model: Model | None, covariates: Iterable[str]
) -> list[str]:
    if layout == "wide":
        used = {*columns.model_dump(exclude_none=True).values(), *covariates}
        free = [heading for heading in table.header if heading and heading not in used and not is_personal(heading)]
        free = [heading for heading in free if not is_bookkeeping(heading) and _has_numbers(table, heading, any)]
        # a heading tells that these are analytes, so that what is no number among their cells is a fault
        likely = [
            name for name in free if (likely_output(name, model) if model else unit_in_brackets(name)) is not None
        ]
        return likely or [name for name in free if _has_numbers(table, name, all)]
    if columns.analyte is None:
        return [columns.value] if columns.value is not None else []
    if layout == "long":
        return table.texts(columns.analyte)
    # of events, the rows of doses may have codes of their own
    value, analyte = columns.value, table.index(columns.analyte)
    if value is None:
        return []
    rows = [row for row in table.rows if not is_missing(row[table.index(value)]) and not is_dose(row, table, columns)]
    return list(dict.fromkeys(cell_text(row[analyte]) for row in rows if not is_missing(row[analyte])))


def _has_numbers(table: RawTable, heading: str, which: Callable[[Iterable[bool]], bool]) -> bool:
    """Whether ``any``, or ``all``, of the cells of a column are numbers."""
    texts = [split_sign(text)[1].replace(",", ".") for text in table.texts(heading)[:200]]
    return bool(texts) and which(read_number(text) is not None for text in texts)


def _output(name: str, columns: ColumnsRow, model: Model | None) -> str:
    if model is None:
        return identifier(f"{columns.value}_{name}" if name.isdecimal() and columns.value else name)
    likely = likely_output(name, model)
    if likely is None and len(model.outputs) == 1 and name in (columns.value, "1"):
        likely = next(iter(model.outputs))
    return likely or ""


def identifier(text: str) -> str:
    """A name made of letters, digits and underscores.

    Examples
    --------
    >>> identifier("A abs (10^9/L)"), identifier("2")
    ('A_abs', 'x_2')
    """
    plain = re.sub(r"[(\[][^()\[\]]*[)\]]", "", text) or text
    name = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_") or "analyte"
    return name if not name[0].isdigit() else f"x_{name}"


def _is_percent(name: str, row: AnalyteRow) -> bool:
    return "%" in name or (row.unit is not None and percent_of(row.unit) is not None)


def _percentages(rows: Mapping[str, AnalyteRow]) -> list[str]:
    absolute = {row.output for name, row in rows.items() if not _is_percent(name, row)}
    return [name for name, row in rows.items() if _is_percent(name, row) and row.output and row.output in absolute]


def drugs(
    tables: Tables, columns: ColumnsRow, dosing: DoseColumnsRow | None, layout: str, model: Model | None
) -> dict[str, DrugRow]:
    """The drugs of a table of doses, or of the doses among events, and the doses of the model that they are."""
    table = tables.counts if dosing is None else tables.doses
    if table is None or (dosing is None and layout != "events"):
        return {}
    chosen = columns if dosing is None else dosing
    heading = chosen.drug or (columns.compartment if dosing is None else None)
    if chosen.amount is None:
        return {}
    if heading is None:
        names = [chosen.amount]
    elif dosing is not None:
        names = table.texts(heading)
    else:
        rows = [row for row in table.rows if is_dose(row, table, columns)]
        index = table.index(heading)
        names = list(dict.fromkeys(cell_text(row[index]) or chosen.amount for row in rows))
    unit = unit_in_brackets(chosen.amount)
    return {name: DrugRow(dose=_dose(name, model), unit=unit) for name in names}


def _dose(name: str, model: Model | None) -> str:
    if model is not None:
        return likely_dose(name, model) or ""
    return identifier(f"dose_{name}" if name.isdecimal() else name)
