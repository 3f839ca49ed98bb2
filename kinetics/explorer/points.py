"""A user's own counts as points beside the curves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kinetics.errors import InputError
from kinetics.files.writing import write_atomically
from kinetics.model import Model
from kinetics.patients import PatientData, read_patients
from kinetics.units import conversion, parse_unit

MAX_BYTES = 5_000_000
"""Of a table that a page takes."""


@dataclass(frozen=True)
class Points:
    """Counts of one output: each at a month, in the unit of the output, of a patient; ``censored`` as of `Observation`.

    Months are since time zero of the data.
    """

    months: tuple[float, ...]
    values: tuple[float, ...]
    patients: tuple[str, ...]
    censored: tuple[str, ...]


def points_of(data: PatientData, model: Model) -> dict[str, Points]:
    """The counts of patients by output of a model.

    Raises
    ------
    InputError
        If none of the outputs is of the model.
    """
    to_months = float(conversion(data.time, parse_unit("month")))
    points: dict[str, Points] = {}
    for output in (name for name in data.outputs if name in model.outputs):
        factor = float(conversion(data.outputs[output], model.outputs[output].unit))
        rows = [(one.id, row) for one in data for row in one.observations if row.output == output]
        points[output] = Points(
            tuple(row.time * to_months for _, row in rows),
            tuple(row.value * factor for _, row in rows),
            tuple(id for id, _ in rows),
            tuple(row.censored for _, row in rows),
        )
    if not points:
        raise InputError(f"has counts of {', '.join(data.outputs) or 'nothing'}; none is an output of '{model.name}'")
    return points


def read_points(name: str, content: bytes, model: Model, folder: Path) -> PatientData:
    """Read a table that a page sends, through a file of the same kind in a private folder.

    Raises
    ------
    InputError
        With every fault of the table, or if it is too large or of no kind that is read.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in (".csv", ".tsv", ".txt", ".xlsx", ".parquet"):
        raise InputError(f"'{Path(name).name:.60}' is no table; choose a file that ends in .csv, .tsv, .txt or .xlsx")
    if len(content) > MAX_BYTES:
        raise InputError(f"the table has {len(content)} bytes, a page takes {MAX_BYTES}; start with the file instead")
    path = folder / f"counts{suffix}"
    write_atomically(path, content)
    try:
        return read_patients(path, model=model)
    finally:
        path.unlink()
