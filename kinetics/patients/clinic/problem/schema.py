"""What the tables of the file of a clinic may hold, one class a table."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from kinetics.files.rows import Line, Row

Number = Annotated[StrictFloat, Field(allow_inf_nan=False)]
NotNegative = Annotated[StrictFloat, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[StrictFloat, Field(gt=0, allow_inf_nan=False)]
Names = Annotated[list[StrictStr], Field(max_length=1000)]
Blocks = Annotated[list[Names], Field(max_length=1000)]
MethodName = Literal["SAEM", "FO", "FOCE", "FOCEI", "Laplace"]
METHODS: tuple[str, ...] = get_args(MethodName)
StandardErrors = Literal["linearised", "stochastic_approximation"]


class ClinicRow(Row):
    """``[clinic]``: the data, the model, the cohort to start from, and how the population is estimated."""

    model: Line
    data: Line
    title: Line = ""
    about: str = ""
    doses: Line | None = None
    mapping: Line | None = None
    cohort: Line | None = None
    method: MethodName = "SAEM"
    prior: Annotated[StrictFloat, Field(gt=0, le=1_000_000)] | None = None
    blocks: Blocks | None = None
    occasion_blocks: Blocks | None = None
    occasions: Literal["column", "course"] | None = None
    course_gap: Line | None = None
    hold: Names = Field(default_factory=list[str])
    seed: Annotated[StrictInt, Field(ge=0)] = 0


class ParameterRow(Row):
    """A row of ``[parameters]``: where the search starts, how the parameter differs between patients and occasions."""

    start: Line | None = None
    distribution: Literal["log_normal", "logit_normal", "normal"] | None = None
    spread: NotNegative | None = None
    occasion_spread: Positive | None = None


class CovariateRow(Row):
    """``[covariates.NAME]``: the parameters that a covariate changes, and how."""

    on: Annotated[list[StrictStr], Field(min_length=1, max_length=1000)]
    centre: Line | None = None
    form: Literal["linear", "logarithm"] = "linear"
    reference: Line | None = None
    start: Number = 0.0


class AlgorithmRow(Row):
    """``[algorithm]``: how long SAEM runs, and how large the samples of what follows any method are."""

    explore: Annotated[StrictInt, Field(ge=1, le=100_000)] = 150
    smooth: Annotated[StrictInt, Field(ge=1, le=100_000)] = 350
    chains: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    draws: Annotated[StrictInt, Field(ge=50, le=100_000)] = 100
    importance: Annotated[StrictInt, Field(ge=100, le=1_000_000)] = 1000
    replicates: Annotated[StrictInt, Field(ge=100, le=1_000_000)] = 1000
    posterior: StrictBool = True
    standard_errors: StandardErrors = "linearised"
