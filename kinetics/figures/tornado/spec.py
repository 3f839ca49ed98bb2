"""The file of a tornado, checked against its model, regimen and fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StrictInt, StrictStr

from kinetics.errors import Faults, InputError
from kinetics.figures.base.limits import Note, Title
from kinetics.figures.base.of_fit import PageRow, problem_of, read_tables
from kinetics.files.documents import Document
from kinetics.files.library import path_from
from kinetics.files.rows import Row
from kinetics.model import Model
from kinetics.regimen import Regimen, check_given, course_starts
from kinetics.units import to_unit

if TYPE_CHECKING:
    from kinetics.estimate import FitProblem

__all__ = ["TornadoSpec", "load_tornado"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]


class HeaderRow(Row):
    """``[figure]`` of a tornado."""

    kind: Text
    title: Title = ""
    note: Note = ""
    model: Text
    cohort: Text | None = None
    fit: Text | None = None
    regimen: Text
    until: Text
    unit: Text = "month"
    percent: Annotated[StrictInt, Field(ge=1, le=50)] = 10
    largest: Annotated[StrictInt, Field(ge=1, le=40)] = 10
    outputs: tuple[Text, ...] = ()


@dataclass(frozen=True, eq=False)
class TornadoSpec:
    """A tornado that can be drawn: the file's rows, the model, what is given, the fit whose estimates are taken."""

    header: HeaderRow
    page: PageRow
    model: Model
    regimen: Regimen
    problem: FitProblem | None
    path: Path


def load_tornado(document: Document) -> TornadoSpec:
    """Check the file of a tornado.

    Raises
    ------
    InputError
        With every fault of the file, and of what it names.
    """
    faults = Faults()
    header, page = read_tables(document, HeaderRow, (), faults)
    if header is None:
        raise InputError(*faults)

    def where(key: str) -> tuple[str, str]:
        return document.where("figure", key), f"figure.{key}"

    model = regimen = problem = None
    with faults.gather(*where("model")):
        model = Model.load(path_from(document.path, header.model))
    with faults.gather(*where("regimen")):
        regimen = Regimen.load(path_from(document.path, header.regimen))
    if header.fit is not None:
        problem = problem_of(document, header.fit, faults)
    for key in ("until", "unit"):
        with faults.gather(*where(key)):
            text = header.until if key == "until" else f"1 {header.unit}"
            if not to_unit(text, "day") > 0:
                faults.add("must be positive", *where(key))
    if model is not None:
        _check_model(header, model, regimen, where, faults)
    faults.raise_if_any()
    assert page is not None
    assert model is not None
    assert regimen is not None
    return TornadoSpec(header, page, model, regimen, problem, document.path)


def _check_model(
    header: HeaderRow,
    model: Model,
    regimen: Regimen | None,
    where: Callable[[str], tuple[str, str]],
    faults: Faults,
) -> None:
    if header.cohort is not None and header.cohort not in model.cohorts:
        there = ", ".join(model.cohorts) or "none"
        faults.add(f"model '{model.name}' has no cohort '{header.cohort}'; there are {there}", *where("cohort"))
    limited = [name for name, output in model.outputs.items() if output.lower_limit is not None]
    if not limited:
        faults.add(f"no output of model '{model.name}' has a 'lower_limit' to recover to", *where("model"))
    for name in header.outputs:
        if name not in limited:
            message = f"model '{model.name}' has no output '{name}' with a 'lower_limit'; there are"
            faults.add(f"{message} {', '.join(limited) or 'none'}", *where("outputs"))
    if regimen is None:
        return
    with faults.gather(*where("regimen")):
        if regimen.rules:
            raise InputError(f"regimen '{regimen.name}' has rules; a derivative needs doses at times known beforehand")
        if not course_starts(regimen, model.time).size:
            raise InputError("a time to a limit needs a regimen with a course")
        check_given(regimen, model)
