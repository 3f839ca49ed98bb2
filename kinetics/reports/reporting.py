"""`report`: a result as text."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import xarray as xr

from kinetics.comparison import comparison_of
from kinetics.crossvalidation import CrossValidation
from kinetics.dependence import FitOutcomes
from kinetics.errors import Fault, InputError
from kinetics.estimate import Fit, PetabFit, SimulationStudy
from kinetics.estimate.petab import petab_summary
from kinetics.identifiability import Identification
from kinetics.patients.clinic import ClinicFit
from kinetics.patients.individual.patient_fit import PatientFit
from kinetics.published.evaluating import Evidence
from kinetics.reports.clinic import clinic_text
from kinetics.reports.comparison import comparison_text
from kinetics.reports.crossvalidation import crossvalidation_text
from kinetics.reports.evidence import evidence_text
from kinetics.reports.fit import fit_outcomes_text, fit_text
from kinetics.reports.identifiability import identifiability_text
from kinetics.reports.patient import fit_of_patient_text, patient_text
from kinetics.reports.petab import petab_text
from kinetics.reports.prediction import prediction_text
from kinetics.reports.recovery import recovery
from kinetics.reports.simulation import counts_table, simulation_title
from kinetics.reports.simulation_study import refit_text
from kinetics.reports.variants import models_text
from kinetics.result_kinds import kind_of
from kinetics.text.page import Page
from kinetics.text.tables import WIDTH
from kinetics.variants import ModelComparison

_VERBS = (
    "simulate, fit, fit_all, fit_patient, fit_population, refit, crossvalidate, compare_models, identify, evidence, "
    "compare, predict or predict_patient"
)
OfFits = Fit | PetabFit | FitOutcomes | PatientFit | ClinicFit | SimulationStudy | CrossValidation | ModelComparison
Result = OfFits | Identification | Evidence | xr.Dataset | xr.DataTree


def report(result: Result, *, width: int = WIDTH) -> Page:
    """Write out a result: what the command of its verb prints.

    Parameters
    ----------
    result : Fit, PetabFit, FitOutcomes, PatientFit, ClinicFit, SimulationStudy, CrossValidation, ModelComparison, \
Identification, Evidence, Dataset, DataTree
        Of `fit`, `fit_all`, `fit_patient`, `fit_population`, `refit`, `crossvalidate`, `compare_models`, `identify`,
        `evidence`, `simulate` (outputs with their units on (time) or (patient, time)), `compare` (on (regimen, time)),
        `predict` or `predict_patient`; also the tree of a file of these but `fit`, unless that is of PEtab.
    width : int
        Characters a line of prose.

    Returns
    -------
    Page
        A str, which an interpreter shows as it is.

    Raises
    ------
    InputError
        If it is none of these.

    Examples
    --------
    >>> report(load("my_result.nc"))  # doctest: +SKIP
    """
    return Page(_text(result, width))


@singledispatch
def _text(result: Any, _: int) -> str:
    message = f"must be of {_VERBS}; found {type(result).__name__} {result!r:.40}"
    raise InputError(Fault(message, name="result"))


@_text.register
def _(result: Fit, width: int) -> str:
    return fit_text(result.summary(), result.problem.title, result.problem.about, width)


@_text.register
def _(result: PetabFit, width: int) -> str:
    return petab_text(result.summary(), width)


@_text.register
def _(result: FitOutcomes, width: int) -> str:
    return fit_outcomes_text(result, width)


@_text.register
def _(result: PatientFit, _: int) -> str:
    return fit_of_patient_text(result)


@_text.register
def _(result: ClinicFit, width: int) -> str:
    return clinic_text(result.summary(), result.problem.title, result.problem.about, width)


@_text.register
def _(result: SimulationStudy, _: int) -> str:
    return refit_text(result.problem, result.rows(), result.refits)


@_text.register
def _(result: CrossValidation, width: int) -> str:
    return crossvalidation_text(result, width)


@_text.register
def _(result: ModelComparison, width: int) -> str:
    return models_text(result, width)


@_text.register
def _(result: Identification, width: int) -> str:
    return identifiability_text(result, width)


@_text.register
def _(result: Evidence, width: int) -> str:
    return evidence_text(result, width)


@_text.register
def _(result: xr.DataTree, width: int) -> str:
    if kind_of(result) == "petab":
        return petab_text(petab_summary(result), width)
    if "recovery" not in result.children:
        raise InputError("result: a tree must be of predict; for the tree of a fit give the Fit")
    return patient_text(result, width) if "patient" in result.attrs else prediction_text(result, width)


@_text.register
def _(result: xr.Dataset, width: int) -> str:
    if "model" not in result.attrs:
        raise InputError(Fault("a dataset must be of simulate or compare", name="result"))
    if "regimen" in result.dims:
        return comparison_text(comparison_of(result), result, width)
    times = any("_time_to_" in str(name) for name in result.data_vars)
    parts = [simulation_title(result), counts_table(result).lines(width), *([repr(recovery(result))] if times else [])]
    return "\n\n".join(parts)
