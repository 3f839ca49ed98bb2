"""The parameter values of a cohort: model file, then ``extends``, then its own values, then its fit's estimates."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StrictFloat, StrictStr

from kinetics.documents import Document, content_hash, read_document
from kinetics.errors import Fault, Faults, InputError, UnknownNameError
from kinetics.model.library import library_folder
from kinetics.model.model import Model
from kinetics.model.quantities import Cohort
from kinetics.model.schema import Row, read_row
from kinetics.units import conversion, parse_unit

__all__ = [
    "CohortParameters",
    "EstimateRow",
    "cohort_parameters",
    "fits_behind",
    "fits_folder",
    "in_model_units",
    "lineage",
    "read_estimates",
    "result_path",
]


class EstimateRow(Row):
    """A row of ``[estimates]`` of a committed result."""

    value: Annotated[StrictFloat, Field(gt=0, allow_inf_nan=False)]
    unit: StrictStr
    log_se: Annotated[StrictFloat, Field(ge=0, allow_inf_nan=False)]
    verdict: Annotated[StrictStr, Field(max_length=1000)]


@dataclass(frozen=True)
class CohortParameters:
    """What a cohort says about every parameter of a model.

    Parameters
    ----------
    name : str
        The cohort; empty for the model's own values.
    values : dict of str to float
        By flat name, in the parameter's unit, all parameters and inputs.
    spreads : dict of str to float
        Between-patient standard deviations of the natural logarithm, of those that vary.
    fits : tuple of str
        The fits whose estimates went in, earlier first.
    estimated : dict of str to str
        The fit a parameter's value was estimated by, of those that were.
    """

    name: str
    values: dict[str, float]
    spreads: dict[str, float] = field(default_factory=dict)
    fits: tuple[str, ...] = ()
    estimated: dict[str, str] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """SHA-256 of values and spreads."""
        return content_hash(self.values, self.spreads)


def fits_folder(model: Model) -> Path:
    """The folder ``fits`` that belongs to a model: beside its folder, else the one that ships."""
    if model.path is not None and (folder := model.path.resolve().parent.parent / "fits").is_dir():
        return folder
    return library_folder("fits")


def result_path(problem: Path) -> Path:
    """The committed result of a fit problem: ``NAME.toml`` to ``NAME.result.toml``."""
    return problem.with_name(f"{problem.stem}.result.toml")


def cohort_parameters(model: Model, cohort: str | None = None, *, without: Container[str] = ()) -> CohortParameters:
    """The parameters of a cohort.

    Parameters
    ----------
    model : Model
        A model that declares the cohort.
    cohort : str, optional
        Its name; without it the model's own values.
    without : container of str
        The names of fits whose estimates are left out: a fit does not start from its own result.

    Returns
    -------
    CohortParameters

    Raises
    ------
    UnknownNameError
        If the model has no such cohort.
    InputError
        If a fit's result is missing or does not fit the model, or the values give a derived quantity below its minimum.

    Examples
    --------
    >>> from kinetics.model import Parameter, State
    >>> rate = Parameter(name="k", value=0.1, unit="1/day", spread=0.3)
    >>> pool = State(name="A", unit="mg", initial=0, rate=0)
    >>> found = cohort_parameters(Model.from_symbols("decay", time="day", parameters=[rate], states=[pool]))
    >>> found.values, found.spreads
    ({'k': 0.1}, {'k': 0.3})
    """
    values = dict(model.defaults)
    spreads = {name: row.spread for name, row in model.parameters.items() if row.spread is not None}
    fits: list[str] = []
    estimated: dict[str, str] = {}
    for row in lineage(model, cohort):
        values |= {flat: entry.value for flat, entry in row.values.items()}
        estimated = {flat: fit for flat, fit in estimated.items() if flat not in row.values}
        spreads |= {flat: entry.spread for flat, entry in row.values.items() if entry.spread is not None}
        if row.from_fit and row.from_fit not in without:
            fits.append(row.from_fit)
            committed = _committed(model, row.from_fit, row)
            values |= committed
            estimated |= dict.fromkeys(committed, row.from_fit)
    try:
        model.constant_values(values)
    except InputError as error:
        faults = (Fault(f"cohort '{cohort or ''}': {f.message}", f.where, f.name) for f in error.faults)
        raise InputError(*faults) from error
    return CohortParameters(cohort or "", values, spreads, tuple(fits), estimated)


def fits_behind(model: Model, cohort: str) -> tuple[str, ...]:
    """The names of the fits a cohort takes estimates from, earlier first.

    Raises
    ------
    UnknownNameError
        If the model has no such cohort.
    """
    return tuple(row.from_fit for row in lineage(model, cohort) if row.from_fit)


def lineage(model: Model, cohort: str | None) -> list[Cohort]:
    """The cohort and those it extends, oldest first; nothing for the model's own values.

    Raises
    ------
    UnknownNameError
        If the model has no such cohort.
    """
    if cohort is None:
        return []
    if cohort not in model.cohorts:
        there = f"there are {', '.join(model.cohorts)}" if model.cohorts else "it declares no cohorts"
        raise UnknownNameError(f"model '{model.name}' has no cohort '{cohort}'; {there}")
    row = model.cohorts[cohort]
    return [*lineage(model, row.extends), row]


def _committed(model: Model, fit: str, cohort: Cohort) -> dict[str, float]:
    """The estimates of a committed result by flat name, in the model's units."""
    folder, name = fits_folder(model), f"cohorts.{cohort.name}.from_fit"
    if Path(fit).name != fit:
        raise InputError(Fault(f"names a fit of {folder}, without a folder; found '{fit}'", cohort.where, name))
    path = result_path(folder / f"{fit}.toml")
    if not path.is_file():
        problem = fit if folder == library_folder("fits") else folder / f"{fit}.toml"
        raise InputError(Fault(f"there is no result {path}; run 'kinetics fit {problem} --save'", cohort.where, name))
    document, faults = read_document(path), Faults()
    rows = read_estimates(document, faults)
    faults.raise_if_any()
    return in_model_units(model, {name: (row.value, row.unit) for name, row in rows.items()}, document)


def read_estimates(document: Document, faults: Faults) -> dict[str, EstimateRow]:
    """The rows of ``[estimates]`` of a committed result, by dotted name; every wrong one is a fault."""
    table = document.data.get("estimates")
    if not isinstance(table, dict):
        faults.add("not a committed fit result: it has no table [estimates]", str(document.path))
        return {}
    rows = {name: read_row(EstimateRow, row, document, ("estimates", name), faults) for name, row in table.items()}
    return {name: row for name, row in rows.items() if row is not None}


def in_model_units(
    model: Model, estimates: Mapping[str, tuple[float, Any]], document: Document | None = None
) -> dict[str, float]:
    """Estimates by flat name, in the units of a model.

    Parameters
    ----------
    model : Model
        The model.
    estimates : mapping of str to (float, str)
        Value and unit by dotted name.
    document : Document, optional
        Where they were read, for messages.

    Raises
    ------
    InputError
        With every estimate of an unknown parameter, or in a unit that is not the parameter's.
    """
    values: dict[str, float] = {}
    faults = Faults()
    for name, (value, unit) in estimates.items():
        with faults.gather(document.where("estimates", name) if document else "", f"estimates.{name}"):
            flat = model.flat_name(name)
            if flat not in model.parameters:
                raise InputError("is an input of the model, not a parameter")
            values[flat] = value * float(conversion(parse_unit(unit), model.parameters[flat].unit))
    faults.raise_if_any()
    return values
