"""The population of a clinic as text."""

from kinetics.reports.clinic.text import clinic_sentence, clinic_text, diagnostic_tables, population_tables

__all__ = ["clinic_sentence", "clinic_text", "diagnostic_tables", "population_tables"]
