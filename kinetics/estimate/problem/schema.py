"""What a fit problem file may hold."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt
from pydantic_core import PydanticCustomError

from kinetics.files.rows import Row, Text

__all__ = ["FitRow", "FreeRow", "PopulationRow", "SpreadRow"]

PositiveNumber = Annotated[StrictFloat | StrictInt, Field(gt=0, allow_inf_nan=False)]


def _prior(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value != "flat" and not (is_number and 0 < value < math.inf):
        raise PydanticCustomError("prior", "must be 'flat' or a positive log standard deviation")
    return value


Prior = Annotated[Any, AfterValidator(_prior)]


class FitRow(Row):
    """``[fit]``: what is fitted, to which tables."""

    title: Text
    model: Text
    tables: Annotated[list[Text], Field(min_length=1)]
    about: str = ""
    discrepancy: Annotated[StrictFloat | StrictInt, Field(ge=0, le=2, allow_inf_nan=False)] = 0.0
    horizon: Text = "20 year"
    starts: Annotated[StrictInt, Field(ge=1, le=1000)] = 3
    seed: Annotated[StrictInt, Field(ge=0)] = 0
    builds_on: list[Text] | None = None
    calibrate: StrictBool = False


class PopulationRow(Row):
    """``[population]``: the virtual patients that stand for those of the published studies.

    ``correlation``: whether rows of one study have the covariance of the simulated population, or are independent.
    """

    patients: Annotated[StrictInt, Field(ge=16, le=100_000)] = 512
    sampling: Literal["quasi", "random"] = "quasi"
    correlation: Literal["simulated", "none"] = "simulated"


class SpreadRow(Row):
    """A row of ``[spreads]``: the standard deviation between patients of a parameter, in the unit of its spread."""

    lower: PositiveNumber
    upper: PositiveNumber
    start: PositiveNumber | None = None
    prior: Prior | None = None


class FreeRow(Row):
    """A row of ``[free]``."""

    lower: PositiveNumber
    upper: PositiveNumber
    unit: Text
    prior: Prior | None = None
