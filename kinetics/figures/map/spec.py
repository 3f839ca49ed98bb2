"""The file of a map: what varies along each axis, which numbers are coloured, and the settings that are marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from kinetics.comparison import Reading
from kinetics.figures.base.limits import Label, Note, Title
from kinetics.figures.base.of_fit import PageRow
from kinetics.files.rows import Row
from kinetics.model import Model
from kinetics.regimen import Regimen, Rule
from kinetics.results import marked

__all__ = ["AxisRow", "HeaderRow", "MapRow", "MapSpec", "PointRow"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
Number = Annotated[StrictFloat | StrictInt, Field(allow_inf_nan=False)]


class HeaderRow(Row):
    """``[figure]`` of a map."""

    kind: Text
    title: Title = ""
    note: Note = ""
    model: Text
    cohort: Text | None = None
    regimen: Text
    until: Text
    unit: Text = "month"


class AxisRow(Row):
    """``[x]`` and ``[y]``: a property of rules, or a parameter, and its values."""

    rule: Literal["level", "amount", "duration", "apart", "most"] | None = None
    rules: tuple[Annotated[StrictInt, Field(ge=1)], ...] = ()
    parameter: Text | None = None
    values: Annotated[list[Number], Field(min_length=2, max_length=60)]
    unit: Text = "1"
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
            _changed(rule, {self.rule: setting}) if number in self.rules or not self.rules else rule
            for number, rule in enumerate(regimen.rules, 1)
        ]
        return replace(regimen, rules=changed)


def _changed(rule: Rule, what: Mapping[str, Any]) -> Rule:
    return Rule(**{field.name: getattr(rule, field.name) for field in fields(Rule)} | dict(what))


class MapRow(Row):
    """``[[maps]]``: a number read off an output, at each pair of values."""

    output: Text
    measure: Text
    reading: Text | None = None
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
class MapSpec:
    """A map that can be drawn.

    Parameters
    ----------
    header : HeaderRow
        What is simulated.
    page : PageRow
        Its size.
    axes : mapping of str to AxisRow
        ``x`` and ``y``.
    maps : tuple of (MapRow, Reading)
        What is coloured, each a panel.
    points : tuple of PointRow
        What is marked.
    model : Model
        Of the header.
    regimen : Regimen
        Before anything is changed.
    path : pathlib.Path
        The file.
    """

    header: HeaderRow
    page: PageRow
    axes: Mapping[str, AxisRow]
    maps: tuple[tuple[MapRow, Reading], ...]
    points: tuple[PointRow, ...]
    model: Model
    regimen: Regimen
    path: Path

    def label(self, row: MapRow) -> str:
        """Of a panel, with the mark of what the file or the model calls exploratory."""
        return marked(row.label, row.exploratory or self.model.is_exploratory(row.output))

    @property
    def without_rules(self) -> bool:
        """Whether one treatment without rules stands beside all pairs: neither axis is a parameter."""
        return bool(self.regimen.rules) and all(axis.parameter is None for axis in self.axes.values())
