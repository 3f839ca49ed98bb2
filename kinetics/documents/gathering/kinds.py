"""The kinds of result that a document can be made of, and which of them one is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr

from kinetics.cohorts.fit_results import result_path
from kinetics.documents.content import Document
from kinetics.documents.gathering.clinics import clinic_document
from kinetics.documents.gathering.comparisons import comparison_document
from kinetics.documents.gathering.fits import fit_document
from kinetics.documents.gathering.fitted_result import FittedResult
from kinetics.documents.gathering.patients import patient_document, patient_fit_document
from kinetics.documents.gathering.petab import petab_document
from kinetics.documents.gathering.predictions import prediction_document, simulation_document
from kinetics.errors import Fault, InputError, KineticsError
from kinetics.estimate import Estimates, Fit, PetabFit
from kinetics.files.kinds import file_of_kind, files_of, kind_text
from kinetics.model import Model
from kinetics.patients.clinic import ClinicFit
from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.result_kinds import described, is_of_this_version, kind_of, needed
from kinetics.results import read_result

_OWN_MODEL = "is for a result that does not name the file of its model; a fit does"
ACCEPTED = "a fit, a prediction, a simulation, a comparison, a patient or the fit of a clinic"
_WRITTEN_BY = "kinetics fit, predict, simulate, compare, patient and fit-population write one with --out FILE.nc"
_DOCUMENTS: dict[str, Callable[[xr.DataTree, Model | None], Document]] = {
    "clinic": clinic_document,
    "petab": petab_document,
    "patient": patient_document,
    "prediction": prediction_document,
    "comparison": comparison_document,
    "simulation": simulation_document,
}
"""What makes the document of each kind of result but a fit, by its name in `kinetics.result_kinds.KINDS`."""


def document_of(result: Any, model: Model | None = None) -> Document:
    """The document of a result, or of its file; ``model`` is what it is of, if that does not ship.

    An `InputError` if it is of no kind that has a document.
    """
    if isinstance(result, str | os.PathLike):
        return _of_file(Path(result) if isinstance(result, os.PathLike) else result, model)
    if isinstance(result, Fit | Estimates | ClinicFit | PatientFit) and model is not None:
        raise InputError(Fault(_OWN_MODEL, name="model"))
    if isinstance(result, Fit):
        return fit_document(FittedResult.of_fit(result))
    if isinstance(result, Estimates):
        return fit_document(FittedResult.of_estimates(result))
    if isinstance(result, ClinicFit):
        return clinic_document(result.tree(), result.problem.model, result)
    if isinstance(result, PetabFit):
        return petab_document(result.tree(), model or result.problem.plan.assembled.model)
    if isinstance(result, PatientFit):
        return patient_fit_document(result)
    if isinstance(result, xr.Dataset):
        return _of_tree(xr.DataTree(result), model)
    if isinstance(result, xr.DataTree):
        return _of_tree(result, model)
    raise InputError(Fault(f"must be {ACCEPTED}, or its file; found {type(result).__name__}", name="result"))


def _of_file(name: str | Path, model: Model | None) -> Document:
    found = file_of_kind(name, ("fit", "result", "dataset"))
    if found is None:
        kind, path = files_of(name)[0]
        raise InputError(Fault(f"is {kind_text(kind)}; a report is of {ACCEPTED}", str(path)))
    kind, path = found
    if kind == "dataset":
        return _of_tree(read_result(path), model, path)
    if model is not None:
        raise InputError(Fault(_OWN_MODEL, name="model"))
    return fit_document(FittedResult.of_estimates(_estimates(kind, path), path.parent))


def _estimates(kind: str, path: Path) -> Estimates:
    committed = result_path(path) if kind == "fit" else path
    if not committed.is_file():
        raise InputError(Fault(f"has no committed result; 'kinetics fit {path.stem} --save' writes it", str(path)))
    return Estimates.read(committed)


def _of_tree(tree: xr.DataTree, model: Model | None, path: Path | None = None) -> Document:
    """The document of a result in memory, or of one that was read from ``path``."""
    kind = kind_of(tree)
    if kind == "fit":
        if model is not None:
            raise InputError(Fault(_OWN_MODEL, name="model"))
        return fit_document(FittedResult.of_tree(tree, None if path is None else path.parent))
    if kind is None or kind not in _DOCUMENTS:
        raise InputError(_fault(f"is {described(tree)}; a report is of {ACCEPTED}; {_WRITTEN_BY}", path))
    try:
        return _DOCUMENTS[kind](tree, model)
    except KineticsError:
        raise
    except (KeyError, AttributeError) as error:
        if is_of_this_version(tree):
            raise
        message = f"is {described(tree)}, and has no {error}, which a report needs; {needed(kind)}"
        raise InputError(_fault(message, path)) from error


def _fault(message: str, path: Path | None) -> Fault:
    return Fault(message, name="result") if path is None else Fault(message, str(path))
