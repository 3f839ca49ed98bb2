"""The population of a clinic as text."""

from kinetics.reports.clinic.text import clinic_text

__all__ = ["clinic_text"]
