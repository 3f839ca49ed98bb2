"""A fit, and what became of several, as text and for a program."""

from kinetics.reports.fit.outcomes import fit_outcomes_json, fit_outcomes_text, outcome_line
from kinetics.reports.fit.tables import estimates_table, targets_table
from kinetics.reports.fit.text import agreement_facts, fit_json, fit_text, interval_parts, targets_title

__all__ = [
    "agreement_facts",
    "estimates_table",
    "fit_json",
    "fit_outcomes_json",
    "fit_outcomes_text",
    "fit_text",
    "interval_parts",
    "outcome_line",
    "targets_table",
    "targets_title",
]
