"""What kind of file a name or a path means, by its content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.errors import Fault, InputError
from kinetics.files.foreign import FOREIGN, foreign_text
from kinetics.files.library import library_folder, library_names, names_a_file, similar_name

if TYPE_CHECKING:
    from kinetics.files.documents import Document

KINDS = {
    "model": "models",
    "regimen": "models/regimens",
    "visits": "models/visits",
    "fit": "fits",
    "figure": "fits/figures",
}
"""The table a TOML file of each kind has, and the folder of the library it lies in."""

OTHERS = ("result", "discrepancy", "reproduce", "comparison", "patients", "clinic")
_TABLES = {
    "model": {"parameters", "states", "outputs", "derived", "inputs", "uses", "bindings", "cohorts"},
    "regimen": {"courses", "rules"},
    "visits": {"series"},
    "fit": {"free", "spreads", "population"},
    "result": {"estimates", "covariance", "response"},
    "discrepancy": {"classes", "arms"},
    "figure": {"panels", "curves", "maps", "points", "retreat"},
    "reproduce": {"predictions", "figures"},
    "comparison": {"rows"},
    "patients": {"columns", "dose_columns", "analytes", "drugs", "covariates", "leave_out"},
    "clinic": {"errors", "algorithm"},
}
"""Other tables of a file of each kind, to guess the kind of a file without its own table."""
_OF_PATIENTS = (".tsv", ".tab", ".dat", ".txt", ".xlsx", ".xlsm", ".parquet", ".pq")
_SUFFIXES = {
    **{".csv": "table", ".nc": "dataset", ".zarr": "dataset", ".bib": "bibliography"},
    **FOREIGN,
    **dict.fromkeys(_OF_PATIENTS, "patients"),
}
_TAKES = {
    "model": "; 'kinetics simulate' takes this one",
    "regimen": "; --regimen takes this one",
    "visits": "; --observe takes this one",
    "fit": "; 'kinetics fit' takes this one",
    "result": "; 'kinetics predict' takes this one",
    "figure": "; 'kinetics figure' takes this one",
    "patients": "; 'kinetics data read' takes this one",
    "clinic": "; 'kinetics fit-population' takes this one",
    "dataset": "; 'kinetics show', 'figure' and 'report' take this one",
}
"""What a file of some kinds is for."""
_EVIDENCE = {"mark", "statement"}
"""Columns of published facts, which tables for fitting lack."""


def is_path(name: str | Path) -> bool:
    """Whether a name is the path of a file rather than a name of the library."""
    return isinstance(name, Path) or names_a_file(name) or Path(name).suffix.casefold() in _SUFFIXES


def files_of(name: str | Path) -> list[tuple[str, Path]]:
    """The file at a path, or all files of the library of that name, each with its kind; `InputError` if there is none.

    >>> from kinetics.files.library import library_names
    >>> [kind for kind, _ in files_of(library_names("models/regimens")[0])]
    ['regimen']
    """
    if is_path(name):
        return [(kind_of(Path(name)), Path(name))]
    matches = [
        (kind, library_folder(part) / f"{name}.toml") for kind, part in KINDS.items() if name in library_names(part)
    ]
    if not matches:
        if (table := library_folder("fits") / f"{name}.csv").is_file():
            raise InputError(f"'{name}' is a table of published numbers; give its path, {table}")
        names = [other for part in KINDS.values() for other in library_names(part)]
        hint = similar_name(str(name), names) or "; 'kinetics models' lists what ships"
        raise InputError(f"no model, regimen, visits, fit or figure '{name}'{hint}")
    return matches


def file_of_kind(name: str | Path, kinds: Sequence[str]) -> tuple[str, Path] | None:
    """The file of a name that is of one of some kinds, the first of them if the name has several; None without one."""
    files = dict(files_of(name))
    return next(((kind, files[kind]) for kind in kinds if kind in files), None)


def document_of(kind: str, path: Path) -> Document:
    """The document at a path; refused, with an `InputError`, if it is of another kind than the one that is needed."""
    from kinetics.files.documents import read_document

    document = read_document(path)
    other = next((other for other in (*KINDS, *OTHERS) if other in document.data), None)
    if kind not in document.data and other is not None:
        message = f"is a file of kind {other}, and one of kind {kind} is needed{taken_by(other)}"
        raise InputError(Fault(message, f"{path}:1"))
    return document


def taken_by(kind: str) -> str:
    """A hint for the end of a message: the command that takes a file of a kind, empty if there is none.

    >>> taken_by("fit"), taken_by("table")
    ("; 'kinetics fit' takes this one", '')
    """
    return _TAKES.get(kind, "")


def kind_text(kind: str) -> str:
    """What a file of a kind is, for a message, with the command that takes it if there is one.

    >>> kind_text("fit"), kind_text("petab")
    ("of kind fit; 'kinetics fit' takes this one", "a problem in PEtab; 'kinetics fit' takes it")
    """
    return foreign_text(kind) if kind in FOREIGN.values() else f"of kind {kind}{taken_by(kind)}"


def kind_of(path: Path) -> str:
    """The kind of a file: by its suffix, or by the table that only files of that kind have; else an `InputError`."""
    suffix = path.suffix.casefold()
    if suffix == ".csv":
        from kinetics.files.tables import header_of, holds_patients

        if holds_patients(path):
            return "patients"
        return "evidence" if set(header_of(path)) >= _EVIDENCE else "table"
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    from kinetics.files.documents import read_document

    known = (*KINDS, *OTHERS)
    tables = read_document(path).data
    kind = next((kind for kind in known if kind in tables), None)
    if kind is None:
        near = next((kind for kind, others in _TABLES.items() if not others.isdisjoint(tables)), None)
        hint = f"; it looks like a file of kind {near} without its table [{near}]" if near else ""
        message = f"is no file of ours: it has none of the tables [{'], ['.join(known)}]{hint}"
        raise InputError(Fault(message, f"{path}:1"))
    return kind
