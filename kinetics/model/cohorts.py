"""The parameter values of a cohort: model file, then ``extends``, then its own values, then the estimates of its fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kinetics.documents import content_hash, read_document
from kinetics.errors import Fault, InputError, UnknownNameError
from kinetics.model.library import library_folder
from kinetics.model.model import Model
from kinetics.units import conversion, parse_unit

__all__ = ["CohortParameters", "cohort_parameters", "fits_folder", "result_path"]


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
    """

    name: str
    values: dict[str, float]
    spreads: dict[str, float] = field(default_factory=dict)
    fits: tuple[str, ...] = ()

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


def cohort_parameters(model: Model, cohort: str | None = None, *, without_fit: str = "") -> CohortParameters:
    """The parameters of a cohort.

    Parameters
    ----------
    model : Model
        A model that declares the cohort.
    cohort : str, optional
        Its name; without it the model's own values.
    without_fit : str
        The name of a fit whose estimates are left out: a fit does not start from its own result.

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
    >>> cohort_parameters(Model.load("alemtuzumab")).values["V1"]
    14.1
    """
    values = dict(model.defaults)
    spreads = {name: row.spread for name, row in model.parameters.items() if row.spread is not None}
    fits: list[str] = []
    for name in _lineage(model, cohort):
        row = model.cohorts[name]
        values |= {flat: entry.value for flat, entry in row.values.items()}
        spreads |= {flat: entry.spread for flat, entry in row.values.items() if entry.spread is not None}
        if row.from_fit and row.from_fit != without_fit:
            fits.append(row.from_fit)
            values |= _estimates(model, fits_folder(model) / f"{row.from_fit}.result.toml", row.where)
    try:
        model.constant_values(values)
    except InputError as error:
        raise InputError(*(Fault(f"cohort '{cohort or ''}': {f.message}", f.where, f.name) for f in error.faults)) from error
    return CohortParameters(cohort or "", values, spreads, tuple(fits))


def _lineage(model: Model, cohort: str | None) -> list[str]:
    """The cohort and those it extends, oldest first."""
    if cohort is None:
        return []
    if cohort not in model.cohorts:
        there = ", ".join(model.cohorts) or "none"
        raise UnknownNameError(f"model '{model.name}' has no cohort '{cohort}'; there are {there}")
    names: list[str] = []
    name: str | None = cohort
    while name is not None:
        names.insert(0, name)
        name = model.cohorts[name].extends
    return names


def _estimates(model: Model, path: Path, where: str) -> Mapping[str, float]:
    if not path.is_file():
        raise InputError(Fault(f"there is no result {path}; run 'kinetics fit {path.name.split('.')[0]} --save'", where))
    document = read_document(path)
    values = {}
    for name, row in document.data.get("estimates", {}).items():
        flat = model.flat_name(name)
        unit = model.parameters[flat].unit
        values[flat] = float(row["value"]) * float(conversion(parse_unit(row["unit"]), unit))
    return values
