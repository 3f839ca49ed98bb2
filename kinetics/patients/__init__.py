"""Data of persons: what a clinic measured and gave, read from its own tables.

The rooms in the order of the data: ``tables``, the cells of a file; ``mapping``, what its columns mean, and ``guess``,
what they are likely to mean; ``layouts``, rows to entries; ``conversion``, entries to the units of a model, checked;
``data``, the result. `kinetics.patients.reading` has the whole way.
"""

from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.data.records import CovariateSeries, Observation, Occasion, Patient
from kinetics.patients.guessing import guess_mapping
from kinetics.patients.mapping import DataMapping
from kinetics.patients.reading import read_patients
from kinetics.regimen import DoseRecord

__all__ = [
    "CovariateSeries",
    "DataMapping",
    "DoseRecord",
    "Observation",
    "Occasion",
    "Patient",
    "PatientData",
    "guess_mapping",
    "read_patients",
]
