"""A fit, and what became of several, as text and for a program."""

from kinetics.reports.fit.outcomes import fit_outcomes_json, fit_outcomes_text, outcome_line
from kinetics.reports.fit.text import estimates_table, fit_json, fit_text, targets_table

__all__ = [
    "estimates_table",
    "fit_json",
    "fit_outcomes_json",
    "fit_outcomes_text",
    "fit_text",
    "outcome_line",
    "targets_table",
]
