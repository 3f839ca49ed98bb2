"""Fits in order of dependence: each after those whose estimates it holds."""

from kinetics.dependence.fitting_all import fit_all
from kinetics.dependence.outcome import FitOutcome, FitOutcomes

__all__ = ["FitOutcome", "FitOutcomes", "fit_all"]
