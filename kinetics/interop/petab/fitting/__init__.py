"""Estimation of the parameters of a PEtab problem: the problem to fit, its searches, its result."""

from kinetics.interop.petab.fitting.fit_problem import PetabFitProblem
from kinetics.interop.petab.fitting.fitting import fit_petab, read_petab
from kinetics.interop.petab.fitting.result import PetabFit

__all__ = ["PetabFit", "PetabFitProblem", "fit_petab", "read_petab"]
