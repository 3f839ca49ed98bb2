"""The free parameters of a fit problem: tables ``[free]`` and ``[spreads]`` against the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from kinetics.cohorts.cohort import CohortParameters
from kinetics.cohorts.fit_results import SPREAD
from kinetics.errors import Faults, InputError
from kinetics.estimate.problem.schema import FreeRow, SpreadRow
from kinetics.files.documents import Document
from kinetics.files.rows import Row, dotted_rows, read_row
from kinetics.model import Model
from kinetics.units import conversion, parse_unit, unit_text

__all__ = ["FreeParameter", "read_free", "read_spreads"]

R = TypeVar("R", bound=Row)

DOUBT = 0.5
"""Standard deviation of the logarithm of a spread about the model's, where a fit does not say."""


@dataclass(frozen=True)
class FreeParameter:
    """A parameter, or its spread between patients, that is estimated on its logarithm, in the model's unit.

    Parameters
    ----------
    name : str
        As written, dotted; that of a spread ends in ``.spread``.
    flat : str
        Its name in the model; that of a spread ends in ``.spread``.
    unit : pint.Unit
        Its unit in the model.
    start, lower, upper : float
        Where the first search starts, and the bounds.
    log_sd : float or None
        Standard deviation of the normal prior of the logarithm about ``start``; None for flat within the bounds.
    """

    name: str
    flat: str
    unit: Any
    start: float
    lower: float
    upper: float
    log_sd: float | None

    @property
    def is_spread(self) -> bool:
        """Whether it is a spread between patients."""
        return self.flat.endswith(SPREAD)


def read_free(
    document: Document, model: Model | None, values: Mapping[str, float] | None, faults: Faults
) -> tuple[FreeParameter, ...]:
    """Read the table of free parameters.

    Parameters
    ----------
    document : Document
        The fit problem.
    model : Model or None
        What is fitted; without it only the rows' own form is checked.
    values : mapping of str to float or None
        Where the search starts, by flat name; without it starts are not checked.
    faults : Faults
        Where everything wrong is noted.
    """
    table = document.data.get("free", {})
    if not isinstance(table, dict) or not table:
        faults.add("no free parameters; add [free]", document.where("free"), "free")
        return ()
    return _read_rows(
        document, "free", FreeRow, model, faults, lambda m, name, row: _free_parameter(m, name, row, values)
    )


def _read_rows(
    document: Document,
    key: str,
    kind: type[R],
    model: Model | None,
    faults: Faults,
    make: Callable[[Model, str, R], FreeParameter],
) -> tuple[FreeParameter, ...]:
    """What is free in one table, a parameter once; without a model only the rows' own form is checked."""
    free: dict[str, FreeParameter] = {}
    for path, data in dotted_rows(document.data[key], model.parameters if model else (), kind.model_fields):
        keys, name = (key, *path), ".".join(path)
        row = read_row(kind, data, document, keys, faults)
        with faults.gather(document.where(*keys), f"{key}.{name}"):
            if model is None:
                continue
            flat = model.flat_name(name)
            if flat in free:
                raise InputError(f"duplicate: '{free[flat].name}' is the same parameter")
            if row is not None:
                free[flat] = make(model, name, row)
    return tuple(free.values())


def _free_parameter(model: Model, name: str, row: FreeRow, values: Mapping[str, float] | None) -> FreeParameter:
    flat = model.flat_name(name)
    declared = model.parameters.get(flat)
    if declared is None:
        raise InputError("is an input; only parameters can be free")
    faults = Faults()
    factor = 1.0
    with faults.gather():
        factor = float(conversion(parse_unit(row.unit), declared.unit))
    lower, upper = row.lower * factor, row.upper * factor
    start = declared.value if values is None else values[flat]
    if not lower < upper:
        faults.add(f"lower bound {row.lower:g} is not below upper bound {row.upper:g}")
    elif not len(faults) and values is not None and not lower <= start <= upper:
        unit = unit_text(declared.unit)
        faults.add(f"starts from {start:g} {unit}, outside its bounds {lower:g} to {upper:g} {unit}")
    prior = row.prior if row.prior is not None else declared.prior
    if prior is None:
        faults.add('has no prior in the model file; give prior = NUMBER (log standard deviation) or prior = "flat"')
    faults.raise_if_any()
    log_sd = None if prior is None or prior == "flat" else float(prior)
    return FreeParameter(name, flat, declared.unit, start, lower, upper, log_sd)


def read_spreads(
    document: Document, model: Model | None, cohort: CohortParameters | None, faults: Faults
) -> tuple[FreeParameter, ...]:
    """Read the table of free spreads.

    Parameters
    ----------
    document : Document
        The fit problem.
    model : Model or None
        What is fitted; without it only the rows' own form is checked.
    cohort : CohortParameters or None
        Where the search starts; without it starts are not checked.
    faults : Faults
        Where everything wrong is noted.
    """
    if not isinstance(document.data.get("spreads", {}), dict):
        faults.add("must be a table", document.where("spreads"), "spreads")
        return ()
    if "spreads" not in document.data or cohort is None:
        return ()
    return _read_rows(
        document, "spreads", SpreadRow, model, faults, lambda m, name, row: _free_spread(m, name, row, cohort)
    )


def _free_spread(model: Model, name: str, row: SpreadRow, cohort: CohortParameters) -> FreeParameter:
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
