"""What a fit problem file may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictFloat, StrictInt, StrictStr

from kinetics.model.schema import Row

__all__ = ["FitRow", "FreeRow"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=4000)]
PositiveNumber = Annotated[StrictFloat | StrictInt, Field(gt=0, allow_inf_nan=False)]


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
    prior: Literal["flat"] | PositiveNumber | None = None
