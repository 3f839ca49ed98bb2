"""What a patient is fitted from: data, and the model that a mapping names."""

from __future__ import annotations

from pathlib import Path

from kinetics.errors import InputError
from kinetics.files.arguments import loaded
from kinetics.files.foreign import check_not_foreign
from kinetics.model import Model
from kinetics.patients.data.patient_data import PatientData
from kinetics.patients.mapping.mapping import DataMapping
from kinetics.patients.reading import read_patients


def structural_model(data: PatientData | str | Path, model: Model | str | Path | None) -> Model:
    """The model that is given, or the one that a mapping names; `InputError` if there is neither."""
    if model is not None:
        return loaded("model", model, Model)
    if isinstance(data, PatientData):
        raise InputError("name the model: counts that are read already do not say which it is")
    return loaded("model", named_model(Path(data)), Model)


def named_model(counts: Path, mapping: Path | None = None) -> str | Path:
    """The model that a mapping names; ``counts`` may be one."""
    path = mapping or (counts if counts.suffix == ".toml" else None)
    if path is None:
        check_not_foreign(counts, "a table of patients")
        raise InputError("name the model whose outputs were measured, or give a mapping that names it")
    return DataMapping.load(path).named_file("model")


def patient_data(data: PatientData | str | Path, model: Model) -> PatientData:
    """The data, or what `read_patients` reads of the mapping or table of a path."""
    return loaded("data", data, PatientData, lambda path: read_patients(path, model=model))
