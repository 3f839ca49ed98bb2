"""Commands for the patients of a clinic: one of them, and all."""

from kinetics.cli.patients.fit_population import fit_population
from kinetics.cli.patients.patient import patient

__all__ = ["fit_population", "patient"]
