"""A table of known patients: one CSV row a patient, one column a parameter, whose values replace drawn ones."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinetics.errors import Fault, Faults, InputError, UnitError
from kinetics.files.checksums import content_hash
from kinetics.files.documents import read_text
from kinetics.model import Model
from kinetics.model.quantities import Input, Parameter
from kinetics.model.ranges import out_of_range
from kinetics.units import conversion, display_unit, parse_unit, read_number

ID = "id"
"""The column with names of patients."""
MAX_PATIENTS = 100_000
"""Rows of a table."""

_COLUMN = re.compile(r"\s*+([^\s\[\]]++)\s*+(?:\[([^\[\]]*+)\]\s*+)?+")


@dataclass(frozen=True, eq=False)
class Covariates:
    """Known values of patients, (patient, covariate), in the units of the model.

    ``names`` are the parameters that are known, ``columns`` their indices among all of the model. ``lines`` are those
    of the patients in the file at ``path``, ``ids`` what it calls them; empty without a column ``id``.
    """

    names: tuple[str, ...]
    columns: np.ndarray
    values: np.ndarray
    path: Path
    lines: tuple[int, ...]
    ids: tuple[str, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 of names and values, whatever the file is called and whatever units it has."""
        return content_hash(self.names, self.values.tolist())

    def put_into(self, table: np.ndarray, first: int) -> np.ndarray:
        """Replace the known values of patients ``first`` and following in their parameters, (patient, parameter)."""
        table[:, self.columns] = self.values[first : first + len(table)]
        return table

    def where(self, patient: int) -> str:
        """``file:line`` of a patient."""
        return f"{self.path}:{self.lines[patient]}"

    def patients(self, requested: int | None) -> int:
        """The number of patients; refused, with an `InputError`, if another number is requested."""
        number = len(self.values)
        if requested not in (None, number):
            raise InputError(f"{self.path} has {number} patients, and {requested} are asked for; leave one out")
        return number


def read_covariates(path: str | Path, model: Model) -> Covariates:
    """Read a table of covariates.

    It is a CSV file: a header of parameters of the model, dotted in a composite, with the unit in brackets
    (``weight [kg]``), then one row a patient. A column ``id`` has the name of each patient.

    Raises
    ------
    InputError
        With every fault of the file: an unknown or repeated column, a unit that is missing or does not fit, a value
        that is no number or out of range, rows that are too short or too long, an empty line before the last patient,
        or no patients.
    """
    path, faults = Path(path), Faults()
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows = _without_empty_ends([(reader.line_num, row) for row in reader])
    except csv.Error as error:
        faults.add(f"not a CSV table: {error}", f"{path}:{reader.line_num}")
    faults.raise_if_any()
    if len(rows) < 2:
        faults.add("has no patients; give a header, and one row a patient", f"{path}:1")
    faults.raise_if_any()
    (line, header), patients = rows[0], rows[1:]
    if len(patients) > MAX_PATIENTS:
        raise InputError(Fault(f"has {len(patients)} patients; the limit is {MAX_PATIENTS}", str(path)))
    columns = _columns(header, model, f"{path}:{line}", faults)
    values = [_patient(row, header, columns, f"{path}:{line}", faults) for line, row in patients]
    faults.raise_if_any()
    ids = _ids(header, patients, path, faults)
    faults.raise_if_any()
    names = tuple(column.name for column in columns if column is not None)
    parameters = list(model.defaults)
    indices = np.array([parameters.index(name) for name in names], dtype=int)
    return Covariates(names, indices, np.array(values), path, tuple(line for line, _ in patients), ids)


def _ids(
    header: Sequence[str], patients: Sequence[tuple[int, list[str]]], path: Path, faults: Faults
) -> tuple[str, ...]:
    """The names of the patients, each of one patient alone; empty without a column of them."""
    columns = [column for column, text in enumerate(header) if text.strip() == ID]
    if not columns:
        return ()
    lines: dict[str, int] = {}
    for line, row in patients:
        name = row[columns[0]].strip()
        if not name:
            faults.add("is empty; name every patient, or leave the column out", f"{path}:{line}", ID)
        elif lines.setdefault(name, line) != line:
            faults.add(f"'{name}' is named before, at line {lines[name]}", f"{path}:{line}", ID)
    return tuple(lines)


def _without_empty_ends(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The rows from the first that is not empty to the last; one between them may be a patient without values."""
    filled = [index for index, (_, row) in enumerate(rows) if any(cell.strip() for cell in row)]
    return rows[filled[0] : filled[-1] + 1] if filled else []


@dataclass(frozen=True)
class _Column:
    """A parameter, the factor from the unit of its column to the model's, and its name in the file."""

    row: Parameter | Input
    factor: float
    written: str

    @property
    def name(self) -> str:
        return self.row.name


def _columns(header: Sequence[str], model: Model, where: str, faults: Faults) -> list[_Column | None]:
    """The columns; None, and a fault, for one that cannot be read."""
    columns: list[_Column | None] = []
    names: set[str] = set()
    for text in header:
        columns.append(None)
        if text.strip() == ID and ID not in model.defaults:
            continue
        with faults.gather(where, text.strip()[:100]):
            column = _column(text, model)
            if column.name in names:
                raise InputError("duplicate column")
            names.add(column.name)
            columns[-1] = column
    return columns


def _column(text: str, model: Model) -> _Column:
    parts = _COLUMN.fullmatch(text)
    if parts is None:
        raise InputError("a column is a parameter with its unit in brackets, such as 'weight [kg]'")
    name, unit = parts[1], parts[2]
    flat = model.flat_name(name)
    row = model.parameters.get(flat) or model.inputs[flat]
    try:
        return _Column(row, float(conversion(parse_unit("1" if unit is None else unit), row.unit)), name)
    except UnitError as error:
        if unit is None:
            raise UnitError(f"needs a unit: write '{name} [{display_unit(row.unit)}]'") from error
        raise


def _patient(
    row: Sequence[str], header: Sequence[str], columns: Sequence[_Column | None], where: str, faults: Faults
) -> list[float]:
    """The values of one patient, in the units of the model."""
    if not any(cell.strip() for cell in row):
        faults.add("is empty; give the values of this patient, or leave the line out", where)
        return []
    if len(row) != len(header):
        faults.add(f"has {len(row)} fields, and the header {len(header)}", where)
        return []
    values = []
    for text, column in zip(row, columns, strict=True):
        if column is None:
            continue
        value = read_number(text)
        if value is None:
            faults.add(f"is no finite number: {text.strip()!r:.60}", where, column.written)
            continue
        values.append(value * column.factor)
        if isinstance(column.row, Parameter):
            for message in out_of_range(column.row, values[-1]):
                faults.add(message, where, column.written)
    return values
