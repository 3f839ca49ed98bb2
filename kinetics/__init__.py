"""Lymphocyte kinetics after depleting therapies: symbolic models, compiled integration, fits and predictions."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kinetics.errors import InputError, KineticsError
    from kinetics.estimate import Estimates, FitProblem, fit
    from kinetics.measures import measure
    from kinetics.model import Model
    from kinetics.prediction import predict
    from kinetics.regimen import Course, Dose, Regimen
    from kinetics.simulation.simulating import simulate

__version__ = "0.1.0"
__all__ = [
    "Course",
    "Dose",
    "Estimates",
    "FitProblem",
    "InputError",
    "KineticsError",
    "Model",
    "Regimen",
    "__version__",
    "fit",
    "measure",
    "predict",
    "simulate",
]

# importing numba, scipy and xarray takes seconds, so a name is fetched when it is first used
_PLACES = {
    "Course": "kinetics.regimen",
    "Dose": "kinetics.regimen",
    "Estimates": "kinetics.estimate",
    "FitProblem": "kinetics.estimate",
    "InputError": "kinetics.errors",
    "KineticsError": "kinetics.errors",
    "Model": "kinetics.model",
    "Regimen": "kinetics.regimen",
    "fit": "kinetics.estimate",
    "measure": "kinetics.measures",
    "predict": "kinetics.prediction",
    "simulate": "kinetics.simulation.simulating",
}


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'kinetics' has no attribute '{name}'")
    return getattr(importlib.import_module(_PLACES[name]), name)
