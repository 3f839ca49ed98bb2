"""The check of tables of patients, of the mappings that say what these mean, and of files of clinics."""

from __future__ import annotations

from pathlib import Path

from kinetics.errors import Faults, InputError
from kinetics.text.numbers import count_text


def check_patients(path: Path, faults: Faults, allow_large: bool) -> tuple[str, ...]:
    """Note every fault of a table of patients, or of a mapping and the tables it names; what they hold is returned."""
    from kinetics.patients import DataMapping, read_patients

    with faults.gather(str(path)):
        if path.suffix == ".toml" and DataMapping.load(path).patients.counts is None:
            return ("names no table; state [patients] counts to have that checked too",)
        data = read_patients(path, allow_large=allow_large)
        return (data.summary, *(note.removeprefix(f"{path.name}: ") for note in data.notes))
    return () if path.suffix == ".toml" else _extent(path, allow_large)


def check_clinic(path: Path, faults: Faults, allow_large: bool) -> tuple[str, ...]:
    """Note every fault of the file of a clinic, its data and its model; what the data hold is returned."""
    from kinetics.patients.clinic import ClinicProblem

    with faults.gather(str(path)):
        data = ClinicProblem.load(path, allow_large=allow_large).data
        return (data.summary, *data.notes)
    return ()


def _extent(path: Path, allow_large: bool) -> tuple[str, ...]:
    """How many rows and patients a faulty table has; nothing if that cannot be known."""
    from kinetics.patients.mapping.headings import COUNTS, roles
    from kinetics.patients.mapping.source_tables import read_tables

    try:
        table = read_tables(path, None, None, allow_large=allow_large).counts
    except InputError:
        return ()
    patient = roles(table.header, COUNTS).get("patient")
    whose = f" of {count_text(len(table.texts(patient)), 'patient')}" if patient is not None else ""
    return (f"has faults, among {count_text(len(table.rows), 'row')}{whose}",)
