"""What the tables of a model file may hold, one class a kind of row."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, ValidationError

from kinetics.documents import Document
from kinetics.errors import Faults

__all__ = [
    "CohortRow",
    "CohortValueRow",
    "DerivedRow",
    "DoseRow",
    "HeaderRow",
    "InputRow",
    "OutputRow",
    "ParameterRow",
    "Row",
    "StateRow",
    "read_row",
]

Text = Annotated[StrictStr, Field(min_length=1, max_length=4000)]
Number = Annotated[StrictFloat | StrictInt, Field(allow_inf_nan=False)]
Positive = Annotated[StrictFloat | StrictInt, Field(allow_inf_nan=False, gt=0, le=10)]


class Row(BaseModel):
    """A table of a file: unknown keys are faults, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HeaderRow(Row):
    """``[model]``."""

    title: Text
    time: Text
    about: str = ""


class ParameterRow(Row):
    """A row of ``[parameters]``."""

    value: Number
    unit: Text
    source: Text
    about: str = ""
    spread: Positive | None = None
    prior: Positive | None = None
    symbol: str = ""


class DerivedRow(Row):
    """A row of ``[derived]``."""

    value: Text
    unit: Text
    about: str = ""
    minimum: Number | None = None
    symbol: str = ""


class InputRow(Row):
    """A row of ``[inputs]``."""

    unit: Text
    rest: Number
    about: str = ""
    symbol: str = ""


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
    symbol: str = ""


class OutputRow(Row):
    """``[outputs.NAME]``."""

    unit: Text
    value: Text
    about: str = ""
    lower_limit: Text | None = None
    symbol: str = ""


class CohortRow(Row):
    """``[cohorts.NAME]``; the values of ``parameters`` are `CohortValueRow`."""

    about: str = ""
    extends: Text | None = None
    from_fit: Text | None = None
    parameters: dict[str, Any] = {}


class CohortValueRow(Row):
    """One value of a cohort."""

    value: Number
    unit: Text
    source: Text
    about: str = ""
    spread: Positive | None = None


R = TypeVar("R", bound=Row)


def read_row(kind: type[R], data: Any, document: Document, keys: tuple[str | int, ...], faults: Faults) -> R | None:
    """Check one table against its class; None, and faults, if it does not fit."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            path = (*keys, *(part for part in problem["loc"] if isinstance(part, str) and part.isidentifier()))
            known = ", ".join(kind.model_fields)
            message = {
                "missing": f"missing '{problem['loc'][-1] if problem['loc'] else ''}'",
                "extra_forbidden": f"unknown key; there are {known}",
                "model_type": f"must be a table with {known}",
            }.get(problem["type"], f"{problem['msg'].lower()}, found {problem['input']!r:.60}")
            faults.add(message, document.where(*path), ".".join(map(str, keys if problem["type"] == "missing" else path)))
        return None
