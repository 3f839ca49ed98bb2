"""What a fit problem file may hold."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from kinetics.files.rows import Row

__all__ = ["FitRow", "FreeRow", "PopulationRow", "SpreadRow"]

Text = Annotated[StrictStr, Field(min_length=1, max_length=4000)]
PositiveNumber = Annotated[StrictFloat | StrictInt, Field(gt=0, allow_inf_nan=False)]


def _prior(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value != "flat" and not (is_number and 0 < value < math.inf):
        raise PydanticCustomError("prior", "must be 'flat' or a positive log standard deviation")
    return value


Prior = Annotated[Any, AfterValidator(_prior)]


class FitRow(Row):
    """``[fit]``.

    Parameters
    ----------
    title, about : str
        What it is called, and what it assumes.
    model : str
        What is fitted.
    tables : list of str
        Where published rows are.
    discrepancy : float
        Log standard deviation added to every row's own.
    horizon : str
        How long a recovery is looked for.
    starts, seed : int
        How many searches, and where the later ones begin.
    builds_on : list of str, optional
        The fits whose estimates are held.
    calibrate : bool
        Whether rows marked ``calibrate`` are fitted too.
    """

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

    Parameters
    ----------
    patients : int
        How many.
    sampling : {"quasi", "random"}
        How they are drawn.
    correlation : {"simulated", "none"}
        Whether rows of one study have the covariance of the simulated population, or are taken as independent.
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
