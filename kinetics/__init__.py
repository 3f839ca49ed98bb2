"""Lymphocyte kinetics after depleting therapies: symbolic models, compiled integration, fits and predictions."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PLACES = {
    "Model": "kinetics.model",
    "Regimen": "kinetics.regimen",
    "Course": "kinetics.regimen",
    "Dose": "kinetics.regimen",
    "simulate": "kinetics.simulation",
    "predict": "kinetics.prediction",
    "Estimates": "kinetics.estimate",
    "FitProblem": "kinetics.estimate",
    "fit": "kinetics.estimate",
    "measure": "kinetics.measures",
    "InputError": "kinetics.errors",
    "KineticsError": "kinetics.errors",
}
__all__ = [*_PLACES, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'kinetics' has no attribute '{name}'")
    return getattr(importlib.import_module(_PLACES[name]), name)
