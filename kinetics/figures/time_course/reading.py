"""Reads the file of a time course: its rows against the model, the regimens and the published tables."""

from __future__ import annotations

from kinetics.figures.base.reading import SpecReader
from kinetics.figures.time_course.published import check_published
from kinetics.figures.time_course.spec import SpecRows, TimeCourseHeaderRow, TimeCourseSpec, read_rows
from kinetics.files.documents import Document
from kinetics.files.library import find_file
from kinetics.model import Model
from kinetics.published.typical.published import PlacedRow, read_table
from kinetics.regimen import Regimen, check_given, only_course, with_retreatment
from kinetics.units import conversion, parse_unit

__all__ = ["read_time_course"]


def read_time_course(document: Document) -> TimeCourseSpec:
    """Check a figure file; an `InputError` has every fault of it, and of the files it names."""
    reader = SpecReader(document, "retreat", "time", "panels", "curves")
    rows = read_rows(reader)
    if rows is None:
        reader.refuse()
    model, regimen = reader.model(rows.header.model), _regimen(reader, rows)
    if (fit := rows.header.fit) is not None:
        reader.read(lambda: find_file(reader.path(fit), "fits"), "figure", "fit")
    if model is not None:
        reader.check_cohort(rows.header.cohort, model)
        _check_outputs(reader, rows, model)
    if model is not None and regimen is not None:
        reader.read(lambda: check_given(regimen, model), "figure", "regimen")
    published = check_published(reader, rows, _tables(reader, rows.header), model, regimen)
    if model is None or regimen is None or reader.faults:
        reader.refuse()
    return TimeCourseSpec(document.path.stem, rows, model, regimen, published, document.path)


def _regimen(reader: SpecReader, rows: SpecRows) -> Regimen | None:
    """What is given, with the courses of ``[retreat]``."""
    regimen, again = reader.regimen(rows.header.regimen), rows.retreat
    if regimen is None or again is None:
        return regimen
    course = reader.read(lambda: only_course(Regimen.load(reader.path(again.regimen))), "retreat", "regimen")
    if course is None:
        return None
    return reader.read(lambda: with_retreatment(regimen, course, again.at), "retreat", "at")


def _check_outputs(reader: SpecReader, rows: SpecRows, model: Model) -> None:
    for index, curve in rows.curves.items():
        output, panel = model.outputs.get(curve.output), rows.panels.get(curve.panel)
        if output is None:
            message = f"model '{model.name}' has no output '{curve.output}'; there are {', '.join(model.outputs)}"
            reader.add(message, "curves", index, "output")
        elif panel is not None and not panel.percent_of_baseline:
            with reader.at("curves", index, "output"):
                conversion(output.unit, parse_unit(panel.unit))


def _tables(reader: SpecReader, header: TimeCourseHeaderRow) -> dict[str, PlacedRow]:
    published: dict[str, PlacedRow] = {}
    for table in header.tables:
        with reader.at("figure", "tables"):
            for placed in read_table(reader.document.path.parent / table, reader.faults):
                if placed.row.name in published:
                    reader.faults.add("duplicate name in another table", placed.where, placed.row.name)
                published[placed.row.name] = placed
    return published
