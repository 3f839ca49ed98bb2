"""The file of a comparison: which outputs, and what is read off each; checked against its model."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.comparison.readings import Reading, readings
from kinetics.errors import Faults, InputError, UnitError
from kinetics.expressions.reserved import clash
from kinetics.files.documents import Document, read_document
from kinetics.files.library import library_folder, path_from
from kinetics.files.rows import Row, read_row
from kinetics.measures import recovery_measures
from kinetics.model import Model
from kinetics.results import marked
from kinetics.units import parse_unit, to_unit

__all__ = ["FARTHEST", "ComparedRow", "Comparison", "ends_apart", "read_comparison"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
FARTHEST, CLOSEST = 1e30, 1e-6
"""The greatest end of an axis, and the least relative distance of its two ends."""
Number = Annotated[StrictFloat | StrictInt, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]

MAX_TIMES, MAX_ROWS = 20_000, 48


class HeaderRow(Row):
    """``[comparison]``."""

    title: Text
    model: Text
    cohort: Text | None = None
    until: Text
    every: Text
    unit: Text = "month"
    note: Annotated[StrictStr, Field(max_length=3000)] = ""


class OutputRow(Row):
    """``[[rows]]``: an output, what is read off it, and how its curve is drawn."""

    output: Text
    label: Annotated[StrictStr, Field(min_length=1, max_length=200)]
    measures: Annotated[list[Text], Field(min_length=1, max_length=20)]
    exploratory: StrictBool = False
    percent_of_baseline: StrictBool = False
    scale: Literal["log", "linear"] = "linear"
    lower: Number | None = None
    upper: Number | None = None


@dataclass(frozen=True, eq=False)
class ComparedRow:
    """An output of a comparison.

    Parameters
    ----------
    row : OutputRow
        What the file says.
    limit : str or None
        The lower limit of normal, as a level.
    readings : tuple of Reading
        What is read off it.
    exploratory : bool
        Whether the file or the model says so.
    """

    row: OutputRow
    limit: str | None
    readings: tuple[Reading, ...]
    exploratory: bool

    @property
    def output(self) -> str:
        """Of the model."""
        return self.row.output

    @property
    def label(self) -> str:
        """In words, with the mark of what is exploratory."""
        return marked(self.row.label, self.exploratory)

    def shown(self, courses: int) -> list[Reading]:
        """What is told of regimens of at most so many courses: times after the last only if there are several."""
        return [one for one in self.readings if courses > 1 or not one.is_recovery or one.name.endswith("_first")]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What is compared, in which model and cohort, and for how long.

    Parameters
    ----------
    name : str
        The file's.
    header : HeaderRow
        With what replaces parts of it: model, cohort, end.
    rows : tuple of ComparedRow
        In the order of the file.
    model : Model
        What is simulated.
    path : pathlib.Path
        The file.
    """

    name: str
    header: HeaderRow
    rows: tuple[ComparedRow, ...]
    model: Model
    path: Path

    @property
    def time(self) -> Any:
        """The unit of the times that are shown."""
        return parse_unit(self.header.unit)


def read_comparison(
    path: str | Path | None = None, *, model: str | None = None, cohort: str | None = None, until: str | None = None
) -> Comparison:
    """Read a comparison.

    Parameters
    ----------
    path : str or pathlib.Path, optional
        The file; the one that ships by default.
    model, cohort, until : str, optional
        In place of those of the file.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        With every fault of the file, and of what is given in place of its own.

    Warns
    -----
    UserWarning
        If the model given in place of the file's own lacks outputs, whose rows are left out.
    """
    document = read_document(path or library_folder("fits") / "comparison.toml")
    faults = Faults()
    for key in document.data.keys() - {"comparison", "rows"}:
        faults.add("unknown table; there are comparison, rows", document.where(key), key)
    header = read_row(HeaderRow, document.data.get("comparison", {}), document, ("comparison",), faults)
    rows = _rows(document, faults)
    if header is None:
        raise InputError(*faults)
    given = {"model": model, "cohort": cohort, "until": until}
    places = _Places(document, {key for key, value in given.items() if value is not None})
    wanted = header.model_copy(update={key: value for key, value in given.items() if value is not None})
    _check_times(wanted, places, faults)
    loaded = None
    with faults.gather(*places.of("model")):
        loaded = Model.load(wanted.model if model else path_from(document.path, header.model))
    lacking = [] if loaded is None or model is None else _lacking(rows, loaded, places, faults)
    kept = {index: row for index, row in rows.items() if row.output not in lacking}
    compared = () if loaded is None else tuple(_against_model(document, kept, loaded, wanted, places, faults))
    faults.raise_if_any()
    assert loaded is not None
    if lacking:
        told = ", ".join(lacking)
        warnings.warn(f"rows left out, since model '{loaded.name}' has no such output: {told}", stacklevel=2)
    return Comparison(document.path.stem, wanted, compared, loaded, document.path)


@dataclass(frozen=True)
class _Places:
    """Where a value of the header comes from: the file, or an option in its place."""

    document: Document
    replaced: set[str]

    def of(self, key: str) -> tuple[str, str]:
        return (
            ("", f"--{key}") if key in self.replaced else (self.document.where("comparison", key), f"comparison.{key}")
        )


def _rows(document: Document, faults: Faults) -> dict[int, OutputRow]:
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


def ends_apart(lower: float, upper: float) -> bool:
    """Whether the ends of an axis are in order, and not closer than numbers on it can show."""
    return upper - lower > CLOSEST * max(abs(lower), abs(upper))


def _check_ends(document: Document, index: int, row: OutputRow, faults: Faults) -> None:
    if row.lower is not None and row.upper is not None and not ends_apart(row.lower, row.upper):
        faults.add("lower is not below upper", document.where("rows", index, "lower"), f"rows.{index}.lower")
    for key in ("lower", "upper"):
        end = getattr(row, key)
        if row.scale == "log" and end is not None and end < 1 / FARTHEST:
            message = "must be positive on a log scale"
            faults.add(message, document.where("rows", index, key), f"rows.{index}.{key}")


def _check_times(header: HeaderRow, places: _Places, faults: Faults) -> None:
    for key in ("until", "every", "unit"):
        with faults.gather(*places.of(key)):
            text = f"1 {header.unit}" if key == "unit" else getattr(header, key)
            if not to_unit(text, "day") > 0:
                raise InputError(f"must be positive, found '{text}'")
    with suppress(UnitError):  # told above
        times = to_unit(header.until, "day") / max(to_unit(header.every, "day"), 1e-300)
        if times > MAX_TIMES:
            faults.add(f"gives {times:.0f} times until {header.until}; at most {MAX_TIMES}", *places.of("every"))


def _lacking(rows: dict[int, OutputRow], model: Model, places: _Places, faults: Faults) -> list[str]:
    """The outputs of rows that a model in place of the file's own has not; a fault if it has none of them."""
    lacking = [row.output for row in rows.values() if row.output not in model.outputs]
    if rows and len(lacking) == len(rows):
        message = f"model '{model.name}' has none of the outputs {', '.join(lacking)}; give a comparison of its own"
        faults.add(f"{message} with --spec", *places.of("model"))
    return lacking


def _against_model(
    document: Document, rows: dict[int, OutputRow], model: Model, header: HeaderRow, places: _Places, faults: Faults
) -> list[ComparedRow]:
    """The rows with what is read off them, as far as the model has it."""
    if header.cohort is not None and header.cohort not in model.cohorts:
        there = ", ".join(model.cohorts) or "none"
        faults.add(f"model '{model.name}' has no cohort '{header.cohort}'; there are {there}", *places.of("cohort"))
        header = header.model_copy(update={"cohort": None})
    limits: dict[str, str] = {}
    with faults.gather(*places.of("cohort")):
        values = cohort_parameters(model, header.cohort).values
        limits = {measure.output: measure.level for measure in recovery_measures(model, values)}
    compared, outputs = [], {row.output for row in rows.values()}
    for index, row in rows.items():
        if row.output not in model.outputs:
            message = f"model '{model.name}' has no output '{row.output}'; there are {', '.join(model.outputs)}"
            faults.add(message, document.where("rows", index, "output"), f"rows.{index}.output")
            continue
        found = _readings(document, index, row, limits.get(row.output), model, faults)
        place = document.where("rows", index), f"rows.{index}"
        if reason := clash(row.output, "simulate", "compare"):
            faults.add(reason, *place)
        for name in ("percent", "limit", *(reading.name for reading in found)):
            if f"{row.output}_{name}" in outputs:
                faults.add(f"'{row.output}_{name}' is also called what is shown of {row.output}; rename it", *place)
        exploratory = row.exploratory or model.is_exploratory(row.output)
        compared.append(ComparedRow(row, limits.get(row.output), found, exploratory))
    return compared


def _readings(
    document: Document, index: int, row: OutputRow, limit: str | None, model: Model, faults: Faults
) -> tuple[Reading, ...]:
    found: dict[str, Reading] = {}
    for text in row.measures:
        place = document.where("rows", index, "measures"), f"rows.{index}.measures"
        with faults.gather(*place):
            for reading in readings(text, row.output, limit):
                reading.check(model.outputs[row.output].unit, model.time)
                if found.setdefault(reading.name, reading) is not reading:
                    raise InputError(f"'{text}' is measured twice")
    return tuple(found.values())
