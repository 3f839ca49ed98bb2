"""Estimation: a problem, a search, its estimates and how sure they are."""

from kinetics.estimate.checkpoint import FitInterrupted
from kinetics.estimate.estimates import Estimates
from kinetics.estimate.fitting import fit
from kinetics.estimate.petab import PetabFit
from kinetics.estimate.problem.problem import FitProblem
from kinetics.estimate.replicates.refits import Refit
from kinetics.estimate.replicates.simulation_study import SimulationStudy, refit
from kinetics.estimate.result import Fit

__all__ = ["Estimates", "Fit", "FitInterrupted", "FitProblem", "PetabFit", "Refit", "SimulationStudy", "fit", "refit"]
