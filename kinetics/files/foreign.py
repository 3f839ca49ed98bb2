"""Files of other programs that we read: by their suffix, and what takes them."""

from __future__ import annotations

from pathlib import Path

from kinetics.errors import Fault, InputError

FOREIGN = {".xml": "sbml", ".sbml": "sbml", ".yaml": "petab", ".yml": "petab"}
"""The kind of a file of another program by its suffix."""
_TAKES = {
    "sbml": "a model in SBML; 'kinetics import' makes a model file of it",
    "petab": "a problem in PEtab; 'kinetics fit' takes it",
}


def foreign_text(kind: str) -> str:
    """What a file of another program is, and what takes it, by a kind of `FOREIGN`."""
    return _TAKES[kind]


def check_not_foreign(path: Path, needed: str, *, but: str = "") -> None:
    """Refuse a file of another program, and say what takes it; ``but`` is the kind that is read."""
    kind = FOREIGN.get(path.suffix.casefold(), but)
    if kind != but:
        raise InputError(Fault(f"{needed} is needed, and this is {_TAKES[kind]}", str(path)))
