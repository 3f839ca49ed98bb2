"""Committed results of fits: where they lie, and the estimates in them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StrictFloat, StrictStr

from kinetics.errors import Fault, Faults, InputError
from kinetics.files.checksums import CHECKSUM, ChecksumWarning, table_checksum
from kinetics.files.documents import Document, read_document
from kinetics.files.library import library_folder, names_a_file
from kinetics.files.rows import Row, read_row
from kinetics.model.model import Model
from kinetics.model.quantities import Cohort
from kinetics.units import conversion, parse_unit

_WARNED: dict[Any, Any] = {}
SPREAD = ".spread"
"""What the name of an estimated standard deviation between patients ends in, after that of its parameter."""
BETWEEN_STUDIES = ".between_studies"
"""The same for a standard deviation between studies."""
ERROR = ".error"
"""The same for the standard deviation of an error of measurement, after that of its output."""


class EstimateRow(Row):
    """A row of ``[estimates]`` of a committed result."""

    value: Annotated[StrictFloat, Field(gt=0, allow_inf_nan=False)]
    unit: StrictStr
    log_se: Annotated[StrictFloat, Field(ge=0, allow_inf_nan=False)]
    verdict: Annotated[StrictStr, Field(max_length=1000)]


def fits_folder(model_file: Path | None) -> Path:
    """The folder ``fits`` that belongs to a model file: beside its folder, else the one that ships."""
    if model_file is not None and (folder := model_file.resolve().parent.parent / "fits").is_dir():
        return folder
    return library_folder("fits")


def result_path(problem: Path) -> Path:
    """The committed result of a fit problem: ``NAME.toml`` to ``NAME.result.toml``."""
    return problem.with_name(f"{problem.stem}.result.toml")


def committed_estimates(model: Model, fit: str, cohort: Cohort) -> dict[str, float]:
    """The estimates of a fit that a cohort takes, by flat name, in the model's units."""
    document, faults = read_document(result_of(model, fit, cohort)), Faults()
    rows = read_estimates(document, faults)
    faults.raise_if_any()
    values = in_model_units(model, {name: (row.value, row.unit) for name, row in rows.items()}, document)
    warn_if_edited(document)
    result = document.data.get("result")
    if isinstance(result, dict):
        warn_if_older(document.path, model, str(result.get("model", "")), result.get("model_hash"))
    return values


def cohort_of_fit(model: Model, fit: str, cohort: Cohort) -> str:
    """The cohort that a fit is of, as its committed result says."""
    result = read_document(result_of(model, fit, cohort)).data.get("result", {})
    return str(result.get("cohort", "")) if isinstance(result, dict) else ""


def warn_if_edited(document: Document) -> None:
    """Say if a committed result that was read is not what a fit wrote, or does not show that it is."""
    result = document.data.get("result")
    checksum = result.get(CHECKSUM) if isinstance(result, dict) else None
    if checksum is None:
        message = "has no checksum: written by hand, or by an earlier version"
        warn_of_result(document.path, message, ChecksumWarning, again=True)
    elif checksum != table_checksum(document.data, "result"):
        message = "edited by hand since the fit: not what its checksum is of"
        warn_of_result(document.path, message, ChecksumWarning, again=True)


def warn_if_older(path: Path, model: Model, reference: str, model_hash: object) -> None:
    """Say if the model has changed since a fit of it, whose committed result lies at a path."""
    own = str((path.parent / reference).resolve()) if names_a_file(reference) else reference
    if model_hash and own == model.reference and model_hash != model.content_hash:
        warn_of_result(path, "older than its model", again=True)


def warn_of_result(path: Path, message: str, category: type[Warning] = UserWarning, *, again: bool = False) -> None:
    """Warn of a committed result, and say how it is written again. Python shows the same warning once."""
    remedy = f"; 'kinetics fit {path.name.removesuffix('.result.toml')} --save' writes it anew" if again else ""
    warnings.warn_explicit(f"{path}: {message}{remedy}", category, str(path), 1, registry=_WARNED)


def result_of(model: Model, fit: str, cohort: Cohort) -> Path:
    """The committed result of a fit whose estimates are taken at a cohort; `InputError` if there is none."""
    paths = _possible_results(model, fit, cohort)
    if existing := next((path for path in paths if path.is_file()), None):
        return existing
    folder = paths[0].parent
    problem = fit if folder == library_folder("fits") else folder / f"{fit}.toml"
    message = f"there is no result {paths[0]}; run 'kinetics fit {problem} --save'"
    raise InputError(Fault(message, cohort.fits_where, f"cohorts.{cohort.name}.from_fit"))


def problem_of(model: Model, fit: str, cohort: Cohort) -> Path | None:
    """The problem of a fit whose estimates are taken at a cohort, fitted or not yet; None if there is none."""
    results = _possible_results(model, fit, cohort)
    existing = [path for path in results if path.is_file()][:1]
    problems = (path.with_name(f"{fit}.toml") for path in existing or results)
    return next((path for path in problems if path.is_file()), None)


def _possible_results(model: Model, fit: str, cohort: Cohort) -> list[Path]:
    """Where the result of a fit may lie whose estimates are taken at a cohort, in the order of search.

    A fit that the cohort names lies beside the file that names it, which may be one that the model extends. One that
    only a fit problem names lies beside the model, or else beside what it extends. One that lies nowhere there ships.
    """
    files = [cohort.fits_file] if fit in cohort.from_fit else [model.path, *model.extends]
    folders = list(dict.fromkeys(map(fits_folder, files)))
    if Path(fit).name != fit:
        message = f"names a fit of {folders[0]}, without a folder; found '{fit}'"
        raise InputError(Fault(message, cohort.fits_where, f"cohorts.{cohort.name}.from_fit"))
    if not any((folder / f"{fit}.toml").is_file() for folder in folders):
        folders = list(dict.fromkeys((*folders, library_folder("fits"))))
    return [result_path(folder / f"{fit}.toml") for folder in folders]


def flat_key(model: Model, name: str) -> str:
    """The flat name of what was estimated, a parameter or its spread; `UnknownNameError` if there is none."""
    plain = estimated_of(name)
    return (model.output(plain).name if name.endswith(ERROR) else model.flat_name(plain)) + name[len(plain) :]


def estimated_of(name: str) -> str:
    """The parameter or output of which an estimate is: its name without what says which of its numbers.

    >>> estimated_of("pk.CL.spread"), estimated_of("pk.CL")
    ('pk.CL', 'pk.CL')
    """
    for ending in (SPREAD, BETWEEN_STUDIES, ERROR):
        name = name.removesuffix(ending)
    return name


def is_typical(name: str) -> bool:
    """Whether an estimate is the typical value of a parameter."""
    return estimated_of(name) == name


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
    """Estimates by flat name, in the units of a model; that of a spread ends in `SPREAD`, and others in their ending.

    Parameters
    ----------
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
            key = flat_key(model, name)
            quantities = model.outputs if key.endswith(ERROR) else model.parameters
            quantity = quantities.get(estimated_of(key))
            if quantity is None:
                raise InputError("is an input of the model, not a parameter")
            own, target = parse_unit(unit), quantity.unit
            if not is_typical(key) and own.dimensionless:  # of a logarithm, a logit or a share; a normal one has a unit
                target = parse_unit("1")
            values[key] = value * float(conversion(own, target))
    faults.raise_if_any()
    return values
