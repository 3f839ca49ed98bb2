"""Data of persons: what a clinic measured and gave, read from its own tables."""

from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.records import CovariateSeries, DoseRecord, Observation, Patient
from kinetics.patients.guessing import guess_mapping
from kinetics.patients.mapping import DataMapping
from kinetics.patients.reading import read_patients

__all__ = [
    "CovariateSeries",
    "DataMapping",
    "DoseRecord",
    "Observation",
    "Patient",
    "PatientData",
    "guess_mapping",
    "read_patients",
]
