"""The file of a map to a checked specification: its axes, numbers and marks against the model and the regimen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.comparison import Reading, readings
from kinetics.errors import Faults, InputError
from kinetics.figures.base.limits import MAX_PANELS, check_number
from kinetics.figures.base.of_fit import read_tables
from kinetics.figures.map.spec import AxisRow, HeaderRow, MapRow, MapSpec, PointRow
from kinetics.files.documents import Document
from kinetics.files.library import path_from
from kinetics.files.rows import read_row
from kinetics.measures import recovery_measures
from kinetics.model import Model
from kinetics.model.ranges import out_of_range
from kinetics.regimen import Regimen, check_given, course_starts
from kinetics.units import to_unit

__all__ = ["load_map"]


def load_map(document: Document) -> MapSpec:
    """Check the file of a map.

    Raises
    ------
    InputError
        With every fault of the file, and of what it names.
    """
    faults = Faults()
    header, page = read_tables(document, HeaderRow, ("x", "y", "maps", "points"), faults)
    axes = {key: read_row(AxisRow, document.data.get(key, {}), document, (key,), faults) for key in ("x", "y")}
    maps = _listed(MapRow, "maps", document, faults)
    points = _listed(PointRow, "points", document, faults)
    for key in ("maps", "points"):
        check_number(document.data.get(key), MAX_PANELS, document, key, faults)
    if not document.data.get("maps"):
        faults.add("no maps; add [[maps]] with output, measure and label", document.where("maps"), "maps")
    if header is None:
        raise InputError(*faults)
    model = regimen = None
    with faults.gather(document.where("figure", "model"), "figure.model"):
        model = Model.load(path_from(document.path, header.model))
    with faults.gather(document.where("figure", "regimen"), "figure.regimen"):
        regimen = Regimen.load(path_from(document.path, header.regimen))
    known = {key: axis for key, axis in axes.items() if axis is not None}
    found: list[tuple[MapRow, Reading]] = []
    _check_times(header, document, faults)
    if model is not None:
        found = _readings(maps, header, model, document, faults)
        if regimen is not None:
            _check_regimen(header, model, regimen, document, faults)
            for key, axis in known.items():
                _check_axis(key, axis, model, regimen, document, faults)
    _check_together(known, points, maps, regimen, document, faults)
    faults.raise_if_any()
    assert page is not None
    assert model is not None
    assert regimen is not None
    return MapSpec(header, page, known, tuple(found), tuple(points.values()), model, regimen, document.path)


def _listed(kind: type[Any], key: str, document: Document, faults: Faults) -> dict[int, Any]:
    tables = document.data.get(key, [])
    if not isinstance(tables, list):
        faults.add(f"must be written [[{key}]]", document.where(key), key)
        return {}
    rows = {index: read_row(kind, table, document, (key, index), faults) for index, table in enumerate(tables)}
    return {index: row for index, row in rows.items() if row is not None}


def _check_times(header: HeaderRow, document: Document, faults: Faults) -> None:
    for key in ("until", "unit"):
        place = document.where("figure", key), f"figure.{key}"
        with faults.gather(*place):
            if not to_unit(header.until if key == "until" else f"1 {header.unit}", "day") > 0:
                raise InputError("must be positive")


def _readings(
    maps: Mapping[int, MapRow], header: HeaderRow, model: Model, document: Document, faults: Faults
) -> list[tuple[MapRow, Reading]]:
    limits: dict[str, str] = {}
    with faults.gather(document.where("figure", "cohort"), "figure.cohort"):
        values = cohort_parameters(model, header.cohort).values
        limits = {measure.output: measure.level for measure in recovery_measures(model, values)}
    found = []
    for index, row in maps.items():
        if row.output not in model.outputs:
            message = f"model '{model.name}' has no output '{row.output}'; there are {', '.join(model.outputs)}"
            faults.add(message, document.where("maps", index, "output"), f"maps.{index}.output")
            continue
        with faults.gather(document.where("maps", index, "measure"), f"maps.{index}.measure"):
            named = {one.name: one for one in readings(row.measure, row.output, limits.get(row.output))}
            if row.reading is None and len(named) > 1:
                raise InputError(f"'{row.measure}' gives several numbers; name one, reading = {' or '.join(named)}")
            reading = named.get(row.reading or next(iter(named)))
            if reading is None:
                raise InputError(f"'{row.measure}' has no reading '{row.reading}'; there are {', '.join(named)}")
            reading.check(model.outputs[row.output].unit, model.time)
            found.append((row, reading))
    return found


def _check_regimen(header: HeaderRow, model: Model, regimen: Regimen, document: Document, faults: Faults) -> None:
    with faults.gather(document.where("figure", "regimen"), "figure.regimen"):
        starts, until = course_starts(regimen, model.time), to_unit(header.until, model.time)
        if not starts.size or starts[-1] >= until:
            raise InputError(f"needs a course, the last before the end, {header.until}")
        check_given(regimen, model, until)


def _check_axis(key: str, axis: AxisRow, model: Model, regimen: Regimen, document: Document, faults: Faults) -> None:
    place = document.where(key), key
    if (axis.rule is None) == (axis.parameter is None):
        faults.add("varies either a 'rule' or a 'parameter'; give one of the two", *place)
        return
    if any(later <= earlier for earlier, later in zip(axis.values, axis.values[1:], strict=False)):
        faults.add("values must increase", document.where(key, "values"), f"{key}.values")
    if axis.rule is not None and not regimen.rules:
        message = f"regimen '{regimen.name}' has no rules whose {axis.rule} could vary"
        faults.add(message, document.where(key, "rule"), f"{key}.rule")
    for number in axis.rules:
        if number > len(regimen.rules):
            message = f"regimen '{regimen.name}' has {len(regimen.rules)} rules, no rule {number}"
            faults.add(message, document.where(key, "rules"), f"{key}.rules")
    with faults.gather(document.where(key, "values"), f"{key}.values"):
        for value in axis.values:
            try:
                check_given(axis.regimen(regimen, value), model)
            except InputError as error:
                raise InputError(*(fault.message for fault in error.faults)) from error
            if axis.parameter is not None:
                _check_parameter(axis, value, model)


def _check_parameter(axis: AxisRow, value: float, model: Model) -> None:
    assert axis.parameter is not None
    flat = model.flat_name(axis.parameter)
    row = model.parameters.get(flat) or model.inputs[flat]
    number = to_unit(axis.text(value), row.unit)
    if flat in model.parameters:
        for message in out_of_range(model.parameters[flat], number):
            raise InputError(message)


def _check_together(
    axes: Mapping[str, AxisRow],
    points: Mapping[int, PointRow],
    maps: Mapping[int, MapRow],
    regimen: Regimen | None,
    document: Document,
    faults: Faults,
) -> None:
    """Faults of two tables at once: axes of the same thing, points beyond them, a difference to nothing."""
    if len(axes) == 2:
        x, y = axes["x"], axes["y"]
        shared = set(x.rules) & set(y.rules) or not x.rules or not y.rules
        if (x.rule is not None and x.rule == y.rule and shared) or (x.parameter and x.parameter == y.parameter):
            faults.add("varies the same as x", document.where("y"), "y")
        for index, point in points.items():
            for key in ("x", "y"):
                values = axes[key].values
                low, high = point.ends(key)
                if not values[0] <= low <= high <= values[-1]:
                    message = f"must lie in the map, {values[0]:g} to {values[-1]:g}, the lower end first"
                    faults.add(message, document.where("points", index, key), f"points.{index}.{key}")
    for index, row in maps.items():
        if row.difference and regimen is not None and not regimen.rules:
            message = "is a difference to the regimen without its rules; it has none"
            faults.add(message, document.where("maps", index, "difference"), f"maps.{index}.difference")
