"""What a fit problem file may hold."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from kinetics.model.schema import Row

__all__ = ["FitRow", "FreeRow"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=4000)]
PositiveNumber = Annotated[StrictFloat | StrictInt, Field(gt=0, allow_inf_nan=False)]


def _prior(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value != "flat" and not (is_number and 0 < value < math.inf):
        raise PydanticCustomError("prior", "must be 'flat' or a positive log standard deviation")
    return value


Prior = Annotated[Any, AfterValidator(_prior)]


class FitRow(Row):
    """``[fit]``."""

    title: Text
    model: Text
    tables: Annotated[list[Text], Field(min_length=1)]
    about: str = ""
    discrepancy: Annotated[StrictFloat | StrictInt, Field(ge=0, le=2, allow_inf_nan=False)] = 0.0
    horizon: Text = "20 year"
    starts: Annotated[StrictInt, Field(ge=1, le=1000)] = 3
    seed: Annotated[StrictInt, Field(ge=0)] = 0


class FreeRow(Row):
    """A row of ``[free]``."""

    lower: PositiveNumber
    upper: PositiveNumber
    unit: Text
    prior: Prior | None = None
