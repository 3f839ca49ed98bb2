"""What the tables of a model file may hold, one class a kind of row."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictStr, ValidationError
from pydantic_core import PydanticCustomError

from kinetics.errors import Faults
from kinetics.files.documents import Document
from kinetics.model.notation import is_latex

__all__ = [
    "BaseHeaderRow",
    "CohortRow",
    "CohortValueRow",
    "CorrelationRow",
    "DerivedRow",
    "DoseRow",
    "HeaderRow",
    "InputRow",
    "OutputRow",
    "ParameterRow",
    "Row",
    "StateRow",
    "read_fields",
    "read_row",
]

Text = Annotated[StrictStr, Field(min_length=1, max_length=4000)]
Number = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Positive = Annotated[StrictFloat, Field(allow_inf_nan=False, gt=0, le=10)]
Spread = Annotated[StrictFloat, Field(allow_inf_nan=False, gt=0)]
Distribution = Literal["log_normal", "logit_normal", "normal", "categories"]
Shares = tuple[Annotated[StrictFloat, Field(ge=0, le=1)], ...]
Noise = Annotated[StrictFloat, Field(allow_inf_nan=False, gt=0, le=2)]
AboveZero = Annotated[StrictFloat, Field(allow_inf_nan=False, gt=0)]


def _latex(text: str) -> str:
    if text and not is_latex(text):
        raise PydanticCustomError("latex", "must be a short LaTeX symbol, such as k_{1} or \\varphi")
    return text


def _fits(names: Any) -> Any:
    listed = names if isinstance(names, list) else [names]
    if not all(isinstance(name, str) and 0 < len(name) <= 4000 for name in listed) or len(set(listed)) < len(listed):
        raise PydanticCustomError("fits", "must be the name of a fit, or a list of such names, each once")
    return names


Fits = Annotated[Any, AfterValidator(_fits)]
Latex = Annotated[StrictStr, AfterValidator(_latex)]


class Row(BaseModel):
    """A table of a file: unknown keys are faults, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HeaderRow(Row):
    """``[model]``."""

    title: Text
    time: Text
    about: str = ""
    extends: Text | None = None


class BaseHeaderRow(HeaderRow):
    """``[model]`` of a file that is extended: its ``time`` is checked where it is taken."""

    time: Any = None


class ParameterRow(Row):
    """A row of ``[parameters]``."""

    value: Number
    unit: Text
    source: Text
    about: str = ""
    spread: Spread | None = None
    distribution: Distribution | None = None
    shares: Shares | None = None
    prior: Positive | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    positive: StrictBool = False
    symbol: Latex = ""


class DerivedRow(Row):
    """A row of ``[derived]``."""

    value: Text
    unit: Text
    about: str = ""
    minimum: Number | None = None
    symbol: Latex = ""


class InputRow(Row):
    """A row of ``[inputs]``."""

    unit: Text
    rest: Number
    about: str = ""
    symbol: Latex = ""


class DoseRow(Row):
    """``[doses.NAME]``."""

    unit: Text
    into: Text
    about: str = ""


class StateRow(Row):
    """``[states.NAME]``."""

    unit: Text
    initial: Text
    rate: Text
    about: str = ""
    tolerance: AboveZero | None = None
    symbol: Latex = ""


class OutputRow(Row):
    """``[outputs.NAME]``."""

    unit: Text
    value: Text
    about: str = ""
    lower_limit: Text | None = None
    noise: Noise | None = None
    quantification: AboveZero | None = None
    rounding: AboveZero | None = None
    exploratory: StrictBool = False
    symbol: Latex = ""


class CohortRow(Row):
    """``[cohorts.NAME]``; the values of ``parameters`` are `CohortValueRow`, ``correlations`` are `CorrelationRow`."""

    about: str = ""
    extends: Text | None = None
    from_fit: Fits = ()
    parameters: dict[str, Any] = {}
    correlations: list[Any] = []


class CohortValueRow(Row):
    """One value of a cohort."""

    value: Number
    unit: Text
    source: Text
    about: str = ""
    spread: Spread | None = None
    distribution: Distribution | None = None
    shares: Shares | None = None


class CorrelationRow(Row):
    """A row of ``[[correlations]]``."""

    between: Annotated[list[Text], Field(min_length=2, max_length=2)]
    value: Annotated[StrictFloat, Field(gt=-1, lt=1)]
    source: Text
    about: str = ""


R = TypeVar("R", bound=Row)


def read_row(kind: type[R], data: Any, document: Document, keys: tuple[str | int, ...], faults: Faults) -> R | None:
    """Check one table against its class; None, and faults, if it does not fit."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            _note(kind, problem, document, keys, faults)
        return None


def read_fields(
    kind: type[Row], data: Any, document: Document, keys: tuple[str | int, ...], faults: Faults
) -> dict[str, Any]:
    """The values of one table by key, each checked for itself: None, and a fault, for what is missing or wrong."""
    try:
        return dict(kind.model_validate(data))
    except ValidationError as error:
        problems = error.errors(include_url=False)
    for problem in problems:
        _note(kind, problem, document, keys, faults)
    faulty = {problem["loc"][0] for problem in problems if problem["loc"]}
    defaults = {key: None if field.is_required() else field.get_default() for key, field in kind.model_fields.items()}
    given = data if isinstance(data, Mapping) else {}
    return {key: None if key in faulty else given.get(key, default) for key, default in defaults.items()}


def _note(kind: type[Row], problem: Any, document: Document, keys: tuple[str | int, ...], faults: Faults) -> None:
    path = (*keys, *(part for part in problem["loc"] if isinstance(part, str)))
    known = ", ".join(kind.model_fields)
    if problem["type"] == "missing":
        faults.add(f"missing '{path[-1]}'", document.where(*keys), ".".join(map(str, keys)))
        return
    message = {
        "extra_forbidden": f"unknown key; there are {known}",
        "model_type": f"must be a table with {known}",
        "latex": problem["msg"],
    }.get(problem["type"], f"{problem['msg'].lower()}, found {reprlib.repr(problem['input'])}")
    faults.add(message, document.where(*path), ".".join(map(str, path)))
