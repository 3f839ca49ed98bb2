"""The file of a figure of one patient: whose counts, under which model and population, and what is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import xarray as xr
from pydantic import Field, StrictInt

from kinetics.errors import InputError
from kinetics.figures.base.labels import cohort_label
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import FigureHeaderRow, PageRow, Scale, Seed
from kinetics.figures.base.time_axis import readable_time
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.model import Model
from kinetics.patients import DataMapping, PatientData, read_patients
from kinetics.regimen import Regimen, only_course
from kinetics.regimen.times import in_days
from kinetics.units import check_duration, conversion, parse_unit


class PatientHeaderRow(FigureHeaderRow):
    """``[figure]`` of one patient; ``data`` is a mapping that names its tables."""

    data: Line | None = None
    patient: Line | None = None
    model: Line | None = None
    cohort: Line | None = None
    retreat: tuple[Line, ...] = ()
    retreat_with: Line | None = None
    until: Line | None = None
    draws: Annotated[StrictInt, Field(ge=2, le=10_000)] = 200
    seed: Seed = 0
    outputs: tuple[Line, ...] = ()
    scale: Scale = "log"
    unit: Line = "month"


@dataclass(frozen=True, eq=False)
class PatientSpec:
    """A figure of one patient that can be drawn.

    ``data`` and ``model`` are what it is computed from; a figure of a result has no data, and a model only for labels.
    """

    header: PatientHeaderRow
    page: PageRow
    data: PatientData | None = None
    model: Model | None = None
    course: Regimen | None = None
    path: Path = Path()

    @classmethod
    def of_result(cls, tree: xr.DataTree, outputs: Sequence[str] = (), model: Model | None = None) -> PatientSpec:
        """For a result of `kinetics.predict_patient`; an `InputError` for an output that it has not."""
        facts = tree.attrs
        available = list(tree["interval"].data_vars)
        if unknown := [name for name in outputs if name not in available]:
            raise InputError(f"the result has no output '{unknown[0]}'; there are {', '.join(map(str, available))}")
        name = facts.get("cohort") or ""
        cohort = cohort_label(model, name) if model and name else f"cohort {name}" if name else ""
        about = ", ".join(filter(None, (model.title if model else facts["model"], cohort)))
        title = f"Patient {facts['patient']}: {about}"
        unit, _ = readable_time(tree.to_dataset()["time"])
        header = PatientHeaderRow(kind="patient", title=title, outputs=tuple(outputs), unit=unit)
        return cls(header, PageRow(), model=model)

    @property
    def data_hash(self) -> str:
        """SHA-256 of the counts and doses."""
        return "" if self.data is None else self.data.content_hash


def read_patient_figure(document: Document) -> PatientSpec:
    """Check the file of a figure of one patient; an `InputError` has every fault of it, and of what it names."""
    reader = SpecReader(document)
    header, page = reader.table(PatientHeaderRow, "figure"), reader.page()
    if header is None:
        reader.refuse()
    for key in ("data", "patient"):
        if getattr(header, key) is None:
            reader.add(f"missing: a figure of one patient names its {key}", "figure", key)
    for key in ("until", "unit"):
        if (text := getattr(header, key)) is not None:
            with reader.at("figure", key):
                check_duration(text) if key == "until" else conversion(parse_unit("day"), parse_unit(text))
    for number, time in enumerate(header.retreat):
        with reader.at("figure", "retreat", number):
            in_days(time)
    course = None
    if header.retreat_with is not None:
        course = reader.read(lambda: Regimen.load(reader.path(str(header.retreat_with))), "figure", "retreat_with")
    if course is not None:
        with reader.at("figure", "retreat_with"):
            only_course(course)
    data, model = _read_data(reader, header)
    if data is None or model is None or reader.faults:
        reader.refuse()
    return PatientSpec(header, page, data, model, course, document.path)


def _read_data(reader: SpecReader, header: PatientHeaderRow) -> tuple[PatientData | None, Model | None]:
    """The patient alone, and the model."""
    if header.data is None or header.patient is None:
        return None, None
    whole, model = read_clinic(reader, header.data, header.model, header.cohort)
    if model is not None:
        for number, output in enumerate(header.outputs):
            reader.output(model, output, "figure", "outputs", number)
    if whole is None:
        return None, model
    chosen = reader.read(lambda: whole.select(str(header.patient)), "figure", "patient")
    return None if chosen is None else replace(chosen, notes=()), model


def read_clinic(
    reader: SpecReader, data: str, model: str | None, cohort: str | None
) -> tuple[PatientData | None, Model | None]:
    """The tables of a mapping, and the model: that of the name, or the one that the mapping names."""
    path = reader.document.path.parent / data
    mapping = reader.read(lambda: DataMapping.load(path), "figure", "data")
    if mapping is None:
        return None, None
    structure = reader.read(
        lambda: Model.load(mapping.named_file("model") if model is None else reader.path(model)), "figure", "model"
    )
    if structure is None:
        return None, None
    reader.check_cohort(cohort, structure)
    table = mapping.named_file("counts")
    whole = reader.read(lambda: read_patients(table, mapping=mapping, model=structure), "figure", "data")
    return whole, structure
