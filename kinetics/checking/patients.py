"""The check of tables of patients, and of the mappings that say what these mean."""

from __future__ import annotations

from pathlib import Path


def check_patients(path: Path, *, allow_large: bool = False) -> tuple[str, ...]:
    """What a table of patients, or the tables that a mapping names, hold; `InputError` with every fault of them."""
    from kinetics.patients import DataMapping, read_patients

    if path.suffix == ".toml" and DataMapping.load(path).patients.counts is None:
        return ("names no table; state [patients] counts to have that checked too",)
    data = read_patients(path, allow_large=allow_large)
    return (data.summary, *(note.removeprefix(f"{path.name}: ") for note in data.notes))
