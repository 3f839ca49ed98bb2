"""Problems of PEtab that can be fitted, and one search for the best values; `kinetics.estimate.petab` fits them."""

from kinetics.interop.petab.fitting.fit_problem import PetabFitProblem
from kinetics.interop.petab.fitting.reading import read_petab

__all__ = ["PetabFitProblem", "read_petab"]
