"""The file of a level over time, checked against its model, its threshold and its regimens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictInt

from kinetics.cohorts.cohort import cohort_parameters
from kinetics.errors import InputError
from kinetics.figures.base.reading import MAX_TIMES, SpecReader
from kinetics.figures.base.rows import Label, OutputPanelRow, PageRow, Scale, TimedHeaderRow, TimeRow
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.model import Model
from kinetics.published.derived import DerivedNumber
from kinetics.regimen import Regimen, check_accepted
from kinetics.units import conversion, parse_unit, to_unit


class ExposureHeaderRow(TimedHeaderRow):
    """``[figure]`` of a level: the output, and the threshold, a parameter or an expression over parameters."""

    model: Line
    cohort: Line | None = None
    output: Line
    threshold: Line
    threshold_label: Label | None = None


class ExposurePanelRow(OutputPanelRow):
    """``[panels.NAME]``: a regimen from the first dose of one of its courses; ``until`` is that of the figure."""

    scale: Scale = "log"
    regimen: Line
    course: Annotated[StrictInt, Field(ge=1)] = 1
    until: Line | None = None


@dataclass(frozen=True, eq=False)
class ExposureSpec:
    """A level over time that can be drawn; ``regimens`` and ``starts``, days, are by panel."""

    header: ExposureHeaderRow
    page: PageRow
    time: TimeRow
    panels: dict[str, ExposurePanelRow]
    model: Model
    regimens: dict[str, Regimen]
    starts: dict[str, float]
    path: Path = Path()

    def until(self, panel: str) -> str:
        """How long a panel goes on."""
        return self.panels[panel].until or self.header.until

    def threshold(self, unit: str) -> float:
        """The threshold of the typical patient of the cohort, in a unit."""
        number = DerivedNumber.read(self.header.threshold, self.model)
        value = number.value(self.model, cohort_parameters(self.model, self.header.cohort).values)
        return value * float(conversion(number.unit, parse_unit(unit)))


def read_exposure(document: Document) -> ExposureSpec:
    """Check a figure file; an `InputError` has every fault of it, and of what it names."""
    reader = SpecReader(document, "time", "panels")
    header, page = reader.table(ExposureHeaderRow, "figure"), reader.page()
    time, panels = reader.time(header), reader.panels(ExposurePanelRow, "its unit and regimen")
    if header is None:
        reader.refuse()
    model = reader.model(header.model)
    if model is not None:
        reader.check_cohort(header.cohort, model)
        _check_output(reader, header, model, panels)
    regimens = _regimens(reader, header, panels, model)
    if model is None or reader.faults:
        reader.refuse()
    starts = {name: float(regimens[name].starts[row.course - 1]) for name, row in panels.items()}
    spec = ExposureSpec(header, page, time, panels, model, regimens, starts, document.path)
    with reader.at("figure", "threshold"):
        _check_threshold(spec)
    reader.faults.raise_if_any()
    return spec


def _check_output(
    reader: SpecReader, header: ExposureHeaderRow, model: Model, panels: Mapping[str, ExposurePanelRow]
) -> None:
    output = reader.output(model, header.output, "figure", "output")
    for name, row in panels.items():
        if output is not None:
            with reader.at("panels", name, "unit"):
                conversion(output.unit, parse_unit(row.unit))


def _regimens(
    reader: SpecReader, header: ExposureHeaderRow, panels: Mapping[str, ExposurePanelRow], model: Model | None
) -> dict[str, Regimen]:
    """What is given in each panel."""
    regimens: dict[str, Regimen] = {}
    for name, row in panels.items():
        with reader.at("panels", name):
            regimens[name] = Regimen.load(reader.path(row.regimen))
            if model is not None:
                check_accepted(regimens[name], model)
            if row.course > (number := len(regimens[name].starts)):
                courses = "one course" if number == 1 else f"{number} courses"
                raise InputError(f"the regimen has {courses}, and the panel shows course {row.course}")
        if row.until is not None:
            reader.check_duration(row.until, "panels", name, "until")
            with reader.at("panels", name, "until"):
                if (times := to_unit(row.until, "day") / to_unit(header.every, "day")) > MAX_TIMES:
                    raise InputError(f"gives {times:.0f} times; at most {MAX_TIMES}")
    return regimens


def _check_threshold(spec: ExposureSpec) -> None:
    for row in spec.panels.values():
        value = spec.threshold(row.unit)
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"is {value:g} {row.unit}; a threshold is positive")
