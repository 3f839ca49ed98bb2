"""`guess_mapping`: what the columns, analytes and drugs of a table are likely to mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from kinetics.errors import Fault, InputError
from kinetics.files.arguments import loaded
from kinetics.model import Model
from kinetics.patients.data.tidy import is_tidy
from kinetics.patients.guess.analytes import analytes, drugs
from kinetics.patients.guess.columns import (
    covariates,
    dose_columns,
    event_columns,
    left_out,
    long_columns,
    with_occasions,
)
from kinetics.patients.guess.times import times
from kinetics.patients.mapping.headings import unit_in_brackets
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.mapping.schema import DoseColumnsRow, Layout, SourceRow
from kinetics.patients.mapping.source_tables import Tables, read_tables
from kinetics.text.numbers import count_text


def guess_mapping(
    counts: str | Path,
    doses: str | Path | None = None,
    *,
    model: Model | str | Path | None = None,
    allow_large: bool = False,
) -> DataMapping:
    r"""Propose what a table of patients means, to be read over, corrected and saved.

    Parameters
    ----------
    counts, doses : str or pathlib.Path
        The tables, as for `kinetics.read_patients`.
    model : Model, str or pathlib.Path, optional
        Whose outputs and doses the analytes and drugs are; those that are similar to none get an empty name.
    allow_large : bool
        Whether a file may have more than 50 MB.

    Returns
    -------
    DataMapping
        Its ``notes`` say what was assumed. ``save`` writes it.

    Raises
    ------
    InputError
        If a file cannot be read as a table.

    Examples
    --------
    >>> import tempfile
    >>> from kinetics.files.writing import write_atomically
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "counts.csv")
    ...     write_atomically(path, b"Patient ID,Month,Marker,Result (1e9/L)\nP1,0,A abs,0.95\nP1,1,A abs,0.1\n")
    ...     mapping = guess_mapping(path)
    >>> mapping, mapping.time.unit, mapping.columns.value
    (<DataMapping: long; A abs -> A_abs>, 'month', 'Result (1e9/L)')
    """
    chosen = None if model is None else loaded("model", model, Model)
    tables = read_tables(counts, doses, None, allow_large=allow_large)
    if is_tidy(tables.counts.header):
        raise InputError(Fault("is a tidy table, which needs no mapping", str(counts)))
    mapping = proposed(tables, chosen)
    reference = None if chosen is None else chosen.reference
    named = {"counts": str(counts), "doses": None if doses is None else str(doses), "model": reference}
    return replace(mapping, patients=mapping.patients.model_copy(update=named))


def proposed(tables: Tables, model: Model | None, *, for_reading: bool = False) -> DataMapping:
    """The mapping of tables that have been read; ``for_reading`` it assumes no format of dates, which a user states."""
    counts = tables.counts
    refused = [fault for table in (counts, tables.doses) if table is not None for fault in table.faults]
    notes = [f"{count_text(len(refused), 'row')} cannot be read, such as {refused[0]}"] if refused else []
    layout: Layout = "events" if tables.is_events else "long"
    columns = event_columns(counts) if layout == "events" else long_columns(counts)
    if layout == "long" and not (columns.analyte and columns.value):
        layout = "wide"
        columns = columns.model_copy(update={"analyte": None, "value": None, "unit": None, "limit": None})
    dosing = None if tables.doses is None else dose_columns(tables.doses)
    columns, dosing = with_occasions(tables, columns, dosing)
    columns, dosing, time = times(tables, columns, dosing, model, notes, for_reading=for_reading, layout=layout)
    leave_out = left_out(counts, columns, notes)
    covariate_rows = covariates(counts, columns, layout, model, notes)
    named, dropped = analytes(counts, columns, layout, model, covariate_rows, notes)
    if dropped and layout == "long":
        leave_out[str(columns.analyte)] = [*leave_out.get(str(columns.analyte), []), *dropped]
    dose_sheet = None if tables.doses is None else tables.doses.sheet or None
    source = SourceRow(layout=layout, sheet=counts.sheet or None, dose_sheet=dose_sheet)
    mapping_drugs = drugs(tables, columns, dosing, layout, model)
    if unknown := [name for name, row in mapping_drugs.items() if not row.dose]:
        notes.append(f"similar to no dose of the model: {', '.join(unknown)}; name one under [drugs]")
    if layout == "long" and (unit := unit_in_brackets(str(columns.value))) is not None:
        named = {name: row.model_copy(update={"unit": row.unit or unit}) for name, row in named.items()}
    return DataMapping(
        source,
        columns,
        DoseColumnsRow() if dosing is None else dosing,
        time,
        named,
        mapping_drugs,
        covariate_rows,
        leave_out,
        tuple(notes),
    )
