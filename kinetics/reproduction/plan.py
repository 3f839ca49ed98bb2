"""The plan of the main job: a file that names fits, predictions and figures, read with everything it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import Field, StrictInt, StrictStr

from kinetics.errors import Faults
from kinetics.estimate import FitProblem
from kinetics.files.documents import Document, read_document
from kinetics.files.library import library_folder, path_from
from kinetics.files.rows import Row, read_row
from kinetics.regimen import Regimen, only_course, with_retreatment
from kinetics.units import to_unit

if TYPE_CHECKING:
    from kinetics.figures.base.kind import Kind

__all__ = ["Plan", "PlannedFigure", "PlannedPrediction", "read_plan"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
Name = Annotated[StrictStr, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
T = TypeVar("T")


class PlanHeaderRow(Row):
    """``[reproduce]``."""

    title: Text
    fits: Annotated[list[Text], Field(min_length=1)]


class PredictionRow(Row):
    """``[[predictions]]``: counts and recovery from one of the fits."""

    name: Name
    fit: Text
    cohort: Text
    regimen: Text
    retreat: tuple[Text, ...] = ()
    retreat_with: Text = "retreatment"
    until: Text
    every: Text
    draws: Annotated[StrictInt, Field(ge=2, le=100_000)] = 200
    patients: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = None
    seed: Annotated[StrictInt, Field(ge=0)] = 0


class FigureRow(Row):
    """``[[figures]]``: one figure in each of some formats."""

    name: Text
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
    document = read_document(path or library_folder("fits") / "reproduce.toml")
    faults = Faults()
    for key in document.data.keys() - {"reproduce", "predictions", "figures"}:
        faults.add("unknown table; there are reproduce, predictions, figures", document.where(key), key)
    header = read_row(PlanHeaderRow, document.data.get("reproduce", {}), document, ("reproduce",), faults)
    fits = tuple(_fits(header.fits, document, faults)) if header else ()
    known = [problem.name for problem in fits]
    predictions = tuple(_predictions(document, known, faults))
    figures = tuple(_figures(document, faults))
    faults.raise_if_any()
    assert header is not None
    return Plan(header.title, fits, predictions, figures)


def _loaded(load: Callable[[], T], document: Document, faults: Faults, *keys: str | int) -> T | None:
    with faults.gather(document.where(*keys), ".".join(map(str, keys))):
        return load()
    return None


def _fits(names: list[str], document: Document, faults: Faults) -> Iterator[FitProblem]:
    for name, times in Counter(names).items():
        if times > 1:
            faults.add(f"duplicate fit '{name}'", document.where("reproduce", "fits"), "reproduce.fits")
        problem = _loaded(
            lambda name=name: FitProblem.load(path_from(document.path, name)), document, faults, "reproduce", "fits"
        )
        if problem is not None:
            yield problem


def _rows(kind: type[Any], key: str, document: Document, faults: Faults) -> Iterator[tuple[int, Any]]:
    """The well-formed rows of an array of tables, each name once."""
    tables = document.data.get(key, [])
    if not isinstance(tables, list):
        faults.add(f"must be written [[{key}]]", document.where(key), key)
        return
    names: set[str] = set()
    for index, table in enumerate(tables):
        row = read_row(kind, table, document, (key, index), faults)
        if row is not None and row.name in names:
            faults.add(f"duplicate name '{row.name}'", document.where(key, index, "name"), f"{key}.{index}.name")
        elif row is not None:
            names.add(row.name)
            yield index, row


def _predictions(document: Document, fits: list[str], faults: Faults) -> Iterator[PlannedPrediction]:
    for index, row in _rows(PredictionRow, "predictions", document, faults):
        keys = ("predictions", index)
        if row.fit not in fits:
            message = f"'{row.fit}' is not among the fits of this plan, {', '.join(fits) or 'none'}"
            faults.add(message, document.where(*keys, "fit"), f"predictions.{index}.fit")
        if row.name in fits:
            faults.add("is the name of a fit already", document.where(*keys, "name"), f"predictions.{index}.name")
        for key in ("until", "every"):
            _loaded(partial(to_unit, getattr(row, key), "day"), document, faults, *keys, key)
        regimen = _loaded(partial(_regimen, row, document), document, faults, *keys, "regimen")
        if regimen is not None:
            yield PlannedPrediction(row, regimen)


def _regimen(row: PredictionRow, document: Document) -> Regimen:
    regimen = Regimen.load(path_from(document.path, row.regimen))
    if not row.retreat:
        return regimen
    return with_retreatment(regimen, only_course(Regimen.load(path_from(document.path, row.retreat_with))), row.retreat)


def _figures(document: Document, faults: Faults) -> Iterator[PlannedFigure]:
    from kinetics.figures import read_figure

    for index, row in _rows(FigureRow, "figures", document, faults):
        read = partial(read_figure, path_from(document.path, row.name))
        if (figure := _loaded(read, document, faults, "figures", index, "name")) is not None:
            yield PlannedFigure(row, figure)
