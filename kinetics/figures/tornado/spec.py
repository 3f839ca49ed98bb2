"""The file of a tornado, checked against its model, regimen and fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StrictInt

from kinetics.errors import InputError
from kinetics.figures.base.reading import SpecReader
from kinetics.figures.base.rows import PageRow, TreatmentHeaderRow
from kinetics.files.documents import Document
from kinetics.files.rows import Line
from kinetics.model import Model
from kinetics.regimen import Regimen, check_accepted, course_starts

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem


class TornadoHeaderRow(TreatmentHeaderRow):
    """``[figure]`` of a tornado."""

    fit: Line | None = None
    percent: Annotated[StrictInt, Field(ge=1, le=50)] = 10
    largest: Annotated[StrictInt, Field(ge=1, le=40)] = 10
    outputs: tuple[Line, ...] = ()


@dataclass(frozen=True, eq=False)
class TornadoSpec:
    """A tornado that can be drawn: the file's rows, the model, what is given, the fit whose estimates are taken."""

    header: TornadoHeaderRow
    page: PageRow
    model: Model
    regimen: Regimen
    problem: FitProblem | None
    path: Path


def read_tornado(document: Document) -> TornadoSpec:
    """Check the file of a tornado; an `InputError` has every fault of it, and of what it names."""
    reader = SpecReader(document)
    header, page = reader.table(TornadoHeaderRow, "figure"), reader.page()
    if header is None:
        reader.refuse()
    model, regimen = reader.treatment(header)
    problem = None if header.fit is None else reader.problem(header.fit)
    if model is not None:
        _check_model(reader, header, model, regimen)
    if model is None or regimen is None or reader.faults:
        reader.refuse()
    return TornadoSpec(header, page, model, regimen, problem, document.path)


def _check_model(reader: SpecReader, header: TornadoHeaderRow, model: Model, regimen: Regimen | None) -> None:
    reader.check_cohort(header.cohort, model)
    limited = [name for name, output in model.outputs.items() if output.lower_limit is not None]
    if not limited:
        reader.add(f"no output of model '{model.name}' has a 'lower_limit' to recover to", "figure", "model")
    for name in header.outputs:
        if name not in limited:
            message = f"model '{model.name}' has no output '{name}' with a 'lower_limit'; there are"
            reader.add(f"{message} {', '.join(limited) or 'none'}", "figure", "outputs")
    if regimen is None:
        return
    with reader.at("figure", "regimen"):
        if regimen.rules:
            raise InputError(f"regimen '{regimen.name}' has rules; a derivative needs doses at times known beforehand")
        if not course_starts(regimen, model.time).size:
            raise InputError("a time to a limit needs a regimen with a course")
        check_accepted(regimen, model)
