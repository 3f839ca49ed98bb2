"""The free parameters of a fit problem: tables ``[free]`` and ``[spreads]`` against the model."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, StrictFloat
from pydantic_core import PydanticCustomError

from kinetics.cohorts.cohort import CohortParameters
from kinetics.cohorts.fit_results import BETWEEN_STUDIES, ERROR, SPREAD, estimated_of, is_typical
from kinetics.errors import Faults, InputError
from kinetics.files.rows import Reader, Row, Text, dotted_rows
from kinetics.model import Model
from kinetics.units import Unit, conversion, parse_unit, unit_text

R = TypeVar("R", bound=Row)

PositiveNumber = Annotated[StrictFloat, Field(gt=0, allow_inf_nan=False)]

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


class BetweenStudiesRow(Row):
    """A row of ``[between_studies]``: the standard deviation of a parameter between studies.

    It is of the natural logarithm, or of a ``normal`` parameter, that adds up, in its unit.
    """

    lower: PositiveNumber
    upper: PositiveNumber
    start: PositiveNumber
    prior: Prior = "flat"
    distribution: Literal["log_normal", "normal"] = "log_normal"


class ErrorRow(Row):
    """A row of ``[errors]``: the standard deviation of the error of measurement of an output."""

    kind: Literal["lognormal", "proportional", "additive"]
    lower: PositiveNumber
    upper: PositiveNumber
    start: PositiveNumber
    prior: Prior = "flat"


class FreeRow(Row):
    """A row of ``[free]``."""

    lower: PositiveNumber
    upper: PositiveNumber
    unit: Text
    prior: Prior | None = None


@dataclass(frozen=True)
class FreeParameter:
    """A parameter, or a standard deviation, that is estimated on its logarithm, in the model's unit.

    ``name`` is dotted, as written, ``flat`` as the model has it; that of a spread between patients ends in ``.spread``,
    between studies in ``.between_studies``, and that of the error of an output in ``.error``. ``start`` is where the
    first search starts, and the centre of a normal prior of the logarithm; without ``log_sd`` the prior is flat within
    the bounds. ``kind`` is how a parameter differs between studies, or what the error of an output is.
    """

    name: str
    flat: str
    unit: Unit
    start: float
    lower: float
    upper: float
    log_sd: float | None
    kind: str = ""

    @property
    def prior_sd(self) -> float:
        """`log_sd`, infinite where the prior is flat."""
        return math.inf if self.log_sd is None else self.log_sd

    @property
    def of(self) -> str:
        """The parameter that it is of, or the output whose error it is, by flat name."""
        return estimated_of(self.flat)

    @property
    def is_typical(self) -> bool:
        """Whether it is a typical value, not a standard deviation."""
        return is_typical(self.flat)


def read_free(reader: Reader, model: Model | None, cohort: CohortParameters | None) -> tuple[FreeParameter, ...]:
    """The rows of ``[free]``, which start from the values of a cohort, and of the tables of `STANDARD_DEVIATIONS`.

    Without a model only their own form is checked; without a cohort no start is, and no spread is read.
    """
    free = reader.document.data.get("free", {})
    parameters: tuple[FreeParameter, ...] = ()
    if not isinstance(free, dict) or not free:
        reader.add("no free parameters; add [free]", "free")
    else:
        parameters = _read_rows(reader, "free", FreeRow, model, partial(_free_parameter, cohort))
    for table, (kind, make) in STANDARD_DEVIATIONS.items():
        if not isinstance(rows := reader.document.data.get(table, {}), dict):
            reader.add("must be a table", table)
        elif rows and cohort is not None:
            parameters += _read_rows(reader, table, kind, model, partial(make, cohort))
    return parameters


def _read_rows(
    reader: Reader, table: str, kind: type[R], model: Model | None, make: Callable[[Model, str, R], FreeParameter]
) -> tuple[FreeParameter, ...]:
    """The parameters of one table, each once."""
    free: dict[str, FreeParameter] = {}
    is_of_output = kind is ErrorRow
    known = model.parameters if model else ()
    for path, data in dotted_rows(reader.document.data[table], known, kind.model_fields):
        row, name = reader.row(kind, data, table, *path), ".".join(path)
        with reader.at(table, *path):
            if model is None:
                continue
            flat = model.output(name).name if is_of_output else model.flat_name(name)
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
    if row.prior is None and cohort is not None:
        prior = cohort.priors.get(flat, prior)
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
    unit = model.parameters[flat].unit if cohort.distributions.get(flat) == "normal" else parse_unit("1")
    prior = DOUBT if row.prior is None else row.prior
    return _standard_deviation((name + SPREAD, flat + SPREAD), unit, start, row, prior)


def _free_between_studies(_: CohortParameters, model: Model, name: str, row: BetweenStudiesRow) -> FreeParameter:
    flat = model.flat_name(name)
    if flat not in model.parameters:
        raise InputError("is an input; only parameters can differ between studies")
    unit = model.parameters[flat].unit if row.distribution == "normal" else parse_unit("1")
    names = name + BETWEEN_STUDIES, flat + BETWEEN_STUDIES
    return _standard_deviation(names, unit, float(row.start), row, row.prior, row.distribution)


def _free_error(_: CohortParameters, model: Model, name: str, row: ErrorRow) -> FreeParameter:
    unit = model.output(name).unit if row.kind == "additive" else parse_unit("1")
    names = name + ERROR, model.output(name).name + ERROR
    return _standard_deviation(names, unit, float(row.start), row, row.prior, row.kind)


def _standard_deviation(
    names: tuple[str, str],
    unit: Unit,
    start: float,
    row: SpreadRow | BetweenStudiesRow | ErrorRow,
    prior: Any,
    kind: str = "",
) -> FreeParameter:
    """A standard deviation, whose bounds are in its own unit."""
    if not row.lower < row.upper:
        raise InputError(f"lower bound {row.lower:g} is not below upper bound {row.upper:g}")
    if not row.lower <= start <= row.upper:
        raise InputError(f"starts from {start:g}, outside its bounds {row.lower:g} to {row.upper:g}")
    log_sd = None if prior == "flat" else float(prior)
    return FreeParameter(*names, unit, start, float(row.lower), float(row.upper), log_sd, kind)


STANDARD_DEVIATIONS: dict[str, tuple[Any, Any]] = {
    "spreads": (SpreadRow, _free_spread),
    "between_studies": (BetweenStudiesRow, _free_between_studies),
    "errors": (ErrorRow, _free_error),
}
"""Tables of standard deviations that are estimated: the class of a row, and what makes a free parameter of it."""
