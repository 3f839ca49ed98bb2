"""One patient as text and for a program."""

from kinetics.reports.patient.rows import patient_json
from kinetics.reports.patient.text import fit_of_patient_text, patient_text

__all__ = ["fit_of_patient_text", "patient_json", "patient_text"]
