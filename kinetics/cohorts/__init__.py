"""Cohorts: parameter values, how patients differ, and the committed results of fits."""

from kinetics.cohorts.presentation import latex, parameter_table

__all__ = ["latex", "parameter_table"]
