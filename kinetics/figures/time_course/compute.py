"""A figure file to a checked specification: its rows against the model, the regimens and the published tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from kinetics.cohorts.fit_results import result_path
from kinetics.errors import Faults
from kinetics.figures.base.published import check_published
from kinetics.figures.time_course.spec import CurveRow, PanelRow, SpecRows, read_rows
from kinetics.files.documents import Document, read_document
from kinetics.files.library import find_file, path_from
from kinetics.files.tables import PlacedRow, read_table
from kinetics.model import Model
from kinetics.published import PublishedRow
from kinetics.regimen import Regimen, check_given, only_course, with_retreatment
from kinetics.results import marked
from kinetics.units import conversion, parse_unit

__all__ = ["FigureSpec", "load_spec"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class FigureSpec:
    """A figure that can be drawn.

    Parameters
    ----------
    name : str
        The file's name.
    rows : SpecRows
        What the file says.
    model : Model
        What is simulated.
    regimen : Regimen
        What is given, retreatment included.
    published : mapping of str to PublishedRow
        The rows that curves name.
    path : pathlib.Path
        The file.
    """

    name: str
    rows: SpecRows
    model: Model
    regimen: Regimen
    published: Mapping[str, PublishedRow]
    path: Path

    @property
    def curves(self) -> tuple[CurveRow, ...]:
        """The curves, in the order of the file."""
        return tuple(self.rows.curves.values())

    def label(self, row: CurveRow) -> str:
        """Of a curve, with the mark of what the model calls exploratory."""
        return marked(row.label, self.model.is_exploratory(row.output))

    def panel_curves(self, panel: str) -> tuple[CurveRow, ...]:
        """The curves of a panel, in the order of the file."""
        return tuple(row for row in self.curves if row.panel == panel)


def load_spec(document: Document) -> FigureSpec:
    """Check a figure file.

    Parameters
    ----------
    document : Document
        The file.

    Returns
    -------
    FigureSpec

    Raises
    ------
    InputError
        With every fault of the file, and of the files it names.
    """
    faults = Faults()
    rows = read_rows(document, faults)
    if rows is None:
        faults.raise_if_any()
        raise AssertionError
    model = _named(faults, document, "figure.model", lambda: Model.load(path_from(document.path, rows.header.model)))
    regimen = _named(faults, document, "figure.regimen", lambda: _load_regimen(document.path, rows.header.regimen))
    if regimen is not None and rows.retreat is not None:
        regimen = _retreated(document, rows, regimen, faults)
    if rows.header.fit is not None:
        fit = rows.header.fit
        _named(faults, document, "figure.fit", lambda: _check_readable(document.path, fit))
    if model is not None:
        _check_against_model(document, rows, model, faults)
        if regimen is not None:
            with faults.gather(document.where("figure", "regimen"), "figure.regimen"):
                check_given(regimen, model)
    table = _tables(document, rows, faults)
    published = check_published(document, rows, table, model, regimen, faults)
    faults.raise_if_any()
    assert model is not None
    assert regimen is not None
    return FigureSpec(document.path.stem, rows, model, regimen, published, document.path)


def _named(faults: Faults, document: Document, key: str, load: Callable[[], T]) -> T | None:
    with faults.gather(document.where(*key.split(".")), key):
        return load()
    return None


def _check_readable(file: Path, fit: str) -> None:
    """A fit has a committed result, or else a problem that a result may follow."""
    problem = find_file(path_from(file, fit), "fits")
    result = result_path(problem)
    read_document(result if result.is_file() else problem)


def _load_regimen(file: Path, name: str) -> Regimen:
    return Regimen.load(path_from(file, name))


def _retreated(document: Document, rows: SpecRows, regimen: Regimen, faults: Faults) -> Regimen | None:
    assert rows.retreat is not None
    again = rows.retreat
    course = _named(
        faults, document, "retreat.regimen", lambda: only_course(_load_regimen(document.path, again.regimen))
    )
    if course is None:
        return None
    return _named(faults, document, "retreat.at", lambda: with_retreatment(regimen, course, again.at))


def _check_against_model(document: Document, rows: SpecRows, model: Model, faults: Faults) -> None:
    cohort = rows.header.cohort
    if cohort is not None and cohort not in model.cohorts:
        message = f"model '{model.name}' has no cohort '{cohort}'; there are {', '.join(model.cohorts) or 'none'}"
        faults.add(message, document.where("figure", "cohort"), "figure.cohort")
    for index, curve in rows.curves.items():
        output = model.outputs.get(curve.output)
        place, name = document.where("curves", index, "output"), f"curves.{index}.output"
        if output is None:
            there = ", ".join(model.outputs)
            faults.add(f"model '{model.name}' has no output '{curve.output}'; there are {there}", place, name)
        elif curve.panel in rows.panels and not rows.panels[curve.panel].percent_of_baseline:
            with faults.gather(place, name):
                conversion(output.unit, _panel_unit(rows.panels[curve.panel]))


def _panel_unit(row: PanelRow) -> object:
    return parse_unit(row.unit)


def _tables(document: Document, rows: SpecRows, faults: Faults) -> dict[str, PlacedRow[PublishedRow]]:
    published: dict[str, PlacedRow[PublishedRow]] = {}
    for table in rows.header.tables:
        with faults.gather(document.where("figure", "tables"), "figure.tables") as noted:
            for placed in read_table(document.path.parent / table, PublishedRow, noted):
                if placed.row.name in published:
                    faults.add("duplicate name in another table", placed.where, placed.row.name)
                published[placed.row.name] = placed
    return published
