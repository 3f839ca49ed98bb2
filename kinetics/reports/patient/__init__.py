"""One patient as text and for a program."""

from kinetics.reports.patient.rows import patient_json
from kinetics.reports.patient.text import (
    fit_of_patient_text,
    parameters_of_tree,
    patient_parameters,
    patient_parts,
    patient_text,
    patient_title,
)

__all__ = [
    "fit_of_patient_text",
    "parameters_of_tree",
    "patient_json",
    "patient_parameters",
    "patient_parts",
    "patient_text",
    "patient_title",
]
