"""The plan of the main job: a file that names fits, predictions and figures, read with everything it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictInt, StrictStr

from kinetics.errors import Faults
from kinetics.estimate import FitProblem
from kinetics.files.documents import Document, read_document
from kinetics.files.library import library_folder, path_from
from kinetics.files.rows import Line, Reader, Row
from kinetics.regimen import Regimen, only_course, with_retreatment
from kinetics.units import to_unit

if TYPE_CHECKING:
    from kinetics.figures.base.kind import Kind

Name = Annotated[StrictStr, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]


class PlanHeaderRow(Row):
    """``[reproduce]``."""

    title: Line
    fits: Annotated[list[Line], Field(min_length=1)]


class PredictionRow(Row):
    """``[[predictions]]``: counts and recovery from one of the fits."""

    name: Name
    fit: Line
    cohort: Line
    regimen: Line
    retreat: tuple[Line, ...] = ()
    retreat_with: Line = "retreatment"
    until: Line
    every: Line
    draws: Annotated[StrictInt, Field(ge=2, le=100_000)] = 200
    patients: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = None
    seed: Annotated[StrictInt, Field(ge=0)] = 0


class FigureRow(Row):
    """``[[figures]]``: one figure in each of some formats."""

    name: Line
    formats: Annotated[tuple[Literal["svg", "pdf", "png"], ...], Field(min_length=1)] = ("svg",)


@dataclass(frozen=True)
class PlannedFigure:
    """A figure with its checked file."""

    row: FigureRow
    figure: Kind[Any]


@dataclass(frozen=True)
class PlannedPrediction:
    """A prediction with what is given, retreatment included."""

    row: PredictionRow
    regimen: Regimen


@dataclass(frozen=True, eq=False)
class Plan:
    """What to run, checked."""

    title: str
    fits: tuple[FitProblem, ...]
    predictions: tuple[PlannedPrediction, ...]
    figures: tuple[PlannedFigure, ...]

    @property
    def size(self) -> int:
        """How many products it has, with the report."""
        return len(self.fits) + len(self.predictions) + len(self.figures) + 1


def read_plan(path: Path | None = None) -> Plan:
    """Read a plan and everything it names, from a file or the one that ships; an `InputError` has every fault."""
    reader = Reader(read_document(path or library_folder("fits") / "reproduce.toml"), Faults())
    reader.check_tables("reproduce", "predictions", "figures")
    header = reader.table(PlanHeaderRow, "reproduce")
    fits = tuple(_fits(header.fits, reader)) if header else ()
    predictions = tuple(_predictions(reader, [problem.name for problem in fits]))
    figures = tuple(_figures(reader))
    reader.faults.raise_if_any()
    assert header is not None
    return Plan(header.title, fits, predictions, figures)


def _fits(names: list[str], reader: Reader) -> Iterator[FitProblem]:
    for name, times in Counter(names).items():
        if times > 1:
            reader.add(f"duplicate fit '{name}'", "reproduce", "fits")
        problem = reader.read(partial(FitProblem.load, path_from(reader.document.path, name)), "reproduce", "fits")
        if problem is not None:
            yield problem


def _rows(kind: type[Any], key: str, reader: Reader) -> Iterator[tuple[int, Any]]:
    """The well-formed rows of an array of tables, each name once."""
    names: set[str] = set()
    for index, row in reader.listed(kind, key).items():
        if row.name in names:
            reader.add(f"duplicate name '{row.name}'", key, index, "name")
        else:
            names.add(row.name)
            yield index, row


def _predictions(reader: Reader, fits: list[str]) -> Iterator[PlannedPrediction]:
    for index, row in _rows(PredictionRow, "predictions", reader):
        keys = ("predictions", index)
        if row.fit not in fits:
            reader.add(f"'{row.fit}' is not among the fits of this plan, {', '.join(fits) or 'none'}", *keys, "fit")
        if row.name in fits:
            reader.add("is the name of a fit already", *keys, "name")
        for key in ("until", "every"):
            reader.read(partial(to_unit, getattr(row, key), "day"), *keys, key)
        regimen = reader.read(partial(_regimen, row, reader.document), *keys, "regimen")
        if regimen is not None:
            yield PlannedPrediction(row, regimen)


def _regimen(row: PredictionRow, document: Document) -> Regimen:
    regimen = Regimen.load(path_from(document.path, row.regimen))
    if not row.retreat:
        return regimen
    return with_retreatment(regimen, only_course(Regimen.load(path_from(document.path, row.retreat_with))), row.retreat)


def _figures(reader: Reader) -> Iterator[PlannedFigure]:
    from kinetics.figures import read_figure

    for index, row in _rows(FigureRow, "figures", reader):
        read = partial(read_figure, path_from(reader.document.path, row.name))
        if (figure := reader.read(read, "figures", index, "name")) is not None:
            yield PlannedFigure(row, figure)
