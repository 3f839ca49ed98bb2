"""The free parameters of a fit problem: tables ``[free]`` and ``[spreads]`` against the model."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, StrictFloat, StrictInt
from pydantic_core import PydanticCustomError

from kinetics.cohorts.cohort import CohortParameters
from kinetics.cohorts.fit_results import SPREAD
from kinetics.errors import Faults, InputError
from kinetics.files.rows import Reader, Row, Text, dotted_rows
from kinetics.model import Model
from kinetics.units import Unit, conversion, parse_unit, unit_text

R = TypeVar("R", bound=Row)

PositiveNumber = Annotated[StrictFloat | StrictInt, Field(gt=0, allow_inf_nan=False)]

DOUBT = 0.5
"""Standard deviation of the logarithm of a spread about the model's, where a fit does not say."""


def _prior(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value != "flat" and not (is_number and 0 < value < math.inf):
        raise PydanticCustomError("prior", "must be 'flat' or a positive log standard deviation")
    return value


Prior = Annotated[Any, AfterValidator(_prior)]


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


@dataclass(frozen=True)
class FreeParameter:
    """A parameter, or its spread between patients, that is estimated on its logarithm, in the model's unit.

    ``name`` is dotted, as written, ``flat`` as the model has it; that of a spread ends in ``.spread``. ``start`` is
    where the first search starts, and the centre of a normal prior of the logarithm; without ``log_sd`` the prior is
    flat within the bounds.
    """

    name: str
    flat: str
    unit: Unit
    start: float
    lower: float
    upper: float
    log_sd: float | None

    @property
    def prior_sd(self) -> float:
        """`log_sd`, infinite where the prior is flat."""
        return math.inf if self.log_sd is None else self.log_sd

    @property
    def is_spread(self) -> bool:
        """Whether it is a spread between patients."""
        return self.flat.endswith(SPREAD)


def read_free(reader: Reader, model: Model | None, cohort: CohortParameters | None) -> tuple[FreeParameter, ...]:
    """The rows of ``[free]`` and ``[spreads]``, which start from the values of a cohort.

    Without a model only their own form is checked; without a cohort no start is, and no spread is read.
    """
    free, spreads = (reader.document.data.get(key, {}) for key in ("free", "spreads"))
    parameters: tuple[FreeParameter, ...] = ()
    if not isinstance(free, dict) or not free:
        reader.add("no free parameters; add [free]", "free")
    else:
        parameters = _read_rows(reader, "free", FreeRow, model, partial(_free_parameter, cohort))
    if not isinstance(spreads, dict):
        reader.add("must be a table", "spreads")
    elif spreads and cohort is not None:
        parameters += _read_rows(reader, "spreads", SpreadRow, model, partial(_free_spread, cohort))
    return parameters


def _read_rows(
    reader: Reader, table: str, kind: type[R], model: Model | None, make: Callable[[Model, str, R], FreeParameter]
) -> tuple[FreeParameter, ...]:
    """The parameters of one table, each once."""
    free: dict[str, FreeParameter] = {}
    known = model.parameters if model else ()
    for path, data in dotted_rows(reader.document.data[table], known, kind.model_fields):
        row, name = reader.row(kind, data, table, *path), ".".join(path)
        with reader.at(table, *path):
            if model is None:
                continue
            flat = model.flat_name(name)
            if flat in free:
                raise InputError(f"duplicate: '{free[flat].name}' is the same parameter")
            if row is not None:
                free[flat] = make(model, name, row)
    return tuple(free.values())


def _free_parameter(cohort: CohortParameters | None, model: Model, name: str, row: FreeRow) -> FreeParameter:
    flat = model.flat_name(name)
    declared = model.parameters.get(flat)
    if declared is None:
        raise InputError("is an input; only parameters can be free")
    faults = Faults()
    factor = 1.0
    with faults.gather():
        factor = float(conversion(parse_unit(row.unit), declared.unit))
    lower, upper = row.lower * factor, row.upper * factor
    start = declared.value if cohort is None else cohort.values[flat]
    if not lower < upper:
        faults.add(f"lower bound {row.lower:g} is not below upper bound {row.upper:g}")
    elif not len(faults) and cohort is not None and not lower <= start <= upper:
        unit = unit_text(declared.unit)
        faults.add(f"starts from {start:g} {unit}, outside its bounds {lower:g} to {upper:g} {unit}")
    prior = row.prior if row.prior is not None else declared.prior
    if prior is None:
        faults.add('has no prior in the model file; give prior = NUMBER (log standard deviation) or prior = "flat"')
    faults.raise_if_any()
    log_sd = None if prior is None or prior == "flat" else float(prior)
    return FreeParameter(name, flat, declared.unit, start, lower, upper, log_sd)


def _free_spread(cohort: CohortParameters, model: Model, name: str, row: SpreadRow) -> FreeParameter:
    flat = model.flat_name(name)
    if flat not in cohort.spreads:
        raise InputError(f"parameter '{name}' has no spread in the model file or cohort; give it one to start from")
    start = float(row.start) if row.start is not None else cohort.spreads[flat]
    if not row.lower < row.upper:
        raise InputError(f"lower bound {row.lower:g} is not below upper bound {row.upper:g}")
    if not row.lower <= start <= row.upper:
        raise InputError(f"starts from {start:g}, outside its bounds {row.lower:g} to {row.upper:g}")
    unit = model.parameters[flat].unit if cohort.distributions.get(flat) == "normal" else parse_unit("1")
    prior = DOUBT if row.prior is None else row.prior
    log_sd = None if prior == "flat" else float(prior)
    return FreeParameter(name + SPREAD, flat + SPREAD, unit, start, float(row.lower), float(row.upper), log_sd)
