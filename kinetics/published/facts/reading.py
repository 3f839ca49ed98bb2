"""The evidence as a file: one CSV row a fact, checked as a whole."""

from __future__ import annotations

from pathlib import Path

from kinetics.errors import Faults
from kinetics.files.tables import header_of, read_rows
from kinetics.published.facts.row import EvidenceRow, PlacedFact

__all__ = ["is_evidence", "read_evidence"]


def is_evidence(path: Path) -> bool:
    """Whether a CSV file is of facts, told by its columns ``mark`` and ``statement``, which published tables lack.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    return {"mark", "statement"} <= set(header_of(path))


def read_evidence(path: Path, faults: Faults) -> list[PlacedFact]:
    """Read a table of facts.

    Parameters
    ----------
    path : pathlib.Path
        A CSV file with a header.
    faults : Faults
        Where everything wrong is noted.

    Returns
    -------
    list of PlacedFact
        The rows that are right.
    """
    return [PlacedFact(row, where, path) for row, where in read_rows(path, EvidenceRow, faults)]
