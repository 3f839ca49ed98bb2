"""What kind of file a name or a path means, told by its content."""

from __future__ import annotations

from pathlib import Path

from kinetics.errors import Fault, InputError

__all__ = ["KINDS", "is_path", "kind_of", "shipped"]

KINDS = {
    "model": "models",
    "regimen": "models/regimens",
    "visits": "models/visits",
    "fit": "fits",
    "figure": "fits/figures",
}
"""The table a TOML file of each kind has, and the folder of the library it lies in."""

OTHERS = ("result", "reproduce", "comparison")
_TABLES = {
    "model": {"parameters", "states", "outputs", "derived", "inputs", "uses", "bindings", "cohorts"},
    "regimen": {"courses", "rules"},
    "visits": {"series"},
    "fit": {"free", "spreads", "population"},
    "result": {"estimates", "covariance", "response"},
    "figure": {"panels", "curves", "maps", "points", "retreat"},
    "reproduce": {"predictions", "figures"},
    "comparison": {"rows"},
}
"""Other tables of a file of each kind, to guess the kind of a file without its own table."""
_SUFFIXES = {".csv": "table", ".nc": "dataset", ".zarr": "dataset", ".bib": "bibliography"}


def is_path(name: str) -> bool:
    """Whether a name on the command line is a path rather than a name of the library."""
    from kinetics.files.library import names_a_file

    return names_a_file(name) or Path(name).suffix in _SUFFIXES


def shipped(name: str) -> list[tuple[str, Path]]:
    """The files of the library of that name, each with its kind.

    Raises
    ------
    InputError
        If there is none.
    """
    from kinetics.files.library import library_folder, library_names, similar_name

    found = [
        (kind, library_folder(part) / f"{name}.toml") for kind, part in KINDS.items() if name in library_names(part)
    ]
    if not found:
        names = [other for part in KINDS.values() for other in library_names(part)]
        hint = similar_name(name, names) or "; 'kinetics models' lists what ships"
        raise InputError(f"no model, regimen, visits, fit or figure '{name}'{hint}")
    return found


def kind_of(path: Path) -> str:
    """The kind of a file: by its suffix, or by the table that only files of that kind have.

    Raises
    ------
    InputError
        If it cannot be read, or is of no known kind.
    """
    from kinetics.files.documents import read_document

    if path.suffix == ".csv":
        from kinetics.published import is_evidence

        return "evidence" if is_evidence(path) else "table"
    if path.suffix in _SUFFIXES:
        return _SUFFIXES[path.suffix]
    known = (*KINDS, *OTHERS)
    tables = read_document(path).data
    kinds = [kind for kind in known if kind in tables]
    if not kinds:
        near = next((kind for kind, others in _TABLES.items() if not others.isdisjoint(tables)), None)
        look = f"; it looks like a file of kind {near} without its table [{near}]" if near else ""
        message = f"is no file of ours: it has none of the tables [{'], ['.join(known)}]{look}"
        raise InputError(Fault(message, f"{path}:1"))
    return kinds[0]
