"""The file of curves of many patients: simulated ones, those of a clinic's tables, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictInt

from kinetics.errors import InputError
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import OutputPanelRow, PageRow, Seed, TimedHeaderRow, TimeRow
from kinetics.figures.patient.spec import read_clinic
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.model import Model
from kinetics.patients import PatientData
from kinetics.regimen import Regimen, check_accepted
from kinetics.text.suggestions import did_you_mean
from kinetics.units import conversion, parse_unit


class SpaghettiHeaderRow(TimedHeaderRow):
    """``[figure]``: with ``regimen`` so many patients are simulated; ``data`` is a mapping that names its tables."""

    model: Line | None = None
    cohort: Line | None = None
    regimen: Line | None = None
    patients: Annotated[StrictInt, Field(ge=2, le=10_000)] = 200
    shown: Annotated[StrictInt, Field(ge=1, le=500)] = 30
    seed: Seed = 0
    data: Line | None = None


class PatientsPanelRow(OutputPanelRow):
    """``[panels.NAME]``: one output of all patients."""

    output: Line


@dataclass(frozen=True, eq=False)
class SpaghettiSpec:
    """Curves of many patients that can be drawn: ``regimen`` if some are simulated, ``data`` if some were counted."""

    header: SpaghettiHeaderRow
    page: PageRow
    time: TimeRow
    panels: dict[str, PatientsPanelRow]
    model: Model
    regimen: Regimen | None = None
    data: PatientData | None = None
    path: Path = Path()

    @property
    def outputs(self) -> list[str]:
        """What is drawn, each once."""
        return list(dict.fromkeys(row.output for row in self.panels.values()))


def read_spaghetti(document: Document) -> SpaghettiSpec:
    """Check a figure file; an `InputError` has every fault of it, and of what it names."""
    reader = SpecReader(document, "time", "panels")
    header, page = reader.table(SpaghettiHeaderRow, "figure"), reader.page()
    time = reader.time(header, header.patients if header and header.regimen else 1)
    panels = reader.panels(PatientsPanelRow, "its unit and output")
    if header is None:
        reader.refuse()
    if header.regimen is None and header.data is None:
        reader.add("missing: name a regimen to simulate patients, or the data of a clinic", "figure")
    if header.model is None and header.data is None:
        reader.add("missing: simulated patients need a model", "figure")
    data, model = _read_patients(reader, header)
    regimen = None if header.regimen is None else reader.regimen(header.regimen)
    if model is not None:
        _check_panels(reader, panels, model, data)
        if regimen is not None:
            reader.read(lambda: check_accepted(regimen, model), "figure", "regimen")
    if model is None or reader.faults:
        reader.refuse()
    return SpaghettiSpec(header, page, time, panels, model, regimen, data, document.path)


def _read_patients(reader: SpecReader, header: SpaghettiHeaderRow) -> tuple[PatientData | None, Model | None]:
    if header.data is not None:
        return read_clinic(reader, header.data, header.model, header.cohort)
    model = None if header.model is None else reader.model(header.model)
    if model is not None:
        reader.check_cohort(header.cohort, model)
    return None, model


def _check_panels(
    reader: SpecReader, panels: Mapping[str, PatientsPanelRow], model: Model, data: PatientData | None
) -> None:
    for name, row in panels.items():
        output = reader.output(model, row.output, "panels", name, "output")
        if output is None:
            continue
        with reader.at("panels", name, "unit"):
            conversion(output.unit, parse_unit(row.unit))
        with reader.at("panels", name, "output"):
            if data is not None and row.output not in data.outputs:
                there = ", ".join(data.outputs)
                raise InputError(
                    f"no count of '{row.output}'; there are {there}{did_you_mean(row.output, data.outputs)}"
                )
