"""The free parameters of a fit problem: table ``[free]`` against the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinetics.documents import Document
from kinetics.errors import Faults, InputError
from kinetics.estimate.schema import FreeRow
from kinetics.model import Model
from kinetics.model.dotted import dotted_rows
from kinetics.model.schema import read_row
from kinetics.units import conversion, parse_unit, unit_text

__all__ = ["FreeParameter", "read_free"]


@dataclass(frozen=True)
class FreeParameter:
    """A parameter that is estimated on its logarithm, in the model's unit.

    Parameters
    ----------
    name : str
        As written, dotted.
    flat : str
        Its name in the model.
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
    free: dict[str, FreeParameter] = {}
    for path, data in dotted_rows(table, model.parameters if model else (), FreeRow.model_fields):
        keys, name = ("free", *path), ".".join(path)
        row = read_row(FreeRow, data, document, keys, faults)
        with faults.gather(document.where(*keys), f"free.{name}"):
            if model is None:
                continue
            flat = model.flat_name(name)
            if flat in free:
                raise InputError(f"duplicate: '{free[flat].name}' is the same parameter")
            if row is not None:
                free[flat] = _free_parameter(model, name, row, values)
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
