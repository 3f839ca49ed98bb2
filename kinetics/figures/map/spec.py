"""The file of a map: what varies along each axis, which numbers are coloured, and the settings that are marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.comparison import Reading, readings
from kinetics.errors import InputError
from kinetics.figures.base.labels import unit_label
from kinetics.figures.base.reading import MAX_PANELS, SpecReader
from kinetics.figures.base.rows import Label, PageRow, TreatmentHeaderRow
from kinetics.figures.base.words import say
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.measures import lower_limits
from kinetics.model import Model
from kinetics.model.schema import Row
from kinetics.population.run_parameters import parameter_values
from kinetics.regimen import Regimen, check_accepted, course_starts
from kinetics.units import to_unit

Number = Annotated[StrictFloat | StrictInt, Field(allow_inf_nan=False)]


class AxisRow(Row):
    """``[x]`` and ``[y]``: a property of rules, or a parameter, and its values."""

    rule: Literal["level", "amount", "duration", "apart", "most"] | None = None
    rules: tuple[Annotated[StrictInt, Field(ge=1)], ...] = ()
    parameter: Line | None = None
    values: Annotated[list[Number], Field(min_length=2, max_length=60)]
    unit: Line = "1"
    label: Label

    def text(self, value: float) -> str:
        """A value as a regimen or a command has it."""
        return f"{value:.12g} {self.unit}"

    def regimen(self, regimen: Regimen, value: float) -> Regimen:
        """A regimen with this property of its rules changed."""
        if self.rule is None:
            return regimen
        setting: Any = int(value) if self.rule == "most" else self.text(value)
        changed = [
            replace(rule, **{self.rule: setting}) if number in self.rules or not self.rules else rule
            for number, rule in enumerate(regimen.rules, 1)
        ]
        return replace(regimen, rules=changed)


class MapRow(Row):
    """``[[maps]]``: a number read off an output, at each pair of values."""

    output: Line
    measure: Line
    reading: Line | None = None
    label: Label
    exploratory: StrictBool = False
    difference: StrictBool = False


class PointRow(Row):
    """``[[points]]``: a pair of settings to mark, or a range of them, each a number or the two ends."""

    x: Number | tuple[Number, Number]
    y: Number | tuple[Number, Number]
    label: Label

    def ends(self, key: str) -> tuple[float, float]:
        """The least and the greatest setting along an axis."""
        value = getattr(self, key)
        return value if isinstance(value, tuple) else (value, value)


@dataclass(frozen=True, eq=False)
class MappedNumber:
    """What a panel colours: a row of the file, and the reading of its output."""

    row: MapRow
    reading: Reading

    @property
    def name(self) -> str:
        """Of the variable that holds it."""
        return f"{self.row.output}_{self.reading.name}"

    @property
    def name_without_rules(self) -> str:
        """Of the variable that holds it under the regimen without its rules."""
        return f"{self.name}_without_rules"

    def shown_unit(self, own: str) -> str:
        """The unit of an axis or a text, from that of the variable."""
        return f"% {say('of_baseline')}" if self.reading.percent else unit_label(own)


@dataclass(frozen=True, eq=False)
class MapSpec:
    """A map that can be drawn: ``maps`` are coloured, each in a panel, ``points`` are marked.

    ``axes`` are ``x`` and ``y``; ``regimen`` is that before anything is changed.
    """

    header: TreatmentHeaderRow
    page: PageRow
    axes: Mapping[str, AxisRow]
    maps: tuple[MappedNumber, ...]
    points: tuple[PointRow, ...]
    model: Model
    regimen: Regimen
    path: Path

    def needs_without_rules(self, number: MappedNumber) -> bool:
        """Whether a number is simulated without the rules too."""
        return self.shows_without_rules or number.row.difference

    def is_exploratory(self, row: MapRow) -> bool:
        """Whether the file or the model calls a number exploratory."""
        return row.exploratory or self.model.is_exploratory(row.output)

    @property
    def shows_without_rules(self) -> bool:
        """Whether one treatment without rules stands beside all pairs: neither axis is a parameter."""
        return bool(self.regimen.rules) and all(axis.parameter is None for axis in self.axes.values())


def read_map(document: Document) -> MapSpec:
    """Check the file of a map; an `InputError` has every fault of it, and of what it names."""
    reader = SpecReader(document, "x", "y", "maps", "points")
    header, page = reader.table(TreatmentHeaderRow, "figure"), reader.page()
    axes = {key: row for key in ("x", "y") if (row := reader.table(AxisRow, key)) is not None}
    maps = reader.listed(MapRow, "maps", MAX_PANELS, "output, measure and label")
    points = reader.listed(PointRow, "points", MAX_PANELS)
    if header is None:
        reader.refuse()
    model, regimen = reader.treatment(header)
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


def _numbers(
    reader: SpecReader, maps: Mapping[int, MapRow], header: TreatmentHeaderRow, model: Model
) -> list[MappedNumber]:
    limits: dict[str, str] = {}
    with reader.at("figure", "cohort"):
        limits = lower_limits(model, cohort_parameters(model, header.cohort).values)
    numbers = []
    for index, row in maps.items():
        if (output := reader.output(model, row.output, "maps", index, "output")) is None:
            continue
        with reader.at("maps", index, "measure"):
            named = {each.name: each for each in readings(row.measure, row.output, limits.get(row.output))}
            if row.reading is None and len(named) > 1:
                raise InputError(f"'{row.measure}' gives several numbers; name one, reading = {' or '.join(named)}")
            reading = named.get(row.reading or next(iter(named)))
            if reading is None:
                raise InputError(f"'{row.measure}' has no reading '{row.reading}'; there are {', '.join(named)}")
            reading.check(output.unit, model.time)
            numbers.append(MappedNumber(row, reading))
    return numbers


def _check_regimen(reader: SpecReader, header: TreatmentHeaderRow, model: Model, regimen: Regimen) -> None:
    with reader.at("figure", "regimen"):
        starts, until = course_starts(regimen, model.time), to_unit(header.until, model.time)
        if not starts.size or starts[-1] >= until:
            raise InputError(f"needs a course, the last before the end, {header.until}")
        check_accepted(regimen, model, until)


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
                check_accepted(axis.regimen(regimen, value), model)
                if axis.parameter is not None:
                    parameter_values(model, {axis.parameter: axis.text(value)})
            except InputError as error:  # the fault is of this file, not of the regimen's
                raise InputError(*(fault.message for fault in error.faults)) from error


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
