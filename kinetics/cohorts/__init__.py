"""Cohorts: parameter values, how patients differ, and the committed results of fits."""

from kinetics.cohorts.cohort import CohortParameters, cohort_parameters
from kinetics.cohorts.parameter_listing import parameter_table

__all__ = ["CohortParameters", "cohort_parameters", "parameter_table"]
