"""The file of a comparison, read and checked against its model."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.comparison.readings import Reading, readings
from kinetics.comparison.spec import FARTHEST, ComparedRow, Comparison, ComparisonHeaderRow, OutputRow, ends_apart
from kinetics.errors import Fault, Faults, InputError, UnitError
from kinetics.expressions.reserved import clash
from kinetics.files.documents import Document, read_document
from kinetics.files.kinds import is_path
from kinetics.files.library import library_folder, path_from
from kinetics.files.rows import read_row
from kinetics.measures import recovery_measures
from kinetics.model import Model
from kinetics.units import to_unit

__all__ = ["read_comparison"]

MAX_TIMES, MAX_ROWS = 20_000, 48


def read_comparison(
    path: str | Path | None = None, *, until: str | None = None, cohort: str | None = None, model: str | None = None
) -> Comparison:
    """Read a comparison.

    Parameters
    ----------
    path : str or pathlib.Path, optional
        The file; the one that ships by default.
    until, cohort, model : str, optional
        In place of those of the file.

    Raises
    ------
    InputError
        With every fault of the file, and of the arguments.

    Warns
    -----
    UserWarning
        If the model given in place of the file's own lacks outputs, whose rows are left out.

    Examples
    --------
    >>> comparison = read_comparison(until="2 year")
    >>> comparison.header.until
    '2 year'
    """
    if path is not None and not is_path(path) and not Path(path).exists():
        message = f"must be the path of a file; found '{path}'; write model='{path}' for a model"
        raise InputError(Fault(message, name="comparison"))
    document = read_document(path or library_folder("fits") / "comparison.toml")
    faults = Faults()
    for key in document.data.keys() - {"comparison", "rows"}:
        faults.add("unknown table; there are comparison, rows", document.where(key), key)
    own = read_row(ComparisonHeaderRow, document.data.get("comparison", {}), document, ("comparison",), faults)
    rows = _rows(document, faults)
    if own is None:
        raise InputError(*faults)
    arguments = {"model": model, "cohort": cohort, "until": until}
    replaced = {key: value for key, value in arguments.items() if value is not None}
    header = _Header(document, own.model_copy(update=replaced), replaced)
    header.check_times(faults)
    loaded, lacking = None, []
    with faults.gather(*header.where("model")):
        loaded = Model.load(model or path_from(document.path, own.model))
    if model is not None and loaded is not None:
        lacking = _lacking(rows, loaded, header, faults)
    present = {index: row for index, row in rows.items() if row.output not in lacking}
    compared = () if loaded is None else tuple(_against_model(present, loaded, header, faults))
    faults.raise_if_any()
    assert loaded is not None
    if lacking:
        message = f"rows left out, since model '{loaded.name}' has no such output: {', '.join(lacking)}"
        warnings.warn(message, stacklevel=2)
    return Comparison(document.path.stem, header.row, compared, loaded, document.path)


@dataclass(frozen=True)
class _Header:
    """The header, some of whose values come from arguments in place of the file."""

    document: Document
    row: ComparisonHeaderRow
    replaced: Mapping[str, str]

    def where(self, key: str) -> tuple[str, str]:
        """Where a value comes from, and its name there."""
        if key in self.replaced:
            return "", key
        return self.document.where("comparison", key), f"comparison.{key}"

    def check_times(self, faults: Faults) -> None:
        for key in ("until", "every", "unit"):
            with faults.gather(*self.where(key)):
                text = f"1 {self.row.unit}" if key == "unit" else getattr(self.row, key)
                if not to_unit(text, "day") > 0:
                    raise InputError(f"must be positive, found '{text}'")
        with suppress(UnitError):  # noted above
            times = to_unit(self.row.until, "day") / max(to_unit(self.row.every, "day"), 1e-300)
            if times > MAX_TIMES:
                message = f"gives {times:.0f} times until {self.row.until}; at most {MAX_TIMES}"
                faults.add(message, *self.where("every"))

    def limits(self, model: Model, faults: Faults) -> dict[str, str]:
        """The lower limits of normal in the cohort, as levels, by output."""
        cohort = self.row.cohort
        if cohort is not None and cohort not in model.cohorts:
            names = ", ".join(model.cohorts) or "none"
            faults.add(f"model '{model.name}' has no cohort '{cohort}'; there are {names}", *self.where("cohort"))
            cohort = None
        with faults.gather(*self.where("cohort")):
            values = cohort_parameters(model, cohort).values
            return {measure.output: measure.level for measure in recovery_measures(model, values)}
        return {}


def _rows(document: Document, faults: Faults) -> dict[int, OutputRow]:
    """The well-formed rows by their number in the file."""
    tables = document.data.get("rows", [])
    if not isinstance(tables, list) or not tables:
        faults.add("no rows; add [[rows]] with output, label and measures", document.where("rows"), "rows")
        return {}
    if len(tables) > MAX_ROWS:
        faults.add(f"has {len(tables)}; at most {MAX_ROWS}", document.where("rows"), "rows")
    rows: dict[int, OutputRow] = {}
    for index, table in enumerate(tables):
        row = read_row(OutputRow, table, document, ("rows", index), faults)
        if row is None:
            continue
        if any(other.output == row.output for other in rows.values()):
            faults.add(f"output '{row.output}' is compared already", document.where("rows", index), f"rows.{index}")
        rows[index] = row
        _check_ends(document, index, row, faults)
    return rows


def _check_ends(document: Document, index: int, row: OutputRow, faults: Faults) -> None:
    if row.lower is not None and row.upper is not None and not ends_apart(row.lower, row.upper):
        faults.add("lower is not below upper", document.where("rows", index, "lower"), f"rows.{index}.lower")
    for key in ("lower", "upper"):
        end = getattr(row, key)
        if row.scale == "log" and end is not None and end < 1 / FARTHEST:
            message = "must be positive on a log scale"
            faults.add(message, document.where("rows", index, key), f"rows.{index}.{key}")


def _lacking(rows: Mapping[int, OutputRow], model: Model, header: _Header, faults: Faults) -> list[str]:
    """The outputs of rows that a model in place of the file's own has not; a fault if it has none of them."""
    lacking = [row.output for row in rows.values() if row.output not in model.outputs]
    if rows and len(lacking) == len(rows):
        message = f"model '{model.name}' has none of the outputs {', '.join(lacking)}; give a comparison of its own"
        faults.add(f"{message} with --spec", *header.where("model"))
    return lacking


def _against_model(rows: Mapping[int, OutputRow], model: Model, header: _Header, faults: Faults) -> list[ComparedRow]:
    """The rows with what is read off them, as far as the model has it."""
    document, limits = header.document, header.limits(model, faults)
    compared, outputs = [], {row.output for row in rows.values()}
    for index, row in rows.items():
        if row.output not in model.outputs:
            message = f"model '{model.name}' has no output '{row.output}'; there are {', '.join(model.outputs)}"
            faults.add(message, document.where("rows", index, "output"), f"rows.{index}.output")
            continue
        limit, where = limits.get(row.output), (document.where("rows", index), f"rows.{index}")
        taken = _readings(document, index, row, limit, model, faults)
        if reason := clash(row.output, "simulate", "compare"):
            faults.add(reason, *where)
        for name in ("percent", "limit", *(reading.name for reading in taken)):
            if f"{row.output}_{name}" in outputs:
                faults.add(f"'{row.output}_{name}' is also called what is shown of {row.output}; rename it", *where)
        compared.append(ComparedRow(row, limit, taken, row.exploratory or model.is_exploratory(row.output)))
    return compared


def _readings(
    document: Document, index: int, row: OutputRow, limit: str | None, model: Model, faults: Faults
) -> tuple[Reading, ...]:
    by_name: dict[str, Reading] = {}
    for text in row.measures:
        with faults.gather(document.where("rows", index, "measures"), f"rows.{index}.measures"):
            for reading in readings(text, row.output, limit):
                reading.check(model.outputs[row.output].unit, model.time)
                if by_name.setdefault(reading.name, reading) is not reading:
                    raise InputError(f"'{text}' is measured twice")
    return tuple(by_name.values())
