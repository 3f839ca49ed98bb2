"""Reads the file of a time course: its rows against the model, the regimens and the published tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from kinetics.cohorts.fit_results import result_path
from kinetics.errors import Faults, InputError
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import CountPanelRow
from kinetics.figures.time_course.spec import (
    CurveRow,
    SpecRows,
    TimeCourseHeaderRow,
    TimeCourseSpec,
    first_dose,
    read_rows,
)
from kinetics.files.documents import Document, read_document
from kinetics.files.library import find_file, path_from
from kinetics.files.tables import PlacedRow, read_table
from kinetics.model import Model
from kinetics.published import PublishedRow
from kinetics.regimen import Regimen, check_accepted, only_course, with_retreatment
from kinetics.units import conversion, parse_quantity, parse_unit, to_unit

_SAME_DAY = 1e-6


def read_time_course(document: Document) -> TimeCourseSpec:
    """Check a figure file; an `InputError` has every fault of it, and of the files it names."""
    reader = SpecReader(document, "retreat", "time", "panels", "curves")
    rows = read_rows(reader)
    if rows is None:
        reader.refuse()
    model, regimen = reader.model(rows.header.model), _regimen(reader, rows)
    if (fit := rows.header.fit) is not None:
        reader.read(lambda: _check_readable(reader.path(fit)), "figure", "fit")
    if model is not None:
        reader.check_cohort(rows.header.cohort, model)
        _check_outputs(reader, rows, model)
    if model is not None and regimen is not None:
        reader.read(lambda: check_accepted(regimen, model), "figure", "regimen")
    published = _check_published(reader, rows, _tables(reader, rows.header), model, regimen)
    if model is None or regimen is None or reader.faults:
        reader.refuse()
    return TimeCourseSpec(document.path.stem, rows, model, regimen, published, document.path)


def _check_readable(fit: str | Path) -> None:
    """A fit has a committed result, or else a problem that a result may follow."""
    problem = find_file(fit, "fits")
    result = result_path(problem)
    read_document(result if result.is_file() else problem)


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
        output, panel = reader.output(model, curve.output, "curves", index, "output"), rows.panels.get(curve.panel)
        if output is not None and panel is not None and not panel.percent_of_baseline:
            with reader.at("curves", index, "output"):
                conversion(output.unit, parse_unit(panel.unit))


def _tables(reader: SpecReader, header: TimeCourseHeaderRow) -> dict[str, PlacedRow[PublishedRow]]:
    published: dict[str, PlacedRow[PublishedRow]] = {}
    for table in header.tables:
        with reader.at("figure", "tables") as noted:
            for placed in read_table(reader.document.path.parent / table, PublishedRow, noted):
                if placed.row.name in published:
                    reader.faults.add("duplicate name in another table", placed.where, placed.row.name)
                published[placed.row.name] = placed
    return published


def _check_published(
    reader: SpecReader,
    rows: SpecRows,
    table: Mapping[str, PlacedRow[PublishedRow]],
    model: Model | None,
    regimen: Regimen | None,
) -> dict[str, PublishedRow]:
    """The rows that curves name, each checked to be of what is drawn: output, cohort, and doses until then."""
    chosen: dict[str, PublishedRow] = {}
    for index, curve in rows.curves.items():
        for name in curve.published:
            with reader.at("curves", index, "published"):
                if name not in table:
                    raise InputError(f"no row '{name}' in the tables; there are {', '.join(table) or 'none'}")
                chosen[name] = table[name].row
                _check_row(table[name], curve, rows, model, regimen)
    return chosen


def _check_row(
    placed: PlacedRow[PublishedRow], curve: CurveRow, rows: SpecRows, model: Model | None, regimen: Regimen | None
) -> None:
    faults, row = Faults(), placed.row
    if row.output != curve.output:
        faults.add(f"row '{row.name}' is of output '{row.output}', the curve of '{curve.output}'")
    if row.cohort != rows.header.cohort:
        faults.add(f"row '{row.name}' is of cohort '{row.cohort}', the figure of '{rows.header.cohort or 'no cohort'}'")
    panel = rows.panels.get(curve.panel)
    if panel is not None:
        with faults.gather():
            _check_scale(row, panel, model)
    with faults.gather():
        until = to_unit(rows.header.until, "day")
        last = _last_day(row, 0.0 if regimen is None else first_dose(regimen, "day"))
        if last > until * (1 + _SAME_DAY):
            faults.add(f"row '{row.name}' lies after the end of the figure, {rows.header.until}")
        own = Regimen.load(path_from(placed.path, row.regimen))
        if regimen is not None and not _same_before(own, regimen, last):
            faults.add(f"row '{row.name}' is of regimen '{row.regimen}', which differs before then from the one drawn")
    faults.raise_if_any()


def _check_scale(row: PublishedRow, panel: CountPanelRow, model: Model | None) -> None:
    if row.kind == "time_to_threshold":
        conversion(parse_unit(row.unit), parse_unit("day"))
        _, unit = parse_quantity(str(row.level))
        target = model.outputs[row.output].unit if model is not None and row.output in model.outputs else unit
        conversion(unit, target)
    elif row.kind == "percent_of_baseline":
        conversion(parse_unit(row.unit), parse_unit("percent"))
    elif panel.percent_of_baseline:
        raise InputError(
            f"row '{row.name}' is a count, whose baseline is not the model's; the panel is in percent of it"
        )
    else:
        conversion(parse_unit(row.unit), parse_unit(panel.unit))


def _last_day(row: PublishedRow, begin: float) -> float:
    """The last time a row speaks of; a recovery time does not depend on what is given after it."""
    if row.kind == "time_to_threshold":
        return begin + (row.value or math.nan) * float(conversion(parse_unit(row.unit), parse_unit("day")))
    return to_unit(str(row.time), "day")


def _same_before(first: Regimen, second: Regimen, day: float) -> bool:
    def early_doses(regimen: Regimen) -> str:
        early = [course for course in regimen.courses if course.start.magnitude < day - _SAME_DAY]
        return Regimen(early).content_hash

    return early_doses(first) == early_doses(second) and first.rules == second.rules
