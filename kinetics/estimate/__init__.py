"""Estimation: a problem, a search, what it found and how sure it is."""

from kinetics.estimate.estimates import Estimates
from kinetics.estimate.fitting import Fit, fit
from kinetics.estimate.problem.problem import FitProblem

__all__ = ["Estimates", "Fit", "FitProblem", "fit"]
