"""`read_patients`: files of a clinic to `PatientData`, with every fault at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kinetics.errors import MAX_LINES, Fault, Faults, InputError
from kinetics.files.arguments import loaded
from kinetics.model import Model
from kinetics.patients.conversion.analytes import AnalyteReader
from kinetics.patients.conversion.checks import (
    check_dose_duplicates,
    check_duplicates,
    check_order,
    check_parts,
    check_span,
)
from kinetics.patients.conversion.counts import counts_of
from kinetics.patients.conversion.covariates import covariates_of, parameters_of
from kinetics.patients.conversion.doses import doses_of
from kinetics.patients.conversion.patients import notes_on, patients_of
from kinetics.patients.conversion.plausibility import check_plausible
from kinetics.patients.conversion.times import times_since_zero, unit_of_time
from kinetics.patients.data.model_covariates import model_covariates
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.tidy import is_tidy
from kinetics.patients.guessing import proposed
from kinetics.patients.layouts.columns import ColumnReader
from kinetics.patients.layouts.doses import dose_entries
from kinetics.patients.layouts.entries import Entries
from kinetics.patients.layouts.events import event_entries
from kinetics.patients.layouts.long import count_entries
from kinetics.patients.layouts.selection import check_headings, prepared
from kinetics.patients.layouts.tidy import tidy_entries, tidy_mapping
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.mapping.schema import MomentColumns
from kinetics.patients.mapping.source_tables import Tables, read_tables
from kinetics.patients.tables import RawTable
from kinetics.units import Unit

_OF_MAPPING = re.compile(r"\[(?:patients|columns|dose_columns|time|analytes|drugs|covariates|leave_out)\b")
"""A table of a mapping in a message."""
_GUESSED = "is read without a mapping, where some of what follows is stated; 'kinetics data guess' writes one"


def read_patients(
    counts: str | Path,
    doses: str | Path | None = None,
    mapping: DataMapping | str | Path | None = None,
    *,
    model: Model | str | Path | None = None,
    allow_large: bool = False,
) -> PatientData:
    r"""Read the counts, doses and covariates of patients, checked, in the units of a model.

    Parameters
    ----------
    counts : str or pathlib.Path
        A table of counts, a table of events as NONMEM and CDISC ADPPK have it, or what `PatientData.to_csv` wrote:
        CSV, TSV, Excel (.xlsx) or Parquet. Or a mapping (.toml) that names its files.
    doses : str or pathlib.Path, optional
        A table of doses: patient, time or date, drug, amount, unit, duration.
    mapping : DataMapping, str or pathlib.Path, optional
        What columns, analytes and drugs mean; without it, what `kinetics.guess_mapping` proposes. Doses and a model
        that it names are used unless others are given.
    model : Model, str or pathlib.Path, optional
        Whose outputs the analytes are; values and times are converted to its units, and implausible ones are faults.
    allow_large : bool
        Whether a file may have more than 50 MB.

    Returns
    -------
    PatientData
        Its ``notes`` say what was understood, assumed and left out. Personal columns never reach it.

    Raises
    ------
    InputError
        With every fault of the files, each with row and column.

    Examples
    --------
    >>> import tempfile
    >>> from kinetics.files.writing import write_atomically
    >>> from pathlib import Path
    >>> table = "patient;day;analyte;value;unit\nP1;0;A;950;cells/uL\nP1;30;A;<20;cells/uL\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "counts.csv")
    ...     write_atomically(path, table.encode())
    ...     data = read_patients(path)
    >>> data
    <PatientData: 1 patient, 2 counts of A, 0 doses>
    >>> [(row.time, row.value, row.censored) for row in data["P1"].observations]
    [(0.0, 950.0, ''), (30.0, 20.0, 'below')]
    """
    tables, stated, chosen = _opened(counts, doses, mapping, model, allow_large=allow_large)
    if stated is None and is_tidy(tables.counts.header):
        return _read_tidy(tables, chosen)
    return _read_guessed(tables, chosen) if stated is None else _read(tables, stated, chosen)


def _read_guessed(tables: Tables, model: Model | None) -> PatientData:
    """Tables without a mapping; a fault that asks for a key of one comes with how to write it."""
    try:
        return _read(tables, proposed(tables, model, for_reading=True), model)
    except InputError as error:
        if any(_OF_MAPPING.search(fault.message) for fault in error.faults):
            raise InputError(Fault(_GUESSED, str(tables.counts.path)), *error.faults, most=MAX_LINES) from None
        raise


def _opened(
    counts: str | Path,
    doses: str | Path | None,
    mapping: DataMapping | str | Path | None,
    model: Model | str | Path | None,
    *,
    allow_large: bool,
) -> tuple[Tables, DataMapping | None, Model | None]:
    """The tables, the mapping if there is one, and the model; what a mapping names is used unless another is given."""
    stated = None if mapping is None else loaded("mapping", mapping, DataMapping)
    if Path(counts).suffix == ".toml":
        if stated is not None:
            raise InputError(Fault("is a mapping, and another is given; leave one out", str(counts)))
        stated = DataMapping.load(counts)
        counts = stated.named_file("counts")
    if stated is not None:
        doses = doses or (stated.named_file("doses") if stated.patients.doses else None)
        model = model or (stated.named_file("model") if stated.patients.model else None)
    chosen = None if model is None else loaded("model", model, Model)
    return read_tables(counts, doses, stated, allow_large=allow_large), stated, chosen


def _read(tables: Tables, mapping: DataMapping, model: Model | None) -> PatientData:
    faults, entries = Faults(), Entries(notes=list(mapping.notes))
    time = unit_of_time(mapping, None if model is None else model.time)
    check_headings([tables.counts, *([] if tables.doses is None else [tables.doses])], mapping, faults)
    reader = _reader(tables.counts, mapping.columns, mapping, time, faults, entries)
    if mapping.patients.layout == "events":
        event_entries(reader, entries)
    else:
        count_entries(reader, entries)
    if tables.doses is not None:
        if (mapping.columns.occasion is None) != (mapping.dose_columns.occasion is None):
            table = "columns" if mapping.columns.occasion is None else "dose_columns"
            faults.add("occasions are in both tables, or in neither; name the column here", mapping.where(table), table)
        dose_entries(_reader(tables.doses, mapping.dose_columns, mapping, time, faults, entries), entries, time)
    return _assembled(entries, mapping, model, time, tables.sources, faults)


def _read_tidy(tables: Tables, model: Model | None) -> PatientData:
    faults, mapping = Faults(), tidy_mapping(tables.counts)
    time = unit_of_time(mapping, None if model is None else model.time)
    for fault in tables.counts.faults:
        faults.add(fault.message, fault.where)
    entries = tidy_entries(tables.counts, mapping, time, faults)
    return _assembled(entries, mapping, model, time, tables.sources, faults)


def _assembled(
    entries: Entries,
    mapping: DataMapping,
    model: Model | None,
    time: Unit,
    sources: Mapping[str, str],
    faults: Faults,
) -> PatientData:
    """Entries in the units of the model, checked; every fault is raised at once."""
    time_of = times_since_zero(entries, mapping, time, faults)
    analytes = AnalyteReader(mapping, model, faults, entries.notes).read(entries.counts)
    counts = counts_of(analytes, time_of, faults, entries.notes)
    column_of_times = mapping.columns.date or mapping.columns.time or ""
    check_order(entries, time_of, faults, column_of_times)
    check_span(entries, time_of, time, faults, column_of_times)
    check_parts(counts, {one.output: one.parent for one in analytes if one.parent is not None}, faults)
    if model is not None:
        check_plausible(counts, model, faults)
    counts = check_duplicates(counts, faults, entries.notes, replicates=entries.keeps_order)
    if not entries.keeps_order:
        check_dose_duplicates(entries.doses, time_of, faults)
    doses = doses_of(entries, mapping, model, time_of, faults)
    series, units = covariates_of(entries, mapping, time_of, faults)
    patients = patients_of(entries, counts, doses, mapping, series, faults)
    notes = (*entries.notes, *notes_on(patients))
    outputs = {analyte.output: analyte.target for analyte in analytes}
    parameters = parameters_of(mapping, units)
    data = PatientData(patients, time, outputs, doses.units, units, notes, sources, parameters)
    if model is not None:
        _check_parameters(data, model, mapping, entries, faults)
    faults.raise_if_any(MAX_LINES)
    return data


def _check_parameters(data: PatientData, model: Model, mapping: DataMapping, entries: Entries, faults: Faults) -> None:
    """Note covariates that cannot set their parameters of the model, and patients without a value."""
    headings = {row.name or heading: heading for heading, row in mapping.covariates.items()}
    with faults.gather():
        model_covariates(
            data,
            model,
            column=lambda name: mapping.where("covariates", headings[name]),
            row=lambda id: entries.patients.get(id, ""),
        )


def _reader(
    table: RawTable, columns: MomentColumns, mapping: DataMapping, time: Unit, faults: Faults, entries: Entries
) -> ColumnReader:
    for fault in table.faults:
        faults.add(fault.message, fault.where, fault.name)
    used = [*columns.model_dump(exclude_none=True).values(), *mapping.analytes]
    ready = prepared(table, mapping, used)
    entries.notes.extend(ready.notes)
    return ColumnReader(replace(ready, notes=()), columns, mapping, time, faults)
