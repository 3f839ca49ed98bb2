"""A clinic: the population of many patients, estimated from their counts."""

from kinetics.patients.clinic.fitting import fit_population
from kinetics.patients.clinic.problem.clinic_problem import ClinicProblem
from kinetics.patients.clinic.result.clinic_fit import ClinicFit

__all__ = ["ClinicFit", "ClinicProblem", "fit_population"]
