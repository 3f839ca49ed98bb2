"""Reads the file of a map: its axes, numbers and marks against the model and the regimen."""

from __future__ import annotations

from collections.abc import Mapping

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.comparison import readings
from kinetics.errors import InputError
from kinetics.figures.base.limits import MAX_PANELS
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.map.spec import AxisRow, MapHeaderRow, MappedNumber, MapRow, MapSpec, PointRow
from kinetics.files.documents import Document
from kinetics.measures import recovery_measures
from kinetics.model import Model
from kinetics.model.ranges import out_of_range
from kinetics.regimen import Regimen, check_given, course_starts
from kinetics.units import to_unit

__all__ = ["read_map"]


def read_map(document: Document) -> MapSpec:
    """Check the file of a map; an `InputError` has every fault of it, and of what it names."""
    reader = SpecReader(document, "x", "y", "maps", "points")
    header, page = reader.table(MapHeaderRow, "figure"), reader.page()
    axes = {key: row for key in ("x", "y") if (row := reader.table(AxisRow, key)) is not None}
    maps = reader.listed(MapRow, "maps", MAX_PANELS, "output, measure and label")
    points = reader.listed(PointRow, "points", MAX_PANELS)
    if header is None:
        reader.refuse()
    model, regimen = reader.model(header.model), reader.regimen(header.regimen)
    reader.check_duration(header.until, "figure", "until")
    reader.check_duration(f"1 {header.unit}", "figure", "unit")
    numbers: list[MappedNumber] = []
    if model is not None:
        numbers = _numbers(reader, maps, header, model)
    if model is not None and regimen is not None:
        _check_regimen(reader, header, model, regimen)
        for key, axis in axes.items():
            _check_axis(reader, key, axis, model, regimen)
    _check_together(reader, axes, points)
    for index, row in maps.items():
        if row.difference and regimen is not None and not regimen.rules:
            reader.add("is a difference to the regimen without its rules; it has none", "maps", index, "difference")
    if model is None or regimen is None or reader.faults:
        reader.refuse()
    return MapSpec(header, page, axes, tuple(numbers), tuple(points.values()), model, regimen, document.path)


def _numbers(reader: SpecReader, maps: Mapping[int, MapRow], header: MapHeaderRow, model: Model) -> list[MappedNumber]:
    limits: dict[str, str] = {}
    with reader.at("figure", "cohort"):
        values = cohort_parameters(model, header.cohort).values
        limits = {measure.output: measure.level for measure in recovery_measures(model, values)}
    found = []
    for index, row in maps.items():
        if row.output not in model.outputs:
            message = f"model '{model.name}' has no output '{row.output}'; there are {', '.join(model.outputs)}"
            reader.add(message, "maps", index, "output")
            continue
        with reader.at("maps", index, "measure"):
            named = {one.name: one for one in readings(row.measure, row.output, limits.get(row.output))}
            if row.reading is None and len(named) > 1:
                raise InputError(f"'{row.measure}' gives several numbers; name one, reading = {' or '.join(named)}")
            reading = named.get(row.reading or next(iter(named)))
            if reading is None:
                raise InputError(f"'{row.measure}' has no reading '{row.reading}'; there are {', '.join(named)}")
            reading.check(model.outputs[row.output].unit, model.time)
            found.append(MappedNumber(row, reading))
    return found


def _check_regimen(reader: SpecReader, header: MapHeaderRow, model: Model, regimen: Regimen) -> None:
    with reader.at("figure", "regimen"):
        starts, until = course_starts(regimen, model.time), to_unit(header.until, model.time)
        if not starts.size or starts[-1] >= until:
            raise InputError(f"needs a course, the last before the end, {header.until}")
        check_given(regimen, model, until)


def _check_axis(reader: SpecReader, key: str, axis: AxisRow, model: Model, regimen: Regimen) -> None:
    if (axis.rule is None) == (axis.parameter is None):
        reader.add("varies either a 'rule' or a 'parameter'; give one of the two", key)
        return
    if any(later <= earlier for earlier, later in zip(axis.values, axis.values[1:], strict=False)):
        reader.add("values must increase", key, "values")
    if axis.rule is not None and not regimen.rules:
        reader.add(f"regimen '{regimen.name}' has no rules whose {axis.rule} could vary", key, "rule")
    for number in axis.rules:
        if number > len(regimen.rules):
            reader.add(f"regimen '{regimen.name}' has {len(regimen.rules)} rules, no rule {number}", key, "rules")
    with reader.at(key, "values"):
        for value in axis.values:
            try:
                check_given(axis.regimen(regimen, value), model)
            except InputError as error:  # the fault is of this file, not of the regimen's
                raise InputError(*(fault.message for fault in error.faults)) from error
            if axis.parameter is not None:
                _check_parameter(axis, axis.parameter, value, model)


def _check_parameter(axis: AxisRow, parameter: str, value: float, model: Model) -> None:
    flat = model.flat_name(parameter)
    row = model.parameters.get(flat) or model.inputs[flat]
    number = to_unit(axis.text(value), row.unit)
    if flat in model.parameters:
        for message in out_of_range(model.parameters[flat], number):
            raise InputError(message)


def _check_together(reader: SpecReader, axes: Mapping[str, AxisRow], points: Mapping[int, PointRow]) -> None:
    """Faults of two tables at once: axes of the same thing, points beyond them."""
    if len(axes) < 2:
        return
    x, y = axes["x"], axes["y"]
    shared = set(x.rules) & set(y.rules) or not x.rules or not y.rules
    if (x.rule is not None and x.rule == y.rule and shared) or (x.parameter and x.parameter == y.parameter):
        reader.add("varies the same as x", "y")
    for index, point in points.items():
        for key, axis in axes.items():
            low, high = point.ends(key)
            if not axis.values[0] <= low <= high <= axis.values[-1]:
                message = f"must lie in the map, {axis.values[0]:g} to {axis.values[-1]:g}, the lower end first"
                reader.add(message, "points", index, key)
