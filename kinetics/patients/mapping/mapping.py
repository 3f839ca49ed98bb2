"""`DataMapping`: what the columns, analytes and drugs of a user's table mean."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kinetics.errors import Faults, InputError
from kinetics.files.documents import Document, read_document
from kinetics.files.library import names_a_file
from kinetics.files.rows import Reader, Row
from kinetics.files.writing import write_atomically
from kinetics.patients.mapping.headings import is_personal
from kinetics.patients.mapping.schema import (
    AnalyteRow,
    ColumnsRow,
    CovariateRow,
    DoseColumnsRow,
    DrugRow,
    MappingFileRow,
    SourceRow,
    TimeRow,
)
from kinetics.patients.tables import DateFormat, read_moment
from kinetics.text.escaping import one_line
from kinetics.units import conversion, laboratory_unit, parse_quantity, parse_unit, percent_of

ORIGINS = ("as written", "first dose", "first record")
"""What time zero may be, besides a date."""


@dataclass(frozen=True)
class DataMapping:
    """What a table of patients means. `kinetics.guess_mapping` proposes one; `load` reads one from a file.

    Parameters
    ----------
    patients : SourceRow
        ``layout``: ``"long"``, one row a count; ``"wide"``, one column an analyte; ``"events"``, the rows of NONMEM
        and of a CDISC ADPPK. ``counts``, ``doses`` and ``model`` name files; ``sheet``, ``dose_sheet``, ``encoding``
        and ``decimal`` say how to read them.
    columns, dose_columns : ColumnsRow, DoseColumnsRow
        The heading of each column by its meaning.
    time : TimeRow
        Unit of times, time zero (``"as written"``, ``"first dose"``, ``"first record"`` or a date), format of dates.
    analytes, drugs, covariates : mapping of str to row
        By what the cells, or the headings, say.
    leave_out : mapping of str to list of str
        By heading the cells whose rows are not read.
    notes : tuple of str
        What was guessed.
    document : Document, optional
        The file it was read from.

    Examples
    --------
    >>> mapping = DataMapping(patients=SourceRow(), analytes={"A abs": AnalyteRow(output="A", unit="cells/uL")})
    >>> mapping
    <DataMapping: long; A abs -> A>
    """

    patients: SourceRow = field(default_factory=SourceRow)
    columns: ColumnsRow = field(default_factory=ColumnsRow)
    dose_columns: DoseColumnsRow = field(default_factory=DoseColumnsRow)
    time: TimeRow = field(default_factory=TimeRow)
    analytes: Mapping[str, AnalyteRow] = field(default_factory=dict[str, AnalyteRow])
    drugs: Mapping[str, DrugRow] = field(default_factory=dict[str, DrugRow])
    covariates: Mapping[str, CovariateRow] = field(default_factory=dict[str, CovariateRow])
    leave_out: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    notes: tuple[str, ...] = field(default=(), compare=False)
    document: Document | None = field(default=None, compare=False, repr=False)

    @classmethod
    def load(cls, path: str | Path) -> DataMapping:
        """Read a mapping file.

        Raises
        ------
        InputError
            With every fault of the file.
        """
        document, faults = read_document(path), Faults()
        reader = Reader(document, faults)
        row = reader.row(MappingFileRow, document.data)
        if row is not None:
            _check(row, reader)
        faults.raise_if_any()
        assert row is not None
        return cls(**dict(row), document=document)

    @property
    def path(self) -> Path | None:
        """The file it was read from."""
        return None if self.document is None else self.document.path

    def named_file(self, key: str) -> str | Path:
        """The file that ``counts``, ``doses`` or ``model`` names, from the folder of the mapping; a model may ship.

        `InputError` if it names none.
        """
        name = getattr(self.patients, key)
        if name is None:
            raise InputError(f"{self.where('patients')}: names no table; state [patients] {key}, or give the table")
        if key == "model" and not names_a_file(name):
            return name
        return name if self.path is None else self.path.parent / name

    def where(self, *keys: str) -> str:
        """``file:line`` of a key; what to call the mapping if it comes from no file."""
        return "the guessed mapping" if self.document is None else self.document.where(*keys)

    def date_format(self) -> DateFormat | None:
        """The stated format of dates."""
        return None if self.time.date_format is None else DateFormat(self.time.date_format)

    def to_toml(self) -> str:
        """The text of a mapping file that `load` reads back to the same; its notes are comments above it."""
        import tomli_w

        tables: dict[str, Any] = {
            "patients": _stated(self.patients, keep=("layout",)),
            "columns": _stated(self.columns, keep=("patient",)),
            "dose_columns": _stated(self.dose_columns),
            "time": _stated(self.time, keep=("unit", "origin")),
            **{
                name: {key: _stated(row) for key, row in table.items()}
                for name, table in (("analytes", self.analytes), ("drugs", self.drugs), ("covariates", self.covariates))
            },
            "leave_out": dict(self.leave_out),
        }
        comments = [f"# {one_line(note)}\n" for note in self.notes]
        return "".join(comments) + tomli_w.dumps({name: table for name, table in tables.items() if table})

    def save(self, path: str | Path) -> None:
        """Write the mapping file NAME.toml, the files it names relative to it; `InputError` if it cannot be written."""
        if Path(path).suffix != ".toml":
            raise InputError(f"{path}: a mapping is written as TOML; end the name in .toml")
        own, folder = Path() if self.path is None else self.path.parent, Path(path).parent
        named = {key: getattr(self.patients, key) for key in ("counts", "doses", "model")}
        moved = {
            key: Path(os.path.relpath(own / name, folder)).as_posix()
            for key, name in named.items()
            if name is not None and (key != "model" or names_a_file(name))
        }
        write_atomically(path, replace(self, patients=self.patients.model_copy(update=moved)).to_toml())

    def __repr__(self) -> str:
        pairs = [f"{name} -> {row.output or '?'}" for name, row in self.analytes.items()]
        pairs += [f"{name} -> {row.dose or '?'}" for name, row in self.drugs.items()]
        return one_line(f"<DataMapping: {self.patients.layout}; {', '.join(pairs) or 'no analyte'}>")


def _stated(row: Row, keep: tuple[str, ...] = ()) -> dict[str, Any]:
    """The keys of a row that are not as they are without the file."""
    kept = row.model_dump(exclude_none=True)
    usual = {key: field.default for key, field in type(row).model_fields.items()}
    return {key: value for key, value in kept.items() if key in keep or value != usual[key]}


def _check(row: MappingFileRow, reader: Reader) -> None:
    """Note what is wrong in the values of a mapping file."""
    with reader.at("time", "unit"):
        conversion(laboratory_unit(row.time.unit), parse_unit("day"))
    if row.time.duration_unit is not None:
        with reader.at("time", "duration_unit"):
            conversion(laboratory_unit(row.time.duration_unit), parse_unit("day"))
    if row.time.origin not in ORIGINS:
        with reader.at("time", "origin"):
            try:
                read_moment(row.time.origin)
            except InputError:
                raise InputError(f"must be one of {', '.join(ORIGINS)}, or an ISO date") from None
    if row.time.date_format is not None:
        with reader.at("time", "date_format"):
            DateFormat(row.time.date_format)
    for name, analyte in row.analytes.items():
        for key, text in (("unit", analyte.unit), *(("units", text) for text in analyte.units or ())):
            if text is not None and percent_of(text) is None:
                with reader.at("analytes", name, key):
                    laboratory_unit(text)
    for name, drug in row.drugs.items():
        if drug.unit is not None:
            with reader.at("drugs", name, "unit"):
                parse_unit(drug.unit)
        if drug.duration is not None:
            with reader.at("drugs", name, "duration"):
                parse_quantity(drug.duration, "day")
    for heading, covariate in row.covariates.items():
        if covariate.unit is not None:
            with reader.at("covariates", heading, "unit"):
                laboratory_unit(covariate.unit)
        if covariate.rule is not None and covariate.parameter is None:
            reader.add(
                "is for a covariate that sets a parameter of the model; state parameter, or leave the rule out",
                "covariates",
                heading,
                "rule",
            )
    for message, keys in personal_columns(row):
        reader.add(message, *keys)


def personal_columns(mapping: DataMapping | MappingFileRow) -> Iterator[tuple[str, tuple[str, str]]]:
    """What is wrong with each personal column that a mapping names, and the keys that name it."""
    for table in ("columns", "dose_columns"):
        for role, heading in getattr(mapping, table).model_dump(exclude_none=True).items():
            if is_personal(heading):
                advice = "give the patients ids of the study"
                yield f"'{heading}' is a personal column, which is never read; {advice}", (table, role)
    for heading, covariate in mapping.covariates.items():
        if is_personal(heading) or (covariate.name and is_personal(covariate.name)):
            yield "is a personal column, which is never read; leave it out", ("covariates", heading)
    for heading in mapping.leave_out:
        if is_personal(heading):
            yield "is a personal column, which is never read; name rows by another", ("leave_out", heading)
