"""Fits of PEtab problems: their searches, profiles, result and its file."""

from kinetics.estimate.petab.fitting import fit_petab
from kinetics.estimate.petab.result import PetabFit
from kinetics.estimate.petab.summary import petab_summary

__all__ = ["PetabFit", "fit_petab", "petab_summary"]
