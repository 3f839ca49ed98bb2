"""Lymphocyte kinetics after depleting therapies: symbolic models, compiled integration, fits and predictions.

Start with `models`, which lists what ships, and `load`, which reads it; `read_sbml` reads a model of another program,
`read_petab` a problem with its data, and `export` writes a model for others. `read_patients` reads a clinic's own
tables, `fit_patient` fits a patient's counts, `predict_patient` says what a further course would do, and
`fit_population` estimates the population of a clinic's patients.
Then `simulate`, `measure` and `recovery`; `identify` and `fit`, `fit_all`, `crossvalidate` and `compare_models`;
`predict` and `compare`; `evidence` and `check`. `datagen` writes what a planned study would publish. `draw`, `show`,
`report` and `cite` write things out as text, `write_report` as a document; `explore` opens a page in the browser. Each
takes a name of the library, a path or an object.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinetics.checking import check, load
    from kinetics.citation import cite
    from kinetics.comparison import Comparison, compare, read_comparison
    from kinetics.crossvalidation import CrossValidation, Discrepancy, crossvalidate
    from kinetics.dependence import FitOutcomes, fit_all
    from kinetics.documentation import docs
    from kinetics.documents import write_report
    from kinetics.errors import (
        ClusterError,
        InputError,
        IntegrationError,
        KineticsError,
        StorageError,
        UnitError,
        UnknownNameError,
    )
    from kinetics.estimate import Estimates, Fit, FitProblem, PetabFit, fit, refit
    from kinetics.explorer import Explorer, explore
    from kinetics.exports import export
    from kinetics.figures import Drawn, draw
    from kinetics.identifiability import identify
    from kinetics.interop.petab.fitting import PetabFitProblem, read_petab
    from kinetics.interop.sbml import read_sbml
    from kinetics.measures import (
        AreaUnderCurve,
        Nadir,
        Overshoot,
        Plateau,
        TimeBelow,
        TimeOfNadir,
        TimeOfOvershoot,
        TimeToThreshold,
        measure,
    )
    from kinetics.model import Model
    from kinetics.observation import VisitSchedule
    from kinetics.patients import DataMapping, PatientData, guess_mapping, read_patients
    from kinetics.patients.clinic import ClinicFit, ClinicProblem, fit_population
    from kinetics.patients.individual.fitting import fit_patient, fit_patients
    from kinetics.patients.individual.forecasting import predict_patient
    from kinetics.patients.individual.patient_fit import PatientFit
    from kinetics.patients.individual.patient_fits import PatientFits
    from kinetics.prediction.predicting import predict
    from kinetics.published.evaluating import evidence
    from kinetics.regimen import Course, Dose, Regimen, Rule
    from kinetics.reports.listing import models
    from kinetics.reports.recovery import recovery
    from kinetics.reports.reporting import report
    from kinetics.reports.showing import show
    from kinetics.reproduction import reproduce
    from kinetics.results import read_result, write_result
    from kinetics.simulation import datagen, simulate
    from kinetics.variants import ModelComparison, compare_models

__version__ = "0.1.0"
__all__ = [
    "AreaUnderCurve",
    "ClinicFit",
    "ClinicProblem",
    "ClusterError",
    "Comparison",
    "Course",
    "CrossValidation",
    "DataMapping",
    "Discrepancy",
    "Dose",
    "Drawn",
    "Estimates",
    "Explorer",
    "Fit",
    "FitOutcomes",
    "FitProblem",
    "InputError",
    "IntegrationError",
    "KineticsError",
    "Model",
    "ModelComparison",
    "Nadir",
    "Overshoot",
    "PatientData",
    "PatientFit",
    "PatientFits",
    "PetabFit",
    "PetabFitProblem",
    "Plateau",
    "Regimen",
    "Rule",
    "StorageError",
    "TimeBelow",
    "TimeOfNadir",
    "TimeOfOvershoot",
    "TimeToThreshold",
    "UnitError",
    "UnknownNameError",
    "VisitSchedule",
    "__version__",
    "check",
    "cite",
    "compare",
    "compare_models",
    "crossvalidate",
    "datagen",
    "docs",
    "draw",
    "evidence",
    "explore",
    "export",
    "fit",
    "fit_all",
    "fit_patient",
    "fit_patients",
    "fit_population",
    "guess_mapping",
    "identify",
    "load",
    "measure",
    "models",
    "predict",
    "predict_patient",
    "read_comparison",
    "read_patients",
    "read_petab",
    "read_result",
    "read_sbml",
    "recovery",
    "refit",
    "report",
    "reproduce",
    "show",
    "simulate",
    "write_report",
    "write_result",
]

# importing numba, scipy and xarray takes seconds, so a name is fetched when it is first used
_ROOMS = {
    "kinetics.checking": ("check", "load"),
    "kinetics.citation": ("cite",),
    "kinetics.comparison": ("Comparison", "compare", "read_comparison"),
    "kinetics.crossvalidation": ("CrossValidation", "Discrepancy", "crossvalidate"),
    "kinetics.dependence": ("FitOutcomes", "fit_all"),
    "kinetics.documentation": ("docs",),
    "kinetics.documents": ("write_report",),
    "kinetics.errors": (
        "ClusterError",
        "InputError",
        "IntegrationError",
        "KineticsError",
        "StorageError",
        "UnitError",
        "UnknownNameError",
    ),
    "kinetics.estimate": ("Estimates", "Fit", "FitProblem", "PetabFit", "fit", "refit"),
    "kinetics.explorer": ("Explorer", "explore"),
    "kinetics.figures": ("Drawn", "draw"),
    "kinetics.identifiability": ("identify",),
    "kinetics.exports": ("export",),
    "kinetics.interop.petab.fitting": ("PetabFitProblem", "read_petab"),
    "kinetics.interop.sbml": ("read_sbml",),
    "kinetics.measures": (
        "AreaUnderCurve",
        "Nadir",
        "Overshoot",
        "Plateau",
        "TimeBelow",
        "TimeOfNadir",
        "TimeOfOvershoot",
        "TimeToThreshold",
        "measure",
    ),
    "kinetics.model": ("Model",),
    "kinetics.observation": ("VisitSchedule",),
    "kinetics.patients": ("DataMapping", "PatientData", "guess_mapping", "read_patients"),
    "kinetics.patients.individual.fitting": ("fit_patient", "fit_patients"),
    "kinetics.patients.individual.forecasting": ("predict_patient",),
    "kinetics.patients.individual.patient_fit": ("PatientFit",),
    "kinetics.patients.individual.patient_fits": ("PatientFits",),
    "kinetics.patients.clinic": ("ClinicFit", "ClinicProblem", "fit_population"),
    "kinetics.prediction.predicting": ("predict",),
    "kinetics.published.evaluating": ("evidence",),
    "kinetics.regimen": ("Course", "Dose", "Regimen", "Rule"),
    "kinetics.reports.listing": ("models",),
    "kinetics.reports.recovery": ("recovery",),
    "kinetics.reports.reporting": ("report",),
    "kinetics.reports.showing": ("show",),
    "kinetics.reproduction": ("reproduce",),
    "kinetics.results": ("read_result", "write_result"),
    "kinetics.simulation": ("datagen", "simulate"),
    "kinetics.variants": ("ModelComparison", "compare_models"),
}
_LISTED = "kinetics.models() lists what ships"
_ELSEWHERE = {
    **dict.fromkeys(("fits", "regimens", "cohorts", "visits", "figures"), _LISTED),
    "read_figure": "write kinetics.figures.read_figure",
    "profile": "write fit(NAME, profile='all'), or fit(NAME).profile()",
    "sample": "write fit(NAME, posterior=1000), or fit(NAME).sample()",
    "save": "a Fit and a Drawn have .save(); kinetics.write_result writes a dataset",
    "SimulationRequest": "write kinetics.simulation.SimulationRequest",
    "FitInterrupted": "write kinetics.estimate.FitInterrupted",
}
"""What is looked for here and is elsewhere."""
_SYNONYMS = {"read": "load", "open": "load", "plot": "draw", "optimize": "fit", "list": "models"}
"""Words that users of other packages begin a name with."""
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'kinetics' has no attribute '{name}'{_hint(name)}")
    return getattr(importlib.import_module(_ROOM_OF[name]), name)


def _hint(name: str) -> str:
    """Where a name is that is not here; or the verb that one such as ``load_model`` begins with; or a similar name."""
    import difflib

    if name in _ELSEWHERE:
        return f"; {_ELSEWHERE[name]}"
    if name[:1].isupper() and name in importlib.import_module("kinetics.measures").__all__:
        return f"; write kinetics.measures.{name}"
    first = name.partition("_")[0]
    verb = _SYNONYMS.get(first, first)
    near = [verb] if verb in __all__ else difflib.get_close_matches(name, __all__, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
