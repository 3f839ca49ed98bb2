"""What the tables of a model file may hold, one class a kind of row."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictStr
from pydantic_core import PydanticCustomError

from kinetics.files.rows import Row, Text
from kinetics.model.latex import is_latex

Number = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Distribution = Literal["log_normal", "logit_normal", "normal", "categories"]
Shares = tuple[Annotated[StrictFloat, Field(ge=0, le=1)], ...]
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
ShortLabel = Annotated[StrictStr, Field(max_length=100)]
"""What figures call it, where its name is an identifier and what it is about too long."""


class ModelHeaderRow(Row):
    """``[model]``."""

    title: Text
    time: Text
    about: str = ""
    units: Literal["unchecked"] | None = None
    extends: Text | None = None


class BaseHeaderRow(ModelHeaderRow):
    """``[model]`` of a file that is extended: its ``time`` is checked where it is taken."""

    time: Any = None


class CohortValueRow(Row):
    """One value of a cohort."""

    value: Number
    unit: Text
    source: Text
    about: str = ""
    spread: AboveZero | None = None
    distribution: Distribution | None = None
    shares: Shares | None = None
    prior: Annotated[AboveZero, Field(le=10)] | None = None


class ParameterRow(CohortValueRow):
    """A row of ``[parameters]``."""

    minimum: Number | None = None
    maximum: Number | None = None
    positive: StrictBool = False
    symbol: Latex = ""
    label: ShortLabel = ""


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
    label: ShortLabel = ""
    symbol: Latex = ""


class DoseRow(Row):
    """``[doses.NAME]``."""

    unit: Text
    into: Text
    about: str = ""
    label: ShortLabel = ""
    lag: Text | None = None
    bioavailability: Text | None = None
    duration: Text | None = None
    rate: Text | None = None


class StateRow(Row):
    """``[states.NAME]``."""

    unit: Text
    initial: Text
    rate: Text
    about: str = ""
    label: ShortLabel = ""
    tolerance: AboveZero | None = None
    symbol: Latex = ""


class OutputRow(Row):
    """``[outputs.NAME]``."""

    unit: Text
    value: Text
    about: str = ""
    label: ShortLabel = ""
    lower_limit: Text | None = None
    noise: Annotated[AboveZero, Field(le=2)] | None = None
    quantification: AboveZero | None = None
    rounding: AboveZero | None = None
    exploratory: StrictBool = False
    symbol: Latex = ""


class EventRow(Row):
    """``[events.NAME]``; ``assignments`` are an expression for each state that is set."""

    trigger: Text
    assignments: Annotated[dict[str, Any], Field(min_length=1)]
    delay: Text | None = None
    priority: Text | None = None
    persistent: StrictBool = True
    initial: StrictBool = True
    values_at: Literal["trigger", "execution"] = "trigger"
    about: str = ""


class CohortRow(Row):
    """``[cohorts.NAME]``; the values of ``parameters`` are `CohortValueRow`, ``correlations`` are `CorrelationRow`."""

    about: str = ""
    label: ShortLabel = ""
    extends: Text | None = None
    from_fit: Fits = ()
    parameters: dict[str, Any] = Field(default_factory=dict)
    correlations: list[Any] = Field(default_factory=list)


class CorrelationRow(Row):
    """A row of ``[[correlations]]``."""

    between: Annotated[list[Text], Field(min_length=2, max_length=2)]
    value: Annotated[StrictFloat, Field(gt=-1, lt=1)]
    source: Text
    about: str = ""
